/* fake_consumer.h: a consumer of which only the table, the committer, the batch and the segment are real; its
 * librdkafka, its supervisor and its dead letters are those of the fakes. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_CONSUMER_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_CONSUMER_H

#include "consumer/consumer.h"
#include "consumer/exactly_once.h" /* before `consumer`, which its inline functions would shadow */
#include "consumer/manual.h"
#include "tests/consumer/fake_control.h"
#include "tests/consumer/fake_kafka.h"
#include "tests/consumer/fake_letters.h"
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

enum { CONSUMER_BATCH = 16 };

static struct settings settings;
static struct consumer consumer;
static struct error error;

static inline void consumer_answered(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                     rd_kafka_topic_partition_list_t *list, void *number)
{
    (void)rk;
    commit_answered(&consumer.committer, err, list, number);
}

static inline void consumer_begin(void)
{
    kafka_begin();
    letters_begin();
    control = (struct worker_control){0};
    error = (struct error)ERROR_INIT;
    settings = (struct settings){.topic = "payments",
                                 .schema = schema_by_workload("payments"),
                                 .group_name = "group",
                                 .batch_size = CONSUMER_BATCH,
                                 .retries = 3,
                                 .retry_delay_us = US_PER_SECOND,
                                 .session_timeout_us = 45 * US_PER_SECOND,
                                 .max_unacknowledged = 5,
                                 .supervised = true};
    consumer = (struct consumer){.settings = &settings,
                                 .control = &control,
                                 .stats = segment_open(),
                                 .rk = FAKE_RK,
                                 .queue = FAKE_QUEUE,
                                 .pace.records = 32, /* as if some had been processed */
                                 .letters = FAKE_LETTERS};
    partitions_init(&consumer.partitions, settings.topic, consumer.stats);
    letters.table = &consumer.partitions;
    consumer.fetching = (struct fetching){.rk = FAKE_RK, .partitions = &consumer.partitions};
    committer_init(&consumer.committer, FAKE_RK, &consumer.partitions, consumer.stats);
    consumer.committer.answered = consumer_answered;
    consumer.committer.joining = &consumer.joining;
    ck_assert_int_eq(batch_init(&consumer.batch, CONSUMER_BATCH, &error), 0);
}

static inline void consumer_end(void)
{
    kafka_forget_list();
    batch_release(&consumer.batch);
    partitions_release(&consumer.partitions);
    segment_close();
    ck_assert_int_eq(fakes_alive, 0); /* every message was destroyed, and once */
}

static inline const struct partition *row(int32_t number)
{
    return row_of(&consumer.partitions, number);
}

/* Assigned, where it goes on is known, and librdkafka has been told. */
static inline void begin(int32_t number, int64_t offset)
{
    table_begin(&consumer.partitions, number, offset, offset);
}

static inline void settled(void)
{
    table_settle(&consumer.partitions);
}

#endif
