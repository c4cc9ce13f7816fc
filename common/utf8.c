#include "common/utf8.h"

/* Bounds of the second byte for each first byte; the third and fourth are 80..BF always. */
static const struct lead {
    uint8_t first_low, first_high;
    uint8_t second_low, second_high;
    uint8_t bytes;
} leads[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct lead *lead_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++)
        if (first >= leads[i].first_low && first <= leads[i].first_high)
            return &leads[i];
    return NULL;
}

size_t utf8_decode(const char *text, size_t length, uint32_t *code_point)
{
    const uint8_t *bytes = (const uint8_t *)text;
    if (length == 0)
        return 0;
    if (bytes[0] < 0x80) {
        *code_point = bytes[0];
        return 1;
    }
    const struct lead *lead = lead_of(bytes[0]);
    if (lead == NULL || length < lead->bytes || bytes[1] < lead->second_low || bytes[1] > lead->second_high)
        return 0;
    uint32_t point = bytes[0] & (0xffU >> (lead->bytes + 1));
    for (size_t i = 1; i < lead->bytes; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    *code_point = point;
    return lead->bytes;
}

/* Text beyond ASCII is mostly ASCII still: eight bytes of it at once. */
static size_t ascii_length(const char *text, size_t length)
{
    size_t at = 0;
    for (; length - at >= 8; at += 8) {
        uint64_t eight;
        memcpy(&eight, text + at, sizeof eight);
        eight &= UINT64_C(0x8080808080808080);
        if (eight != 0)
            return at + (size_t)__builtin_ctzll(eight) / 8;
    }
    while (at < length && (uint8_t)text[at] < 0x80)
        at++;
    return at;
}

size_t utf8_valid_length(const char *text, size_t length)
{
    size_t at = ascii_length(text, length);
    while (at < length) {
        uint32_t code_point;
        size_t bytes = utf8_decode(text + at, length - at, &code_point);
        if (bytes == 0)
            break;
        at += bytes;
        at += ascii_length(text + at, length - at);
    }
    return at;
}

size_t utf8_encode(uint32_t code_point, char bytes[UTF8_BYTES_MAX])
{
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code_point >>= 6)
        bytes[i] = (char)(0x80 | (code_point & 0x3f));
    bytes[0] = (char)((0xf0U << (4 - length)) | code_point);
    return length;
}
