#include "tests/common/record/samples.h"

#include "common/record/text.h"
#include "tests/support/check_main.h"

/* The wire of payment/1, byte by byte: whoever changes it breaks every consumer that is out there. */
static const uint8_t golden[] = {
    0x87, 0xaa, 'p',  'a',  'y',  'm',  'e',  'n',  't',  '_',  'i',  'd',  0xc4, 0x10, 0x00, 0x11, 0x22,
    0x33, 0x44, 0x55, 0x46, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xa4, 'u',  's',  'e',
    'r',  0xa5, 'm',  'a',  'r',  'e',  'k',  0xac, 'a',  'm',  'o',  'u',  'n',  't',  '_',  'm',  'i',
    'n',  'o',  'r',  0xcd, 0x61, 0xa7, 0xa8, 'c',  'u',  'r',  'r',  'e',  'n',  'c',  'y',  0xa3, 'P',
    'L',  'N',  0xa8, 'e',  'x',  'p',  'o',  'n',  'e',  'n',  't',  0x02, 0xa6, 'm',  'e',  't',  'h',
    'o',  'd',  0xab, 'c',  'r',  'e',  'd',  'i',  't',  '_',  'c',  'a',  'r',  'd',  0xa9, 't',  'i',
    'm',  'e',  's',  't',  'a',  'm',  'p',  0xcf, 0x00, 0x06, 0x4b, 0xb7, 0x13, 0x98, 0x2d, 0xc2};

static void make_payment(struct record *record, struct record_storage *storage)
{
    struct error error = ERROR_INIT;
    static const char line[] =
        "{\"payment_id\":\"00112233-4455-4677-8899-aabbccddeeff\",\"user\":\"marek\",\"amount\":249.99,"
        "\"currency\":\"PLN\",\"method\":\"credit_card\",\"timestamp\":\"2026-02-26T09:52:20.102594+00:00\"}";
    int result =
        record_from_json(schema_by_workload("payments"), line, sizeof line - 1, storage, record, &error);
    ck_assert_msg(result == 0, "%s", error.text);
}

START_TEST(writes_the_golden_bytes_of_a_payment)
{
    static struct record_storage storage;
    struct record record;
    uint8_t bytes[RECORD_ENCODED_MAX];
    make_payment(&record, &storage);
    ck_assert_uint_eq(record_encode(&record, bytes, sizeof bytes), sizeof golden);
    ck_assert_mem_eq(bytes, golden, sizeof golden);
}
END_TEST

START_TEST(fits_exactly_or_returns_0)
{
    static struct record_storage storage;
    struct record record;
    make_payment(&record, &storage);
    for (size_t room = 0; room <= sizeof golden; room++) {
        uint8_t *exact = malloc(room + 1);
        ck_assert_ptr_nonnull(exact);
        exact[room] = 0x5a;
        ck_assert_uint_eq(record_encode(&record, exact, room), room == sizeof golden ? room : 0);
        ck_assert_uint_eq(exact[room], 0x5a);
        free(exact);
    }
}
END_TEST

START_TEST(msgpack_c_reads_every_generated_record)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct payload payload = sample_payload(schema, 21);
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        size_t offset = 0;
        ck_assert_int_eq(msgpack_unpack_next(&unpacked, (const char *)payload.bytes, payload.length, &offset),
                         MSGPACK_UNPACK_SUCCESS);
        ck_assert_uint_eq(offset, payload.length);
        ck_assert_int_eq(unpacked.data.type, MSGPACK_OBJECT_MAP);
        ck_assert_uint_eq(unpacked.data.via.map.size, schema->field_count);
        for (size_t i = 0; i < schema->field_count; i++) {
            msgpack_object key = unpacked.data.via.map.ptr[i].key;
            ck_assert_int_eq(key.type, MSGPACK_OBJECT_STR);
            ck_assert_uint_eq(key.via.str.size, strlen(schema->fields[i].name));
            ck_assert_mem_eq(key.via.str.ptr, schema->fields[i].name, key.via.str.size);
        }
        msgpack_unpacked_destroy(&unpacked);
    }
}
END_TEST

START_TEST(round_trips_texts_of_every_length)
{
    static char filler[RECORD_ENCODED_MAX];
    static uint8_t bytes[RECORD_ENCODED_MAX];
    memset(filler, 'x', sizeof filler);
    const struct schema *message = schema_by_workload("messages");
    for (uint32_t length = 0; length <= 60000; length += length < 400 ? 1 : 997) {
        struct record record = {.schema = message, .present = 1};
        record.values[0].text = (struct mp_view){filler, length};
        size_t encoded = record_encode(&record, bytes, sizeof bytes);
        ck_assert_uint_gt(encoded, length);
        struct record read;
        struct record_problem problem;
        ck_assert_int_eq(record_decode(message, bytes, encoded, &read, &problem), 0);
        ck_assert_uint_eq(read.values[0].text.length, length);
        ck_assert_mem_eq(read.values[0].text.data, filler, length);
    }
}
END_TEST

START_TEST(the_largest_valid_record_fits)
{
    static char filler[RECORD_ENCODED_MAX];
    static uint8_t bytes[RECORD_ENCODED_MAX];
    memset(filler, 'x', sizeof filler);
    FOR_EACH_SCHEMA(schema)
    {
        struct record record = {.schema = schema};
        for (size_t i = 0; i < schema->field_count; i++) {
            const struct field *field = &schema->fields[i];
            record.present |= UINT32_C(1) << i;
            if (field->type == FIELD_UUID)
                record.values[i].text = (struct mp_view){filler, 16};
            else if (field->type == FIELD_ENUM)
                record.values[i].text = (struct mp_view){filler, 64};
            else if (field->type == FIELD_STRING || field->type == FIELD_CURRENCY)
                record.values[i].text = (struct mp_view){filler, (uint32_t)field->maximum};
            else
                record.values[i].integer = INT64_MIN;
        }
        ck_assert_uint_gt(record_encode(&record, bytes, sizeof bytes), 0);
    }
}
END_TEST

START_TEST(the_partition_key_is_text)
{
    char key[RECORD_KEY_BYTES];
    static struct record_storage storage;
    struct record record;
    make_payment(&record, &storage);
    ck_assert_uint_eq(record_key(&record, key), 5);
    ck_assert_mem_eq(key, "marek", 5);

    record = (struct record){.schema = schema_by_workload("transactions"), .present = 2};
    record.values[1].integer = 1234;
    ck_assert_uint_eq(record_key(&record, key), 4);
    ck_assert_mem_eq(key, "1234", 4);
}
END_TEST

START_TEST(a_message_without_key_has_no_partition_key)
{
    char key[RECORD_KEY_BYTES];
    struct record record = {.schema = schema_by_workload("messages"), .present = 1};
    record.values[0].text = (struct mp_view){"hi", 2};
    ck_assert_uint_eq(record_key(&record, key), 0);
}
END_TEST

CHECK_MAIN("common/record/encode", writes_the_golden_bytes_of_a_payment, fits_exactly_or_returns_0,
           msgpack_c_reads_every_generated_record, round_trips_texts_of_every_length,
           the_largest_valid_record_fits, the_partition_key_is_text,
           a_message_without_key_has_no_partition_key)
