/* Dead letters on their way: what is committed meanwhile, what is refused and sent again, what is forgotten.
 */
#include "tests/consumer/letters_case.h"

/* --- opening ------------------------------------------------------------------------------------------- */

START_TEST(a_topic_that_cannot_be_one_is_refused)
{
    struct dead_letters *bad;
    settings.dead_letters = "bad";
    ck_assert_int_eq(dead_letters_open(&bad, &settings, FAKE_RK, FAKE_QUEUE, &table, NULL, &error), -1);
    dead_letters_close(bad);
    settings.dead_letters = "";
    ck_assert_int_eq(dead_letters_open(&bad, &settings, FAKE_RK, FAKE_QUEUE, &table, NULL, &error), 0);
    ck_assert_ptr_null(dead_letters_topic(bad)); /* off */
    dead_letters_close(bad);
}
END_TEST

/* The sanitizers ask these at their start; without them, they end a process that wants too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(for_more_letters_than_there_is_memory_for_it_does_not_open)
{
    struct dead_letters *none;
    settings.batch_size = INT64_MAX;
    ck_assert_int_eq(dead_letters_open(&none, &settings, FAKE_RK, FAKE_QUEUE, &table, NULL, &error), -1);
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

START_TEST(nothing_is_opened_before_the_first_letter)
{
    dead_letters_serve(letters);
    ck_assert_int_eq(dead_letters_flush(letters, 1000, &error), 0);
    ck_assert_int_eq(producer.opened, 0);
    ck_assert_str_eq(dead_letters_topic(letters), "payments.dlq");
    ck_assert_int_eq(dead_letters_due_us(letters), INT64_MAX);
    ck_assert_ptr_null(dead_letters_refused(letters, 0));
    ck_assert(!dead_letters_full(letters));
}
END_TEST

START_TEST(without_letters_nothing_is_asked_of_them)
{
    size_t count = 7;
    ck_assert_ptr_null(dead_letters_topic(NULL));
    ck_assert_ptr_null(dead_letters_acknowledged(NULL, &count));
    ck_assert_uint_eq(count, 0);
    dead_letters_serve(NULL);
    dead_letters_forget(NULL, 0);
    dead_letters_close(NULL);
    ck_assert_int_eq(dead_letters_flush(NULL, 1000, &error), 0);
    ck_assert(!dead_letters_full(NULL));
    ck_assert_ptr_null(dead_letters_refused(NULL, 0));
    ck_assert_int_eq(dead_letters_due_us(NULL), INT64_MAX);
}
END_TEST

START_TEST(the_clusters_id_is_asked_for_until_somebody_says_it)
{
    const struct letter_source *source = dead_letters_source(letters);
    ck_assert_str_eq(source->cluster, "unknown");
    ck_assert_str_eq(source->group, "group");
    ck_assert_str_eq(source->topic, "payments");
    cluster_id = "cluster";
    ck_assert_str_eq(dead_letters_source(letters)->cluster, "cluster");
    ck_assert_int_eq(clusters_asked, 2);
    cluster_id = "another";
    ck_assert_str_eq(dead_letters_source(letters)->cluster, "cluster");
    ck_assert_int_eq(clusters_asked, 2);
    ck_assert_int_eq(clusters_freed, 1);
}
END_TEST

/* --- barriers ------------------------------------------------------------------------------------------ */

START_TEST(nothing_beyond_a_letter_is_committed_before_it_is_acknowledged)
{
    send_one(0, 15);
    ck_assert_int_eq(producer.opened, 1);
    barrier_is(0, 15);
    dead_letters_serve(letters);
    barrier_is(0, 15);
    producer_report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    barrier_is(0, 15); /* until the loop takes the answer */
    dead_letters_serve(letters);
    barrier_is(0, STATS_UNKNOWN);
    ck_assert_uint_eq(counted(CONSUMER_DEAD_LETTERED), 1);
}
END_TEST

START_TEST(the_barrier_stands_at_the_first_letter_that_is_not_acknowledged)
{
    send_one(0, 15);
    send_one(0, 17);
    send_one(1, 12);
    send_one(0, 19);
    producer_report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    barrier_is(0, 17);
    barrier_is(1, 12);
    producer_report(3, RD_KAFKA_RESP_ERR_NO_ERROR); /* a later one lifts nothing */
    dead_letters_serve(letters);
    barrier_is(0, 17);
    producer_report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    barrier_is(0, STATS_UNKNOWN);
    barrier_is(1, 12);
}
END_TEST

