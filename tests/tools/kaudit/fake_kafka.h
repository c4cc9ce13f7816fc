/* fake_kafka.h: topics that a test has written down, in place of tools/kaudit/cluster.c and topic.c.
 * Including it is all that a test has to do: it defines what both headers declare, and the linker leaves them
 * in their archive. Only the test's one source file may include it.
 */
#ifndef KSUPERVISE_TESTS_TOOLS_KAUDIT_FAKE_KAFKA_H
#define KSUPERVISE_TESTS_TOOLS_KAUDIT_FAKE_KAFKA_H

#include <stdlib.h>

#include "common/kafka_topic.h"
#include "tests/support/check_main.h"
#include "tools/kaudit/topic.h"

enum { FAKE_PARTITIONS_MAX = 8, FAKE_RECORDS_MAX = 64, FAKE_TOPICS = 2 };

struct fake_record {
    rd_kafka_message_t message;
    struct topic_record record;
};

struct fake_topic {
    const char *name; /* NULL: it is not there */
    int partitions;
    struct kafka_watermarks extents[FAKE_PARTITIONS_MAX];
    struct fake_record records[FAKE_RECORDS_MAX];
    size_t count;
    const char *fails; /* behind the last of them: reading fails with this; NULL: it does not */
};

static struct {
    struct fake_topic topics[FAKE_TOPICS];
    int64_t committed[FAKE_PARTITIONS_MAX];
    const char *open_fails, *extents_fail, *committed_fails, *reader_fails;
    int partitions_later; /* when the topic is looked at for the second time; 0: as many */
    bool forbidden;
    char asked[512]; /* what was asked, in its order */
    int readers;     /* open ones */
} fake_kafka;

struct topic_reader {
    const struct fake_topic *topic;
    size_t at;
};

static inline void fake_asked(const char *what, const char *about)
{
    size_t used = strlen(fake_kafka.asked);
    snprintf(fake_kafka.asked + used, sizeof fake_kafka.asked - used, "%s %s;", what, about);
}

static inline struct fake_topic *fake_topic(const char *name)
{
    for (size_t i = 0; i < FAKE_TOPICS; i++)
        if (fake_kafka.topics[i].name != NULL && strcmp(fake_kafka.topics[i].name, name) == 0)
            return &fake_kafka.topics[i];
    return NULL;
}

/* One more record; its partition's end goes with it. */
static inline struct fake_record *fake_add(const char *topic, int32_t partition, int64_t offset,
                                           const char *producer, int64_t seq, int64_t timestamp_ms)
{
    struct fake_topic *to = fake_topic(topic);
    struct fake_record *added = &to->records[to->count++];
    ck_assert_uint_lt(to->count, FAKE_RECORDS_MAX);
    *added = (struct fake_record){.message = {.partition = partition, .offset = offset},
                                  .record = {.producer = producer,
                                             .producer_length = producer == NULL ? 0 : strlen(producer),
                                             .seq = seq,
                                             .timestamp_ms = timestamp_ms}};
    to->extents[partition].high = offset + 1;
    return added;
}

int cluster_open(struct cluster *cluster, const struct kafka_source *source, struct option_list *properties,
                 struct error *error)
{
    (void)source;
    (void)properties;
    *cluster = (struct cluster){.id = (char *)(uintptr_t) "the cluster"};
    return fake_kafka.open_fails != NULL ? error_set(error, "%s", fake_kafka.open_fails) : 0;
}

void cluster_close(struct cluster *cluster)
{
    *cluster = (struct cluster){0};
}

int cluster_extents(const struct cluster *cluster, const char *topic, struct kafka_watermarks **extents,
                    struct error *error)
{
    const struct fake_topic *found = fake_topic(topic);
    (void)cluster;
    fake_asked("extents", topic);
    if (fake_kafka.extents_fail != NULL)
        return error_set(error, "%s", fake_kafka.extents_fail);
    if (found == NULL)
        return 0;
    *extents = calloc((size_t)found->partitions + 1, sizeof **extents);
    memcpy(*extents, found->extents, (size_t)found->partitions * sizeof **extents);
    bool later = found == &fake_kafka.topics[0] && fake_kafka.partitions_later > 0 &&
                 strstr(fake_kafka.asked, "committed") != NULL;
    return later ? fake_kafka.partitions_later : found->partitions;
}

int cluster_committed(const struct cluster *cluster, const char *group, const char *topic, int partitions,
                      int64_t *committed, struct error *error)
{
    (void)cluster;
    (void)topic;
    fake_asked("committed", group);
    if (fake_kafka.committed_fails != NULL)
        return error_set(error, "%s", fake_kafka.committed_fails);
    memcpy(committed, fake_kafka.committed, (size_t)partitions * sizeof *committed);
    return 0;
}

bool kafka_topic_forbidden(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    (void)rk;
    (void)topic;
    (void)timeout_ms;
    return fake_kafka.forbidden;
}

int topic_open(struct topic_reader **reader, const struct cluster *cluster, const char *topic,
               const struct kafka_watermarks *extents, int partitions, struct error *error)
{
    (void)cluster;
    (void)extents;
    (void)partitions;
    fake_asked("read", topic);
    *reader = NULL;
    if (fake_kafka.reader_fails != NULL)
        return error_set(error, "%s", fake_kafka.reader_fails);
    *reader = calloc(1, sizeof **reader);
    (*reader)->topic = fake_topic(topic);
    fake_kafka.readers++;
    return 0;
}

void topic_close(struct topic_reader *reader)
{
    fake_kafka.readers -= reader != NULL;
    free(reader);
}

int topic_next(struct topic_reader *reader, struct topic_record *record, struct error *error)
{
    if (reader->at == reader->topic->count)
        return reader->topic->fails != NULL ? error_set(error, "%s", reader->topic->fails) : 0;
    const struct fake_record *next = &reader->topic->records[reader->at++];
    *record = next->record;
    record->message = &next->message;
    return 1;
}

#endif
