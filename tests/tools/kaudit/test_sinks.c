/* Sinks as their consumers write them, in real files: what the audit reads out of a table of SQLite and out
 * of lines of JSON, and that each field of a row is compared with its record. */
#include "tools/kaudit/sink.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/record/generate.h"
#include "common/record/text.h"
#include "tests/support/check_main.h"
#include "tools/kaudit/sqlite_source.h"

enum { P = 3 };

static char path[64];
static struct sink sink;
static int64_t next_offsets[P];
static struct sink_wish wish;
static struct error error;
static sqlite3 *db;

static void set_up(void)
{
    snprintf(path, sizeof path, "/tmp/sinks-XXXXXX");
    close(mkstemp(path));
    for (int i = 0; i < P; i++)
        next_offsets[i] = -1;
    wish = (struct sink_wish){.where = path,
                              .table = "payments",
                              .partitions = P,
                              .cluster = "c",
                              .group = "g",
                              .topic = "payments",
                              .letters = true,
                              .next_offsets = next_offsets};
}

static void tear_down(void)
{
    source_close(&sink.source);
    source_close(&sink.outbox);
    sqlite3_close(db);
    unlink(path);
}

static void execute(const char *sql)
{
    char *wrong = NULL;
    if (db == NULL)
        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &wrong) == SQLITE_OK, "%s", wrong);
}

static void opens(void)
{
    ck_assert_msg(sink_open_sqlite(&sink, &wish, &error) == 0, "%s", error.text);
}

