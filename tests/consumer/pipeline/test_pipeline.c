#include "tests/consumer/pipeline/pipeline_run.h"

#include "tests/support/capture.h"

/* A payment whose last byte is missing. */
static struct fake *damaged_payment(int64_t offset)
{
    struct fake *fake = fake_payment(0, offset);
    fake->message.len--;
    return fake;
}

/* A payment with a field that a newer producer added. */
static struct fake *payment_with_a_new_field(int64_t offset)
{
    struct fake *plain = fake_payment(0, offset);
    char bytes[512];
    size_t length = plain->message.len;
    memcpy(bytes, plain->payload, length);
    bytes[0]++; /* a map of one pair more */
    memcpy(bytes + length,
           "\xa5"
           "extra"
           "\x07",
           7);
    rd_kafka_message_destroy(&plain->message);
    return fake_bytes(0, offset, bytes, length + 7);
}

START_TEST(records_are_decoded_numbered_and_counted)
{
    for (int64_t i = 0; i < 5; i++)
        add(fake_payment(0, i));
    size_t length = batch.fakes[0]->message.len;
    run();
    ck_assert_uint_eq(result.processed, 5);
    ck_assert_uint_eq(result.failed, 0);
    ck_assert_uint_eq(result.bytes, 5 * length);
    ck_assert_uint_eq(pipeline.records, 5);
    run();
    ck_assert_uint_eq(pipeline.records, 10);
}
END_TEST

START_TEST(a_poison_record_is_refused_with_its_reason_and_the_others_go_on)
{
    add(fake_payment(0, 0));
    add(damaged_payment(1));
    add(fake_bytes(0, 2, "not MessagePack", 15));
    add(fake_bytes(0, 3, NULL, 0));
    add(fake_payment(0, 4));
    batch.fakes[3]->message.payload = NULL; /* a tombstone */
    run();
    ck_assert_uint_eq(result.processed, 2);
    ck_assert_uint_eq(result.failed, 3);
    ck_assert_uint_eq(refusals.count, 3);
    ck_assert_int_eq(refusals.offsets[0], 1);
    ck_assert_int_eq(refusals.offsets[2], 3);
    ck_assert_msg(strstr(refusals.why[0], "byte ") != NULL, "%s", refusals.why[0]);
    ck_assert_msg(strstr(refusals.why[1], "expected a map") != NULL, "%s", refusals.why[1]);
    ck_assert_ptr_null(result.unknown_major);
}
END_TEST

START_TEST(every_truncation_of_a_payment_is_refused)
{
    struct fake *fake = fake_payment(0, 0);
    rd_kafka_message_t *message = &fake->message;
    size_t whole = message->len;
    for (size_t length = 0; length < whole; length++) {
        message->payload = malloc(length); /* exact, so that a sanitizer sees a byte too far */
        if (length > 0)
            memcpy(message->payload, fake->payload, length);
        message->len = length;
        refusals.count = 0;
        ck_assert_int_eq(pipeline_run(&pipeline, &message, 1, &events, &result, &error), 0);
        ck_assert_uint_eq(result.failed, 1);
        free(message->payload);
    }
    rd_kafka_message_destroy(message);
}
END_TEST

START_TEST(the_header_of_our_schema_and_none_are_both_right)
{
    add(with_header(fake_payment(0, 0), "schema", "payment/1"));
    add(with_header(fake_payment(1, 0), "producer", "somebody"));
    add(fake_payment(2, 0));
    run();
    ck_assert_uint_eq(result.processed, 3);
}
END_TEST

START_TEST(another_schemas_record_is_a_dead_letter)
{
    static const char *const headers[] = {"order/1", "nonsense/1", "payment", "", "payment/x"};
    for (int32_t i = 0; i < 5; i++)
        add(with_header(fake_payment(i, 0), "schema", headers[i]));
    run();
    ck_assert_uint_eq(result.failed, 5);
    ck_assert_ptr_null(result.unknown_major);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(refusals.why[i], "its schema header does not say payment/1");
}
END_TEST

START_TEST(an_unknown_major_version_stops_before_the_record)
{
    add(with_header(fake_payment(0, 0), "schema", "payment/1"));
    add(with_header(fake_payment(1, 7), "schema", "payment/2"));
    add(with_header(fake_payment(2, 0), "schema", "payment/1"));
    run();
    ck_assert_ptr_eq(result.unknown_major, &batch.fakes[1]->message);
    ck_assert_uint_eq(result.processed, 1);
    ck_assert_uint_eq(result.failed, 0); /* it is no dead letter */
    ck_assert_uint_eq(refusals.count, 0);
    ck_assert_uint_eq(result.bytes, batch.fakes[0]->message.len);
}
END_TEST

