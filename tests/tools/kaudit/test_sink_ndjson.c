/* A file of JSON lines as a consumer writes it: what an audit reads out of it, and that each line is compared
 * with its record. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/kaudit/failing_sqlite.h"
#include "tests/tools/kaudit/sink_case.h"

static char path[64];

static void set_up(void)
{
    snprintf(path, sizeof path, "/tmp/lines-XXXXXX");
    close(mkstemp(path));
    look_for(path);
}

static void tear_down(void)
{
    close_sink();
    unlink(path);
}

static void writes(const char *text)
{
    FILE *file = fopen(path, "we");
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void opens(void)
{
    ck_assert_msg(sink_open_ndjson(&sink, &spec, &error) == 0, "%s", error.text);
}

START_TEST(lines_are_offsets_by_partition_under_either_name)
{
    writes("{\"partition\":0,\"offset\":5}\n{\"kafka_partition\":2,\"kafka_offset\":1}\n{\"partition\":0,"
           "\"offset\":5}\n{\"partition\":0,\"offset\":1}\n");
    opens();
    ck_assert_str_eq(offsets(&sink.source, 0), "1 5 5 ");
    ck_assert_str_eq(offsets(&sink.source, 2), "1 ");
    ck_assert_uint_eq(sink.elsewhere, 0);
    ck_assert_int_eq(sink.form, CONTENT_JSON);
}
END_TEST

START_TEST(a_line_that_is_none_or_of_no_partition_is_counted_and_a_torn_last_one_is_passed_over)
{
    writes(
        "x\n\n{\"partition\":3,\"offset\":1}\n{\"partition\":-1,\"offset\":1}\n{\"partition\":\"0\","
        "\"offset\":1}\n{\"partition\":0}\n{\"partition\":0,\"offset\":1}\n{\"partition\":0,\"offset\":2}");
    opens();
    ck_assert_uint_eq(sink.elsewhere, 6); /* an empty one, too, ends nothing */
    ck_assert_str_eq(offsets(&sink.source, 0), "1 ");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_error)
{
    unlink(path);
    ck_assert_int_eq(sink_open_ndjson(&sink, &spec, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--ndjson "));
    ck_assert_ptr_nonnull(strstr(error.text, "cannot open it: No such file"));
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(sink_open_ndjson(&sink, &spec, &error), -1);
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
        writes(line);
        sink = (struct sink){0};
        opens();
        ck_assert_ptr_eq(sink.schema, schema);
        ck_assert_uint_eq(difference(CONTENT_JSON), 0);
        source_close(&sink.source);
        make_record(schema); /* another one */
        opens();
        ck_assert_uint_ne(difference(CONTENT_JSON), 0);
        source_close(&sink.source);
    }
}
END_TEST

/* A zero byte is a character like any other in UTF-8: a record may have it, and its line then is a line. */
START_TEST(a_line_with_a_zero_byte_in_a_text_is_a_line)
{
    static char json[RECORD_JSON_MAX], line[RECORD_JSON_MAX + 64];
    const struct schema *schema = schema_by_workload("messages");
    make_first(schema);
    record.values[schema_field_index(schema, "content", 7)].text = (struct mp_view){"a\0b", 3};
    payload_length = record_encode(&record, payload, sizeof payload);
    ck_assert_int_eq(record_json(&record, json, sizeof json), 0);
    snprintf(line, sizeof line, "{\"partition\":0,\"offset\":1,%s\n", json + 1);
    writes(line);
    opens();
    ck_assert_uint_eq(sink.elsewhere, 0);
    ck_assert_uint_eq(difference(CONTENT_JSON), 0);
}
END_TEST

START_TEST(lines_that_cannot_be_sorted_are_an_error_not_an_empty_file)
{
    static const char *const steps[] = {"", "INSERT", "COMMIT"};
    writes("{\"partition\":0,\"offset\":1}\n{\"partition\":0,\"offset\":2}\n");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        close_sink();
        sqlite_fails = steps[i];
        ck_assert_int_eq(sink_open_ndjson(&sink, &spec, &error), -1);
        ck_assert_ptr_nonnull(strstr(error.text, "a temporary table: "));
    }
    sqlite_fails = NULL;
    opens();
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/sink_ndjson", set_up, tear_down,
                lines_are_offsets_by_partition_under_either_name,
                a_line_that_is_none_or_of_no_partition_is_counted_and_a_torn_last_one_is_passed_over,
                a_file_that_cannot_be_read_is_an_error, a_line_with_a_zero_byte_in_a_text_is_a_line,
                lines_that_cannot_be_sorted_are_an_error_not_an_empty_file,
                a_line_of_any_schema_is_compared_with_its_record)
