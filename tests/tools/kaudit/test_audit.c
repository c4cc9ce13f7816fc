/* The audit as a whole, of topics, sinks and ledgers that are written down here: what counts as clean, and
 * what must never pass as an audit. */
#include "tests/tools/kaudit/audit_stage.h"
#include "tests/tools/kaudit/failing_sqlite.h"

/* --- clean --------------------------------------------------------------------------------------------- */

START_TEST(all_committed_records_with_a_row_each_are_clean)
{
    runs();
    ck_assert_int_eq(audit.partitions, P);
    ck_assert_uint_eq(findings(), 0);
    for (int i = 0; i < P; i++) {
        const struct tally *tally = &audit.tallies[i];
        ck_assert_int_eq(tally->partition, i);
        ck_assert_int_eq(tally->low, 0);
        ck_assert_int_eq(tally->end, 3 - i);
        ck_assert_int_eq(tally->committed, 3 - i);
        ck_assert_int_eq(tally->in_database, -1);
        ck_assert_uint_eq(tally->produced, 3 - (unsigned)i);
        ck_assert_uint_eq(tally->in_sink, 3 - (unsigned)i);
        ck_assert_uint_eq(tally->unaccounted, 0);
    }
    ck_assert_uint_eq(audit.producers.count, 1);
    ck_assert_uint_eq(audit.producers.items[0].sequence.records, 5);
    ck_assert_uint_eq(audit.unnumbered, 0);
}
END_TEST

START_TEST(what_is_asked_first_can_only_be_older_than_what_is_asked_later)
{
    settings.dead_letters = true;
    runs();
    ck_assert_str_eq(fake_kafka.asked,
                     "extents payments;committed g;sink the list;extents payments.dlq;extents "
                     "payments;read payments;");
    anew();
    ck_assert_int_eq(rows.closed, 1);
}
END_TEST

START_TEST(the_sink_is_told_whose_rows_are_wanted)
{
    runs();
    ck_assert_str_eq(asked.table, "payments");
    ck_assert_str_eq(asked.topic, "payments");
    ck_assert_str_eq(asked.group, "g");
    ck_assert_str_eq(asked.cluster, "the cluster");
    ck_assert_int_eq(asked.partitions, P);
    ck_assert(!asked.letters);
}
END_TEST

START_TEST(a_table_of_another_name_is_asked_for_by_it_and_the_outbox_with_the_letters)
{
    settings.table = "other";
    settings.dead_letters = true;
    runs();
    ck_assert_str_eq(asked.table, "other");
    ck_assert(asked.letters);
}
END_TEST

START_TEST(without_a_sink_nothing_is_missing)
{
    fake_kafka.topics[0].records[0].message.payload = (void *)(uintptr_t) "\x80"; /* not looked into */
    fake_kafka.topics[0].records[0].message.len = 1;
    settings.open_sink = NULL;
    settings.group = NULL;
    runs();
    ck_assert_uint_eq(findings(), 0);
    ck_assert_int_eq(audit.tallies[0].committed, -1); /* nobody was asked */
    ck_assert_ptr_null(strstr(fake_kafka.asked, "committed"));
}
END_TEST

/* --- not clean ----------------------------------------------------------------------------------------- */

START_TEST(a_row_that_is_not_there_is_missing_in_every_partition_also_the_last)
{
    rows.partitions[2] = 7; /* of neither */
    rows.partitions[4] = 7;
    runs();
    ck_assert_uint_eq(audit.tallies[0].missing.count, 1);
    ck_assert_int_eq(audit.tallies[0].missing.examples[0], 2);
    ck_assert_uint_eq(audit.tallies[1].missing.count, 1);
    ck_assert_int_eq(audit.tallies[1].missing.examples[0], 1);
}
END_TEST

