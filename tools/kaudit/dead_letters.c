#include "tools/kaudit/dead_letters.h"

#include "common/dead_letter.h"
#include "common/decimal.h"
#include "common/kafka_header.h"
#include "tools/kaudit/scratch.h"

struct wanted {
    const char *topic, *group, *cluster;
    int partitions;
};

/* Letters of older builds do not tell, nor those of a record without one. */
static int64_t timestamp_ms(const rd_kafka_headers_t *headers)
{
    struct kafka_header told = kafka_header_find(headers, DEAD_LETTER_TIMESTAMP);
    int64_t value;
    return decimal_parse(told.data, told.length, INT64_MAX, &value) ? value : 0;
}

static int take(struct dead_letters *letters, struct scratch *scratch, const struct wanted *wanted,
                const rd_kafka_headers_t *headers, struct error *error)
{
    struct kafka_header topic = kafka_header_find(headers, DEAD_LETTER_TOPIC);
    struct kafka_header group = kafka_header_find(headers, DEAD_LETTER_GROUP);
    struct kafka_header cluster = kafka_header_find(headers, DEAD_LETTER_CLUSTER);
    struct kafka_header from = kafka_header_find(headers, DEAD_LETTER_PARTITION);
    struct kafka_header at = kafka_header_find(headers, DEAD_LETTER_OFFSET);
    int64_t partition, offset;
    if (topic.data == NULL || group.data == NULL ||
        !decimal_parse(at.data, at.length, INT64_MAX - 1, &offset) ||
        !decimal_parse(from.data, from.length, INT32_MAX - 1, &partition)) {
        letters->unreadable++;
        return 0;
    }
    if (!kafka_header_is(topic, wanted->topic) || !kafka_header_is(group, wanted->group) ||
        partition >= wanted->partitions ||
        (wanted->cluster != NULL && cluster.data != NULL && !kafka_header_is(cluster, wanted->cluster))) {
        letters->others++;
        return 0;
    }
    struct source_item item = {.offset = offset, .tag = LETTER_SENT, .timestamp_ms = timestamp_ms(headers)};
    int added = scratch_add(scratch, (int32_t)partition, item, error);
    letters->letters += added == 1;
    letters->repeats += added == 0;
    return added == -1 ? -1 : 0;
}

static int take_all(struct dead_letters *letters, struct scratch *scratch, const struct wanted *wanted,
                    struct topic_reader *reader, struct error *error)
{
    struct topic_record record;
    int answer;
    while ((answer = topic_next(reader, &record, error)) == 1)
        if (take(letters, scratch, wanted, record.headers, error) == -1)
            return -1;
    return answer;
}

static int take_outbox(struct dead_letters *letters, struct scratch *scratch, const struct source *outbox,
                       int partitions, struct error *error)
{
    struct source_item item;
    int answer = 0;
    for (int32_t i = 0; outbox != NULL && i < partitions && answer != -1; i++)
        while ((answer = outbox->next(outbox->state, i, &item, error)) == 1) {
            item.tag = LETTER_IN_OUTBOX;
            int added = scratch_add(scratch, i, item, error);
            if (added == -1)
                return -1;
            letters->outbox += added == 1;
        }
    return answer;
}

int dead_letters_read(struct dead_letters *letters, const struct cluster *cluster, const char *dlq,
                      const struct source *outbox, const char *topic, const char *group, int partitions,
                      struct error *error)
{
    struct wanted wanted = {topic, group, cluster->id, partitions};
    struct kafka_watermarks *extents = NULL;
    struct topic_reader *reader = NULL;
    struct scratch *scratch = scratch_open(true, error);
    *letters = (struct dead_letters){0};
    if (scratch == NULL)
        return -1;
    int result = -1;
    int there = cluster_extents(cluster, dlq, &extents, error);
    if (there == -1)
        goto out;
    result = 0;
    if (there > 0)
        result = topic_open(&reader, cluster, dlq, extents, there, error);
    if (result == 0 && there > 0)
        result = take_all(letters, scratch, &wanted, reader, error);
    if (result == 0)
        result = take_outbox(letters, scratch, outbox, partitions, error);
    topic_close(reader);
    free(extents);
out:
    if (result == 0)
        return scratch_source(scratch, &letters->source, error);
    scratch_free(scratch);
    return error_context(error, "dead letters");
}