static void fails(const char *why)
{
    ck_assert_int_eq(sink_open_sqlite(&sink, &wish, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
    ck_assert_ptr_nonnull(strstr(error.text, path));
}

/* "1 5 0:1 " and so on: the offsets of a partition, and their timestamps where they have one. */
static const char *offsets(const struct source *source, int32_t partition)
{
    static char text[512];
    struct source_item item;
    size_t used = 0;
    int answer;
    text[0] = '\0';
    while ((answer = source->next(source->state, partition, &item, &error)) == 1)
        used += (size_t)snprintf(text + used, sizeof text - used, item.timestamp_ms > 0 ? "%d@%d " : "%d ",
                                 (int)item.offset, (int)item.timestamp_ms);
    ck_assert_msg(answer == 0, "%s", error.text);
    return text;
}

/* --- a table ------------------------------------------------------------------------------------------- */

#define PLAIN "CREATE TABLE payments (kafka_partition, kafka_offset);"

START_TEST(the_rows_of_a_table_are_its_offsets_by_partition_in_their_order)
{
    execute(PLAIN "INSERT INTO payments VALUES (2, 9), (0, 5), (0, 1), (2, 3), (0, 5);");
    opens();
    ck_assert_str_eq(offsets(&sink.source, 2), "3 9 "); /* the last one first */
    ck_assert_str_eq(offsets(&sink.source, 0), "1 5 5 ");
    ck_assert_str_eq(offsets(&sink.source, 1), "");
    ck_assert_uint_eq(sink.elsewhere, 0);
    ck_assert_ptr_null(sink.schema); /* somebody else's table */
    ck_assert(sink.outbox.next == NULL);
    ck_assert_int_eq(next_offsets[0], -1);
}
END_TEST

START_TEST(rows_of_no_partition_of_the_topic_are_counted)
{
    execute(PLAIN "INSERT INTO payments VALUES (3, 1), (-1, 1), (NULL, 1), (0, NULL), (0, 1), (2, 1);");
    opens();
    ck_assert_uint_eq(sink.elsewhere, 4);
}
END_TEST

START_TEST(a_column_of_timestamps_tells_of_which_record_a_row_is)
{
    execute("CREATE TABLE payments (kafka_partition, kafka_offset, kafka_timestamp_us);"
            "INSERT INTO payments VALUES (0, 1, 7999), (0, 2, 0);");
    opens();
    ck_assert_str_eq(offsets(&sink.source, 0), "1@7 2 ");
}
END_TEST

START_TEST(a_table_that_is_not_there_or_no_database_is_an_error)
{
    execute("CREATE TABLE Payments (kafka_partition, kafka_offset);");
    fails("there is the table Payments, and none called payments");
    execute("DROP TABLE Payments;");
    fails("no such table: payments");
    execute("CREATE TABLE payments (kafka_partition, elsewhere);");
    fails("kafka_offset");
    wish.where = "/nowhere/at/all.db";
    ck_assert_int_eq(sink_open_sqlite(&sink, &wish, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--sqlite /nowhere/at/all.db"));
}
END_TEST

START_TEST(a_source_of_a_table_that_is_not_there_is_none)
{
    static const struct sqlite_table nothing = {
        .name = "nothing", .partition = "p", .offset = "o", .tag = "0", .timestamp_ms = "0"};
    sqlite3 *its;
    ck_assert_int_eq(sqlite3_open(path, &its), SQLITE_OK);
    ck_assert_int_eq(sqlite_source_open(&sink.source, its, &nothing, &error), -1); /* which closes it */
    ck_assert(sink.source.next == NULL);
    ck_assert_str_eq(error.text, "cannot read the table: no such table: nothing");
}
END_TEST

START_TEST(rows_that_cannot_be_read_to_the_end_are_an_error)
{
    struct source_item item;
    execute("CREATE TABLE payments (kafka_partition, kafka_offset, x);"
            "INSERT INTO payments VALUES (0, 1, 2), (0, 2, -9223372036854775807 - 1);"
            "ALTER TABLE payments ADD COLUMN kafka_timestamp_us AS (abs(x));"); /* it overflows */
    opens();
    int answer = 1;
    while (answer == 1)
        answer = sink.source.next(sink.source.state, 0, &item, &error);
    ck_assert_int_eq(answer, -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot read the rows: integer overflow"));
}
END_TEST

START_TEST(what_is_written_after_the_audit_began_is_not_seen)
{
    execute("PRAGMA journal_mode = WAL;" PLAIN "INSERT INTO payments VALUES (0, 1);");
    opens();
    execute("INSERT INTO payments VALUES (0, 2);");
    ck_assert_str_eq(offsets(&sink.source, 0), "1 ");
    source_close(&sink.source);
    opens();
    ck_assert_str_eq(offsets(&sink.source, 0), "1 2 ");
}
END_TEST

/* --- a table of ours -------------------------------------------------------------------------------------
 */

#define PLACES                                                                                               \
    "CREATE TABLE ksupervise_offsets (cluster, consumer_group, topic, kafka_partition, next_offset);"
#define OUTBOX                                                                                               \
    "CREATE TABLE ksupervise_outbox (cluster, consumer_group, topic, kafka_partition, kafka_offset, "        \
    "timestamp_ms);"

START_TEST(the_places_of_this_group_are_taken_over_and_those_of_another_are_not)
{
    execute(PLAIN PLACES
            "INSERT INTO ksupervise_offsets VALUES ('c', 'g', 'payments', 0, 7), ('c', 'h', "
            "'payments', 1, 8), ('d', 'g', 'payments', 1, 8), ('c', 'g', 'orders', 1, 8), ('c', 'g', "
            "'payments', 3, 9), ('c', 'g', 'payments', 2, NULL);");
    opens();
    ck_assert_int_eq(next_offsets[0], 7);
    ck_assert_int_eq(next_offsets[1], -1);
    ck_assert_int_eq(next_offsets[2], -1);
    source_close(&sink.source);
    wish.cluster = NULL; /* it does not tell: of any */
    execute("UPDATE ksupervise_offsets SET next_offset = 11 WHERE cluster = 'd';");
    opens();
    ck_assert_int_eq(next_offsets[1], 11);
}
END_TEST

START_TEST(the_outbox_has_the_letters_of_this_group_once)
{
    execute(PLAIN OUTBOX
            "INSERT INTO ksupervise_outbox VALUES ('c', 'g', 'payments', 1, 7, 70), ('c', 'g', "
            "'payments', 1, 7, 70), ('c', 'g', 'payments', 1, 7, 71), ('d', 'g', 'payments', 1, 1, 0), "
            "('c', 'h', 'payments', 1, 2, 0), ('c', 'g', 'orders', 1, 3, 0), ('c', 'g', 'payments', "
            "3, 4, 0), ('c', 'g', 'payments', -1, 4, 0), ('c', 'g', 'payments', 0, 9, 90);");
    opens();
    ck_assert_str_eq(offsets(&sink.outbox, 1), "7@70 7@71 ");
    ck_assert_str_eq(offsets(&sink.outbox, 0), "9@90 ");
    ck_assert_uint_eq(sink.elsewhere, 2);
    source_close(&sink.source);
    source_close(&sink.outbox);
    wish.letters = false; /* not looked for */
    opens();
    ck_assert(sink.outbox.next == NULL);
}
END_TEST

START_TEST(a_place_or_an_outbox_that_cannot_be_read_is_an_error)
{
    execute(PLAIN "CREATE TABLE ksupervise_offsets (other);");
    fails("read where the sink goes on");
    execute("DROP TABLE ksupervise_offsets; CREATE TABLE ksupervise_outbox (other);");
    fails("read the outbox");
}
END_TEST

/* --- content ------------------------------------------------------------------------------------------- */

static struct generator generator;
static struct record record;
static uint8_t payload[RECORD_ENCODED_MAX];
static size_t payload_length;

static void make_record(const struct schema *schema)
{
    generator_next(&generator, schema, INT64_C(1772099522102594), &record);
    payload_length = record_encode(&record, payload, sizeof payload);
    ck_assert_uint_gt(payload_length, 0);
}

static void uuid(const struct value *value, char text[40])
{
    const unsigned char *b = (const unsigned char *)value->text.data;
    snprintf(text, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* Partition 0, offset 1: the record as a consumer writes it, with the columns of its schema. */
static void write_row(const struct schema *schema)
{
    char sql[2048] = "CREATE TABLE payments (kafka_partition INTEGER, kafka_offset INTEGER";
    char values[1024] = "INSERT INTO payments VALUES (0, 1";
    sqlite3_stmt *statement;
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        bool text = field_is_text(field) || field->type == FIELD_UUID;
        snprintf(sql + strlen(sql), sizeof sql - strlen(sql), ", \"%s\" %s", field->name,
                 text ? "TEXT" : "INTEGER");
        snprintf(values + strlen(values), sizeof values - strlen(values), ", ?%zu", i + 1);
    }
    execute(PLACES "INSERT INTO ksupervise_offsets VALUES ('c', 'g', 'payments', 0, 2);");
    snprintf(sql + strlen(sql), sizeof sql - strlen(sql), ");");
    snprintf(values + strlen(values), sizeof values - strlen(values), ")");
    execute(sql);
    ck_assert_int_eq(sqlite3_prepare_v2(db, values, -1, &statement, NULL), SQLITE_OK);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct value *value = &record.values[i];
        char text[40];
        if (!record_has(&record, (int)i))
            continue; /* NULL */
        if (field_is_text(&schema->fields[i]))
            sqlite3_bind_text(statement, (int)i + 1, value->text.data, (int)value->text.length,
                              SQLITE_TRANSIENT);
        else if (schema->fields[i].type == FIELD_UUID)
            uuid(value, text), sqlite3_bind_text(statement, (int)i + 1, text, -1, SQLITE_TRANSIENT);
        else
            sqlite3_bind_int64(statement, (int)i + 1, value->integer);
    }
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

/* In which fields the row differs from the record: bit i. */
static uint32_t difference(enum content_form form)
{
    struct source_item item;
    struct content content;
    ck_assert_int_eq(sink.source.next(sink.source.state, 0, &item, &error), 1);
    ck_assert_int_eq(item.offset, 1);
    ck_assert(content_of_payload(&content, form, sink.schema, payload, payload_length));
    ck_assert_uint_ne(item.content.known, 0);
    ck_assert_uint_eq(content.known & item.content.known, item.content.known);
    return content_difference(&item.content, &content);
}

START_TEST(a_row_of_any_schema_that_says_what_its_record_says_does_not_differ)
{
    const struct schema *schema;
    for (size_t s = 0; (schema = schema_at(s)) != NULL; s++) {
        generator_init(&generator, 7 + s);
        make_record(schema);
        write_row(schema);
        opens();
        ck_assert_ptr_eq(sink.schema, schema);
        ck_assert_uint_eq(sink.altered.count, 0);
        ck_assert_uint_eq(difference(CONTENT_COLUMNS), 0);
        source_close(&sink.source);
        execute("DROP TABLE payments; DROP TABLE ksupervise_offsets;");
    }
}
END_TEST

START_TEST(each_field_of_a_row_is_compared_with_its_record)
{
    const struct schema *schema = schema_by_workload("payments");
    generator_init(&generator, 7);
    make_record(schema);
    write_row(schema);
    for (size_t i = 0; i < schema->field_count; i++) {
        char sql[256];
        execute("BEGIN");
        snprintf(sql, sizeof sql, "UPDATE payments SET \"%s\" = %s", schema->fields[i].name,
                 i % 2 == 0 ? "NULL" : "'another'");
        execute(sql);
        execute("COMMIT");
        opens();
        ck_assert_uint_eq(difference(CONTENT_COLUMNS), (UINT32_C(1) << (i + 1)) - 1);
        source_close(&sink.source);
    }
}
END_TEST

START_TEST(a_column_that_was_altered_is_noted_and_one_that_is_optional_may_be_missing)
{
    generator_init(&generator, 7);
    make_record(schema_by_workload("payments"));
    write_row(schema_by_workload("payments"));
    execute("ALTER TABLE payments ADD COLUMN kafka_timestamp_us TEXT;");
    opens();
    ck_assert_uint_eq(sink.altered.count, 1);
    ck_assert_str_eq(sink.altered.columns[0].name, "kafka_timestamp_us");
    source_close(&sink.source);
    execute("ALTER TABLE payments DROP COLUMN currency;");
    opens();
    ck_assert_ptr_null(sink.schema); /* a required one is not there: no table of ours */
    struct source_item item;
    ck_assert_int_eq(sink.source.next(sink.source.state, 0, &item, &error), 1);
    ck_assert_uint_eq(item.content.known, 0);
}
END_TEST

START_TEST(of_a_record_that_cannot_be_decoded_or_is_a_tombstone_nothing_is_known)
{
    struct content content = {.known = 7};
    const struct schema *schema = schema_at(0);
    ck_assert(!content_of_payload(&content, CONTENT_COLUMNS, schema, NULL, 0));
    ck_assert_uint_eq(content.known, 0);
    ck_assert(!content_of_payload(&content, CONTENT_JSON, schema, "x", 1));
    ck_assert_uint_eq(content.known, 0);
}
END_TEST

START_TEST(an_empty_text_is_not_an_absent_one)
{
    struct content one = {0};
    struct content other = {0};
    content_set(&one, 3, "", 0);
    content_set(&other, 3, NULL, 0);
    ck_assert_uint_eq(content_difference(&one, &other), 8);
    content_set(&other, 3, "", 0);
    ck_assert_uint_eq(content_difference(&one, &other), 0);
    content_set(&other, RECORD_FIELDS_MAX - 1, "x", 1);
    ck_assert_uint_eq(content_difference(&one, &other), 0); /* known on one side alone */
    content_set(&one, RECORD_FIELDS_MAX - 1, "y", 1);
    ck_assert_uint_eq(content_difference(&one, &other), UINT32_C(1) << (RECORD_FIELDS_MAX - 1));
}
END_TEST

/* --- lines of JSON ---------------------------------------------------------------------------------------
 */

static void write_lines(const char *text)
{
    FILE *file = fopen(path, "we");
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void opens_lines(void)
{
    ck_assert_msg(sink_open_ndjson(&sink, &wish, &error) == 0, "%s", error.text);
}

START_TEST(lines_are_offsets_by_partition_under_either_name)
{
    write_lines(
        "{\"partition\":0,\"offset\":5}\n{\"kafka_partition\":2,\"kafka_offset\":1}\n{\"partition\":0,"
        "\"offset\":5}\n{\"partition\":0,\"offset\":1}\n");
    opens_lines();
    ck_assert_str_eq(offsets(&sink.source, 0), "1 5 5 ");
    ck_assert_str_eq(offsets(&sink.source, 2), "1 ");
    ck_assert_uint_eq(sink.elsewhere, 0);
    ck_assert_int_eq(sink.form, CONTENT_JSON);
}
END_TEST

START_TEST(a_line_that_is_none_or_of_no_partition_is_counted_and_a_torn_last_one_is_passed_over)
{
    write_lines(
        "x\n{\"partition\":3,\"offset\":1}\n{\"partition\":-1,\"offset\":1}\n{\"partition\":\"0\","
        "\"offset\":1}\n{\"partition\":0}\n{\"partition\":0,\"offset\":1}\n{\"partition\":0,\"offset\":2}");
    opens_lines();
    ck_assert_uint_eq(sink.elsewhere, 5);
    ck_assert_str_eq(offsets(&sink.source, 0), "1 ");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_error)
{
    unlink(path);
    ck_assert_int_eq(sink_open_ndjson(&sink, &wish, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--ndjson "));
    ck_assert_ptr_nonnull(strstr(error.text, "cannot open it: No such file"));
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(sink_open_ndjson(&sink, &wish, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot read it: Is a directory"));
    rmdir(path);
}
END_TEST

START_TEST(a_line_of_any_schema_is_compared_with_its_record)
{
    static char json[RECORD_JSON_MAX], line[RECORD_JSON_MAX + 64];
    const struct schema *schema;
    for (size_t s = 0; (schema = schema_at(s)) != NULL; s++) {
        generator_init(&generator, 7 + s);
        make_record(schema);
        ck_assert_int_eq(record_json(&record, json, sizeof json), 0);
        snprintf(line, sizeof line, "{\"partition\":0,\"offset\":1,%s\n", json + 1);
        write_lines(line);
        sink = (struct sink){0};
        opens_lines();
        ck_assert_ptr_eq(sink.schema, schema);
        ck_assert_uint_eq(difference(CONTENT_JSON), 0);
        source_close(&sink.source);
        make_record(schema); /* another one */
        opens_lines();
        ck_assert_uint_ne(difference(CONTENT_JSON), 0);
        source_close(&sink.source);
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/sinks", set_up, tear_down, a_source_of_a_table_that_is_not_there_is_none,
                rows_that_cannot_be_read_to_the_end_are_an_error,
                the_rows_of_a_table_are_its_offsets_by_partition_in_their_order,
                rows_of_no_partition_of_the_topic_are_counted,
                a_column_of_timestamps_tells_of_which_record_a_row_is,
                a_table_that_is_not_there_or_no_database_is_an_error,
                what_is_written_after_the_audit_began_is_not_seen,
                the_places_of_this_group_are_taken_over_and_those_of_another_are_not,
                the_outbox_has_the_letters_of_this_group_once,
                a_place_or_an_outbox_that_cannot_be_read_is_an_error,
                a_row_of_any_schema_that_says_what_its_record_says_does_not_differ,
                each_field_of_a_row_is_compared_with_its_record,
                a_column_that_was_altered_is_noted_and_one_that_is_optional_may_be_missing,
                of_a_record_that_cannot_be_decoded_or_is_a_tombstone_nothing_is_known,
                an_empty_text_is_not_an_absent_one, lines_are_offsets_by_partition_under_either_name,
                a_line_that_is_none_or_of_no_partition_is_counted_and_a_torn_last_one_is_passed_over,
                a_file_that_cannot_be_read_is_an_error, a_line_of_any_schema_is_compared_with_its_record)
