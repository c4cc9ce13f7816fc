#include "tools/kstat/width.h"

#include <stdint.h>

#include "common/utf8.h"

/* After Markus Kuhn's wcwidth (https://www.cl.cam.ac.uk/~mgk25/ucs/wcwidth.c), with the emoji that came
 * since, shortened to whole blocks. */
static const struct range {
    uint32_t first, last;
    unsigned char columns;
} ranges[] = {
    {0x0300, 0x036f, 0},   {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},
    {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
    {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},
    {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
    {0x1f680, 0x1f6ff, 2}, {0x1f7e0, 0x1f7eb, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
};

static size_t columns_of(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return ranges[i].columns;
    return 1;
}

/* Steps over one character; returns its columns. */
static size_t step(const char **text, size_t length)
{
    uint32_t code_point = 0;
    size_t bytes = utf8_decode(*text, length, &code_point);
    *text += bytes == 0 ? 1 : bytes;
    return bytes == 0 ? 1 : columns_of(code_point);
}

size_t text_width(const char *text)
{
    size_t columns = 0;
    for (const char *end = text + strlen(text); text < end;)
        columns += step(&text, (size_t)(end - text));
    return columns;
}

size_t text_fit(const char *text, size_t columns)
{
    const char *at = text, *end = text + strlen(text);
    while (at < end) {
        const char *next = at;
        size_t wide = step(&next, (size_t)(end - at));
        if (wide > columns)
            break;
        columns -= wide;
        at = next;
    }
    return (size_t)(at - text);
}
