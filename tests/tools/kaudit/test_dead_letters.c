/* Dead letters, sent and still in an outbox: what they stand for, and for whom. */
#include "tests/tools/kaudit/audit_stage.h"

static void add_letter_of(const char *cluster, const char *group, const char *topic, const char *partition,
                          const char *offset)
{
    int64_t at = (int64_t)fake_topic("payments.dlq")->count;
    struct fake_record *letter = fake_add("payments.dlq", 0, at, NULL, -1, 2000);
    const char *const headers[][2] = {{DEAD_LETTER_CLUSTER, cluster},
                                      {DEAD_LETTER_GROUP, group},
                                      {DEAD_LETTER_TOPIC, topic},
                                      {DEAD_LETTER_PARTITION, partition},
                                      {DEAD_LETTER_OFFSET, offset}};
    letter->record.headers = rd_kafka_headers_new(8);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i][1] != NULL)
            rd_kafka_header_add(letter->record.headers, headers[i][0], -1, headers[i][1], -1);
}

static void with_letters(void)
{
    fake_kafka.topics[1] = (struct fake_topic){.name = "payments.dlq", .partitions = 1};
    settings.dead_letters = true;
    rows.partitions[1] = rows.partitions[4] = 7; /* 0:1 and 1:1 have no row */
}

START_TEST(a_record_with_a_letter_is_not_missing_and_one_in_the_outbox_is_not_either)
{
    with_letters();
    add_letter_of("the cluster", "g", "payments", "0", "1");
    add_letter_of("the cluster", "g", "payments", "0", "1"); /* again: no double */
    add_letter_of("the cluster", "g", "payments", "0", "1");
    has_outbox = true;
    add_row(&outbox, 1, 1);
    add_row(&outbox, 0, 1); /* in both: sent, and not taken out yet */
    runs();
    ck_assert_uint_eq(findings(), 0);
    ck_assert_uint_eq(audit.tallies[0].dead, 1);
    ck_assert_uint_eq(audit.tallies[0].outbox, 0);
    ck_assert_uint_eq(audit.tallies[1].outbox, 1);
    ck_assert_uint_eq(audit.tallies[1].dead, 0);
    ck_assert_uint_eq(audit.letters.letters, 1);
    ck_assert_uint_eq(audit.letters.repeats, 2);
    ck_assert_uint_eq(audit.letters.outbox, 1);
}
END_TEST

START_TEST(letters_of_others_and_records_that_are_none_stand_for_nothing)
{
    with_letters();
    add_letter_of("the cluster", "other", "payments", "0", "1");
    add_letter_of("the cluster", "g", "orders", "0", "1");
    add_letter_of("another", "g", "payments", "0", "1");
    add_letter_of("the cluster", "g", "payments", "2", "1");
    ck_assert_uint_eq(fake_topic("payments.dlq")->count, 4);
    add_letter_of("the cluster", NULL, "payments", "0", "1");
    add_letter_of("the cluster", "g", NULL, "0", "1");
    add_letter_of("the cluster", "g", "payments", "x", "1");
    add_letter_of("the cluster", "g", "payments", "0", NULL);
    runs();
    ck_assert_uint_eq(audit.letters.others, 4);
    ck_assert_uint_eq(audit.letters.unreadable, 4);
    ck_assert_uint_eq(audit.letters.letters, 0);
    ck_assert_uint_eq(audit.tallies[0].missing.count, 1);
    ck_assert_uint_eq(audit.tallies[1].missing.count, 1);
}
END_TEST

START_TEST(a_letter_without_a_cluster_is_of_any)
{
    with_letters();
    add_letter_of(NULL, "g", "payments", "0", "1");
    add_letter_of(NULL, "g", "payments", "1", "1");
    runs();
    ck_assert_uint_eq(findings(), 0);
}
END_TEST

START_TEST(a_dead_letter_topic_of_another_name_is_read_instead)
{
    with_letters();
    fake_kafka.topics[1].name = "graveyard";
    settings.dead_letter_topic = "graveyard";
    runs();
    ck_assert_ptr_nonnull(strstr(fake_kafka.asked, "read graveyard;"));
}
END_TEST

START_TEST(letters_that_cannot_be_read_to_the_end_are_no_audit)
{
    with_letters();
    fake_kafka.topics[1].fails = "the broker is gone";
    fails("dead letters: the broker is gone");
}
END_TEST

START_TEST(an_outbox_that_cannot_be_read_is_no_audit)
{
    with_letters();
    has_outbox = true;
    outbox.fails = "the database is gone";
    fails("dead letters: the database is gone");
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/dead_letters", set_up, tear_down,
                a_record_with_a_letter_is_not_missing_and_one_in_the_outbox_is_not_either,
                letters_of_others_and_records_that_are_none_stand_for_nothing,
                a_letter_without_a_cluster_is_of_any, a_dead_letter_topic_of_another_name_is_read_instead,
                letters_that_cannot_be_read_to_the_end_are_no_audit,
                an_outbox_that_cannot_be_read_is_no_audit)
