/* What a batch's transaction is told, by a database that only listens. */
#include "tests/consumer/fake_messages.h"
#include "tests/support/capture.h"

#include "consumer/exactly_once.h"
#include "consumer/holds.h"
#include "consumer/offset_loss.h"
#include "consumer/process.h"

static struct settings settings;
static struct consumer consumer;
static struct sink_range told[8];
static size_t told_count;
static enum sink_result answer;
static struct error error;

static enum sink_result listen_to(void *state, const struct sink_batch *batch, int32_t *lost,
                                  struct error *why)
{
    (void)state;
    (void)lost;
    told_count = batch->range_count;
    memcpy(told, batch->ranges, batch->range_count * sizeof told[0]);
    return answer == SINK_DONE ? answer : (error_set(why, "it is away"), answer);
}

static const struct sink_class listener = {.commit = listen_to};

static void open_consumer(void)
{
    settings = (struct settings){
        .topic = "payments", .schema = schema_by_workload("payments"), .retry_delay_us = 1000};
    consumer = (struct consumer){.settings = &settings, .sink.class = &listener};
    consumer.sink.ranges = calloc(8, sizeof told[0]);
    answer = SINK_DONE;
    told_count = 0;
    offsets_init(&consumer.offsets, settings.topic, NULL);
    ck_assert_int_eq(batch_init(&consumer.batch, 16, &error), 0);
    ck_assert_int_eq(pipeline_open(&consumer.pipeline, &settings, NULL, &error), 0);
    for (int32_t i = 0; i < 3; i++)
        offsets_assign(&consumer.offsets, i, 10, 10);
}

static void close_consumer(void)
{
    pipeline_close(&consumer.pipeline);
    batch_release(&consumer.batch);
    offsets_release(&consumer.offsets);
    free(consumer.sink.ranges);
    ck_assert_int_eq(fakes_alive, 0);
}

static struct witness add(struct fake *fake)
{
    struct witness witness = witness_of(&fake->message);
    consumer.batch.messages[consumer.batch.count++] = &fake->message;
    return witness;
}

static void process(void)
{
    capture_begin();
    process_batch(&consumer);
    capture_end();
}

static void tells(size_t range, int32_t partition, int64_t next, const struct witness *witness)
{
    ck_assert_uint_lt(range, told_count);
    ck_assert_int_eq(told[range].partition, partition);
    ck_assert_int_eq(told[range].next.next_offset, next);
    ck_assert(witness_equal(&told[range].next.witness, witness));
    ck_assert(witness_equal(&consumer.offsets.rows[partition].next_witness, witness));
}

START_TEST(the_witness_is_the_last_record_of_each_partition)
{
    add(fake_payment(2, 10));
    add(fake_payment(0, 10));
    struct witness of_2 = add(fake_bytes(2, 11, "poison", 6)); /* dead, and read */
    struct witness of_0 = add(fake_payment(0, 14));
    process();
    ck_assert_uint_eq(told_count, 2);
    tells(0, 0, 15, &of_0);
    tells(1, 2, 12, &of_2);
    ck_assert(witness_equal(&consumer.offsets.rows[0].witness, &of_0));
    ck_assert_int_eq(consumer.offsets.rows[1].witness.offset, STATS_UNKNOWN);
}
END_TEST

static bool fails_at(int32_t partition, int64_t offset)
{
    rd_kafka_message_t message = {.partition = partition, .offset = offset};
    return hold_record(&consumer, &message, "stage", "it rains");
}

START_TEST(it_is_before_a_record_that_waits)
{
    settings.retries = 3;
    struct witness first = add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    struct witness other = add(fake_payment(1, 10));
    add(fake_payment(0, 12));
    consumer.offsets.rows[0].batch_first = consumer.offsets.rows[1].batch_first = 10;
    consumer.offsets.rows[0].batch_end = 13;
    consumer.offsets.rows[1].batch_end = 11;
    capture_begin();
    ck_assert(fails_at(0, 11));
    holds_apply(&consumer);
    offset_loss_note(&consumer);
    ck_assert(exactly_once_commit(&consumer, 0));
    capture_end();
    tells(0, 0, 11, &first);
    tells(1, 1, 11, &other);
    batch_clear(&consumer.batch);
}
END_TEST

START_TEST(a_partition_that_moves_over_a_gap_alone_keeps_its_witness)
{
    settings.retries = 3;
    struct witness before = {.offset = 9, .timestamp_ms = 7, .hash = 8};
    consumer.offsets.rows[0].witness = before;
    add(fake_payment(0, 12));
    consumer.offsets.rows[0].batch_first = 12;
    consumer.offsets.rows[0].batch_end = 13;
    capture_begin();
    ck_assert(fails_at(0, 12));
    holds_apply(&consumer);
    offset_loss_note(&consumer);
    ck_assert(exactly_once_commit(&consumer, 0));
    capture_end();
    tells(0, 0, 12, &before);
    batch_clear(&consumer.batch);
}
END_TEST

START_TEST(a_transaction_that_was_not_done_leaves_no_witness)
{
    answer = SINK_AGAIN;
    add(fake_payment(0, 10));
    process();
    ck_assert_uint_eq(told_count, 1);
    ck_assert_int_eq(consumer.offsets.rows[0].witness.offset, STATS_UNKNOWN);
    ck_assert_int_eq(consumer.offsets.rows[0].position, 10);
}
END_TEST

CHECK_MAIN_WITH("consumer/exactly_once", open_consumer, close_consumer,
                the_witness_is_the_last_record_of_each_partition, it_is_before_a_record_that_waits,
                a_partition_that_moves_over_a_gap_alone_keeps_its_witness,
                a_transaction_that_was_not_done_leaves_no_witness)
