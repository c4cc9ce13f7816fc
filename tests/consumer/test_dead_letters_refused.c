/* Letters that the topic refuses, those that are kept elsewhere, and those that are forgotten. */
#include "tests/consumer/letters_case.h"

#include "consumer/backoff.h"

static void report(size_t n, rd_kafka_resp_err_t err)
{
    capture_begin();
    producer_report(n, err);
    capture_end();
}

static void serve(void)
{
    capture_begin();
    dead_letters_serve(letters);
    capture_end();
}

/* --- refused ------------------------------------------------------------------------------------------- */

START_TEST(a_refused_letter_holds_its_partition_and_says_why)
{
    send_body(0, 15, "key", 3, "", 0);
    send_one(1, 16);
    report(0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    ck_assert_str_eq(capture.text,
                     "warning: the dead letter of payments [0] offset 15 was refused by topic payments.dlq: "
                     "Broker: Message size too large; its partition waits until the topic accepts it\n");
    error_ring_says(15, "[0] 15: dead letter refused: Broker: Message size too large");
    ck_assert_str_eq(dead_letters_refused(letters, 0), "Broker: Message size too large");
    ck_assert_ptr_null(dead_letters_refused(letters, 1));
    serve();
    barrier_is(0, 15);
    report(1, RD_KAFKA_RESP_ERR_NO_ERROR); /* another one's acknowledgement lifts nothing of it */
    serve();
    barrier_is(0, 15);
    barrier_is(1, STATS_UNKNOWN);
}
END_TEST

START_TEST(it_is_sent_again_as_it_was_after_a_wait)
{
    send_body(0, 15, "key", 3, "", 0);
    report(0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    int64_t wait_us = backoff_us(&settings, 1);
    ck_assert_int_eq(dead_letters_due_us(letters), wait_us);
    fake_clock_advance(wait_us - 1);
    serve();
    ck_assert_uint_eq(producer.count, 1);
    ck_assert_int_eq(dead_letters_due_us(letters), 1);
    fake_clock_advance(1);
    ck_assert_int_eq(dead_letters_due_us(letters), 0);
    serve();
    ck_assert_uint_eq(producer.count, 2);
    const rd_kafka_message_t *message = &producer.sent[1].message;
    ck_assert_int_eq(memcmp(message->key, "key", 3), 0);
    ck_assert(message->payload != NULL && message->len == 0); /* empty is not none */
    ck_assert_uint_eq(rd_kafka_header_cnt(producer.sent[1].headers), 1);
    ck_assert_ptr_null(dead_letters_refused(letters, 0));
    ck_assert_int_eq(dead_letters_due_us(letters), INT64_MAX);
    barrier_is(0, 15);
    report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, STATS_UNKNOWN);
    ck_assert_uint_eq(counted(CONSUMER_DEAD_LETTERED), 1);
}
END_TEST

START_TEST(one_that_librdkafka_itself_refuses_is_kept_likewise)
{
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_body(0, 15, NULL, 0, "value", 5);
    ck_assert_ptr_nonnull(strstr(capture.text, "offset 15 was refused"));
    ck_assert_uint_eq(producer.count, 0);
    barrier_is(0, 15);
    serve();
    barrier_is(0, 15);
    fake_clock_advance(2 * US_PER_SECOND);
    serve(); /* refused again: not told again */
    ck_assert_str_eq(capture.text, "");
    ck_assert_int_eq(dead_letters_due_us(letters), backoff_us(&settings, 2));
    producer.send = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(4 * US_PER_SECOND);
    serve();
    ck_assert_uint_eq(producer.count, 1);
    ck_assert(producer.sent[0].message.key == NULL && producer.sent[0].message.len == 5);
    producer_report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, STATS_UNKNOWN);
    ck_assert_int_eq(dead_letters_flush(letters, 1000, &error), 0);
}
END_TEST

START_TEST(a_second_refusal_of_a_partition_is_not_told_while_the_first_lasts)
{
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(0, 15);
    send_one(0, 16);
    ck_assert_str_eq(capture.text, "");
    send_one(1, 12);
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [1] offset 12 was refused"));
}
END_TEST