START_TEST(an_unknown_major_that_does_not_decode_stops_in_the_middle_of_a_run_too)
{
    add(with_header(fake_payment(0, 0), "schema", "payment/1"));
    add(with_header(damaged_payment(1), "schema", "payment/2"));
    run();
    ck_assert_ptr_eq(result.unknown_major, &batch.fakes[1]->message);
    ck_assert_uint_eq(result.processed, 1);
}
END_TEST

START_TEST(an_unknown_major_with_new_fields_stops_in_the_middle_of_a_run_too)
{
    add(with_header(fake_payment(0, 0), "schema", "payment/1"));
    add(with_header(payment_with_a_new_field(1), "schema", "payment/2"));
    run();
    ck_assert_ptr_eq(result.unknown_major, &batch.fakes[1]->message);
    ck_assert_uint_eq(result.unknown_fields, 0);
}
END_TEST

START_TEST(fields_of_a_newer_producer_are_skipped_and_counted)
{
    add(with_header(payment_with_a_new_field(0), "schema", "payment/1"));
    add(payment_with_a_new_field(1));
    add(fake_payment(0, 2));
    run();
    ck_assert_uint_eq(result.processed, 3);
    ck_assert_uint_eq(result.unknown_fields, 2);
}
END_TEST

START_TEST(a_tombstone_is_a_dead_letter_with_a_reason_of_its_own)
{
    add(fake_payment(0, 0));
    add(tombstone(0, 1));
    add(with_header(tombstone(0, 2), "schema", "payment/2")); /* no value: no schema either */
    add(fake_bytes(0, 3, "", 0));                             /* an empty value is a damaged record */
    add(fake_payment(0, 4));
    run();
    ck_assert_uint_eq(result.processed, 2);
    ck_assert_uint_eq(result.failed, 3);
    ck_assert_uint_eq(result.tombstones, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(refusals.offsets[i], 1 + (int64_t)i);
        ck_assert_str_eq(refusals.stages[i], "decode");
        ck_assert_str_eq(refusals.why[i], "a tombstone: the record has no value");
    }
    ck_assert_int_eq(refusals.offsets[2], 3);
    ck_assert_ptr_null(strstr(refusals.why[2], "tombstone"));
}
END_TEST

static int64_t dropped_offsets[BATCH_MAX];
static size_t dropped_count;

static void dropped(void *context, const rd_kafka_message_t *message)
{
    ck_assert_ptr_eq(context, &refusals);
    dropped_offsets[dropped_count++] = message->offset;
}

START_TEST(a_tombstone_that_is_skipped_is_dropped_and_counts_as_processed)
{
    struct pipeline_events telling = events;
    telling.dropped = dropped;
    settings.tombstones = TOMBSTONES_SKIP;
    add(tombstone(0, 1));
    add(fake_payment(0, 2));
    add(fake_bytes(0, 3, "", 0));
    rd_kafka_message_t *messages[] = {&batch.fakes[0]->message, &batch.fakes[1]->message,
                                      &batch.fakes[2]->message};
    ck_assert_int_eq(pipeline_run(&pipeline, messages, 3, &telling, &result, &error), 0);
    ck_assert_uint_eq(result.processed, 2);
    ck_assert_uint_eq(result.failed, 1);
    ck_assert_uint_eq(result.tombstones, 1);
    ck_assert_uint_eq(pipeline.records, 1); /* it was not decoded */
    ck_assert_uint_eq(dropped_count, 1);
    ck_assert_int_eq(dropped_offsets[0], 1);
    ck_assert_uint_eq(refusals.count, 1);
}
END_TEST

START_TEST(headers_are_asked_for_once_a_run_of_a_partition)
{
    for (int64_t i = 0; i < 10; i++)
        add(with_header(fake_payment(i < 5 ? 0 : 1, i), "schema", "payment/1"));
    headers_asked = 0;
    run();
    ck_assert_uint_eq(result.processed, 10);
    ck_assert_int_eq(headers_asked, 2);
}
END_TEST

START_TEST(what_breaks_the_schemas_bounds_is_refused_before_it_is_printed)
{
    pipeline_close(&pipeline);
    settings.print = true;
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), 0);
    struct fake *bad = fake_payment(0, 1);
    char *pln = memmem(bad->payload, bad->message.len, "PLN", 3);
    ck_assert_ptr_nonnull(pln);
    pln[0] = 'p';
    add(fake_payment(0, 0));
    add(bad);
    capture_begin();
    run();
    const char *printed = capture_end();
    ck_assert_uint_eq(result.processed, 1);
    ck_assert_uint_eq(result.failed, 1);
    ck_assert_msg(strstr(refusals.why[0], "currency") != NULL, "%s", refusals.why[0]);
    ck_assert_msg(strstr(printed, "💳 Payment: 249.99 PLN via credit_card from marek at ") == printed, "%s",
                  printed);
    ck_assert_ptr_null(strstr(printed, "pLN"));
}
END_TEST

