/* What an audit is told as: clean or not, to people and to programs. Nothing that was found may read as
 * clean. */
#include "tools/kaudit/report.h"

#include <jansson.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"

enum { P = 2 };

static struct settings settings;
static struct tally tallies[P];
static struct audit audit;
static struct error error;
static json_t *json;
static char ledger[64];

static int no_sink(struct sink *sink, const struct sink_spec *spec, struct error *wrong)
{
    (void)sink;
    (void)spec;
    return error_set(wrong, "none is opened here");
}

static void set_up(void)
{
    log_init();
    settings = (struct settings){.topic = "payments", .group = "g", .open_sink = no_sink};
    for (int i = 0; i < P; i++)
        tallies[i] = (struct tally){.partition = i,
                                    .end = 10 + i,
                                    .committed = 9 + i,
                                    .in_database = -1,
                                    .produced = 8 + (unsigned)i,
                                    .in_sink = 7 + (unsigned)i,
                                    .dead = 1,
                                    .outbox = 2,
                                    .waiting = 3,
                                    .expired = 4,
                                    .unaccounted = 5};
    audit.settings = &settings;
    audit.partitions = P;
    audit.tallies = tallies;
}

static void tear_down(void)
{
    json_decref(json);
    ledgers_close(audit.ledgers);
    source_close(&audit.ledger_source);
    producers_release(&audit.producers);
}

static bool clean;
static const char *told(void)
{
    capture_begin();
    clean = report(&audit);
    log_flush();
    return capture_end();
}

static void tells(const char *line)
{
    const char *text = told();
    ck_assert_msg(strstr(text, line) != NULL, "'%s' is not in:\n%s", line, text);
}

static void does_not_tell(const char *words)
{
    const char *text = told();
    ck_assert_msg(strstr(text, words) == NULL, "'%s' is in:\n%s", words, text);
}

static json_t *packed(void)
{
    settings.json = true;
    json_decref(json);
    json = json_loads(told(), 0, NULL);
    settings.json = false;
    ck_assert_ptr_nonnull(json);
    return json;
}

static json_t *member(const char *name)
{
    return json_object_get(packed(), name);
}

static void read_ledger(const char *text)
{
    snprintf(ledger, sizeof ledger, "/tmp/report-XXXXXX");
    int fd = mkstemp(ledger);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    audit.ledgers = ledgers_open("payments", P, &error);
    int result = ledgers_read(audit.ledgers, ledger, &error);
    unlink(ledger);
    ck_assert_msg(result == 0, "%s", error.text);
    ck_assert_int_eq(ledgers_ready(audit.ledgers, &audit.ledger_source, &error), 0);
}

#define FIRST "ksupervise-ledger 1\nrun 1000 1 payments one\n"

/* --- clean or not -------------------------------------------------------------------------------------- */

START_TEST(without_a_finding_it_is_clean)
{
    tells("clean: nothing is lost, nothing is doubled, every key is in order\n");
    ck_assert(clean);
    ck_assert(json_is_true(member("clean")));
    does_not_tell("NOT");
    settings.open_sink = NULL;
    tells("clean, as far as the topic alone tells: a sink or a ledger tells more\n");
    ck_assert(clean);
    read_ledger(FIRST);
    tells("clean: nothing is lost");
}
END_TEST