START_TEST(a_letter_is_copied_as_it_came)
{
    send_body(0, 15, "key", 3, "value", 5);
    send_body(0, 16, "", 0, NULL, 0);
    send_body(0, 17, NULL, 0, "", 0);
    const rd_kafka_message_t *message = &producer.sent[0].message;
    ck_assert_uint_eq(message->key_len, 3);
    ck_assert_int_eq(memcmp(message->key, "key", 3), 0);
    ck_assert_uint_eq(message->len, 5);
    ck_assert_int_eq(memcmp(message->payload, "value", 5), 0);
    ck_assert_uint_eq(rd_kafka_header_cnt(producer.sent[0].headers), 1);
    message = &producer.sent[1].message;
    ck_assert(message->key != NULL && message->payload == NULL);
    message = &producer.sent[2].message;
    ck_assert(message->key == NULL && message->payload != NULL);
}
END_TEST

START_TEST(an_answer_wakes_the_loop)
{
    send_one(0, 15);
    ck_assert_ptr_nonnull((void *)(uintptr_t)producer.on_answer);
    producer.on_answer(FAKE_PRODUCER, producer.answer_opaque);
    ck_assert_int_eq(kafka.yields, 1);
}
END_TEST

START_TEST(a_full_queue_is_waited_for)
{
    producer.queue_full = 3;
    send_one(0, 15);
    ck_assert_int_eq(producer.polls, 3);
    ck_assert_uint_eq(producer.count, 1);
    ck_assert_ptr_null(dead_letters_refused(letters, 0));
}
END_TEST

START_TEST(without_a_producer_a_letter_is_not_kept_and_stays_the_callers)
{
    producer.opens_fail = 1;
    struct letter_body body = {.partition = 0, .offset = 15, .headers = rd_kafka_headers_new(1)};
    ck_assert_int_eq(dead_letters_send(letters, &body, false, &error), -1);
    ck_assert_str_eq(error.text, "dead letters: no producer");
    rd_kafka_headers_destroy(body.headers); /* a sanitizer sees whose it is */
    barrier_is(0, STATS_UNKNOWN);
    send_one(0, 15);
    ck_assert_int_eq(producer.opened, 1);
}
END_TEST

START_TEST(an_acknowledged_letter_is_its_records_acknowledgement)
{
    table.manual = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    send_one(0, 15);
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 0); /* not when it is sent */
    producer_report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 1);
    ck_assert(acks_has(row_of(&table, 0)->acks, 15));
    struct letter_body body = body_of(0, 17);
    ck_assert_int_eq(dead_letters_send(letters, &body, true, &error), 0);
    producer_report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 1); /* of one that is kept elsewhere the keeper's */
}
END_TEST

START_TEST(the_next_record_whose_letter_is_not_acknowledged_is_known)
{
    ck_assert_int_eq(dead_letters_next(NULL, 0, 0), INT64_MAX);
    ck_assert_int_eq(dead_letters_next(letters, 0, 0), INT64_MAX);
    send_one(0, 17);
    send_one(0, 15);
    send_one(1, 12);
    ck_assert_int_eq(dead_letters_next(letters, 0, 10), 15);
    ck_assert_int_eq(dead_letters_next(letters, 0, 15), 15);
    ck_assert_int_eq(dead_letters_next(letters, 0, 16), 17);
    ck_assert_int_eq(dead_letters_next(letters, 0, 18), INT64_MAX);
    producer_report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    ck_assert_int_eq(dead_letters_next(letters, 0, 10), 17);
}
END_TEST

/* --- flushing ------------------------------------------------------------------------------------------ */

static void answer_the_next(void)
{
    for (size_t i = 0; i < producer.count; i++)
        if (producer.sent[i].under_way) {
            producer_report(i, RD_KAFKA_RESP_ERR_NO_ERROR);
            return;
        }
}

static void let_time_pass(void)
{
    fake_clock_advance(50 * US_PER_MS);
}

