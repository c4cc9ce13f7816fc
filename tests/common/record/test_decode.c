#include "tests/common/record/samples.h"

#include "tests/support/check_main.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static const struct schema *message(void)
{
    return schema_by_workload("messages");
}

static enum record_fault decode(const struct schema *schema, const void *bytes, size_t length,
                                struct record *record, struct record_problem *problem)
{
    *problem = (struct record_problem){.fault = RECORD_OK};
    int result = record_decode(schema, bytes, length, record, problem);
    ck_assert_int_eq(result, problem->fault == RECORD_OK ? 0 : -1);
    return problem->fault;
}

/* For payloads where only the fault and its place matter. */
static void expect_fault(const struct schema *schema, const void *bytes, size_t length,
                         enum record_fault fault, uint32_t offset)
{
    struct record record;
    struct record_problem problem;
    ck_assert_int_eq(decode(schema, bytes, length, &record, &problem), fault);
    ck_assert_uint_eq(problem.offset, offset);
}

static void expect_handmade(const struct handmade *handmade, enum record_fault fault, uint32_t offset)
{
    expect_fault(message(), handmade->buffer.data, handmade->buffer.size, fault, offset);
}

/* msgpack-c's opinion: exactly one whole object. Only for bytes whose walk found every count and length to be
 * there. */
static bool oracle_accepts(const void *bytes, size_t length)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    msgpack_unpack_return result = msgpack_unpack_next(&unpacked, bytes, length, &offset);
    msgpack_unpacked_destroy(&unpacked);
    return result == MSGPACK_UNPACK_SUCCESS && offset == length;
}

static bool well_formed(const void *bytes, size_t length)
{
    struct mp_reader reader;
    mp_init(&reader, bytes, length);
    return mp_skip(&reader, MP_DEPTH_MAX) && mp_at_end(&reader);
}

START_TEST(rejects_every_truncation_of_every_schema)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct payload payload = sample_payload(schema, 7);
        for (size_t length = 0; length < payload.length; length++) {
            uint8_t *exact = malloc(length + 1); /* a sanitizer sees a read past the end */
            ck_assert_ptr_nonnull(exact);
            memcpy(exact + 1, payload.bytes, length);
            struct record record;
            struct record_problem problem;
            ck_assert_int_eq(decode(schema, exact + 1, length, &record, &problem), RECORD_TRUNCATED);
            ck_assert_uint_le(problem.offset, length);
            free(exact);
        }
    }
}
END_TEST

START_TEST(agrees_with_msgpack_c_after_every_single_byte_flip)
{
    size_t accepted = 0;
    FOR_EACH_SCHEMA(schema)
    {
        struct payload payload = sample_payload(schema, 11);
        for (size_t at = 0; at < payload.length; at++) {
            for (unsigned flip = 1; flip < 256; flip++) {
                payload.bytes[at] ^= (uint8_t)flip;
                struct record record;
                struct record_problem problem;
                enum record_fault fault = decode(schema, payload.bytes, payload.length, &record, &problem);
                bool whole = well_formed(payload.bytes, payload.length);
                if (whole)
                    ck_assert(oracle_accepts(payload.bytes, payload.length));
                if (fault == RECORD_OK) {
                    ck_assert(whole);
                    accepted++;
                }
                if (fault == RECORD_TRUNCATED || fault == RECORD_INVALID_BYTE ||
                    fault == RECORD_TRAILING_BYTES)
                    ck_assert(!whole);
                payload.bytes[at] ^= (uint8_t)flip;
            }
        }
    }
    ck_assert_uint_gt(accepted, 1000); /* flips inside of texts and numbers */
}
END_TEST

START_TEST(reads_what_the_encoder_wrote)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct generator generator;
        generator_init(&generator, 3);
        for (int i = 0; i < 2000; i++) {
            struct record made;
            struct record read;
            struct record_problem problem;
            uint8_t bytes[1024];
            generator_next(&generator, schema, SAMPLE_WALL_US + i, &made);
            size_t length = record_encode(&made, bytes, sizeof bytes);
            ck_assert_int_eq(decode(schema, bytes, length, &read, &problem), RECORD_OK);
            ck_assert_uint_eq(read.present, made.present);
            ck_assert_uint_eq(read.unknown_fields, 0);
            uint8_t again[1024];
            ck_assert_uint_eq(record_encode(&read, again, sizeof again), length);
            ck_assert_mem_eq(again, bytes, length);
        }
    }
}
END_TEST

