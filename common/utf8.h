/* utf8.h: is it UTF-8? By the table of well-formed byte sequences of the Unicode standard (chapter 3.9, table
 * 3-7): no overlong forms, no surrogates, nothing beyond U+10FFFF. Pure functions. The first
 * look is inline: nearly all text is short and ASCII. */
#ifndef KSUPERVISE_COMMON_UTF8_H
#define KSUPERVISE_COMMON_UTF8_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes at the beginning are UTF-8: `length` when all are. */
size_t utf8_valid_length(const char *text, size_t length);

/* The high bits of up to eight bytes, in any place: none of them in ASCII. Loads that overlap instead of a
 * loop, whose number of rounds would be different each time. */
static inline uint64_t utf8_high_bits(const char *text, size_t length)
{
    uint32_t low = 0;
    uint32_t high = 0;
    if (length >= 4) {
        memcpy(&low, text, sizeof low);
        memcpy(&high, text + length - 4, sizeof high);
    } else if (length > 0) {
        low = (uint8_t)text[0] | (uint32_t)(uint8_t)text[length / 2] | (uint32_t)(uint8_t)text[length - 1];
    }
    return low | high;
}

static inline bool utf8_valid(const char *text, size_t length)
{
    size_t at = 0;
    uint64_t seen = 0;
    for (; length - at > 8; at += 8) {
        uint64_t eight;
        memcpy(&eight, text + at, sizeof eight);
        seen |= eight;
    }
    seen |= utf8_high_bits(text + at, length - at);
    return (seen & UINT64_C(0x8080808080808080)) == 0 || utf8_valid_length(text, length) == length;
}

/* Length of the well-formed sequence that `text` begins with, 1 to 4, and its code point; 0 when it begins
 * with none. */
size_t utf8_decode(const char *text, size_t length, uint32_t *code_point);

#define UTF8_BYTES_MAX 4
/* The other way: `code_point` is a scalar value (no surrogate, at most U+10FFFF). Returns the length. */
size_t utf8_encode(uint32_t code_point, char bytes[UTF8_BYTES_MAX]);

#endif