START_TEST(a_row_behind_the_last_record_is_strange_in_every_partition)
{
    add_row(&rows, 0, 90);
    add_row(&rows, 1, 91);
    runs();
    ck_assert_uint_eq(audit.tallies[0].strange.count, 1);
    ck_assert_uint_eq(audit.tallies[1].strange.count, 1);
}
END_TEST

START_TEST(what_a_database_has_behind_it_is_missing_though_Kafka_knows_nothing_of_it)
{
    fake_kafka.committed[1] = -1;
    in_database[1] = 2;
    rows.partitions[4] = 7;
    runs();
    ck_assert_int_eq(audit.tallies[1].in_database, 2);
    ck_assert_uint_eq(audit.tallies[1].missing.count, 1);
}
END_TEST

START_TEST(records_of_a_key_that_are_out_of_order_are_found_and_of_another_key_or_none_are_not)
{
    fake_add("payments", 0, 3, "two", 1, 1019);
    struct fake_record *late = fake_add("payments", 1, 2, "two", 9, 1020);
    struct fake_record *early = fake_add("payments", 1, 3, "two", 8, 1021);
    late->message.key = early->message.key = (void *)(uintptr_t) "k";
    late->message.key_len = early->message.key_len = 1;
    struct fake_record *other = fake_add("payments", 1, 4, "two", 7, 1022);
    other->message.key = (void *)(uintptr_t) "l";
    other->message.key_len = 1;
    fake_add("payments", 1, 5, "two", 6, 1023); /* no key, no order promised */
    runs();
    ck_assert_uint_eq(audit.tallies[1].disorder.count, 1);
    ck_assert_int_eq(audit.tallies[1].disorder.examples[0], 3);
    ck_assert_uint_eq(audit.tallies[0].disorder.count, 0);
}
END_TEST

START_TEST(the_same_key_of_two_producers_or_partitions_has_no_order_between_them)
{
    fake_add("payments", 0, 3, "two", 1, 1018); /* so that later numbers fill gaps: they are new ones */
    fake_add("payments", 0, 4, "three", 1, 1019);
    struct fake_record *made[] = {fake_add("payments", 1, 2, "two", 9, 1020),
                                  fake_add("payments", 1, 3, "three", 8, 1021),
                                  fake_add("payments", 0, 5, "two", 7, 1022)};
    for (size_t i = 0; i < 3; i++) {
        made[i]->message.key = (void *)(uintptr_t) "k";
        made[i]->message.key_len = 1;
    }
    runs();
    ck_assert_uint_eq(audit.tallies[1].disorder.count + audit.tallies[0].disorder.count, 0);
}
END_TEST

START_TEST(a_number_that_comes_twice_and_one_that_does_not_come_are_counted)
{
    fake_add("payments", 1, 2, "one", 5, 1011);
    fake_add("payments", 1, 3, "one", 9, 1020);
    runs();
    ck_assert_uint_eq(audit.producers.items[0].sequence.doubled, 1);
    ck_assert_uint_eq(audit.producers.items[0].sequence.missing, 3); /* final at the end */
}
END_TEST

START_TEST(records_without_a_number_or_a_producer_are_audited_by_their_offsets)
{
    fake_add("payments", 1, 2, NULL, 7, 1020);
    fake_add("payments", 1, 3, "one", -1, 1021);
    fake_kafka.committed[1] = 4;
    runs();
    ck_assert_uint_eq(audit.unnumbered, 2);
    ck_assert_uint_eq(audit.tallies[1].missing.count, 2);
    ck_assert_uint_eq(audit.producers.count, 1);
}
END_TEST

START_TEST(producers_beyond_those_that_are_followed_are_counted)
{
    static char names[PRODUCERS_MAX][8];
    for (size_t i = 0; i < PRODUCERS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        producers_find(&audit.producers, names[i], strlen(names[i]));
    }
    runs();
    ck_assert_uint_eq(audit.producers.unfollowed, 5);
    ck_assert_uint_eq(audit.producers.count, PRODUCERS_MAX);
    ck_assert_ptr_eq(producers_find(&audit.producers, "p7", 2), &audit.producers.items[7]);
    ck_assert_ptr_null(producers_find(&audit.producers, "p", 1));
}
END_TEST

