/* A filled batch, with messages that no broker delivered: what is dropped, what is refused, how far positions
 * move. */
#include "tests/consumer/fake_messages.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"
#include "consumer/process.h"

static struct settings settings;
static struct consumer consumer;
static struct stats_writer *stats;
static int segment_fd;
static struct error error;

static void open_consumer(void)
{
    struct stats_identity identity = {.kind = STATS_KIND_CONSUMER, .partition_capacity = 8, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "check-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "bravo");
    snprintf(identity.client, sizeof identity.client, "bravo");
    segment_fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(segment_fd != -1, "%s", error.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    ck_assert_msg(stats_writer_open(&stats, segment_fd, &error) == 0, "%s", error.text);
    settings = (struct settings){.topic = "payments", .schema = schema_by_workload("payments")};
    consumer = (struct consumer){.settings = &settings, .stats = stats};
    offsets_init(&consumer.offsets, settings.topic, stats);
    ck_assert_int_eq(batch_init(&consumer.batch, 16, &error), 0);
    ck_assert_int_eq(pipeline_open(&consumer.pipeline, &settings, stats, &error), 0);
    offsets_assign(&consumer.offsets, 0, 10, 10);
    offsets_assign(&consumer.offsets, 1, 20, 20);
}

static void close_consumer(void)
{
    pipeline_close(&consumer.pipeline);
    batch_release(&consumer.batch);
    offsets_release(&consumer.offsets);
    stats_writer_close(stats);
    close(segment_fd);
    ck_assert_int_eq(fakes_alive, 0); /* every message was destroyed, and once */
}

static void add(struct fake *fake)
{
    consumer.batch.messages[consumer.batch.count++] = &fake->message;
}

static int64_t position(int32_t partition)
{
    return offsets_assigned(&consumer.offsets, partition)->position;
}

/* Works the batch off without a word on the terminal; what was said is in capture.text. */
static uint64_t process(void)
{
    capture_begin();
    uint64_t records = process_batch(&consumer);
    capture_end();
    ck_assert_uint_eq(consumer.batch.count, 0);
    return records;
}

START_TEST(positions_move_past_what_was_processed)
{
    for (int64_t i = 10; i < 13; i++)
        add(fake_payment(0, i));
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 4);
    ck_assert_int_eq(position(0), 13);
    ck_assert_int_eq(position(1), 21);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_RECEIVED), 4);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_PROCESSED), 4);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_BATCHES_BY_TIME), 1);
}
END_TEST

START_TEST(a_full_batch_was_closed_by_its_size)
{
    for (int64_t i = 0; i < 16; i++)
        add(fake_payment(0, 10 + i));
    process();
    ck_assert_uint_eq(stats_get(stats, CONSUMER_BATCHES_BY_SIZE), 1);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_BATCHES_BY_TIME), 0);
}
END_TEST

START_TEST(records_of_a_partition_that_is_not_ours_are_dropped)
{
    add(fake_payment(0, 10));
    add(fake_payment(5, 77));
    ck_assert_uint_eq(process(), 1);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_SKIPPED), 1);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_RECEIVED), 1);
}
END_TEST

START_TEST(records_that_were_seen_before_are_dropped)
{
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    add(fake_payment(0, 10)); /* the partition went and came back while the array filled */
    add(fake_payment(0, 11));
    add(fake_payment(0, 12));
    add(fake_payment(1, 19)); /* before where we began */
    ck_assert_uint_eq(process(), 3);
    ck_assert_int_eq(position(0), 13);
    ck_assert_int_eq(position(1), 20);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_SKIPPED), 3);
}
END_TEST

/* The partition's last record, by its witness, was this one. */
static void await(struct fake *fake)
{
    struct witness witness = witness_of(&fake->message);
    offsets_await(&consumer.offsets, fake->message.partition, &witness);
    rd_kafka_message_destroy(&fake->message);
}

