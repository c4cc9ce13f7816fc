#include "supervisor/config/topics.h"

#include "common/text.h"
static size_t add(const char *topics[TOPICS_MAX], size_t count, const char *topic)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i], topic) == 0)
            return count;
    if (count < TOPICS_MAX)
        topics[count++] = topic;
    return count;
}

size_t topics_used(const struct supervisor *supervisor, const char *topics[TOPICS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (!worker->retired && (worker->kind == KIND_CONSUMER || worker->kind == KIND_PRODUCER))
            count = add(topics, count, worker->settings->topic);
    }
    return count > 0 ? count : add(topics, 0, supervisor->settings->topic);
}

bool topics_has(const struct supervisor *supervisor, const char *topic)
{
    const char *topics[TOPICS_MAX];
    size_t count = topics_used(supervisor, topics), i = 0;
    while (i < count && strcmp(topics[i], topic) != 0)
        i++;
    return i < count;
}

void topics_text(const struct supervisor *supervisor, char *text, size_t bytes)
{
    const char *topics[TOPICS_MAX];
    size_t count = topics_used(supervisor, topics);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used = text_append(text, bytes, used, "%s%s", i > 0 ? ", " : "", topics[i]);
}
