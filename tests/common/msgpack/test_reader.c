#include "common/msgpack/reader.h"

#include <msgpack.h>

#include "tests/support/check_main.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static struct mp_reader reader_of(const void *bytes, size_t length)
{
    struct mp_reader reader;
    mp_init(&reader, bytes, length);
    return reader;
}

static enum mp_fault step(const void *bytes, size_t length, unsigned depth, size_t *offset)
{
    struct mp_reader reader = reader_of(bytes, length);
    enum mp_fault fault = mp_step(&reader, depth);
    *offset = mp_offset(&reader);
    return fault;
}

/* One value of every format, so that each can be cut and stepped over. */
static void pack_everything(msgpack_sbuffer *buffer)
{
    static const char filler[70000];
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    static const size_t lengths[] = {0, 31, 32, 255, 256, 65536};
    msgpack_pack_array(&packer, 18 + 5 + 12 + 5);
    for (size_t i = 0; i < 6; i++) {
        msgpack_pack_str_with_body(&packer, filler, lengths[i]);
        msgpack_pack_bin_with_body(&packer, filler, lengths[i]);
        msgpack_pack_ext_with_body(&packer, filler, lengths[i], 7);
    }
    for (size_t length = 1; length <= 16; length *= 2)
        msgpack_pack_ext_with_body(&packer, filler, length, -1);
    static const int64_t integers[] = {0,  127, 128, 65535, 65536,  INT64_MAX,
                                       -1, -32, -33, -129,  -32769, INT64_MIN};
    for (size_t i = 0; i < 12; i++)
        msgpack_pack_int64(&packer, integers[i]);
    msgpack_pack_nil(&packer);
    msgpack_pack_true(&packer);
    msgpack_pack_float(&packer, 1.5F);
    msgpack_pack_double(&packer, 2.5);
    msgpack_pack_map(&packer, 0);
}

START_TEST(reads_every_integer_that_msgpack_c_packs)
{
    static const int64_t values[] = {0,
                                     1,
                                     127,
                                     128,
                                     255,
                                     256,
                                     65535,
                                     65536,
                                     UINT32_MAX,
                                     INT64_MAX,
                                     -1,
                                     -32,
                                     -33,
                                     -128,
                                     -129,
                                     -32768,
                                     -32769,
                                     INT32_MIN,
                                     (int64_t)INT32_MIN - 1,
                                     INT64_MIN,
                                     (int64_t)UINT32_MAX + 1};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        msgpack_packer packer;
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        msgpack_pack_int64(&packer, values[i]);
        struct mp_reader reader = reader_of(buffer.data, buffer.size);
        int64_t value = 42;
        ck_assert(mp_read_int(&reader, &value));
        ck_assert_int_eq(value, values[i]);
        ck_assert(mp_at_end(&reader));
        for (size_t length = 0; length < buffer.size; length++) {
            reader = reader_of(buffer.data, length);
            ck_assert(!mp_read_int(&reader, &value));
            ck_assert_uint_eq(mp_offset(&reader), 0);
        }
        msgpack_sbuffer_destroy(&buffer);
    }
}
END_TEST

START_TEST(reads_integers_in_longer_formats_than_they_need)
{
    int64_t value = 42;
    struct mp_reader reader = reader_of(BYTES(0xcf, 0, 0, 0, 0, 0, 0, 0, 7));
    ck_assert(mp_read_int(&reader, &value) && value == 7);
    reader = reader_of(BYTES(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    ck_assert(mp_read_int(&reader, &value) && value == -1);
    reader = reader_of(BYTES(0xd2, 0xff, 0xff, 0xff, 0x00));
    ck_assert(mp_read_int(&reader, &value) && value == -256);
    reader = reader_of(BYTES(0xd1, 0xff, 0x00));
    ck_assert(mp_read_int(&reader, &value) && value == -256);
}
END_TEST

START_TEST(refuses_an_integer_beyond_int64)
{
    int64_t value = 42;
    struct mp_reader reader = reader_of(BYTES(0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0));
    ck_assert(!mp_read_int(&reader, &value));
    ck_assert_uint_eq(mp_offset(&reader), 0);
    ck_assert_int_eq(mp_peek(&reader), MP_UINT);
    ck_assert_int_eq(mp_step(&reader, 0), MP_OK);
}
END_TEST

START_TEST(reads_strings_and_binary_of_every_length_format)
{
    static const char filler[70000];
    static const size_t lengths[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        msgpack_packer packer;
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        msgpack_pack_str_with_body(&packer, filler, lengths[i]);
        size_t string_end = buffer.size;
        msgpack_pack_bin_with_body(&packer, filler, lengths[i]);

        struct mp_reader reader = reader_of(buffer.data, buffer.size);
        struct mp_view view;
        ck_assert(!mp_read_bin(&reader, &view));
        ck_assert(mp_read_str(&reader, &view));
        ck_assert_uint_eq(view.length, lengths[i]);
        ck_assert_ptr_eq(view.data, buffer.data + string_end - lengths[i]);
        ck_assert(!mp_read_str(&reader, &view));
        ck_assert(mp_read_bin(&reader, &view));
        ck_assert_uint_eq(view.length, lengths[i]);
        ck_assert(mp_at_end(&reader));

        reader = reader_of(buffer.data, string_end - 1);
        ck_assert(!mp_read_str(&reader, &view));
        ck_assert_uint_eq(mp_offset(&reader), 0);
        reader = reader_of(buffer.data + string_end, buffer.size - string_end - 1);
        ck_assert(!mp_read_bin(&reader, &view));
        msgpack_sbuffer_destroy(&buffer);
    }
}
END_TEST

START_TEST(reads_nil_and_booleans)
{
    bool value = false;
    struct mp_reader reader = reader_of(BYTES(0xc0, 0xc3, 0xc2));
    ck_assert(!mp_read_bool(&reader, &value));
    ck_assert(mp_read_nil(&reader));
    ck_assert(!mp_read_nil(&reader));
    ck_assert(mp_read_bool(&reader, &value) && value);
    ck_assert(mp_read_bool(&reader, &value) && !value);
    ck_assert(!mp_read_bool(&reader, &value) && !mp_read_nil(&reader));
    ck_assert_int_eq(mp_peek(&reader), MP_END);
}
END_TEST

START_TEST(believes_no_count_that_the_bytes_cannot_hold)
{
    uint32_t count = 42;
    struct mp_reader reader = reader_of(BYTES(0xdf, 0x0a, 0xdf, 0xdf, 0xdf, 0xdf));
    ck_assert(!mp_read_map(&reader, &count));
    reader = reader_of(BYTES(0xdd, 0xff, 0xff, 0xff, 0xff, 0x01));
    ck_assert(!mp_read_array(&reader, &count));
    reader = reader_of(BYTES(0x82, 1, 2, 3)); /* two pairs need four bytes */
    ck_assert(!mp_read_map(&reader, &count));
    reader = reader_of(BYTES(0x93, 1, 2));
    ck_assert(!mp_read_array(&reader, &count));
    ck_assert_uint_eq(count, 42);
    reader = reader_of(BYTES(0xde, 0, 1, 2, 3));
    ck_assert(mp_read_map(&reader, &count) && count == 1 && mp_offset(&reader) == 3);
    reader = reader_of(BYTES(0xdc, 0, 1, 2));
    ck_assert(mp_read_array(&reader, &count) && count == 1 && mp_offset(&reader) == 3);
}
END_TEST

START_TEST(names_every_first_byte)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t byte = (uint8_t)first;
        struct mp_reader reader = reader_of(&byte, 1);
        enum mp_type type = mp_peek(&reader);
        ck_assert_int_ne(type, MP_END);
        ck_assert_str_ne(mp_type_name(type), "?");
        ck_assert((type == MP_NEVER) == (first == 0xc1));
    }
    ck_assert_str_eq(mp_type_name((enum mp_type)99), "?");
}
END_TEST