START_TEST(reads_fields_in_any_order_and_keys_in_any_encoding)
{
    /* {"key": "a" as str 8, str 8 "content": "hi"} */
    struct record record;
    struct record_problem problem;
    static const uint8_t bytes[] = {0xde, 0, 2,   0xd9, 3,   'k', 'e', 'y', 0xd9, 1,    'a', 0xda,
                                    0,    7, 'c', 'o',  'n', 't', 'e', 'n', 't',  0xa2, 'h', 'i'};
    ck_assert_int_eq(decode(message(), bytes, sizeof bytes, &record, &problem), RECORD_OK);
    ck_assert_uint_eq(record.present, 3);
    ck_assert_uint_eq(record.values[0].text.length, 2);
    ck_assert_mem_eq(record.values[0].text.data, "hi", 2);
    ck_assert_mem_eq(record.values[1].text.data, "a", 1);
}
END_TEST

START_TEST(an_optional_field_may_be_absent)
{
    struct handmade handmade;
    handmade_init(&handmade, 1);
    handmade_pair(&handmade, "content", "hi");
    struct record record;
    struct record_problem problem;
    ck_assert_int_eq(decode(message(), handmade.buffer.data, handmade.buffer.size, &record, &problem),
                     RECORD_OK);
    ck_assert(record_has(&record, 0) && !record_has(&record, 1));
    handmade_release(&handmade);
}
END_TEST

START_TEST(names_the_field_that_is_missing)
{
    FOR_EACH_SCHEMA(schema)
    {
        for (size_t left_out = 0; left_out < schema->field_count; left_out++) {
            struct generator generator;
            struct record record;
            struct record_problem problem;
            uint8_t bytes[1024];
            generator_init(&generator, 5);
            generator_next(&generator, schema, SAMPLE_WALL_US, &record);
            record.present &= ~(UINT32_C(1) << left_out);
            size_t length = record_encode(&record, bytes, sizeof bytes);
            enum record_fault fault = decode(schema, bytes, length, &record, &problem);
            ck_assert_int_eq(fault, schema->fields[left_out].optional ? RECORD_OK : RECORD_MISSING_FIELD);
            if (fault != RECORD_OK)
                ck_assert_ptr_eq(problem.field, &schema->fields[left_out]);
        }
    }
}
END_TEST

START_TEST(rejects_a_field_that_is_there_twice)
{
    struct handmade handmade;
    handmade_init(&handmade, 3);
    handmade_pair(&handmade, "content", "hi");
    handmade_pair(&handmade, "key", "a");
    uint32_t offset = (uint32_t)handmade.buffer.size;
    handmade_pair(&handmade, "content", "ho");
    expect_handmade(&handmade, RECORD_DUPLICATE_FIELD, offset);
    handmade_release(&handmade);

    handmade_init(&handmade, 3); /* the second comes right where the next field is expected */
    handmade_pair(&handmade, "key", "a");
    handmade_pair(&handmade, "content", "hi");
    offset = (uint32_t)handmade.buffer.size;
    handmade_pair(&handmade, "key", "b");
    expect_handmade(&handmade, RECORD_DUPLICATE_FIELD, offset);
    handmade_release(&handmade);
}
END_TEST

START_TEST(skips_and_counts_the_unknown_fields_of_a_newer_producer)
{
    struct handmade handmade;
    handmade_init(&handmade, 5);
    handmade_pair(&handmade, "colour", "red");
    handmade_pair(&handmade, "content", "hi");
    handmade_text(&handmade, "attributes");
    msgpack_pack_map(&handmade.packer, 1);
    handmade_text(&handmade, "content"); /* inside of it, it is another's */
    msgpack_pack_array(&handmade.packer, 2);
    msgpack_pack_double(&handmade.packer, 1.5);
    msgpack_pack_nil(&handmade.packer);
    handmade_pair(&handmade, "key", "a");
    handmade_text(&handmade, "weight");
    msgpack_pack_int64(&handmade.packer, -7);
    struct record record;
    struct record_problem problem;
    ck_assert_int_eq(decode(message(), handmade.buffer.data, handmade.buffer.size, &record, &problem),
                     RECORD_OK);
    ck_assert_uint_eq(record.unknown_fields, 3);
    ck_assert_uint_eq(record.present, 3);
    ck_assert_uint_eq(record.values[1].text.length, 1);
    handmade_release(&handmade);
}
END_TEST