/* --- what is no audit ---------------------------------------------------------------------------------- */

START_TEST(a_read_error_in_the_middle_is_no_audit_however_clean_it_looks)
{
    fake_kafka.topics[0].fails = "the broker is gone";
    fails("the broker is gone");
}
END_TEST

START_TEST(a_sink_that_cannot_be_read_to_its_end_is_no_audit)
{
    rows.fails = "the database is gone";
    fails("the database is gone");
}
END_TEST

START_TEST(a_sink_that_fails_in_the_middle_is_no_audit)
{
    rows.count = 1;
    rows.fails = "the database is gone";
    fails("the database is gone");
}
END_TEST

START_TEST(each_thing_that_cannot_be_asked_ends_the_audit)
{
    const char **const faults[] = {&fake_kafka.open_fails, &fake_kafka.extents_fail,
                                   &fake_kafka.committed_fails, &fake_kafka.reader_fails, &sink_fails};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        *faults[i] = "it does not answer";
        fails("it does not answer");
        anew();
        *faults[i] = NULL;
    }
    runs();
}
END_TEST

START_TEST(a_ledger_that_cannot_be_sorted_is_no_audit_without_one)
{
    write_ledger("ksupervise-ledger 1\n");
    sqlite_fails = "COMMIT";
    fails("cannot sort a temporary table");
    sqlite_fails = NULL;
    anew();
    runs();
}
END_TEST

START_TEST(a_topic_that_is_not_there_or_not_to_be_seen_is_an_error)
{
    settings.topic = "nothing";
    fails("there is no topic 'nothing' at ");
    ck_assert_ptr_nonnull(strstr(error.text, "'ktopic list' shows"));
    fake_kafka.forbidden = true;
    fails("or you lack the right to see it (DESCRIBE)");
}
END_TEST

START_TEST(a_topic_that_shrinks_was_made_anew_and_one_that_grows_is_audited_as_far_as_it_was)
{
    fake_kafka.partitions_later = P - 1;
    fails("topic payments was deleted while it was audited");
    anew();
    fake_kafka.partitions_later = P + 1;
    fake_kafka.asked[0] = '\0';
    runs();
    ck_assert_int_eq(audit.partitions, P);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/audit", set_up, tear_down, all_committed_records_with_a_row_each_are_clean,
                what_is_asked_first_can_only_be_older_than_what_is_asked_later,
                the_sink_is_told_whose_rows_are_wanted,
                a_table_of_another_name_is_asked_for_by_it_and_the_outbox_with_the_letters,
                without_a_sink_nothing_is_missing,
                a_row_that_is_not_there_is_missing_in_every_partition_also_the_last,
                a_row_behind_the_last_record_is_strange_in_every_partition,
                what_a_database_has_behind_it_is_missing_though_Kafka_knows_nothing_of_it,
                records_of_a_key_that_are_out_of_order_are_found_and_of_another_key_or_none_are_not,
                the_same_key_of_two_producers_or_partitions_has_no_order_between_them,
                a_number_that_comes_twice_and_one_that_does_not_come_are_counted,
                records_without_a_number_or_a_producer_are_audited_by_their_offsets,
                producers_beyond_those_that_are_followed_are_counted,
                a_read_error_in_the_middle_is_no_audit_however_clean_it_looks,
                a_sink_that_cannot_be_read_to_its_end_is_no_audit,
                a_sink_that_fails_in_the_middle_is_no_audit, each_thing_that_cannot_be_asked_ends_the_audit,
                a_ledger_that_cannot_be_sorted_is_no_audit_without_one,
                a_topic_that_is_not_there_or_not_to_be_seen_is_an_error,
                a_topic_that_shrinks_was_made_anew_and_one_that_grows_is_audited_as_far_as_it_was)
