#include "consumer/sinks/batch_table.h"

#include "consumer/pipeline/pipeline.h"
#include "consumer/sinks/sink_table.h"
#include "tests/consumer/fake_messages.h"

enum { ITEMS = 3 };

static sqlite3 *db;
static sqlite3_stmt *statement;
static struct batch_table table;
static struct record records[ITEMS];
static struct item items[ITEMS];
static struct record_storage storage[ITEMS];
static struct fake *fakes[ITEMS];

static void fill(size_t i, const char *workload, const char *const *fields)
{
    items[i].record = &records[i];
    fill_record(&records[i], &storage[i], schema_by_workload(workload), fields);
    items[i].message = &fakes[i]->message;
}

static void open_db(const char *workload)
{
    table = (struct batch_table){schema_by_workload(workload), NULL, items, ITEMS};
    ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    ck_assert_int_eq(batch_table_register(db, &table), SQLITE_OK);
}

static void begin(void)
{
    for (size_t i = 0; i < ITEMS; i++) {
        fakes[i] = fake_bytes(2, 40 + (int64_t)i, NULL, 0);
        fakes[i]->timestamp_ms = 1000 + (int64_t)i;
    }
}

static void end(void)
{
    sqlite3_finalize(statement);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    for (size_t i = 0; i < ITEMS; i++)
        rd_kafka_message_destroy(&fakes[i]->message);
}

/* All that a query says, with bars and semicolons. */
static const char *answer(const char *sql)
{
    static char text[1024];
    size_t used = 0;
    sqlite3_finalize(statement);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    text[0] = '\0';
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const unsigned char *value = sqlite3_column_text(statement, i);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     value != NULL ? (const char *)value : "NULL",
                                     i + 1 < sqlite3_column_count(statement) ? "|" : ";");
        }
    ck_assert_int_eq(sqlite3_errcode(db), SQLITE_DONE);
    return text;
}

static void fill_messages(void)
{
    fill(0, "messages", (const char *const[]){"content", "first", "key", "a", NULL});
    fill(1, "messages", (const char *const[]){"content", "héllo", "key", "b", NULL});
    fill(2, "messages", (const char *const[]){"content", "", "key", "c", NULL});
}

START_TEST(a_row_is_its_place_and_its_fields_in_the_batchs_order)
{
    open_db("messages");
    fill_messages();
    ck_assert_str_eq(answer("SELECT * FROM \"the batch\""),
                     "2|40|1000000|first|a;2|41|1001000|héllo|b;2|42|1002000||c;");
}
END_TEST

/* SQLite tells rows apart by it. */
START_TEST(each_row_has_a_rowid_of_its_own)
{
    open_db("messages");
    fill_messages();
    ck_assert_str_eq(answer("SELECT count(*) FROM \"the batch\" a, \"the batch\" b WHERE a.rowid = b.rowid"),
                     "3;");
}
END_TEST

START_TEST(a_field_that_is_not_there_is_null_and_an_empty_one_is_not)
{
    open_db("messages");
    fill_messages();
    records[1].present &= ~1U;
    ck_assert_str_eq(
        answer("SELECT kafka_offset, content FROM \"the batch\" WHERE content IS NULL OR content = ''"),
        "41|NULL;42|;");
}
END_TEST

START_TEST(a_uuid_is_text_and_money_its_minor_units)
{
    open_db("payments");
    table.count = 1;
    fill(0, "payments",
         (const char *const[]){"user", "marek", "currency", "PLN", "amount", "2.59", "method", "blik", NULL});
    char uuid[SINK_UUID_BYTES];
    sink_uuid_text(&records[0].values[schema_type_index(table.schema, FIELD_UUID)], uuid);
    const char *row =
        answer("SELECT payment_id, \"user\", amount_minor, currency, method FROM \"the batch\"");
    ck_assert_ptr_nonnull(strstr(row, uuid));
    ck_assert_ptr_nonnull(strstr(row, "|marek|259|PLN|blik;"));
    ck_assert_str_eq(answer("SELECT length(payment_id), length(CAST(payment_id AS BLOB)) FROM \"the batch\""),
                     "36|36;");
}
END_TEST

/* A statement that reads long is no hang. */
START_TEST(each_row_ticks)
{
    _Atomic uint64_t ticks = 0;
    struct stats_writer writer = {.tick = &ticks};
    open_db("messages");
    fill_messages();
    table.stats = &writer;
    ck_assert_str_eq(answer("SELECT count(*) FROM \"the batch\""), "3;");
    ck_assert_uint_eq(ticks, ITEMS);
}
END_TEST

START_TEST(the_next_batch_is_read_anew)
{
    open_db("messages");
    fill_messages();
    ck_assert_str_eq(answer("SELECT count(*) FROM \"the batch\""), "3;");
    table.items = items + 2;
    table.count = 1;
    ck_assert_str_eq(answer("SELECT kafka_offset FROM \"the batch\""), "42;");
    table.count = 0;
    ck_assert_str_eq(answer("SELECT kafka_offset FROM \"the batch\""), "");
}
END_TEST

START_TEST(one_statement_inserts_a_whole_batch)
{
    char sql[SINK_SQL_BYTES];
    open_db("messages");
    fill_messages();
    sink_create_sql(sql, "orders", table.schema, SINK_DIALECT_SQLITE);
    ck_assert_str_eq(answer(sql), "");
    sink_insert_sql(sql, "orders", table.schema, BATCH_TABLE_NAME);
    ck_assert_str_eq(answer(sql), "");
    ck_assert_int_eq(sqlite3_changes(db), ITEMS);
    ck_assert_str_eq(answer("SELECT kafka_offset, content FROM orders"), "40|first;41|héllo;42|;");
}
END_TEST

/* It is no table of the file, and nobody can make another of its kind. */
START_TEST(it_is_in_no_file)
{
    open_db("messages");
    fill_messages();
    ck_assert_str_eq(answer("SELECT count(*) FROM \"the batch\""), "3;");
    ck_assert_str_eq(answer("SELECT count(*) FROM sqlite_schema"), "0;");
    ck_assert_int_eq(sqlite3_exec(db, "CREATE VIRTUAL TABLE mine USING \"the batch\"", NULL, NULL, NULL),
                     SQLITE_ERROR);
}
END_TEST

CHECK_MAIN_WITH("consumer/batch_table", begin, end, a_row_is_its_place_and_its_fields_in_the_batchs_order,
                each_row_has_a_rowid_of_its_own, a_field_that_is_not_there_is_null_and_an_empty_one_is_not,
                a_uuid_is_text_and_money_its_minor_units, each_row_ticks, the_next_batch_is_read_anew,
                one_statement_inserts_a_whole_batch, it_is_in_no_file)
