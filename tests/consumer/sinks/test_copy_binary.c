#include "consumer/sinks/copy_binary.h"

#include "tests/consumer/fake_messages.h"

static struct copy_binary copy;
static struct record_storage storage;
static struct fake *fake;
static struct record record;
static struct item item = {.record = &record};

static void fill(const char *workload, const char *const *fields)
{
    fill_record(&record, &storage, schema_by_workload(workload), fields);
    item.message = &fake->message;
}

static void begin(void)
{
    struct error error = ERROR_INIT;
    ck_assert_int_eq(copy_binary_init(&copy, &error), 0);
    fake = fake_bytes(2, 258, NULL, 0);
    fake->timestamp_ms = 1;
    fill("messages", (const char *const[]){"content", "héllo", "key", "k", NULL});
}

static void end(void)
{
    rd_kafka_message_destroy(&fake->message);
    copy_binary_release(&copy);
}

static void holds(const char *bytes, size_t count)
{
    ck_assert_uint_eq(copy.used, count);
    ck_assert_mem_eq(copy.data, bytes, count);
}

#define HOLDS(bytes) holds(bytes, sizeof(bytes) - 1)

#define SIGNATURE "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define PLACE     "\0\0\0\10\0\0\0\0\0\0\0\2\0\0\0\10\0\0\0\0\0\0\1\2\0\0\0\10\0\0\0\0\0\0\3\350"

START_TEST(a_row_is_its_place_and_a_length_and_bytes_a_field)
{
    copy_binary_begin(&copy);
    copy_binary_row(&copy, &item);
    copy_binary_end(&copy);
    HOLDS(SIGNATURE "\0\5" PLACE "\0\0\0\6h\303\251llo\0\0\0\1k\377\377");
}
END_TEST

START_TEST(a_field_that_is_not_there_has_the_length_minus_one)
{
    copy_binary_begin(&copy);
    record.present &= ~2U;
    copy_binary_row(&copy, &item);
    HOLDS(SIGNATURE "\0\5" PLACE "\0\0\0\6h\303\251llo\377\377\377\377");
}
END_TEST

START_TEST(a_uuid_is_its_sixteen_bytes_and_money_its_minor_units)
{
    fill("payments",
         (const char *const[]){"user", "marek", "currency", "PLN", "amount", "2.59", "method", "blik", NULL});
    const struct schema *schema = record.schema;
    const uint8_t *uuid = record.values[schema_type_index(schema, FIELD_UUID)].uuid;
    copy_binary_begin(&copy);
    copy_binary_row(&copy, &item);
    ck_assert_int_eq(copy.data[20], 3 + (int)schema->field_count);
    ck_assert_ptr_nonnull(memmem(copy.data, copy.used, uuid, 16));
    ck_assert_ptr_nonnull(memmem(copy.data, copy.used, "\0\0\0\10\0\0\0\0\0\0\1\3", 12));
}
END_TEST

START_TEST(the_greatest_record_has_room_behind_what_is_to_be_sent)
{
    static char text[RECORD_BYTES_MAX];
    record.values[0].text = (struct mp_view){text, sizeof text};
    copy.used = COPY_BINARY_SEND_BYTES - 1;
    copy_binary_row(&copy, &item);
    copy_binary_end(&copy);
    ck_assert_uint_le(copy.used, COPY_BINARY_BYTES);
}
END_TEST

START_TEST(text_that_postgresql_holds_is_not_refused)
{
    ck_assert_ptr_null(copy_binary_refuses(&copy, &record));
    record.values[0].text = (struct mp_view){NULL, 0};
    ck_assert_ptr_null(copy_binary_refuses(&copy, &record));
}
END_TEST

START_TEST(a_nul_and_what_is_not_utf8_are_refused_in_any_field)
{
    record.values[1].text = (struct mp_view){"a\0b", 3};
    ck_assert_ptr_nonnull(strstr(copy_binary_refuses(&copy, &record), "NUL"));
    record.values[1].text = (struct mp_view){"\0", 1};
    ck_assert_ptr_nonnull(strstr(copy_binary_refuses(&copy, &record), "NUL"));
    record.values[1].text = (struct mp_view){"a\300\200b", 4};
    ck_assert_ptr_nonnull(strstr(copy_binary_refuses(&copy, &record), "not UTF-8"));
    record.present &= ~2U;
    ck_assert_ptr_null(copy_binary_refuses(&copy, &record));
}
END_TEST

START_TEST(the_bytes_of_a_uuid_are_no_text)
{
    fill("payments",
         (const char *const[]){"user", "marek", "currency", "PLN", "amount", "1.00", "method", "blik", NULL});
    int index = schema_type_index(record.schema, FIELD_UUID);
    memcpy(record.values[index].uuid, "\0\377\0\377\0\377\0\377\0\377\0\377\0\377\0\377", 16);
    ck_assert_ptr_null(copy_binary_refuses(&copy, &record));
}
END_TEST

CHECK_MAIN_WITH("consumer/copy_binary", begin, end, a_row_is_its_place_and_a_length_and_bytes_a_field,
                a_field_that_is_not_there_has_the_length_minus_one,
                a_uuid_is_its_sixteen_bytes_and_money_its_minor_units,
                the_greatest_record_has_room_behind_what_is_to_be_sent,
                text_that_postgresql_holds_is_not_refused,
                a_nul_and_what_is_not_utf8_are_refused_in_any_field, the_bytes_of_a_uuid_are_no_text)