START_TEST(each_finding_of_any_partition_also_the_last_spoils_it_and_is_told_with_its_offset)
{
    static const struct {
        size_t offset;
        const char *name, *verdict;
    } kinds[] = {
        {offsetof(struct tally, missing), "missing",
         "NOT clean: 1 missing, 0 doubled, 0 strange, 0 lost, 0 out of "
         "order, 0 different\n"},
        {offsetof(struct tally, doubled), "doubled",
         "NOT clean: 0 missing, 1 doubled, 0 strange, 0 lost, 0 out of "
         "order, 0 different\n"},
        {offsetof(struct tally, strange), "strange",
         "NOT clean: 0 missing, 0 doubled, 1 strange, 0 lost, 0 out of "
         "order, 0 different\n"},
        {offsetof(struct tally, lost), "lost",
         "NOT clean: 0 missing, 0 doubled, 0 strange, 1 lost, 0 out of order, "
         "0 different\n"},
        {offsetof(struct tally, disorder), "disorder",
         "NOT clean: 0 missing, 0 doubled, 0 strange, 0 lost, 1 out "
         "of order, 0 different\n"},
        {offsetof(struct tally, different), "different",
         "NOT clean: 0 missing, 0 doubled, 0 strange, 0 lost, 0 "
         "out of order, 1 different\n"},
    };
    audit.sink.schema = schema_at(0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (int p = 0; p < P; p++) {
            char line[64];
            struct finding *finding = (struct finding *)((char *)&tallies[p] + kinds[i].offset);
            finding_add(finding, 77);
            tells(kinds[i].verdict);
            ck_assert(!clean);
            snprintf(line, sizeof line, "partition %d: 1 %s (", p, kinds[i].name);
            tells(line);
            tells("): offset 77\n");
            ck_assert(json_is_false(member("clean")));
            json_t *row = json_array_get(json_object_get(json, "partitions"), (size_t)p);
            json_t *examples = json_object_get(json_object_get(row, "examples"), kinds[i].name);
            ck_assert_uint_eq(json_array_size(examples), 1);
            ck_assert_int_eq(json_integer_value(json_array_get(examples, 0)), 77);
            *finding = (struct finding){0};
        }
    does_not_tell("NOT");
}
END_TEST

START_TEST(of_many_findings_the_first_eight_are_shown)
{
    for (int i = 0; i < 8; i++)
        finding_add(&tallies[1].missing, i);
    tells("partition 1: 8 missing (committed, but not processed; dead letters were not checked: --dlq checks "
          "them): offset 0, 1, 2, 3, 4, 5, 6, 7\n");
    finding_add(&tallies[1].missing, 8);
    tells("offset 0, 1, 2, 3, 4, 5, 6, 7 …\n");
    settings.dead_letters = true;
    tells("partition 1: 9 missing (committed, but neither processed nor a dead letter): ");
    json_t *row = json_array_get(member("partitions"), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(row, "missing")), 9);
    ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(row, "examples"), "missing")), 8);
}
END_TEST

START_TEST(the_fields_that_differ_are_named)
{
    audit.sink.schema = schema_at(0);
    finding_add(&tallies[1].different, 3);
    tallies[1].different_fields = 1U << 1;
    char line[64];
    snprintf(line, sizeof line, "  field %s\n", schema_at(0)->fields[1].name);
    tells(line);
    snprintf(line, sizeof line, "  field %s\n", schema_at(0)->fields[0].name);
    does_not_tell(line);
}
END_TEST

START_TEST(rows_of_no_partition_and_columns_that_were_altered_spoil_it)
{
    audit.sink.elsewhere = 3;
    tells("3 rows of partitions that this topic does not have\n");
    ck_assert(!clean);
    tells("0 doubled, 3 strange");
    ck_assert_int_eq(json_integer_value(member("rows_elsewhere")), 3);
    audit.sink.elsewhere = 0;
    audit.sink.altered =
        (struct altered){.count = 1, .columns = {{.name = "amount", .found = "text", .wanted = "integer"}}};
    tells("column amount is of type text, but the sink writes integer: its values may be garbage\n");
    ck_assert(!clean);
    tells("; columns were altered\n");
    json_t *column = json_array_get(member("altered_columns"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(column, "column")), "amount");
    ck_assert_str_eq(json_string_value(json_object_get(column, "type")), "text");
    ck_assert_str_eq(json_string_value(json_object_get(column, "written")), "integer");
    audit.sink.altered.count = 0;
    does_not_tell("altered");
}
END_TEST