START_TEST(flushing_waits_until_all_are_answered)
{
    send_one(0, 15);
    send_one(0, 16);
    producer.on_flush = answer_the_next;
    ck_assert_int_eq(dead_letters_flush(letters, US_PER_SECOND, &error), 0);
    ck_assert_int_eq(producer.flushes, 2);
    barrier_is(0, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_flush_begins_with_the_answers_that_have_come)
{
    send_one(0, 15);
    producer_report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(dead_letters_flush(letters, US_PER_SECOND, &error), 0);
    ck_assert_int_eq(producer.flushes, 0);
    barrier_is(0, STATS_UNKNOWN);
}
END_TEST

START_TEST(but_not_for_ever)
{
    send_one(0, 15);
    send_one(0, 16);
    producer.on_flush = let_time_pass;
    ck_assert_int_eq(dead_letters_flush(letters, US_PER_SECOND, &error), -1);
    ck_assert_str_eq(error.text,
                     "2 dead letters are not acknowledged yet; their records will be delivered again");
    ck_assert_int_eq(producer.flushes, 21);
    barrier_is(0, 15);
}
END_TEST

START_TEST(a_refused_letter_is_not_waited_for_and_fails_the_flush)
{
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(0, 15);
    ck_assert_int_eq(dead_letters_flush(letters, US_PER_SECOND, &error), -1);
    ck_assert_str_eq(error.text,
                     "1 dead letters are not acknowledged yet; their records will be delivered again");
    ck_assert_int_eq(producer.flushes, 0);
}
END_TEST

START_TEST(what_is_refused_and_what_is_under_way_are_both_missing_when_the_time_is_over)
{
    send_one(0, 15);
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(1, 12);
    producer.on_flush = let_time_pass;
    ck_assert_int_eq(dead_letters_flush(letters, US_PER_SECOND, &error), -1);
    ck_assert_str_eq(error.text,
                     "2 dead letters are not acknowledged yet; their records will be delivered again");
}
END_TEST

/* --- many ---------------------------------------------------------------------------------------------- */

START_TEST(so_many_can_be_under_way_and_no_more)
{
    enum { FULL = 10000, ROOM = 16 };
    for (int64_t i = 0; i < FULL; i++) {
        ck_assert(!dead_letters_full(letters));
        send_one(0, 15 + i);
    }
    ck_assert(dead_letters_full(letters));
    for (int64_t i = 0; i < ROOM; i++) /* the batch that was begun has room */
        send_one(0, 15 + FULL + i);
    struct letter_body body = {.headers = rd_kafka_headers_new(1)};
    ck_assert_int_eq(dead_letters_send(letters, &body, false, &error), -1);
    ck_assert_str_eq(error.text, "10016 dead letters are in flight");
    producer_report(5, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    ck_assert_int_eq(dead_letters_send(letters, &body, false, &error), 0); /* in its place */
    for (size_t i = 0; i < producer.count; i++)
        if (producer.sent[i].under_way)
            producer_report(i, RD_KAFKA_RESP_ERR_NO_ERROR);
    dead_letters_serve(letters);
    ck_assert(!dead_letters_full(letters));
    ck_assert_uint_eq(counted(CONSUMER_DEAD_LETTERED), FULL + ROOM + 1);
    barrier_is(0, STATS_UNKNOWN);
}
END_TEST

/* --- closing ------------------------------------------------------------------------------------------- */

START_TEST(what_is_under_way_when_it_closes_is_given_up_without_a_word)
{
    send_one(0, 15);
    send_one(1, 16);
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(0, 17); /* and what is kept, with it */
    capture_begin();
    dead_letters_close(letters);
    ck_assert_str_eq(capture_end(), "");
    letters = NULL;
    ck_assert_uint_eq(producer_under_way(), 0);
    ck_assert_int_eq(producer.destroyed, 1);
    SAID("queue gone");
}
END_TEST

CHECK_MAIN_WITH("consumer/dead_letters", open_letters, close_letters, a_topic_that_cannot_be_one_is_refused,
                for_more_letters_than_there_is_memory_for_it_does_not_open,
                nothing_is_opened_before_the_first_letter, without_letters_nothing_is_asked_of_them,
                the_clusters_id_is_asked_for_until_somebody_says_it,
                nothing_beyond_a_letter_is_committed_before_it_is_acknowledged,
                the_barrier_stands_at_the_first_letter_that_is_not_acknowledged,
                a_letter_is_copied_as_it_came, an_answer_wakes_the_loop, a_full_queue_is_waited_for,
                without_a_producer_a_letter_is_not_kept_and_stays_the_callers,
                an_acknowledged_letter_is_its_records_acknowledgement,
                the_next_record_whose_letter_is_not_acknowledged_is_known,
                flushing_waits_until_all_are_answered, a_flush_begins_with_the_answers_that_have_come,
                but_not_for_ever, a_refused_letter_is_not_waited_for_and_fails_the_flush,
                what_is_refused_and_what_is_under_way_are_both_missing_when_the_time_is_over,
                so_many_can_be_under_way_and_no_more,
                what_is_under_way_when_it_closes_is_given_up_without_a_word)
