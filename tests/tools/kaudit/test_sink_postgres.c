/* What an audit reads out of a PostgreSQL, a real one (own_postgres.h). */
#define CHECK_TIMEOUT_SECONDS 30
#include "tests/tools/kaudit/sink_case.h"

#include "tests/support/own_postgres.h"

static PGconn *own;
static void execute(const char *sql)
{
    PGresult *result = PQexec(own, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%s: %s", sql, PQerrorMessage(own));
    PQclear(result);
}

static void clean(void)
{
    execute("DROP TABLE IF EXISTS payments, \"Payments\", ksupervise_offsets, ksupervise_outbox CASCADE");
}

static void begin(void)
{
    own = PQconnectdb("options='-c client_min_messages=warning'");
    ck_assert_msg(PQstatus(own) == CONNECTION_OK, "%s", PQerrorMessage(own));
    clean();
    look_for("");
}

static void end(void)
{
    close_sink();
    clean();
    PQfinish(own);
}

static void opens(void)
{
    close_sink();
    ck_assert_msg(sink_open_postgres(&sink, &spec, &error) == 0, "%s", error.text);
}

static void fails(const char *why)
{
    close_sink();
    ck_assert_int_eq(sink_open_postgres(&sink, &spec, &error), -1);
    ck_assert_ptr_eq(strstr(error.text, "--postgres: "), error.text);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
    ck_assert_ptr_null(strchr(error.text, '\n'));
}

/* --- a table ------------------------------------------------------------------------------------------- */

#define PLAIN "CREATE TABLE payments (kafka_partition bigint, kafka_offset bigint);"

START_TEST(the_rows_of_a_table_are_its_offsets_by_partition_in_their_order)
{
    execute(PLAIN "INSERT INTO payments VALUES (2, 9), (0, 5), (0, 1), (2, 3), (0, 5)");
    opens();
    ck_assert_str_eq(offsets(&sink.source, 2), "3 9 "); /* the last one first */
    ck_assert_str_eq(offsets(&sink.source, 0), "1 5 5 ");
    ck_assert_str_eq(offsets(&sink.source, 1), "");
    ck_assert_str_eq(offsets(&sink.source, 1), ""); /* it stays at the end */
    ck_assert_uint_eq(sink.elsewhere, 0);
    ck_assert_ptr_null(sink.schema); /* somebody else's table */
    ck_assert(sink.outbox.next == NULL);
    ck_assert_int_eq(next_offsets[0], -1);
}
END_TEST

START_TEST(more_rows_than_one_fetch_brings_are_all_read)
{
    struct source_item item;
    int64_t count = 0;
    execute(PLAIN "INSERT INTO payments SELECT 1, n FROM generate_series(0, 10000) n");
    opens();
    while (sink.source.next(sink.source.state, 1, &item, &error) == 1)
        ck_assert_int_eq(item.offset, count++);
    ck_assert_int_eq(count, 10001);
}
END_TEST

START_TEST(rows_of_no_partition_of_the_topic_are_counted)
{
    execute(PLAIN "INSERT INTO payments VALUES (3, 1), (-1, 1), (NULL, 1), (0, NULL), (0, 1), (2, 1)");
    opens();
    ck_assert_uint_eq(sink.elsewhere, 4);
}
END_TEST

START_TEST(a_column_of_timestamps_tells_of_which_record_a_row_is)
{
    execute("CREATE TABLE payments (kafka_partition bigint, kafka_offset bigint, kafka_timestamp_us bigint);"
            "INSERT INTO payments VALUES (0, 1, 7999), (0, 2, 0), (0, 3, NULL)");
    opens();
    ck_assert_str_eq(offsets(&sink.source, 0), "1@7 2 3 ");
}
END_TEST

START_TEST(a_name_with_capitals_is_that_tables_and_what_is_not_there_is_an_error)
{
    execute("CREATE TABLE \"Payments\" (kafka_partition bigint, kafka_offset bigint)");
    fails("cannot read the table: ERROR:  relation \"payments\" does not exist");
    spec.table = "Payments";
    opens();
    spec.table = "pay\377ments";
    fails("cannot name the table: ");
    spec.table = "Payments";
    spec.where = "port=1 host=127.0.0.1";
    fails("cannot connect: ");
}
END_TEST

START_TEST(a_table_with_other_columns_is_an_error)
{
    execute("CREATE TABLE payments (kafka_partition bigint, elsewhere bigint)");
    fails("cannot read the table: ERROR:  column \"kafka_offset\" does not exist");
}
END_TEST

START_TEST(what_is_written_after_the_audit_began_is_not_seen)
{
    execute(PLAIN "INSERT INTO payments VALUES (0, 1)");
    opens();
    execute("INSERT INTO payments VALUES (0, 2)");
    ck_assert_str_eq(offsets(&sink.source, 0), "1 ");
    opens();
    ck_assert_str_eq(offsets(&sink.source, 0), "1 2 ");
}
END_TEST

START_TEST(a_database_that_goes_away_while_it_is_read_is_an_error_not_an_end)
{
    struct source_item item;
    execute(PLAIN "INSERT INTO payments SELECT n % 2, n FROM generate_series(0, 11999) n");
    opens();
    ck_assert_int_eq(sink.source.next(sink.source.state, 0, &item, &error), 1);
    execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'");
    int answer = 1;
    while (answer == 1)
        answer = sink.source.next(sink.source.state, 0, &item, &error);
    ck_assert_int_eq(answer, -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot read the rows: "));
    ck_assert_int_eq(sink.source.next(sink.source.state, 1, &item, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot ask for the rows: "));
}
END_TEST

/* --- a table of ours -------------------------------------------------------------------------------------
 */

#define PLACES                                                                                               \
    "CREATE TABLE ksupervise_offsets (cluster text, consumer_group text, topic text, kafka_partition "       \
    "bigint, next_offset bigint);"
#define OUTBOX                                                                                               \
    "CREATE TABLE ksupervise_outbox (cluster text, consumer_group text, topic text, kafka_partition "        \
    "bigint, kafka_offset bigint, timestamp_ms bigint);"

START_TEST(the_places_of_this_group_are_taken_over_and_those_of_another_are_not)
{
    execute(PLAIN PLACES
            "INSERT INTO ksupervise_offsets VALUES ('c', 'g', 'payments', 0, 7), ('c', 'h', 'payments', 1, "
            "8), ('d', 'g', 'payments', 1, 8), ('c', 'g', 'orders', 1, 8), ('c', 'g', 'payments', 3, 9), "
            "('c', 'g', 'payments', 2, NULL)");
    opens();
    ck_assert_int_eq(next_offsets[0], 7);
    ck_assert_int_eq(next_offsets[1], -1);
    ck_assert_int_eq(next_offsets[2], -1);
    spec.cluster = NULL; /* it does not tell: of any */
    execute("UPDATE ksupervise_offsets SET next_offset = 11 WHERE cluster = 'd'");
    opens();
    ck_assert_int_eq(next_offsets[1], 11);
}
END_TEST

START_TEST(the_outbox_has_the_letters_of_this_group_once)
{
    execute(PLAIN OUTBOX
            "INSERT INTO ksupervise_outbox VALUES ('c', 'g', 'payments', 1, 7, 70), ('c', 'g', 'payments', "
            "1, 7, 70), ('c', 'g', 'payments', 1, 7, 71), ('d', 'g', 'payments', 1, 1, 0), ('c', 'h', "
            "'payments', 1, 2, 0), ('c', 'g', 'orders', 1, 3, 0), ('c', 'g', 'payments', 3, 4, 0), ('c', "
            "'g', 'payments', -1, 4, 0), ('c', 'g', 'payments', 0, 9, 90)");
    opens();
    ck_assert_str_eq(offsets(&sink.outbox, 1), "7@70 7@71 ");
    ck_assert_str_eq(offsets(&sink.outbox, 0), "9@90 ");
    ck_assert_uint_eq(sink.elsewhere, 2);
    spec.letters = false; /* not looked for */
    opens();
    ck_assert(sink.outbox.next == NULL);
    spec.letters = true;
    spec.cluster = NULL;
    opens();
    ck_assert_str_eq(offsets(&sink.outbox, 1), "1 7@70 7@71 ");
}
END_TEST

START_TEST(a_place_or_an_outbox_that_cannot_be_read_is_an_error)
{
    execute(PLAIN "CREATE TABLE ksupervise_offsets (other bigint)");
    fails("cannot read where the sink goes on: ");
    execute("DROP TABLE ksupervise_offsets; CREATE TABLE ksupervise_outbox (other bigint)");
    fails("cannot read the outbox: ");
}
END_TEST

/* --- content ------------------------------------------------------------------------------------------- */

static size_t add_value(char *sql, size_t bytes, const struct field *field, const struct value *value)
{
    char *quoted = field_is_text(field) ? PQescapeLiteral(own, value->text.length > 0 ? value->text.data : "",
                                                          value->text.length)
                                        : NULL;
    size_t used = 0;
    if (quoted != NULL)
        used = (size_t)snprintf(sql, bytes, ", %s", quoted);
    else if (field->type != FIELD_UUID)
        used = (size_t)snprintf(sql, bytes, ", %lld", (long long)value->integer);
    else {
        used = (size_t)snprintf(sql, bytes, ", '");
        for (size_t i = 0; i < sizeof value->uuid; i++)
            used += (size_t)snprintf(sql + used, bytes - used, "%02x", value->uuid[i]);
        used += (size_t)snprintf(sql + used, bytes - used, "'");
    }
    PQfreemem(quoted);
    return used;
}

/* Partition 0, offset 1: the record as a consumer writes it, with the columns of its schema. */
static void write_row(const struct schema *schema)
{
    char table[2048] = "CREATE TABLE payments (kafka_partition bigint, kafka_offset bigint";
    char values[8192] = "INSERT INTO payments VALUES (0, 1";
    size_t used = strlen(table), used_values = strlen(values);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        used += (size_t)snprintf(table + used, sizeof table - used, ", \"%s\" %s", field->name,
                                 field_is_text(field)        ? "text"
                                 : field->type == FIELD_UUID ? "uuid"
                                                             : "bigint");
        used_values +=
            record_has(&record, (int)i)
                ? add_value(values + used_values, sizeof values - used_values, field, &record.values[i])
                : (size_t)snprintf(values + used_values, sizeof values - used_values, ", NULL");
    }
    snprintf(table + used, sizeof table - used, ")");
    snprintf(values + used_values, sizeof values - used_values, ")");
    execute(table);
    execute(values);
    execute(PLACES "INSERT INTO ksupervise_offsets VALUES ('c', 'g', 'payments', 0, 2)");
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
        ck_assert_int_eq(sink.form, CONTENT_COLUMNS);
        ck_assert_uint_eq(sink.altered.count, 0);
        ck_assert_uint_eq(difference(CONTENT_COLUMNS), 0);
        close_sink();
        clean();
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
        snprintf(sql, sizeof sql, "UPDATE payments SET \"%s\" = NULL", schema->fields[i].name);
        execute(sql);
        opens();
        ck_assert_uint_eq(difference(CONTENT_COLUMNS), (UINT32_C(1) << (i + 1)) - 1);
    }
}
END_TEST

START_TEST(a_column_that_was_altered_is_noted_and_one_that_is_gone_makes_it_nobodys_table)
{
    make_first(schema_by_workload("payments"));
    write_row(schema_by_workload("payments"));
    execute("ALTER TABLE payments ADD COLUMN kafka_timestamp_us text");
    opens();
    ck_assert_uint_eq(sink.altered.count, 1);
    ck_assert_str_eq(sink.altered.columns[0].name, "kafka_timestamp_us");
    ck_assert_str_eq(sink.altered.columns[0].found, "text");
    ck_assert_uint_eq(difference(CONTENT_COLUMNS), 0);
    close_sink(); /* its transaction holds the table */
    execute("ALTER TABLE payments DROP COLUMN currency");
    opens();
    ck_assert_ptr_null(sink.schema); /* a required one is not there: no table of ours */
    struct source_item item;
    ck_assert_int_eq(sink.source.next(sink.source.state, 0, &item, &error), 1);
    ck_assert_uint_eq(item.content.known, 0);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        the_rows_of_a_table_are_its_offsets_by_partition_in_their_order,
        more_rows_than_one_fetch_brings_are_all_read,
        rows_of_no_partition_of_the_topic_are_counted,
        a_column_of_timestamps_tells_of_which_record_a_row_is,
        a_name_with_capitals_is_that_tables_and_what_is_not_there_is_an_error,
        a_table_with_other_columns_is_an_error,
        what_is_written_after_the_audit_began_is_not_seen,
        a_database_that_goes_away_while_it_is_read_is_an_error_not_an_end,
        the_places_of_this_group_are_taken_over_and_those_of_another_are_not,
        the_outbox_has_the_letters_of_this_group_once,
        a_place_or_an_outbox_that_cannot_be_read_is_an_error,
        a_row_of_any_schema_that_says_what_its_record_says_does_not_differ,
        each_field_of_a_row_is_compared_with_its_record,
        a_column_that_was_altered_is_noted_and_one_that_is_gone_makes_it_nobodys_table};
    (void)argc;
    if (!own_postgres_is_there())
        return own_postgres_run(argv[0]);
    own_postgres_guard();
    return check_main("tools/kaudit/sink_postgres", begin, end, tests, sizeof tests / sizeof tests[0]);
}