/* --- the table ----------------------------------------------------------------------------------------- */

/* The words of the line that begins with this one. */
static void has_row(const char *words)
{
    char text[4096];
    size_t used = 0;
    for (const char *at = told(); *at != '\0' && used < sizeof text - 1; at++)
        if (*at != ' ' || (used > 0 && text[used - 1] != ' ' && text[used - 1] != '\n'))
            text[used++] = *at;
    text[used] = '\0';
    ck_assert_msg(strstr(text, words) != NULL, "'%s' is not in:\n%s", words, text);
}

START_TEST(the_table_has_a_row_a_partition_and_a_dash_where_nothing_is_known)
{
    settings.dead_letters = true;
    tells("Topic payments, group g\n");
    has_row("\n0 0 10 9 8 7 1 2 3 0 0 - 0\n1 0 11 10 9 8 1 2 3 0 0 - 0\n");
    settings.dead_letters = false;
    has_row("\n0 0 10 9 8 7 - - 3 0 0 - 0\n");
    settings.open_sink = NULL;
    tallies[0].committed = -1;
    has_row("\n0 0 10 - 8 - - - - - - - 0\n");
    settings.dead_letters = true;
    has_row("\n0 0 10 - 8 - 1 - - - 0 - 0\n");
    settings.group = NULL;
    tells("Topic payments\n");
    read_ledger(FIRST);
    has_row("\n0 0 10 - 8 - 1 - - - 0 0 0\n");
}
END_TEST

static bool is_null(const json_t *row, const char *name)
{
    return json_is_null(json_object_get(row, name));
}

static int64_t number(const json_t *row, const char *name)
{
    return json_is_integer(json_object_get(row, name)) ? json_integer_value(json_object_get(row, name)) : -77;
}

START_TEST(the_same_as_JSON_with_null_where_nothing_is_known)
{
    settings.dead_letters = true;
    tallies[0].committed = -1;
    tallies[1].in_database = 6;
    tallies[1].low = 2;
    json_t *row = json_array_get(member("partitions"), 1);
    ck_assert_int_eq(number(row, "partition"), 1);
    ck_assert_int_eq(number(row, "low"), 2);
    ck_assert_int_eq(number(row, "end"), 11);
    ck_assert_int_eq(number(row, "committed"), 10);
    ck_assert_int_eq(number(row, "in_database"), 6);
    ck_assert_int_eq(number(row, "produced"), 9);
    ck_assert_int_eq(number(row, "in_sink"), 8);
    ck_assert_int_eq(number(row, "dead"), 1);
    ck_assert_int_eq(number(row, "outbox"), 2);
    ck_assert_int_eq(number(row, "waiting"), 3);
    ck_assert_int_eq(number(row, "expired"), 4);
    ck_assert_int_eq(number(row, "missing"), 0);
    ck_assert_int_eq(number(row, "doubled"), 0);
    ck_assert_int_eq(number(row, "strange"), 0);
    ck_assert_int_eq(number(row, "disorder"), 0);
    ck_assert(is_null(row, "unaccounted") && is_null(row, "lost") && is_null(row, "different"));
    row = json_array_get(json_object_get(json, "partitions"), 0);
    ck_assert(is_null(row, "committed") && is_null(row, "in_database"));
    ck_assert_uint_eq(json_array_size(json_object_get(json, "partitions")), P);
    ck_assert_int_eq(number(json, "version"), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json, "topic")), "payments");
    ck_assert_str_eq(json_string_value(json_object_get(json, "group")), "g");
    ck_assert(is_null(json, "ledger"));
    settings.open_sink = NULL;
    settings.dead_letters = false;
    row = json_array_get(member("partitions"), 1);
    static const char *const unknown[] = {"in_sink", "dead",    "outbox",  "waiting",
                                          "expired", "missing", "doubled", "strange"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(is_null(row, unknown[i]), "%s", unknown[i]);
    ck_assert(is_null(json, "rows_elsewhere") && is_null(json, "dead_letters"));
}
END_TEST