START_TEST(the_awaited_record_is_neither_processed_nor_counted)
{
    await(fake_bytes(0, 9, "read", 4));
    ck_assert_int_eq(offsets_read_from(&consumer.offsets.rows[0]), 9);
    ck_assert_int_eq(position(0), 10);
    add(fake_bytes(0, 9, "read", 4));
    ck_assert_uint_eq(process(), 0);
    ck_assert_int_eq(offsets_read_from(&consumer.offsets.rows[0]), 10);
    add(fake_payment(0, 10));
    ck_assert_uint_eq(process(), 1);
    ck_assert_int_eq(position(0), 11);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_RECEIVED), 1);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_SKIPPED), 0);
    ck_assert(!consumer.holding);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(behind_another_record_than_the_awaited_one_nothing_of_its_partition_is_processed)
{
    await(fake_bytes(0, 9, "read", 4));
    add(fake_bytes(0, 9, "another", 7));
    add(fake_payment(0, 10));
    add(fake_payment(1, 20));
    add(fake_payment(0, 11));
    ck_assert_uint_eq(process(), 1);
    ck_assert_int_eq(position(0), 10);
    ck_assert_int_eq(position(1), 21);
    ck_assert_int_eq(consumer.offsets.rows[0].hold.loss, LOSS_WITNESS);
    ck_assert_int_eq(consumer.offsets.rows[0].found.offset, 9);
    ck_assert(consumer.holding);
}
END_TEST

START_TEST(a_record_before_the_awaited_one_says_nothing)
{
    await(fake_bytes(0, 9, "read", 4));
    add(fake_payment(0, 8)); /* of an earlier assignment */
    add(fake_bytes(0, 9, "read", 4));
    add(fake_bytes(0, 9, "read", 4)); /* and once more: it was seen before */
    add(fake_payment(0, 10));
    ck_assert_uint_eq(process(), 1);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_SKIPPED), 2);
    ck_assert(!consumer.holding);
}
END_TEST

START_TEST(where_the_awaited_record_is_gone_it_goes_on_with_the_next)
{
    await(fake_bytes(0, 9, "read", 4));
    add(fake_payment(0, 12));
    ck_assert_uint_eq(process(), 1);
    ck_assert_int_eq(position(0), 13);
    ck_assert_int_eq(offsets_read_from(&consumer.offsets.rows[0]), 13);
    ck_assert(!consumer.holding);
}
END_TEST

START_TEST(what_came_before_an_offset_that_is_gone_is_processed_and_what_comes_behind_is_not)
{
    add(fake_payment(0, 10));
    struct fake *gone = fake_error(0, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    gone->message.offset = 11;
    add(gone);
    add(fake_payment(0, 30));
    ck_assert_uint_eq(process(), 1);
    ck_assert_int_eq(position(0), 11);
    ck_assert_int_eq(consumer.offsets.rows[0].hold.loss, LOSS_GONE);
}
END_TEST

START_TEST(a_gap_in_the_offsets_is_no_loss)
{
    add(fake_payment(0, 12)); /* compaction, or a transaction's marker */
    add(fake_payment(0, 20));
    ck_assert_uint_eq(process(), 2);
    ck_assert_int_eq(position(0), 21);
}
END_TEST

START_TEST(a_poison_record_is_passed_over_told_and_counted)
{
    add(fake_payment(0, 10));
    add(fake_bytes(0, 11, "poison", 6));
    add(fake_payment(0, 12));
    ck_assert_uint_eq(process(), 3);
    ck_assert_int_eq(position(0), 13);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_PROCESSED), 2);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_FAILED), 1);
    ck_assert_msg(strstr(capture.text, "payments [0] offset 11: decode: ") != NULL, "%s", capture.text);
    ck_assert(!consumer.must_stop);
}
END_TEST

START_TEST(many_poison_records_are_told_in_a_few_lines)
{
    for (int64_t i = 0; i < 10; i++)
        add(fake_bytes(0, 10 + i, "poison", 6));
    process();
    size_t lines = 0;
    for (const char *c = capture.text; *c != '\0'; c++)
        lines += *c == '\n';
    ck_assert_uint_eq(lines, 4);
    ck_assert_ptr_nonnull(strstr(capture.text, "and 7 more in this batch"));
    ck_assert_int_eq(position(0), 20);
}
END_TEST

