#include "consumer/sinks/sink_table.h"

#include "common/exit_codes.h"
#include "consumer/pipeline/pipeline.h"
#include "tests/support/check_main.h"

static char sql[SINK_SQL_BYTES];
static struct error error;

START_TEST(a_table_has_a_column_for_each_field_and_three_of_its_own)
{
    sink_create_sql(sql, "payments", schema_by_workload("payments"), SINK_DIALECT_SQLITE);
    ck_assert_str_eq(sql, "CREATE TABLE IF NOT EXISTS \"payments\" (kafka_partition INTEGER NOT NULL, "
                          "kafka_offset INTEGER NOT NULL, kafka_timestamp_us INTEGER NOT NULL, "
                          "\"payment_id\" TEXT, \"user\" TEXT, \"amount_minor\" INTEGER, \"currency\" TEXT, "
                          "\"exponent\" INTEGER, \"method\" TEXT, \"timestamp\" INTEGER)");
    sink_create_sql(sql, "messages", schema_by_workload("messages"), SINK_DIALECT_POSTGRES);
    ck_assert_str_eq(sql, "CREATE TABLE IF NOT EXISTS \"messages\" (kafka_partition BIGINT NOT NULL, "
                          "kafka_offset BIGINT NOT NULL, kafka_timestamp_us BIGINT NOT NULL, "
                          "\"content\" TEXT, \"key\" TEXT)");
}
END_TEST

START_TEST(names_are_quoted_whatever_they_hold)
{
    sink_create_sql(sql, "a\"; DROP TABLE x; --", schema_by_workload("messages"), SINK_DIALECT_SQLITE);
    ck_assert_ptr_nonnull(strstr(sql, "EXISTS \"a\"\"; DROP TABLE x; --\" ("));
    sink_index_sql(sql, "a\"b", SINK_DIALECT_SQLITE);
    ck_assert_str_eq(sql, "CREATE INDEX IF NOT EXISTS \"a\"\"b_kafka_offset\" ON \"a\"\"b\" "
                          "(kafka_partition, kafka_offset)");
    sink_index_sql(sql, "a\"b", SINK_DIALECT_POSTGRES);
    ck_assert_str_eq(sql, "CREATE INDEX ON \"a\"\"b\" (kafka_partition, kafka_offset)");
    sink_name_sql(sql, "a\"b");
    ck_assert_str_eq(sql, "\"a\"\"b\"");
}
END_TEST

START_TEST(an_insert_names_each_column_in_their_order)
{
    sink_insert_sql(sql, "messages", schema_by_workload("messages"), "the batch");
    ck_assert_str_eq(sql, "INSERT INTO \"messages\" (kafka_partition, kafka_offset, kafka_timestamp_us, "
                          "\"content\", \"key\") SELECT * FROM \"the batch\"");
}
END_TEST

START_TEST(rows_are_deleted_from_an_offset_on)
{
    sink_delete_sql(sql, "payments", 3, 41);
    ck_assert_str_eq(sql, "DELETE FROM \"payments\" WHERE kafka_partition = 3 AND kafka_offset >= 41");
}
END_TEST

START_TEST(every_schema_fits_with_the_longest_topic_of_quotes)
{
    char topic[250];
    const struct schema *schema;
    memset(topic, '"', sizeof topic - 1);
    topic[sizeof topic - 1] = '\0';
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
        sink_create_sql(sql, topic, schema, SINK_DIALECT_POSTGRES);
        ck_assert(sql[strlen(sql) - 1] == ')');
        sink_insert_sql(sql, topic, schema, "the batch");
        ck_assert(sql[strlen(sql) - 1] == '"');
        sink_index_sql(sql, topic, SINK_DIALECT_SQLITE);
        ck_assert(sql[strlen(sql) - 1] == ')');
    }
}
END_TEST

