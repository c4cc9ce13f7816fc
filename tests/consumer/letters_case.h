/* letters_case.h: dead letters of two partitions, from 10 on whose producer is
 * fake_producer.h's. */
#ifndef KSUPERVISE_TESTS_CONSUMER_LETTERS_CASE_H
#define KSUPERVISE_TESTS_CONSUMER_LETTERS_CASE_H

#include "consumer/dead_letters.h"
#include "tests/consumer/fake_producer.h"
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

static struct settings settings;
static struct partitions table;
static struct dead_letters *letters;
static struct error error;
static const char *cluster_id; /* NULL: nobody says it */
static int clusters_asked, clusters_freed;

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_gt(timeout_ms, 0);
    clusters_asked++;
    return cluster_id != NULL ? strdup(cluster_id) : NULL;
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    clusters_freed++;
    free(memory);
}

static inline void open_letters(void)
{
    kafka_begin();
    producer_begin();
    error = (struct error)ERROR_INIT;
    settings = (struct settings){
        .topic = "payments", .group_name = "group", .batch_size = 16, .retry_delay_us = US_PER_SECOND};
    partitions_init(&table, "payments", segment_open());
    ck_assert_int_eq(dead_letters_open(&letters, &settings, FAKE_RK, FAKE_QUEUE, &table, table.stats, &error),
                     0);
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 10, 10);
}

static inline void close_letters(void)
{
    dead_letters_close(letters);
    partitions_release(&table);
    segment_close();
}

static inline struct letter_body body_of(int32_t partition, int64_t offset)
{
    struct letter_body body = {.partition = partition,
                               .offset = offset,
                               .timestamp_ms = 1000 + offset,
                               .value = "value",
                               .value_length = 5,
                               .headers = rd_kafka_headers_new(1)};
    rd_kafka_header_add(body.headers, "dlq.reason", -1, "why", -1);
    return body;
}

static inline void send_body(int32_t partition, int64_t offset, const char *key, size_t key_length,
                             const char *value, size_t value_length)
{
    struct letter_body body = body_of(partition, offset);
    body.key = key;
    body.key_length = key_length;
    body.value = value;
    body.value_length = value_length;
    capture_begin();
    int result = dead_letters_send(letters, &body, false, &error);
    capture_end();
    ck_assert_msg(result == 0, "%s", error.text);
}

static inline void send_one(int32_t partition, int64_t offset)
{
    send_body(partition, offset, NULL, 0, "value", 5);
}

/* One that is kept elsewhere, too. */
static inline void send_kept(int32_t partition, int64_t offset)
{
    struct letter_body body = body_of(partition, offset);
    ck_assert_int_eq(dead_letters_send(letters, &body, true, &error), 0);
}

static inline void barrier_is(int32_t partition, int64_t offset)
{
    ck_assert_int_eq(row_of(&table, partition)->commit.barrier, offset);
}

#endif
