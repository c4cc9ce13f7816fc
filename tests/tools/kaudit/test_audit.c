/* The audit as a whole, of topics, sinks and ledgers that are written down here: what counts as clean, and
 * what must never pass as an audit. */
#include "tools/kaudit/audit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/dead_letter.h"
#include "tests/tools/kaudit/fake_kafka.h"

/* --- a sink that is a list ----------------------------------------------------------------------------- */

struct rows {
    struct source_item items[FAKE_RECORDS_MAX];
    int32_t partitions[FAKE_RECORDS_MAX];
    size_t count;
    size_t at[FAKE_PARTITIONS_MAX];
    const char *fails; /* behind the last of any partition */
    int closed;
};

static struct rows rows, outbox;
static bool has_outbox;
static const char *sink_fails;
static int64_t in_database[FAKE_PARTITIONS_MAX];
static struct sink_wish wished;

static int next_row(void *state, int32_t partition, struct source_item *item, struct error *error)
{
    struct rows *from = state;
    for (size_t i = from->at[partition]; i < from->count; i++)
        if (from->partitions[i] == partition) {
            *item = from->items[i];
            from->at[partition] = i + 1;
            return 1;
        }
    return from->fails != NULL ? error_set(error, "%s", from->fails) : 0;
}

static void close_rows(void *state)
{
    ((struct rows *)state)->closed++;
}

static int open_list(struct sink *sink, const struct sink_wish *wish, struct error *error)
{
    fake_asked("sink", wish->where);
    wished = *wish;
    if (sink_fails != NULL)
        return error_set(error, "%s", sink_fails);
    sink->source = (struct source){.next = next_row, .close = close_rows, .state = &rows};
    if (has_outbox)
        sink->outbox = (struct source){.next = next_row, .close = close_rows, .state = &outbox};
    for (int i = 0; i < wish->partitions; i++)
        sink_take_place(wish, i, in_database[i]);
    return 0;
}

static void add_row(struct rows *to, int32_t partition, int64_t offset)
{
    to->partitions[to->count] = partition;
    to->items[to->count++] = (struct source_item){.offset = offset};
}

/* --- the stage ----------------------------------------------------------------------------------------- */

enum { P = 2 };

static struct settings settings;
static struct audit audit;
static struct error error;
static char ledger[64];

/* payments: three records in partition 0, two in the last one, all committed and all in the sink. */
static void set_up(void)
{
    fake_kafka.topics[0] = (struct fake_topic){.name = "payments", .partitions = P};
    for (int64_t i = 0; i < 3; i++)
        fake_add("payments", 0, i, "one", 1 + i, 1000 + i);
    for (int64_t i = 0; i < 2; i++)
        fake_add("payments", 1, i, "one", 4 + i, 1010 + i);
    for (int32_t partition = 0; partition < P; partition++) {
        for (int64_t i = 0; i < 3 - partition; i++)
            add_row(&rows, partition, i);
        fake_kafka.committed[partition] = 3 - partition;
        in_database[partition] = -1;
    }
    settings = (struct settings){
        .topic = "payments", .group = "g", .open_sink = open_list, .sink_where = "the list"};
    audit.settings = &settings;
}

static void tear_down(void)
{
    audit_release(&audit);
    ck_assert_int_eq(fake_kafka.readers, 0);
    for (size_t i = 0; i < fake_kafka.topics[1].count; i++)
        if (fake_kafka.topics[1].records[i].record.headers != NULL)
            rd_kafka_headers_destroy(fake_kafka.topics[1].records[i].record.headers);
    if (ledger[0] != '\0')
        unlink(ledger);
}

/* Another audit: what the one before had is released. */
static void anew(void)
{
    audit_release(&audit);
    memset(&audit, 0, sizeof audit);
    audit.settings = &settings;
    memset(rows.at, 0, sizeof rows.at);
}

static void runs(void)
{
    ck_assert_msg(audit_run(&audit, &error) == 0, "%s", error.text);
}

static void fails(const char *why)
{
    ck_assert_int_eq(audit_run(&audit, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
}

static uint64_t findings(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < audit.partitions; i++) {
        const struct tally *tally = &audit.tallies[i];
        sum += tally->missing.count + tally->doubled.count + tally->strange.count + tally->lost.count +
               tally->disorder.count + tally->different.count;
    }
    return sum;
}

static void write_ledger(const char *text)
{
    snprintf(ledger, sizeof ledger, "/tmp/audit-XXXXXX");
    int fd = mkstemp(ledger);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    static char *paths[] = {ledger};
    settings.ledgers = (struct option_list){.items = (void *)paths, .count = 1};
}

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
    ck_assert_str_eq(wished.table, "payments");
    ck_assert_str_eq(wished.topic, "payments");
    ck_assert_str_eq(wished.group, "g");
    ck_assert_str_eq(wished.cluster, "the cluster");
    ck_assert_int_eq(wished.partitions, P);
    ck_assert(!wished.letters);
}
END_TEST