START_TEST(the_soonest_is_due_first)
{
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(0, 15);
    fake_clock_advance(100);
    send_one(0, 16);
    ck_assert_int_eq(dead_letters_due_us(letters), backoff_us(&settings, 1) - 200); /* jitter went on, too */
    fake_clock_advance(60 * US_PER_SECOND);
    ck_assert_int_eq(dead_letters_due_us(letters), 0);
}
END_TEST

START_TEST(a_producer_that_met_a_fatal_error_is_replaced)
{
    send_one(0, 15);
    send_one(0, 16);
    report(0, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    producer.fatal = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text, "dead letters: out of order; starting over with a "));
    ck_assert_int_eq(producer.destroyed, 1);
    ck_assert_int_eq(producer.opened, 2);
    producer.fatal = RD_KAFKA_RESP_ERR_NO_ERROR;
    barrier_is(0, 15);
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_uint_eq(producer_under_way(), 2); /* what it had under way came back as refused */
    report(2, RD_KAFKA_RESP_ERR_NO_ERROR);
    report(3, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, STATS_UNKNOWN);
    ck_assert_int_eq(producer.opened, 2);
}
END_TEST

START_TEST(one_that_has_not_given_back_all_its_letters_is_kept_until_it_has)
{
    send_one(0, 15);
    send_one(0, 16);
    report(0, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    producer.fatal = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    producer.purges_late = true;
    serve();
    ck_assert_int_eq(producer.destroyed, 0);
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_int_eq(producer.destroyed, 1);
    producer.fatal = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    report(2, RD_KAFKA_RESP_ERR_NO_ERROR);
    report(3, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, STATS_UNKNOWN);
}
END_TEST

START_TEST(while_no_other_can_be_made_letters_wait)
{
    send_one(0, 15);
    report(0, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    producer.fatal = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    producer.opens_fail = 1;
    serve();
    ck_assert_int_eq(producer.opened, 1);
    producer.fatal = RD_KAFKA_RESP_ERR_NO_ERROR;
    barrier_is(0, 15);
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_int_eq(producer.opened, 2);
    ck_assert_uint_eq(producer.count, 2);
}
END_TEST

/* --- kept elsewhere ------------------------------------------------------------------------------------ */

static size_t acknowledged(void)
{
    size_t count;
    dead_letters_acknowledged(letters, &count);
    return count;
}

START_TEST(a_letter_that_is_kept_elsewhere_sets_no_barrier_and_its_place_is_told)
{
    size_t count;
    ck_assert_int_eq(dead_letters_keep_origins(letters, &error), 0);
    send_kept(0, 15);
    send_kept(1, 12);
    barrier_is(0, STATS_UNKNOWN);
    ck_assert_uint_eq(acknowledged(), 0);
    report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, STATS_UNKNOWN); /* nor when barriers are set anew */
    const struct letter_origin *origins = dead_letters_acknowledged(letters, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(origins[0].partition, 1);
    ck_assert_int_eq(origins[0].offset, 12);
    ck_assert_int_eq(origins[0].timestamp_ms, 1012);
    serve();
    ck_assert_uint_eq(acknowledged(), 1); /* told once */
    ck_assert(!dead_letters_idle(letters, 0) && !dead_letters_idle(letters, 1));
    dead_letters_let_go(letters, 1);
    ck_assert(!dead_letters_idle(letters, 0) && dead_letters_idle(letters, 1));
}
END_TEST

START_TEST(places_are_let_go_from_the_front)
{
    size_t count;
    dead_letters_keep_origins(letters, &error);
    for (int64_t i = 0; i < 3; i++)
        send_kept(0, 15 + i);
    for (size_t i = 0; i < 3; i++) {
        report(i, RD_KAFKA_RESP_ERR_NO_ERROR);
        serve();
    }
    dead_letters_let_go(letters, 1);
    const struct letter_origin *origins = dead_letters_acknowledged(letters, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(origins[0].offset, 16);
    ck_assert_int_eq(origins[1].offset, 17);
    dead_letters_let_go(letters, 2);
    ck_assert_uint_eq(acknowledged(), 0);
}
END_TEST

START_TEST(places_for_which_there_is_no_room_wait_and_none_is_forgotten)
{
    enum { CAPACITY = 10016, MORE = 700 };
    dead_letters_keep_origins(letters, &error);
    for (int64_t i = 0; i < CAPACITY + MORE; i++) { /* nobody lets go meanwhile */
        send_kept(0, 15 + i);
        producer_report((size_t)i, RD_KAFKA_RESP_ERR_NO_ERROR);
        if (i % 500 == 0)
            dead_letters_serve(letters);
    }
    dead_letters_serve(letters);
    ck_assert_uint_eq(acknowledged(), CAPACITY);
    size_t gone = 0;
    for (int turn = 0; turn < 30; turn++) {
        size_t count = acknowledged() < 500 ? acknowledged() : 500;
        dead_letters_let_go(letters, count);
        gone += count;
        dead_letters_serve(letters);
    }
    ck_assert_uint_eq(gone, CAPACITY + MORE);
}
END_TEST

START_TEST(without_a_keeper_places_are_nobodys)
{
    send_kept(0, 15);
    report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    ck_assert_uint_eq(acknowledged(), 0);
    ck_assert_uint_eq(counted(CONSUMER_DEAD_LETTERED), 1);
}
END_TEST

START_TEST(a_refused_letter_that_is_kept_elsewhere_sets_no_barrier)
{
    dead_letters_keep_origins(letters, &error);
    send_kept(0, 15);
    report(0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    serve();
    barrier_is(0, STATS_UNKNOWN);
    ck_assert_ptr_nonnull(dead_letters_refused(letters, 0)); /* but its partition waits, too */
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    ck_assert_uint_eq(acknowledged(), 1);
}
END_TEST

/* --- forgotten ----------------------------------------------------------------------------------------- */

START_TEST(answers_for_a_partition_that_went_mean_nothing)
{
    dead_letters_keep_origins(letters, &error);
    send_one(0, 15);
    send_kept(0, 16);
    send_one(1, 12);
    partition_on_revoked(&table, 0);
    dead_letters_forget(letters, 0);
    table_begin(&table, 0, 10, 10);
    report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    ck_assert_uint_eq(acknowledged(), 0);
    barrier_is(0, STATS_UNKNOWN);
    barrier_is(1, 12);
}
END_TEST

/* By the time they are let go, a partition that comes back may have another letter in the same place. */
START_TEST(acknowledged_places_of_a_partition_that_went_are_forgotten_and_no_others)
{
    size_t count;
    dead_letters_keep_origins(letters, &error);
    for (int64_t i = 0; i < 2; i++) {
        send_kept(0, 15 + i);
        send_kept(1, 12 + i);
    }
    for (size_t i = 0; i < 4; i++) {
        report(i, RD_KAFKA_RESP_ERR_NO_ERROR);
        serve();
    }
    dead_letters_forget(letters, 0);
    const struct letter_origin *origins = dead_letters_acknowledged(letters, &count);
    ck_assert_uint_eq(count, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(origins[i].partition, 1);
        ck_assert_int_eq(origins[i].offset, 12 + (int64_t)i);
    }
}
END_TEST

START_TEST(one_that_comes_back_refused_is_not_sent_again)
{
    send_one(0, 15);
    dead_letters_forget(letters, 0);
    report(0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    ck_assert_str_eq(capture.text, "");
    ck_assert_int_eq(dead_letters_due_us(letters), INT64_MAX);
    ck_assert_int_eq(dead_letters_flush(letters, 1000, &error), 0);
}
END_TEST

START_TEST(nor_one_that_was_refused_already)
{
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(0, 15);
    send_one(1, 12);
    send_one(0, 16);
    dead_letters_forget(letters, 0);
    ck_assert_ptr_null(dead_letters_refused(letters, 0));
    ck_assert_ptr_nonnull(dead_letters_refused(letters, 1));
    producer.send = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_uint_eq(producer.count, 1);
    dead_letters_forget(letters, 1);
    ck_assert_int_eq(dead_letters_due_us(letters), INT64_MAX);
}
END_TEST

/* --- records that are gone ----------------------------------------------------------------------------- */

static void place(int32_t partition, int64_t offset)
{
    const struct place place = {.offset = offset, .committed = 10, .witness = WITNESS_NONE, .moved = true};
    partition_placed(&table, partition, &place);
}

START_TEST(what_is_committed_waits_for_a_letter_whose_record_is_gone)
{
    send_one(0, 15);
    send_one(0, 40);
    send_one(1, 12);
    place(0, 30);
    barrier_is(0, STATS_UNKNOWN);
    dead_letters_records_gone(letters, 0, 30);
    barrier_is(0, 15);
    report(2, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, 15);
    report(0, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    barrier_is(0, 40);
}
END_TEST

START_TEST(such_a_letter_is_sent_again_whatever_becomes_of_its_partition)
{
    send_one(0, 15);
    dead_letters_records_gone(letters, 0, 30);
    dead_letters_forget(letters, 0);
    report(0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    ck_assert_str_eq(
        capture.text,
        "warning: the dead letter of a record that is gone, offset 15, was refused by topic payments.dlq: "
        "Broker: Message size too large; it is resent until the topic accepts it\n");
    ck_assert_ptr_null(dead_letters_refused(letters, 0)); /* nobody waits for it */
    serve();
    barrier_is(0, STATS_UNKNOWN);
    dead_letters_forget(letters, 0);
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_uint_eq(producer.count, 2);
    report(1, RD_KAFKA_RESP_ERR_NO_ERROR);
    serve();
    ck_assert_int_eq(dead_letters_flush(letters, 1000, &error), 0);
}
END_TEST

START_TEST(nor_is_one_forgotten_that_was_refused_before_its_record_was_gone)
{
    producer.send = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    send_one(0, 15);
    dead_letters_records_gone(letters, 0, 30);
    dead_letters_forget(letters, 0);
    producer.send = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_uint_eq(producer.count, 1);
}
END_TEST

START_TEST(those_that_do_not_get_out_are_not_said_to_come_again)
{
    send_one(0, 15);
    send_one(0, 30);
    dead_letters_records_gone(letters, 0, 30);
    ck_assert_int_eq(dead_letters_flush(letters, -1, &error), -1);
    ck_assert_str_eq(error.text, "2 dead letters are not acknowledged yet; the records of 1 will be "
                                 "delivered again, those of 1 are gone");
    capture_begin();
    dead_letters_close(letters);
    capture_end();
    letters = NULL;
    ck_assert_str_eq(capture.text,
                     "warning: 1 dead letters are lost: topic payments.dlq has not acknowledged them, "
                     "and their records are gone\n");
}
END_TEST

START_TEST(one_that_is_kept_elsewhere_is_not_the_last)
{
    send_kept(0, 15);
    dead_letters_records_gone(letters, 0, 30);
    barrier_is(0, STATS_UNKNOWN);
    dead_letters_forget(letters, 0);
    report(0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    ck_assert_int_eq(dead_letters_due_us(letters), INT64_MAX);
}
END_TEST

CHECK_MAIN_WITH(
    "consumer/dead_letters: refused", open_letters, close_letters,
    a_refused_letter_holds_its_partition_and_says_why, it_is_sent_again_as_it_was_after_a_wait,
    one_that_librdkafka_itself_refuses_is_kept_likewise,
    a_second_refusal_of_a_partition_is_not_told_while_the_first_lasts, the_soonest_is_due_first,
    a_producer_that_met_a_fatal_error_is_replaced,
    one_that_has_not_given_back_all_its_letters_is_kept_until_it_has, while_no_other_can_be_made_letters_wait,
    a_letter_that_is_kept_elsewhere_sets_no_barrier_and_its_place_is_told, places_are_let_go_from_the_front,
    places_for_which_there_is_no_room_wait_and_none_is_forgotten, without_a_keeper_places_are_nobodys,
    a_refused_letter_that_is_kept_elsewhere_sets_no_barrier, answers_for_a_partition_that_went_mean_nothing,
    acknowledged_places_of_a_partition_that_went_are_forgotten_and_no_others,
    one_that_comes_back_refused_is_not_sent_again, nor_one_that_was_refused_already,
    what_is_committed_waits_for_a_letter_whose_record_is_gone,
    such_a_letter_is_sent_again_whatever_becomes_of_its_partition,
    nor_is_one_forgotten_that_was_refused_before_its_record_was_gone,
    those_that_do_not_get_out_are_not_said_to_come_again, one_that_is_kept_elsewhere_is_not_the_last)
