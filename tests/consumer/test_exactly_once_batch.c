/* A batch's transaction: what the database is told, and what comes of its answer. */
#include "tests/consumer/exactly_once_case.h"

START_TEST(one_transaction_has_rows_next_offsets_and_deaths)
{
    add(2, 30);
    add(0, 10);
    const rd_kafka_message_t *dead = add(0, 11);
    deaths_add(&consumer.deaths, dead, "validate", "amount: 0 is below 1");
    ck_assert(commit(2));
    SAID("transaction 0 10→12 2 30→31, 2 rows, dead 0@11; letter 0@11 kept");
    ck_assert_str_eq(letters.reason, "amount: 0 is below 1");
    ck_assert_str_eq(letters.id, "cluster/group/payments/0/11/1772099540102");
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(each_partition_has_its_last_record_with_it)
{
    add(2, 30);
    add(0, 10);
    add(2, 31);
    ck_assert(commit(3));
    const struct witness of_0 = witness_at(10, "record");
    const struct witness of_2 = witness_at(31, "record");
    ck_assert(witness_equal(&sink.witness[0], &of_0) && witness_equal(&sink.witness[2], &of_2));
    ck_assert_int_eq(sink.group_had_ms[0], clock_wall_us() / US_PER_MS);
}
END_TEST

START_TEST(a_record_that_waits_is_no_part_of_it)
{
    add(0, 10);
    add(0, 11);
    partition_stop_at_record(&consumer.partitions, 0, 11, 1);
    ck_assert(commit(1));
    SAID("transaction 0 10→11, 1 rows");
}
END_TEST

START_TEST(where_nothing_moves_there_is_no_transaction)
{
    add(0, 10);
    partition_stop_at_record(&consumer.partitions, 0, 10, 1);
    ck_assert(commit(0));
    SAID("");
}
END_TEST

START_TEST(with_dead_letters_off_the_dead_are_no_part_of_it)
{
    letters.topic = NULL;
    deaths_add(&consumer.deaths, add(0, 10), "validate", "why");
    ck_assert(commit(0));
    SAID("transaction 0 10→11, 0 rows");
}
END_TEST

START_TEST(one_that_was_not_done_sends_no_letter_and_the_batch_comes_again)
{
    sink.commit = SINK_AGAIN;
    deaths_add(&consumer.deaths, add(0, 10), "validate", "why");
    add(1, 20);
    consumer.batch.records = 2;
    ck_assert(!commit(1));
    SAID("transaction 0 10→11 1 20→21, 1 rows, dead 0@10");
    ck_assert_ptr_nonnull(strstr(capture.text, "2 payments could not be processed: the database is away; "));
    partitions_apply_stops(&consumer.partitions);
    partitions_move(&consumer.partitions, 1);
    for (int32_t i = 0; i < 2; i++)
        ck_assert_int_eq(row(i)->state, STATE_RETRYING);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(2)->state, STATE_READING);
}
END_TEST

START_TEST(one_whose_end_is_not_known_asks_where_to_go_on)
{
    sink.commit = SINK_UNKNOWN;
    deaths_add(&consumer.deaths, add(0, 10), "validate", "why");
    add(1, 20);
    partition_own(&consumer.partitions, 0);
    ck_assert(!commit(1));
    SAID("transaction 0 10→11 1 20→21, 1 rows, dead 0@10");
    char line[256];
    snprintf(line, sizeof line,
             "payments [1]: where to continue is not known: the database is away; retrying in %lld ms\n",
             (long long)(backoff_us(&settings, 1) / US_PER_MS));
    ck_assert_ptr_nonnull(strstr(capture.text, line));
    for (int32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(row(i)->state, STATE_PLACING);
        ck_assert_int_eq(row(i)->until_us, clock_monotonic_us() + backoff_us(&settings, 1));
        ck_assert_int_eq(row(i)->flight.first, STATS_UNKNOWN);
        ck_assert_uint_eq(row(i)->asked, 1);
    }
    ck_assert(row(0)->owned); /* asked, not taken over */
    ck_assert_int_eq(row(2)->state, STATE_READING);
}
END_TEST

START_TEST(a_partition_that_was_taken_over_is_dropped_and_the_others_come_again)
{
    sink.commit = SINK_LOST;
    sink.lost = 1;
    add(0, 10);
    add(1, 20);
    ck_assert(!commit(2));
    ck_assert_int_eq(row(1)->state, STATE_DISPOSSESSED);
    ck_assert_ptr_nonnull(strstr(capture.text, "a partition of the batch is no longer ours; retrying in "));
    partitions_apply_stops(&consumer.partitions);
    partitions_move(&consumer.partitions, 1);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(1)->state, STATE_DISPOSSESSED);
    ck_assert_int_eq(row(1)->position, 20);
}
END_TEST

CHECK_MAIN_WITH("consumer/exactly_once: a batch", begin_exactly_once, end_exactly_once,
                one_transaction_has_rows_next_offsets_and_deaths, each_partition_has_its_last_record_with_it,
                a_record_that_waits_is_no_part_of_it, where_nothing_moves_there_is_no_transaction,
                with_dead_letters_off_the_dead_are_no_part_of_it,
                one_that_was_not_done_sends_no_letter_and_the_batch_comes_again,
                one_whose_end_is_not_known_asks_where_to_go_on,
                a_partition_that_was_taken_over_is_dropped_and_the_others_come_again)
