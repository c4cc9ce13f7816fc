/* A table in SQLite as its consumers write it, in a real file: what an audit reads out of it, and that each
 * field of a row is compared with its record. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/tools/kaudit/sink_case.h"
#include "tools/kaudit/sqlite_source.h"

static char path[64];
static sqlite3 *db;

static void set_up(void)
{
    snprintf(path, sizeof path, "/tmp/sinks-XXXXXX");
    close(mkstemp(path));
    look_for(path);
}

static void tear_down(void)
{
    close_sink();
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
    ck_assert_msg(sink_open_sqlite(&sink, &spec, &error) == 0, "%s", error.text);
}

static void fails(const char *why)
{
    ck_assert_int_eq(sink_open_sqlite(&sink, &spec, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
    ck_assert_ptr_nonnull(strstr(error.text, path));
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
    fails("there is a table Payments, but none named payments");
    execute("DROP TABLE Payments;");
    fails("no such table: payments");
    execute("CREATE TABLE payments (kafka_partition, elsewhere);");
    fails("kafka_offset");
    spec.where = "/nowhere/at/all.db";
    ck_assert_int_eq(sink_open_sqlite(&sink, &spec, &error), -1);
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
    spec.cluster = NULL; /* it does not tell: of any */
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
    spec.letters = false; /* not looked for */
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

static void uuid(const struct value *value, char text[40])
{
    const unsigned char *b = value->uuid;
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
    make_first(schema);
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
    make_first(schema_by_workload("payments"));
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

CHECK_MAIN_WITH(
    "tools/kaudit/sink_sqlite", set_up, tear_down,
    the_rows_of_a_table_are_its_offsets_by_partition_in_their_order,
    rows_of_no_partition_of_the_topic_are_counted, a_column_of_timestamps_tells_of_which_record_a_row_is,
    a_table_that_is_not_there_or_no_database_is_an_error, a_source_of_a_table_that_is_not_there_is_none,
    rows_that_cannot_be_read_to_the_end_are_an_error, what_is_written_after_the_audit_began_is_not_seen,
    the_places_of_this_group_are_taken_over_and_those_of_another_are_not,
    the_outbox_has_the_letters_of_this_group_once, a_place_or_an_outbox_that_cannot_be_read_is_an_error,
    a_row_of_any_schema_that_says_what_its_record_says_does_not_differ,
    each_field_of_a_row_is_compared_with_its_record,
    a_column_that_was_altered_is_noted_and_one_that_is_optional_may_be_missing)