START_TEST(where_the_audit_begins_and_ends_is_told)
{
    does_not_tell("partition 0: ");
    tallies[0].low = 5;
    tells("partition 0: retention deleted what was before offset 5; audited from there\n");
    tallies[1].in_database = 12;
    tells("partition 1: the database continues at offset 12, beyond what is committed in Kafka; audited up "
          "to there\n");
    tallies[1].in_database = -1;
    tallies[1].committed = -1;
    tells("partition 1: the sink has rows, but the group has committed nothing");
    tallies[1].in_sink = 1;
    tells("partition 1: the sink has rows, but the group has committed nothing");
    tallies[1].committed = 0;
    does_not_tell("partition 1: ");
    tallies[1].committed = -1;
    tallies[1].in_sink = 0;
    does_not_tell("partition 1: ");
}
END_TEST

/* --- producers, ledgers, letters ----------------------------------------------------------------------- */

START_TEST(a_producer_s_numbers_are_told_and_a_double_spoils_the_audit)
{
    struct producer *one = producers_find(&audit.producers, "o\x1bne", 4);
    one->sequence = (struct sequence){
        .records = 9, .runs = 1, .first = 1, .highest = 12, .missing = 3, .gap_count = 1, .gaps = {{4, 6}}};
    tells("producer o\\x1bne: 9 records in 1 run, the last from seq 1 to 12, 0 doubled, 3 numbers missing in "
          "1 gap\n  seq 4 to 6 are missing\n");
    ck_assert(clean); /* a number that is left out is no loss */
    does_not_tell("where retention took");
    tallies[1].low = 1;
    tells("(numbers are also missing where retention deleted their records)\n");
    one->sequence.doubled = 2;
    one->sequence.runs = 2;
    one->sequence.gap_count = 2;
    tells("9 records in 2 runs, the last from seq 1 to 12, 2 doubled, 3 numbers missing in 2 gaps\n");
    ck_assert(!clean);
    tells("NOT clean: 0 missing, 2 doubled");
    json_t *row = json_array_get(member("producers"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(row, "producer")), "o\\x1bne");
    ck_assert_int_eq(number(row, "records"), 9);
    ck_assert_int_eq(number(row, "runs"), 2);
    ck_assert_int_eq(number(row, "first"), 1);
    ck_assert_int_eq(number(row, "last"), 12);
    ck_assert_int_eq(number(row, "doubled"), 2);
    ck_assert_int_eq(number(row, "missing_numbers"), 3);
    json_t *gap = json_array_get(json_object_get(row, "gaps"), 0);
    ck_assert_int_eq(json_integer_value(json_array_get(gap, 0)), 4);
    ck_assert_int_eq(json_integer_value(json_array_get(gap, 1)), 6);
}
END_TEST

START_TEST(a_producer_may_have_an_empty_name)
{
    producers_find(&audit.producers, "", 0);
    tells("producer : 0 records in 0 runs");
}
END_TEST

START_TEST(what_was_not_looked_at_is_told)
{
    does_not_tell("were not looked at");
    does_not_tell("without the headers");
    audit.unnumbered = 4;
    audit.producers.unfollowed = 5;
    audit.order.unfollowed = 6;
    tells("4 records without the headers producer and seq: audited by their offsets alone\n");
    tells("5 records of further producers were not checked for gaps\n");
    tells("6 records of further keys were not checked for order\n");
    ck_assert_int_eq(number(packed(), "unnumbered"), 4);
}
END_TEST