START_TEST(a_table_of_another_name_is_asked_for_by_it_and_the_outbox_with_the_letters)
{
    settings.table = "other";
    settings.dead_letters = true;
    runs();
    ck_assert_str_eq(wished.table, "other");
    ck_assert(wished.letters);
}
END_TEST

START_TEST(without_a_sink_nothing_is_missing)
{
    fake_kafka.topics[0].records[0].message.payload = (void *)(uintptr_t) "x"; /* not looked into */
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

START_TEST(a_topic_that_is_not_there_or_not_to_be_seen_is_an_error)
{
    settings.topic = "nothing";
    fails("there is no topic 'nothing' at ");
    ck_assert_ptr_nonnull(strstr(error.text, "'ktopic list' shows"));
    fake_kafka.forbidden = true;
    fails("or the right to see it is missing (DESCRIBE)");
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

/* --- dead letters -------------------------------------------------------------------------------------- */

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

/* --- ledgers ------------------------------------------------------------------------------------------- */

#define FIRST "ksupervise-ledger 1\nrun 1000 1 payments one\n"

START_TEST(what_was_acknowledged_and_is_there_is_clean)
{
    write_ledger(FIRST
                 "1 0 0 acknowledged\n3 0 2 acknowledged\n2 0 1 acknowledged\n4 1 0 acknowledged\n5 1 1 "
                 "acknowledged\n");
    runs();
    ck_assert_uint_eq(findings(), 0);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->acknowledged, 5);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->messages, 5);
    ck_assert_uint_eq(audit.tallies[0].unaccounted + audit.tallies[1].unaccounted, 0);
}
END_TEST

START_TEST(what_was_acknowledged_and_is_not_there_or_is_another_record_is_lost)
{
    write_ledger(FIRST "1 0 0 acknowledged\n7 0 1 acknowledged\n9 1 5 acknowledged\n3 2 0 acknowledged\n");
    runs();
    ck_assert_uint_eq(audit.tallies[0].lost.count, 1);
    ck_assert_int_eq(audit.tallies[0].lost.examples[0], 1);
    ck_assert_uint_eq(audit.tallies[1].lost.count, 1);
    ck_assert_int_eq(audit.tallies[1].lost.examples[0], 5);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->nowhere, 1);
    ck_assert_uint_eq(audit.tallies[0].unaccounted, 2);
    ck_assert_uint_eq(audit.tallies[1].unaccounted, 2);
}
END_TEST

START_TEST(what_failed_or_is_unknown_and_is_there_all_the_same_is_told)
{
    write_ledger(FIRST "1 0 0 acknowledged\n2 - - failed\n3 0 - unknown\n4 1 - unknown\n8 - - failed\n9 1 - "
                       "unknown\n");
    runs();
    const struct ledger_count *count = ledgers_count(audit.ledgers);
    ck_assert_uint_eq(count->failed, 2);
    ck_assert_uint_eq(count->failed_present, 1);
    ck_assert_int_eq(count->failed_examples[0], 2);
    ck_assert_uint_eq(count->unknown, 3);
    ck_assert_uint_eq(count->unknown_present, 2);
    ck_assert_uint_eq(audit.tallies[1].unaccounted, 1); /* 5 has no line */
    ck_assert_uint_eq(audit.tallies[0].unaccounted, 0);
}
END_TEST

START_TEST(a_run_of_another_topic_or_producer_or_a_later_one_says_nothing_of_a_record)
{
    write_ledger(
        "ksupervise-ledger 1\nrun 1000 1 orders one\n1 0 0 acknowledged\nrun 1000 1 payments two\n1 - "
        "- failed\nrun 1000000000 1 payments one\n2 - - failed\n");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->elsewhere, 1);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->messages, 2);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->failed_present, 0);
    ck_assert_uint_eq(audit.tallies[0].unaccounted + audit.tallies[1].unaccounted, 0);
    ck_assert_uint_eq(findings(), 0);
}
END_TEST

