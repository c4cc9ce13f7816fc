/* commit_case.h: a committer of one partition, which is committed to 10 and has come to 15. */
#ifndef KSUPERVISE_TESTS_CONSUMER_COMMIT_CASE_H
#define KSUPERVISE_TESTS_CONSUMER_COMMIT_CASE_H

#include "tests/consumer/fake_kafka.h"
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

#include "consumer/commit.h"

static struct partitions table;
static struct committer committer;
static struct joining joining;
static struct error error;
static char queue_free_slot;
#define OUR_QUEUE ((rd_kafka_queue_t *)(void *)&queue_free_slot)

static inline void on_answer(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                             void *number)
{
    (void)rk;
    commit_answered(&committer, err, list, number);
}

static inline void open_table(void)
{
    kafka_begin();
    partitions_init(&table, "payments", segment_open());
    committer_init(&committer, FAKE_RK, &table, table.stats);
    committer.queue = OUR_QUEUE;
    committer.answered = on_answer;
    committer.joining = &joining;
    joining.since_us = 0;
    error = (struct error)ERROR_INIT;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
}

static inline void close_table(void)
{
    kafka_forget_list();
    partitions_release(&table);
    segment_close();
}

static inline const struct partition *row(void)
{
    return row_of(&table, 0);
}

#endif