START_TEST(a_ledger_is_told_and_its_unreadable_lines_spoil_the_audit)
{
    read_ledger(FIRST "1 0 0 acknowledged\n2 - - failed\n3 - - unknown\nx\n");
    tells("ledger: 1 acknowledged; 1 failed, 0 of them stored nevertheless; 1 unknown, 0 of them stored; 10 "
          "records without a line (their producer was killed)\n");
    tells("ledger: 1 lines could not be read: what they say is not audited\n");
    ck_assert(!clean);
    tells("; the ledger cannot be read in full\n");
    json_t *row = member("ledger");
    ck_assert_int_eq(number(row, "messages"), 3);
    ck_assert_int_eq(number(row, "acknowledged"), 1);
    ck_assert_int_eq(number(row, "failed"), 1);
    ck_assert_int_eq(number(row, "failed_present"), 0);
    ck_assert_int_eq(number(row, "unknown"), 1);
    ck_assert_int_eq(number(row, "unknown_present"), 0);
    ck_assert_int_eq(number(row, "other_topics"), 0);
    ck_assert_int_eq(number(row, "unreadable"), 1);
    ck_assert_int_eq(number(row, "nowhere"), 0);
    row = json_array_get(json_object_get(json, "partitions"), 0);
    ck_assert_int_eq(number(row, "unaccounted"), 5);
    ck_assert_int_eq(number(row, "lost"), 0);
}
END_TEST

START_TEST(what_failed_and_is_there_and_what_is_nowhere_spoil_it)
{
    bool was_told;
    read_ledger(FIRST "2 - - failed\n3 - - failed\n");
    does_not_tell("NOT");
    ck_assert(ledgers_covers(audit.ledgers, "one", 3, 2, 2000, &was_told) && was_told);
    tells("2 failed, 1 of them stored nevertheless: seq 2; ");
    ck_assert(!clean);
    ck_assert_int_eq(number(member("ledger"), "failed_present"), 1);
    ledgers_close(audit.ledgers);
    source_close(&audit.ledger_source);
    read_ledger(FIRST "2 7 0 acknowledged\n");
    tells("ledger: 1 lost: acknowledged in partitions that the topic does not have\n");
    ck_assert(!clean);
    tells("0 strange, 1 lost");
    does_not_tell("cannot be read in full");
}
END_TEST

START_TEST(dead_letters_are_told_where_they_were_looked_for)
{
    audit.letters = (struct dead_letters){.letters = 3, .repeats = 4, .others = 5};
    does_not_tell("dead letters: ");
    settings.dead_letters = true;
    tells("dead letters: 3 of this group, 4 repeats of them, 5 of others\n");
    does_not_tell("outbox of the database");
    audit.letters.unreadable = 1;
    audit.letters.outbox = 6;
    tells("5 of others, and some records that are not dead letters\n");
    tells("6 more in the outbox of the database: the dead-letter topic has not acknowledged them\n");
    ck_assert(clean);
    json_t *row = member("dead_letters");
    ck_assert_int_eq(number(row, "letters"), 3);
    ck_assert_int_eq(number(row, "repeats"), 4);
    ck_assert_int_eq(number(row, "of_others"), 5);
    ck_assert_int_eq(number(row, "unreadable"), 1);
    ck_assert_int_eq(number(row, "outbox"), 6);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/report", set_up, tear_down, without_a_finding_it_is_clean,
                each_finding_of_any_partition_also_the_last_spoils_it_and_is_told_with_its_offset,
                of_many_findings_the_first_eight_are_shown, the_fields_that_differ_are_named,
                rows_of_no_partition_and_columns_that_were_altered_spoil_it,
                the_table_has_a_row_a_partition_and_a_dash_where_nothing_is_known,
                the_same_as_JSON_with_null_where_nothing_is_known, where_the_audit_begins_and_ends_is_told,
                a_producer_s_numbers_are_told_and_a_double_spoils_the_audit,
                a_producer_may_have_an_empty_name, what_was_not_looked_at_is_told,
                a_ledger_is_told_and_its_unreadable_lines_spoil_the_audit,
                what_failed_and_is_there_and_what_is_nowhere_spoil_it,
                dead_letters_are_told_where_they_were_looked_for)