START_TEST(the_running_number_counts_what_was_decoded)
{
    pipeline_close(&pipeline);
    settings = (struct settings){.schema = schema_by_workload("transactions"), .print = true};
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), 0);
    static const char *const fields[] = {"account",   "1234", "amount",  "150.50", "transaction_id",
                                         "TXN-45678", "type", "deposit", NULL};
    add(fake_record(0, 0, settings.schema, fields));
    add(fake_bytes(0, 1, "x", 1));
    add(fake_record(0, 2, settings.schema, fields));
    capture_begin();
    run();
    ck_assert_str_eq(capture_end(), "[   1] Account 1234 |    $+150.50 | deposit      | TXN-45678\n"
                                    "[   2] Account 1234 |    $+150.50 | deposit      | TXN-45678\n");
}
END_TEST

START_TEST(statistics_have_their_last_words_at_the_end)
{
    pipeline_close(&pipeline);
    settings.statistics_every = 1000;
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), 0);
    add(fake_payment(0, 0));
    capture_begin();
    run();
    pipeline_finish(&pipeline);
    ck_assert_msg(strstr(capture_end(), "statistics after 1 payments") != NULL, "%s", capture.text);
}
END_TEST

START_TEST(an_empty_batch_is_nothing)
{
    run();
    ck_assert_uint_eq(result.processed + result.failed + result.bytes, 0);
    ck_assert_ptr_null(result.unknown_major);
}
END_TEST

START_TEST(nothing_can_follow_a_sink)
{
    pipeline_close(&pipeline);
    settings.check = true;
    settings.topic = "payments";
    settings.pipeline = "validate, sqlite:x.db";
    ck_assert_msg(pipeline_open(&pipeline, &settings, NULL, &error) == 0, "%s", error.text);
    ck_assert_str_eq(pipeline_sink(&pipeline)->class->name, "sqlite");
    ck_assert_uint_eq(pipeline.first_batch_stage, 1);
    pipeline_close(&pipeline);
    settings.pipeline = "sqlite:x.db, print";
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), -1);
    ck_assert_str_eq(error.text, "--pipeline: nothing can follow sqlite: it ends a batch");
    pipeline_close(&pipeline);
    settings.pipeline = "validate";
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), 0);
    ck_assert_ptr_null(pipeline_sink(&pipeline));
}
END_TEST

START_TEST(stages_are_made_from_their_text_in_its_order)
{
    pipeline_close(&pipeline);
    settings.pipeline = "stats:3 ,print";
    ck_assert_msg(pipeline_open(&pipeline, &settings, NULL, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(pipeline.stage_count, 2);
    ck_assert_str_eq(pipeline.stages[0].class->name, "stats");
    ck_assert_str_eq(pipeline.stages[1].class->name, "print");
    pipeline_close(&pipeline);
    settings.pipeline = "validate, stats:three";
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), -1);
    ck_assert_msg(strncmp(error.text, "--pipeline: stats: ", 19) == 0, "%s", error.text);
}
END_TEST

/* The sanitizers ask these at their start; without them, they end a process that wants too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(a_batch_that_memory_cannot_hold_names_the_flag)
{
    pipeline_close(&pipeline);
    settings.check = true; /* no file is made */
    settings.batch_size = INT64_MAX;
    settings.pipeline = "validate";
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), 0); /* it gathers none */
    pipeline_close(&pipeline);
    settings.pipeline = "validate, ndjson:/tmp/none";
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), -1);
    ck_assert_str_eq(error.text,
                     "no memory for a batch of 9223372036854775807 records: --batch-size is too large");
}
END_TEST

CHECK_MAIN_WITH("consumer/pipeline", open_pipeline, close_pipeline, records_are_decoded_numbered_and_counted,
                a_poison_record_is_refused_with_its_reason_and_the_others_go_on,
                every_truncation_of_a_payment_is_refused, the_header_of_our_schema_and_none_are_both_right,
                another_schemas_record_is_a_dead_letter, an_unknown_major_version_stops_before_the_record,
                an_unknown_major_that_does_not_decode_stops_in_the_middle_of_a_run_too,
                an_unknown_major_with_new_fields_stops_in_the_middle_of_a_run_too,
                fields_of_a_newer_producer_are_skipped_and_counted,
                a_tombstone_is_a_dead_letter_with_a_reason_of_its_own,
                a_tombstone_that_is_skipped_is_dropped_and_counts_as_processed,
                headers_are_asked_for_once_a_run_of_a_partition,
                what_breaks_the_schemas_bounds_is_refused_before_it_is_printed,
                the_running_number_counts_what_was_decoded, statistics_have_their_last_words_at_the_end,
                an_empty_batch_is_nothing, nothing_can_follow_a_sink,
                stages_are_made_from_their_text_in_its_order, a_batch_that_memory_cannot_hold_names_the_flag)
