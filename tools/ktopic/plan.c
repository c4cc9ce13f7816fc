#include "tools/ktopic/plan.h"

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

enum plan plan_topic(const char *topic, int present, int wanted, bool is_explicit, struct error *error)
{
    if (present == 0)
        return PLAN_CREATE;
    if (present == wanted || (present > wanted && !is_explicit))
        return PLAN_KEEP;
    if (present < wanted && is_explicit)
        return PLAN_GROW;
    if (present > wanted)
        error_set(error,
                  "topic %s has %d partitions, and Kafka cannot take partitions away: ask for --partitions "
                  "%d or more, or delete the topic",
                  topic, present, present);
    else
        error_set(error,
                  "topic %s has %d partition%s, not %d: --partitions %d grows it, and then keys go to other "
                  "partitions than before",
                  topic, present, plural(present), wanted, wanted);
    return PLAN_REFUSE;
}