START_TEST(a_number_belongs_to_the_run_that_was_its_producer_s_last_at_that_time)
{
    write_ledger(
        "ksupervise-ledger 1\nrun 1011000 1 payments one\n5 - - failed\nrun 500000 1 payments one\n5 1 "
        "- unknown\n");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->failed_present, 1); /* 5 came at 1011 ms */
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unknown_present, 0);
}
END_TEST

START_TEST(lines_that_are_none_are_counted_and_a_torn_last_one_is_passed_over)
{
    write_ledger(FIRST
                 "1 0 0 lost\nx\n2 0 acknowledged\n2 - 1 acknowledged\n2 0 - acknowledged\n1 0 0 acknow");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 5);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->acknowledged, 0);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->messages, 0);
}
END_TEST

START_TEST(a_message_before_any_run_is_nobody_s)
{
    write_ledger("ksupervise-ledger 1\n1 0 0 acknowledged\n");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 1);
}
END_TEST

START_TEST(an_end_that_no_process_can_have_torn_is_a_line_that_cannot_be_read)
{
    char text[2 * LEDGER_LINE_BYTES] = FIRST "1 0 0 acknowledged\n";
    memset(text + strlen(text), 'x', LEDGER_LINE_BYTES);
    write_ledger(text); /* longer than any line */
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 1);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->acknowledged, 1);
    unlink(ledger);
    anew();
    write_ledger(FIRST "1 0 0 acknow");
    ck_assert_int_eq(truncate(ledger, (off_t)strlen(FIRST "1 0 0 acknow") + 4),
                     0); /* zeros: the disk's end */
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 1);
}
END_TEST

START_TEST(what_is_no_ledger_or_not_there_ends_the_audit)
{
    write_ledger("ksupervise-ledger 2\n");
    fails("this is no ledger of version 1");
    anew();
    unlink(ledger);
    fails("No such file");
    anew();
    write_ledger("");
    fails("this is no ledger of version 1");
    anew();
    unlink(ledger);
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
    fails("Is a directory");
    rmdir(ledger);
}
END_TEST

CHECK_MAIN_WITH(
    "tools/kaudit/audit", set_up, tear_down, all_committed_records_with_a_row_each_are_clean,
    what_is_asked_first_can_only_be_older_than_what_is_asked_later, the_sink_is_told_whose_rows_are_wanted,
    a_table_of_another_name_is_asked_for_by_it_and_the_outbox_with_the_letters,
    without_a_sink_nothing_is_missing, a_row_that_is_not_there_is_missing_in_every_partition_also_the_last,
    a_row_behind_the_last_record_is_strange_in_every_partition,
    what_a_database_has_behind_it_is_missing_though_Kafka_knows_nothing_of_it,
    records_of_a_key_that_are_out_of_order_are_found_and_of_another_key_or_none_are_not,
    the_same_key_of_two_producers_or_partitions_has_no_order_between_them,
    a_number_that_comes_twice_and_one_that_does_not_come_are_counted,
    records_without_a_number_or_a_producer_are_audited_by_their_offsets,
    producers_beyond_those_that_are_followed_are_counted,
    a_read_error_in_the_middle_is_no_audit_however_clean_it_looks,
    a_sink_that_cannot_be_read_to_its_end_is_no_audit, a_sink_that_fails_in_the_middle_is_no_audit,
    each_thing_that_cannot_be_asked_ends_the_audit, a_topic_that_is_not_there_or_not_to_be_seen_is_an_error,
    a_topic_that_shrinks_was_made_anew_and_one_that_grows_is_audited_as_far_as_it_was,
    a_record_with_a_letter_is_not_missing_and_one_in_the_outbox_is_not_either,
    letters_of_others_and_records_that_are_none_stand_for_nothing, a_letter_without_a_cluster_is_of_any,
    a_dead_letter_topic_of_another_name_is_read_instead, letters_that_cannot_be_read_to_the_end_are_no_audit,
    an_outbox_that_cannot_be_read_is_no_audit, what_was_acknowledged_and_is_there_is_clean,
    what_was_acknowledged_and_is_not_there_or_is_another_record_is_lost,
    what_failed_or_is_unknown_and_is_there_all_the_same_is_told,
    a_run_of_another_topic_or_producer_or_a_later_one_says_nothing_of_a_record,
    a_number_belongs_to_the_run_that_was_its_producer_s_last_at_that_time,
    lines_that_are_none_are_counted_and_a_torn_last_one_is_passed_over, a_message_before_any_run_is_nobody_s,
    an_end_that_no_process_can_have_torn_is_a_line_that_cannot_be_read,
    what_is_no_ledger_or_not_there_ends_the_audit)
