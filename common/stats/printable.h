/* printable.h: foreign bytes as a string that can meet a terminal. Only common/stats includes this. */
#ifndef KSUPERVISE_COMMON_STATS_PRINTABLE_H
#define KSUPERVISE_COMMON_STATS_PRINTABLE_H

#include "common/banned.h"

#include <stddef.h>

/* Ends the text within `bytes`; control characters become `?`. */
static inline void printable(char *text, size_t bytes)
{
    text[bytes - 1] = '\0';
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

#endif
