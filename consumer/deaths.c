#include "consumer/deaths.h"

#include <assert.h>

int deaths_init(struct deaths *deaths, size_t capacity, struct error *error)
{
    *deaths = (struct deaths){.capacity = capacity, .list = calloc(capacity, sizeof *deaths->list)};
    if (deaths->list == NULL)
        return error_set(error, "no memory for a batch of %zu records: --batch-size is too large", capacity);
    return 0;
}

void deaths_release(struct deaths *deaths)
{
    free(deaths->list);
    *deaths = (struct deaths){0};
}

struct death *deaths_add(struct deaths *deaths, const rd_kafka_message_t *message, const char *stage,
                         const char *why)
{
    assert(deaths->count < deaths->capacity);
    struct death *death = &deaths->list[deaths->count++];
    *death = (struct death){.message = message, .stage = stage, .attempts = 1};
    snprintf(death->why, sizeof death->why, "%s", why);
    return death;
}

void deaths_keep_standing(struct deaths *deaths, const struct partitions *partitions)
{
    size_t kept = 0;
    for (size_t i = 0; i < deaths->count; i++) {
        const rd_kafka_message_t *message = deaths->list[i].message;
        const struct partition *row = partition_assigned(partitions, message->partition);
        if (row == NULL || message->offset >= row->flight.end) /* unknown is below all */
            continue;
        if (kept != i)
            deaths->list[kept] = deaths->list[i];
        kept++;
    }
    deaths->count = kept;
}
