#include "tools/kstat/screen/plain.h"

#include <stddef.h>
#include <string.h>

/* "0 µs" without its µ would be seconds. The longer of two that begin alike comes first. */
static const struct {
    const char *from, *to;
} signs[] = {{"≥ ", ">="}, {"≥", ">"}, {"µ", "u"}, {"·", "-"}, {"…", "."},
             {"→", ">"},   {"←", "<"}, {"↑", "^"}, {"↓", "v"}};

static size_t bytes_of_character(const char *text)
{
    size_t bytes = 1;
    while (((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes++;
    return bytes;
}

/* Nothing becomes longer. */
static void take(const char **from, char **to)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t bytes = strlen(signs[i].from);
        if (strncmp(*from, signs[i].from, bytes) != 0)
            continue;
        *from += bytes;
        for (const char *sign = signs[i].to; *sign != '\0'; sign++)
            *(*to)++ = *sign;
        return;
    }
    size_t bytes = bytes_of_character(*from);
    *(*to)++ = bytes == 1 && (unsigned char)**from < 0x80 ? **from : '?';
    *from += bytes;
}

void plain(char *text)
{
    const char *from = text;
    char *to = text;
    while (*from != '\0')
        take(&from, &to);
    *to = '\0';
}