START_TEST(unknown_fields_may_nest_only_so_deep)
{
    for (unsigned depth = 1; depth <= 40; depth++) {
        struct handmade handmade;
        handmade_init(&handmade, 2);
        handmade_pair(&handmade, "content", "hi");
        handmade_text(&handmade, "bomb");
        uint32_t begin = (uint32_t)handmade.buffer.size;
        for (unsigned i = 0; i < depth; i++)
            msgpack_pack_array(&handmade.packer, 1);
        msgpack_pack_nil(&handmade.packer);
        if (depth < MP_DEPTH_MAX) /* the record is one level */
            expect_handmade(&handmade, RECORD_OK, 0);
        else
            expect_handmade(&handmade, RECORD_TOO_DEEP, begin + MP_DEPTH_MAX - 1);
        handmade_release(&handmade);
    }
}
END_TEST

START_TEST(rejects_more_fields_than_a_record_may_have)
{
    struct handmade handmade;
    handmade_init(&handmade, RECORD_PAIRS_MAX + 1);
    for (int i = 0; i <= RECORD_PAIRS_MAX; i++)
        handmade_pair(&handmade, "more", "");
    expect_handmade(&handmade, RECORD_TOO_MANY_FIELDS, 3);
    handmade_release(&handmade);
    handmade_init(&handmade, RECORD_PAIRS_MAX);
    handmade_pair(&handmade, "content", "hi");
    for (int i = 1; i < RECORD_PAIRS_MAX; i++)
        handmade_pair(&handmade, "more", "");
    expect_handmade(&handmade, RECORD_OK, 0);
    handmade_release(&handmade);
}
END_TEST

START_TEST(rejects_bytes_after_the_record)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct payload payload = sample_payload(schema, 1);
        payload.bytes[payload.length] = 0xc0;
        expect_fault(schema, payload.bytes, payload.length + 1, RECORD_TRAILING_BYTES,
                     (uint32_t)payload.length);
    }
}
END_TEST

START_TEST(rejects_a_payload_beyond_the_limit)
{
    static uint8_t large[RECORD_BYTES_MAX + 1];
    expect_fault(message(), large, sizeof large, RECORD_TOO_LARGE, 0);
}
END_TEST

START_TEST(rejects_what_is_no_map)
{
    expect_fault(message(), BYTES(0x93, 1, 2, 3), RECORD_NOT_A_MAP, 0);
    expect_fault(message(), BYTES(0xa3, 'a', 'b', 'c'), RECORD_NOT_A_MAP, 0);
    expect_fault(message(), BYTES('{', '}'), RECORD_IS_JSON, 0);
    expect_fault(message(), BYTES(0xc1), RECORD_INVALID_BYTE, 0);
    expect_fault(message(), NULL, 0, RECORD_TRUNCATED, 0);
}
END_TEST

START_TEST(rejects_the_map_that_makes_msgpack_c_allocate_16_gib)
{
    FOR_EACH_SCHEMA(schema)
    {
        expect_fault(schema, BYTES(0xdf, 0x0a, 0xdf, 0xdf, 0xdf, 0xdf), RECORD_TRUNCATED, 0);
    }
}
END_TEST

START_TEST(rejects_a_key_that_is_no_string)
{
    expect_fault(message(), BYTES(0x81, 0x01, 0x02), RECORD_KEY_NOT_STRING, 1);
    expect_fault(message(), BYTES(0x81, 0xc4, 0x01, 'k', 0x02), RECORD_KEY_NOT_STRING, 1);
    expect_fault(message(), BYTES(0x81, 0xc1, 0x02), RECORD_INVALID_BYTE, 1);
}
END_TEST

