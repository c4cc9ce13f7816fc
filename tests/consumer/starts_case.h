/* starts_case.h: a consumer whose partitions have no place yet; the topic has offsets 5 to 49 of each. */
#ifndef KSUPERVISE_TESTS_CONSUMER_STARTS_CASE_H
#define KSUPERVISE_TESTS_CONSUMER_STARTS_CASE_H

#include "tests/consumer/fake_consumer.h"
#include "tests/support/capture.h"

#include "consumer/backoff.h"
#include "consumer/starts.h"

static inline void begin_starts(void)
{
    consumer_begin();
    for (int i = 0; i < FAKE_TOPIC_PARTITIONS; i++) {
        kafka.low[i] = 5;
        kafka.high[i] = 50;
    }
}

static inline void commit_is(int32_t partition, int64_t offset, const char *metadata)
{
    kafka.group[partition] = (struct fake_commit){.offset = offset, .metadata = metadata};
}

static inline void give(int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        ck_assert_int_eq(partition_on_assigned(&consumer.partitions, i), 0);
}

static inline void serve(void)
{
    capture_begin();
    starts_serve(&consumer);
    capture_end();
}

static inline void begins_at(int32_t partition, int64_t offset, int64_t committed)
{
    ck_assert_int_eq(row(partition)->state, STATE_READING);
    ck_assert_int_eq(row(partition)->position, offset);
    ck_assert_int_eq(row(partition)->commit.committed, committed);
}

static inline void waits(int32_t partition, unsigned attempts)
{
    ck_assert_int_eq(row(partition)->state, STATE_PLACING);
    ck_assert_uint_eq(row(partition)->asked, attempts);
    ck_assert_int_eq(row(partition)->until_us, clock_monotonic_us() + backoff_us(&settings, attempts));
}

#endif
