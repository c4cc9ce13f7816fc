#include "tools/kaudit/dead_letters.h"

#include "common/dead_letter.h"
#include "tools/kaudit/scratch.h"

struct wanted {
    const char *topic, *group, *cluster;
    int partitions;
};

static bool header_is(const rd_kafka_headers_t *headers, const char *name, const char *expected)
{
    const void *value;
    size_t length;
    if (rd_kafka_header_get_last(headers, name, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        value == NULL)
        return false;
    return expected == NULL || (strlen(expected) == length && memcmp(value, expected, length) == 0);
}

static bool header_number(const rd_kafka_headers_t *headers, const char *name, int64_t maximum,
                          int64_t *number)
{
    const void *value;
    size_t length;
    char text[24], *end;
    if (rd_kafka_header_get_last(headers, name, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        value == NULL || length == 0 || length >= sizeof text)
        return false;
    memcpy(text, value, length);
    text[length] = '\0';
    *number = strtoll(text, &end, 10);
    return *end == '\0' && *number >= 0 && *number < maximum;
}

static int take(struct dead_letters *letters, struct scratch *scratch, const struct wanted *wanted,
                const rd_kafka_headers_t *headers, struct error *error)
{
    int64_t partition, offset;
    if (headers == NULL || !header_is(headers, DEAD_LETTER_TOPIC, NULL) ||
        !header_is(headers, DEAD_LETTER_GROUP, NULL) ||
        !header_number(headers, DEAD_LETTER_OFFSET, INT64_MAX, &offset) ||
        !header_number(headers, DEAD_LETTER_PARTITION, INT32_MAX, &partition)) {
        letters->unreadable++;
        return 0;
    }
    if (!header_is(headers, DEAD_LETTER_TOPIC, wanted->topic) ||
        !header_is(headers, DEAD_LETTER_GROUP, wanted->group) || partition >= wanted->partitions ||
        (wanted->cluster != NULL && header_is(headers, DEAD_LETTER_CLUSTER, NULL) &&
         !header_is(headers, DEAD_LETTER_CLUSTER, wanted->cluster))) {
        letters->others++;
        return 0;
    }
    int added = scratch_add(scratch, (int32_t)partition, offset, 0, error);
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

int dead_letters_read(struct dead_letters *letters, const struct cluster *cluster, const char *dlq,
                      const char *topic, const char *group, int partitions, struct error *error)
{
    struct wanted wanted = {topic, group, cluster->id, partitions};
    struct extent *extents = NULL;
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
    topic_close(reader);
    free(extents);
out:
    if (result == 0)
        return scratch_source(scratch, &letters->source, error);
    scratch_free(scratch);
    return error_context(error, "dead letters");
}
