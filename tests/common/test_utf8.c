#include "common/utf8.h"

#include "tests/support/check_main.h"

/* The plain definition, slow: encode the code point again and compare. */
static size_t encode(uint32_t point, unsigned char bytes[4])
{
    if (point < 0x80) {
        bytes[0] = (unsigned char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        bytes[i] = (unsigned char)(0x80 | (point & 0x3f));
    bytes[0] = (unsigned char)((0xf0U << (4 - length)) | point);
    return length;
}

/* True when all that is asked of this code point is answered rightly. */
static bool is_answered(uint32_t point)
{
    unsigned char bytes[4];
    char again[UTF8_BYTES_MAX];
    uint32_t decoded = 0, cut = 0;
    size_t length = encode(point, bytes);
    const char *text = (const char *)bytes;
    bool scalar = point < 0xd800 || (point > 0xdfff && point < 0x110000);
    return utf8_decode(text, length, &decoded) == (scalar ? length : 0) && (!scalar || decoded == point) &&
           utf8_valid(text, length) == scalar && utf8_decode(text, length - 1, &cut) == 0 &&
           (!scalar || (utf8_encode(point, again) == length && memcmp(again, bytes, length) == 0));
}

/* One assertion at the end: Check writes down each that holds, which takes longer than all that is asked. */
START_TEST(accepts_exactly_the_scalar_values)
{
    uint32_t point = 0;
    while (point < 0x120000 && is_answered(point))
        point++;
    ck_assert_msg(point == 0x120000, "U+%04X", point);
}
END_TEST

START_TEST(refuses_overlong_forms_and_stray_bytes)
{
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xe0\x80\xaf",
                                      "\xe0\x9f\xbf",
                                      "\xf0\x80\x80\xaf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf5\x80\x80\x80",
                                      "\xfe",
                                      "\xff",
                                      "a\xe2\x82",
                                      "12345678\xe2\x28\xa1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!utf8_valid(bad[i], strlen(bad[i])), "case %zu", i);
}
END_TEST

START_TEST(finds_a_bad_byte_at_every_place)
{
    char text[40];
    for (size_t length = 1; length <= sizeof text; length++) {
        for (size_t at = 0; at < length; at++) {
            memset(text, 'a', sizeof text);
            ck_assert(utf8_valid(text, length));
            text[at] = (char)0xff;
            ck_assert(!utf8_valid(text, length));
            ck_assert_uint_eq(utf8_valid_length(text, length), at);
        }
    }
    ck_assert(utf8_valid("", 0));
}
END_TEST

CHECK_MAIN("common/utf8", accepts_exactly_the_scalar_values, refuses_overlong_forms_and_stray_bytes,
           finds_a_bad_byte_at_every_place)