START_TEST(steps_over_every_format_and_no_truncation_of_it)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    pack_everything(&buffer);
    size_t offset = 0;
    ck_assert_int_eq(step(buffer.data, buffer.size, 2, &offset), MP_OK);
    ck_assert_uint_eq(offset, buffer.size);
    for (size_t length = 0; length < buffer.size;
         length += length < 1000 || length + 1000 > buffer.size ? 1 : 97) {
        ck_assert_int_eq(step(buffer.data, length, 2, &offset), MP_TRUNCATED);
        ck_assert_uint_le(offset, length);
    }
    msgpack_sbuffer_destroy(&buffer);
}
END_TEST

START_TEST(stops_at_the_depth_it_was_given)
{
    uint8_t bomb[64];
    memset(bomb, 0x91, sizeof bomb);
    size_t offset = 0;
    ck_assert_int_eq(step(bomb, sizeof bomb, 3, &offset), MP_TOO_DEEP);
    ck_assert_uint_eq(offset, 3);
    ck_assert_int_eq(step(bomb, sizeof bomb, 1000, &offset), MP_TOO_DEEP);
    ck_assert_uint_eq(offset, MP_DEPTH_MAX);
    ck_assert_int_eq(step(BYTES(0x91, 0x91, 0xc0), 2, &offset), MP_OK);
    ck_assert_int_eq(step(BYTES(0x91, 0x91, 0xc0), 1, &offset), MP_TOO_DEEP);
    ck_assert_int_eq(step(BYTES(0x90), 0, &offset), MP_TOO_DEEP);
    ck_assert_int_eq(step(BYTES(0x07), 0, &offset), MP_OK);
    ck_assert_uint_eq(offset, 1);
}
END_TEST

START_TEST(says_where_the_byte_is_that_never_occurs)
{
    size_t offset = 0;
    ck_assert_int_eq(step(BYTES(0x93, 0x01, 0xc1, 0x01), 4, &offset), MP_INVALID);
    ck_assert_uint_eq(offset, 2);
}
END_TEST

START_TEST(takes_linear_time_over_many_empty_containers)
{
    static uint8_t bytes[1 << 20];
    memset(bytes, 0x90, sizeof bytes);
    bytes[0] = 0xdd;
    uint32_t count = sizeof bytes - 5;
    for (int i = 0; i < 4; i++)
        bytes[1 + i] = (uint8_t)(count >> (24 - 8 * i));
    size_t offset = 0;
    ck_assert_int_eq(step(bytes, sizeof bytes, 2, &offset), MP_OK);
    ck_assert_uint_eq(offset, sizeof bytes);
}
END_TEST

CHECK_MAIN("common/msgpack/reader", reads_every_integer_that_msgpack_c_packs,
           reads_integers_in_longer_formats_than_they_need, refuses_an_integer_beyond_int64,
           reads_strings_and_binary_of_every_length_format, reads_nil_and_booleans,
           believes_no_count_that_the_bytes_cannot_hold, names_every_first_byte,
           steps_over_every_format_and_no_truncation_of_it, stops_at_the_depth_it_was_given,
           says_where_the_byte_is_that_never_occurs, takes_linear_time_over_many_empty_containers)
