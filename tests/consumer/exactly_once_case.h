/* exactly_once_case.h: a consumer whose pipeline ends in a database, which is a fake; three partitions go on
 * at 10, 20 and 30. */
#ifndef KSUPERVISE_TESTS_CONSUMER_EXACTLY_ONCE_CASE_H
#define KSUPERVISE_TESTS_CONSUMER_EXACTLY_ONCE_CASE_H

#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_sink.h"
#include "tests/support/capture.h"

#include "consumer/backoff.h"

static inline void begin_exactly_once(void)
{
    consumer_begin();
    sink_begin();
    ck_assert_int_eq(deaths_init(&consumer.deaths, CONSUMER_BATCH, &error), 0);
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    consumer.sink.deaths = calloc(CONSUMER_BATCH, sizeof *consumer.sink.deaths);
    consumer.sink.ranges = calloc(CONSUMER_BATCH, sizeof *consumer.sink.ranges);
    begin(0, 10);
    begin(1, 20);
    begin(2, 30);
}

static inline void end_exactly_once(void)
{
    exactly_once_close(&consumer);
    ck_assert(!exactly_once_is(&consumer));
    deaths_release(&consumer.deaths);
    batch_clear(&consumer.batch);
    consumer_end();
}

/* Part of the slice in flight. */
static inline const rd_kafka_message_t *add(int32_t partition, int64_t offset)
{
    struct fake *fake = fake_bytes(partition, offset, "record", 6);
    ck_assert_int_eq(partition_take(&consumer.partitions, &fake->message), TAKEN);
    batch_add_to_slice(&consumer.batch, &fake->message);
    return &fake->message;
}

/* What process.c does before it, and the lines that it says in `capture`. */
static inline bool commit(size_t rows)
{
    partitions_apply_stops(&consumer.partitions);
    partitions_note_last(&consumer.partitions, consumer.batch.slice, consumer.batch.slice_count);
    deaths_keep_standing(&consumer.deaths, &consumer.partitions);
    capture_begin();
    bool done = exactly_once_commit(&consumer, rows);
    capture_end();
    return done;
}

#endif