START_TEST(an_unknown_major_version_stops_before_it_and_nothing_moves_past_it)
{
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    add(with_header(fake_payment(1, 20), "schema", "payment/2"));
    add(fake_payment(1, 21));
    add(fake_payment(0, 12));
    ck_assert_uint_eq(process(), 2);
    ck_assert(consumer.must_stop);
    ck_assert_int_eq(consumer.exit_code, EXIT_CODE_CONFIG);
    ck_assert_int_eq(position(0), 12);
    ck_assert_int_eq(position(1), 20);
    ck_assert_msg(strstr(capture.text, "payments [1] offset 20 has a schema of a major version") != NULL,
                  "%s", capture.text);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_FAILED), 0);
}
END_TEST

START_TEST(an_unknown_major_version_in_the_first_record_moves_nothing)
{
    add(with_header(fake_payment(0, 10), "schema", "payment/2"));
    add(fake_payment(0, 11));
    ck_assert_uint_eq(process(), 0);
    ck_assert_int_eq(position(0), 10);
    ck_assert(!offsets_dirty(&consumer.offsets));
}
END_TEST

START_TEST(a_batch_of_errors_moves_nothing)
{
    add(fake_error(0, RD_KAFKA_RESP_ERR__PARTITION_EOF));
    add(fake_error(0, RD_KAFKA_RESP_ERR__TRANSPORT));
    ck_assert_uint_eq(process(), 0);
    ck_assert_int_eq(position(0), 10);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_BROKER_ERRORS), 2);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_RECEIVED), 0);
    ck_assert(!consumer.must_stop);
}
END_TEST

START_TEST(a_missing_topic_is_told_once)
{
    for (int i = 0; i < 3; i++)
        add(fake_error(0, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
    process();
    const char *first = strstr(capture.text, "ktopic provision");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "ktopic provision"));
    ck_assert(!consumer.must_stop);
}
END_TEST

START_TEST(a_topic_that_may_not_be_read_ends_it_as_a_configuration_fault)
{
    add(fake_payment(0, 10));
    add(fake_error(0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
    ck_assert_uint_eq(process(), 1); /* what came with it is processed */
    ck_assert(consumer.must_stop);
    ck_assert_int_eq(consumer.exit_code, EXIT_CODE_CONFIG);
}
END_TEST

START_TEST(only_the_first_failure_is_remembered)
{
    capture_begin();
    consumer_fail(&consumer, EXIT_CODE_FENCED, "first");
    consumer_fail(&consumer, EXIT_CODE_FAILED, "second");
    ck_assert_str_eq(capture_end(), "error: first\n");
    ck_assert_int_eq(consumer.exit_code, EXIT_CODE_FENCED);
}
END_TEST

CHECK_MAIN_WITH("consumer/process", open_consumer, close_consumer, positions_move_past_what_was_processed,
                a_full_batch_was_closed_by_its_size, records_of_a_partition_that_is_not_ours_are_dropped,
                records_that_were_seen_before_are_dropped, a_gap_in_the_offsets_is_no_loss,
                the_awaited_record_is_neither_processed_nor_counted,
                behind_another_record_than_the_awaited_one_nothing_of_its_partition_is_processed,
                a_record_before_the_awaited_one_says_nothing,
                where_the_awaited_record_is_gone_it_goes_on_with_the_next,
                what_came_before_an_offset_that_is_gone_is_processed_and_what_comes_behind_is_not,
                a_poison_record_is_passed_over_told_and_counted, many_poison_records_are_told_in_a_few_lines,
                an_unknown_major_version_stops_before_it_and_nothing_moves_past_it,
                an_unknown_major_version_in_the_first_record_moves_nothing, a_batch_of_errors_moves_nothing,
                a_missing_topic_is_told_once, a_topic_that_may_not_be_read_ends_it_as_a_configuration_fault,
                only_the_first_failure_is_remembered)