static void refuses(const char *topic, enum sink_dialect dialect, const char *because)
{
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(sink_name_check(topic, dialect, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_msg(strstr(error.text, because) != NULL, "%s", error.text);
}

START_TEST(names_that_no_table_of_a_topic_can_have_are_refused)
{
    char longest[250];
    memset(longest, 't', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(sink_name_check("payments", SINK_DIALECT_SQLITE, &error), 0);
    ck_assert_int_eq(sink_name_check("payments", SINK_DIALECT_POSTGRES, &error), 0);
    ck_assert_int_eq(sink_name_check("sqlit_e", SINK_DIALECT_SQLITE, &error), 0);
    ck_assert_int_eq(sink_name_check("sqlite_x", SINK_DIALECT_POSTGRES, &error), 0);
    ck_assert_int_eq(sink_name_check(longest, SINK_DIALECT_SQLITE, &error), 0);
    refuses("sqlite_x", SINK_DIALECT_SQLITE,
            "SQLite: no table can be named after the topic sqlite_x: the name is the data");
    refuses("SQLITE_", SINK_DIALECT_SQLITE, "the name is the database's own");
    for (enum sink_dialect dialect = 0; dialect < SINK_DIALECTS; dialect++) {
        refuses("ksupervise_offsets", dialect, "the name is the sink's own");
        refuses("KSUPERVISE_OUTBOX", dialect, "the name is the sink's own");
    }
    refuses(longest, SINK_DIALECT_POSTGRES, "at most 63 bytes, and the topic's 249: ttt");
    longest[63] = '\0';
    ck_assert_int_eq(sink_name_check(longest, SINK_DIALECT_POSTGRES, &error), 0);
}
END_TEST

START_TEST(who_lost_a_partition_hears_which_and_how)
{
    ck_assert_int_eq(sink_lost(&error, "x.db", 7, true), -1);
    ck_assert_str_eq(error.text, "x.db: [7]: another process took it over, or the database was restored");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    sink_lost(&error, "x.db", 7, false);
    ck_assert_str_eq(error.text,
                     "x.db: [7]: its row in ksupervise_offsets is gone: the database was changed");
}
END_TEST

START_TEST(a_batch_lies_within_its_ranges_or_is_none)
{
    rd_kafka_message_t messages[] = {{.partition = 1, .offset = 4}, {.partition = 2, .offset = 9}};
    struct item item = {.message = &messages[0]};
    struct sink_death death = {.message = &messages[1]};
    struct sink_range ranges[] = {{2, 3, {10, WITNESS_NONE, STATS_UNKNOWN}},
                                  {1, 3, {5, WITNESS_NONE, STATS_UNKNOWN}}};
    struct sink_batch batch = {.items = &item,
                               .item_count = 1,
                               .ranges = ranges,
                               .range_count = 2,
                               .deaths = &death,
                               .death_count = 1};
    ck_assert(sink_batch_is_within(&batch));
    messages[0].offset = 5;
    ck_assert(!sink_batch_is_within(&batch));
    messages[0].offset = 4;
    messages[1].offset = 10;
    ck_assert(!sink_batch_is_within(&batch));
    messages[1].offset = 9;
    batch.range_count = 1; /* none of partition 1 */
    ck_assert(!sink_batch_is_within(&batch));
    batch.item_count = 0;
    ck_assert(sink_batch_is_within(&batch));
}
END_TEST

START_TEST(epochs_are_of_partitions_and_none_is_nobodys)
{
    struct sink_epochs epochs = {0};
    ck_assert_int_eq(sink_epoch(&epochs, 0), 0);
    ck_assert_int_eq(sink_epoch_set(&epochs, 7, 3, &error), 0);
    ck_assert_int_eq(sink_epoch(&epochs, 7), 3);
    ck_assert_int_eq(sink_epoch(&epochs, 6), 0);
    ck_assert_int_eq(sink_epoch(&epochs, 8), 0);
    ck_assert_int_eq(sink_epoch_set(&epochs, 7, 4, &error), 0);
    ck_assert_int_eq(sink_epoch(&epochs, 7), 4);
    sink_epochs_release(&epochs);
}
END_TEST

static void same(const rd_kafka_headers_t *a, const rd_kafka_headers_t *b)
{
    ck_assert_uint_eq(rd_kafka_header_cnt(a), rd_kafka_header_cnt(b));
    for (size_t i = 0; i < rd_kafka_header_cnt(a); i++) {
        const char *names[2];
        const void *values[2];
        size_t lengths[2];
        rd_kafka_header_get_all(a, i, &names[0], &values[0], &lengths[0]);
        rd_kafka_header_get_all(b, i, &names[1], &values[1], &lengths[1]);
        ck_assert_str_eq(names[0], names[1]);
        ck_assert_uint_eq(lengths[0], lengths[1]);
        ck_assert((values[0] == NULL) == (values[1] == NULL));
        if (lengths[0] > 0)
            ck_assert_mem_eq(values[0], values[1], lengths[0]);
    }
}

static rd_kafka_headers_t *some_headers(void)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
    rd_kafka_header_add(headers, "schema", -1, "payment/1", -1);
    rd_kafka_header_add(headers, "nothing", -1, NULL, 0);
    rd_kafka_header_add(headers, "empty", -1, "", 0);
    rd_kafka_header_add(headers, "bytes", -1, "\x00\xff\xc1", 3);
    rd_kafka_header_add(headers, "schema", -1, "again", -1);
    return headers;
}

START_TEST(headers_come_back_as_they_went)
{
    rd_kafka_headers_t *headers = some_headers();
    size_t bytes;
    void *packed = sink_pack_headers(headers, &bytes);
    ck_assert_ptr_nonnull(packed);
    rd_kafka_headers_t *back = sink_unpack_headers(packed, bytes);
    same(headers, back);
    rd_kafka_headers_destroy(back);
    rd_kafka_headers_destroy(headers);
    free(packed);
}
END_TEST

START_TEST(bytes_that_are_no_headers_end_where_they_end)
{
    rd_kafka_headers_t *headers = some_headers();
    size_t bytes;
    char *packed = sink_pack_headers(headers, &bytes);
    for (size_t length = 0; length < bytes; length++) {
        char *exact = malloc(length > 0 ? length : 1); /* so that a sanitizer sees a byte too far */
        memcpy(exact, packed, length);
        rd_kafka_headers_t *some = sink_unpack_headers(exact, length);
        ck_assert_uint_le(rd_kafka_header_cnt(some), rd_kafka_header_cnt(headers));
        rd_kafka_headers_destroy(some);
        free(exact);
    }
    /* A text is no value, and no next name either. */
    rd_kafka_headers_t *one = sink_unpack_headers("\x96\241a\xc0\241b\241c\xc0", 9);
    ck_assert_uint_eq(rd_kafka_header_cnt(one), 1);
    rd_kafka_headers_destroy(one);
    rd_kafka_headers_t *none = sink_unpack_headers("\xdd\xff\xff\xff\xff", 5);
    ck_assert_uint_eq(rd_kafka_header_cnt(none), 0);
    rd_kafka_headers_destroy(none);
    rd_kafka_headers_destroy(headers);
    free(packed);
}
END_TEST

CHECK_MAIN("consumer/sink_table", a_table_has_a_column_for_each_field_and_three_of_its_own,
           names_are_quoted_whatever_they_hold, an_insert_names_each_column_in_their_order,
           rows_are_deleted_from_an_offset_on, every_schema_fits_with_the_longest_topic_of_quotes,
           names_that_no_table_of_a_topic_can_have_are_refused, who_lost_a_partition_hears_which_and_how,
           a_batch_lies_within_its_ranges_or_is_none, epochs_are_of_partitions_and_none_is_nobodys,
           headers_come_back_as_they_went, bytes_that_are_no_headers_end_where_they_end)
