/* utf8.h: is it UTF-8? By the table of well-formed byte sequences of the Unicode standard (chapter 3.9, table
 * 3-7): no overlong forms, no surrogates, nothing beyond U+10FFFF. Pure functions. The first
 * look is inline: nearly all text is short and ASCII. */
#ifndef KSUPERVISE_COMMON_RECORD_UTF8_H
#define KSUPERVISE_COMMON_RECORD_UTF8_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_valid_beyond_ascii(const char *text, size_t length); /* utf8_valid, without its short cut */

static inline bool utf8_valid(const char *text, size_t length)
{
    size_t at = 0;
    uint64_t seen = 0; /* the high bits of the bytes so far: none of them in ASCII */
    for (; length - at >= sizeof seen; at += sizeof seen) {
        uint64_t eight;
        memcpy(&eight, text + at, sizeof eight);
        seen |= eight;
    }
    for (; at < length; at++)
        seen |= (uint8_t)text[at];
    return (seen & UINT64_C(0x8080808080808080)) == 0 || utf8_valid_beyond_ascii(text, length);
}

/* Length of the well-formed sequence that `text` begins with, 1 to 4, and its code point; 0 when it begins
 * with none. */
size_t utf8_decode(const char *text, size_t length, uint32_t *code_point);

#endif
