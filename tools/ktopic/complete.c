#include "tools/ktopic/complete.h"

void complete_all_topics(const struct completion *completion)
{
    if (completion->option == NULL)
        complete_topics(completion);
    else
        complete_known_options(completion);
}

void complete_topic(const struct completion *completion)
{
    if (completion->option != NULL || completion->count == 0)
        complete_all_topics(completion);
}

void complete_dlq(const struct completion *completion)
{
    if (completion->option != NULL || completion->count == 1) {
        complete_all_topics(completion);
    } else if (completion->count == 0) {
        complete_add(completion, "list", "count them by reason");
        complete_add(completion, "show", "each of them");
        complete_add(completion, "replay", "send them back");
    }
}

void complete_group(const struct completion *completion)
{
    if (completion->option != NULL)
        complete_known_options(completion);
    else if (completion->count == 0)
        complete_groups(completion);
}