/* Every field of every schema, with every type in its place. */
START_TEST(rejects_every_wrong_type_and_says_which)
{
    static const struct {
        uint8_t bytes[4];
        size_t length;
        enum mp_type type;
    } values[] = {{{0xc0}, 1, MP_NIL},   {{0xc3}, 1, MP_BOOL},     {{0x07}, 1, MP_UINT},
                  {{0xff}, 1, MP_INT},   {{0xa1, 'x'}, 2, MP_STR}, {{0xc4, 1, 'x'}, 3, MP_BIN},
                  {{0x90}, 1, MP_ARRAY}, {{0x80}, 1, MP_MAP},      {{0xd4, 1, 1}, 3, MP_EXT}};
    FOR_EACH_SCHEMA(schema)
    {
        for (size_t f = 0; f < schema->field_count; f++) {
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
                struct handmade handmade;
                handmade_init(&handmade, 1);
                handmade_text(&handmade, schema->fields[f].name);
                uint32_t offset = (uint32_t)handmade.buffer.size;
                msgpack_sbuffer_write(&handmade.buffer, (const char *)values[v].bytes, values[v].length);
                struct record record;
                struct record_problem problem;
                enum record_fault fault =
                    decode(schema, handmade.buffer.data, handmade.buffer.size, &record, &problem);
                enum field_type type = schema->fields[f].type;
                bool text = type == FIELD_STRING || type == FIELD_CURRENCY || type == FIELD_ENUM;
                bool fits = text                 ? values[v].type == MP_STR
                            : type == FIELD_UUID ? values[v].type == MP_BIN
                                                 : values[v].type == MP_UINT || values[v].type == MP_INT;
                if (values[v].type == MP_NIL && schema->fields[f].optional)
                    fits = true; /* as good as absent */
                if (!fits) {
                    ck_assert_int_eq(fault, RECORD_WRONG_TYPE);
                    ck_assert_int_eq(problem.found, values[v].type);
                }
                if (!fits || fault == RECORD_OUT_OF_RANGE) {
                    ck_assert_uint_eq(problem.offset, offset);
                    ck_assert_ptr_eq(problem.field, &schema->fields[f]);
                }
                handmade_release(&handmade);
            }
        }
    }
}
END_TEST

START_TEST(rejects_values_that_could_not_be_shown)
{
    const struct schema *payment = schema_by_workload("payments");
    struct payload payload = sample_payload(payment, 1);
    /* 15 bytes where a UUID has 16, an exponent of 5, an amount beyond int64 */
    static const uint8_t short_uuid[] = {0x81, 0xaa, 'p',  'a', 'y', 'm', 'e', 'n', 't', '_',
                                         'i',  'd',  0xc4, 15,  0,   0,   0,   0,   0,   0,
                                         0,    0,    0,    0,   0,   0,   0,   0,   0};
    expect_fault(payment, short_uuid, sizeof short_uuid, RECORD_OUT_OF_RANGE, 12);
    static const uint8_t exponent[] = {0x81, 0xa8, 'e', 'x', 'p', 'o', 'n', 'e', 'n', 't', 5};
    expect_fault(payment, exponent, sizeof exponent, RECORD_OUT_OF_RANGE, 10);
    static const uint8_t beyond[] = {0x81, 0xa9, 't',  'i',  'm',  'e',  's',  't',  'a',  'm',
                                     'p',  0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    expect_fault(payment, beyond, sizeof beyond, RECORD_OUT_OF_RANGE, 11);
    expect_fault(payment, payload.bytes, payload.length, RECORD_OK, 0);
}
END_TEST

CHECK_MAIN("common/record/decode", rejects_every_truncation_of_every_schema,
           agrees_with_msgpack_c_after_every_single_byte_flip, reads_what_the_encoder_wrote,
           reads_fields_in_any_order_and_keys_in_any_encoding, an_optional_field_may_be_absent,
           names_the_field_that_is_missing, rejects_a_field_that_is_there_twice,
           skips_and_counts_the_unknown_fields_of_a_newer_producer, unknown_fields_may_nest_only_so_deep,
           rejects_more_fields_than_a_record_may_have, rejects_bytes_after_the_record,
           rejects_a_payload_beyond_the_limit, rejects_what_is_no_map,
           rejects_the_map_that_makes_msgpack_c_allocate_16_gib, rejects_a_key_that_is_no_string,
           rejects_every_wrong_type_and_says_which, rejects_values_that_could_not_be_shown)
