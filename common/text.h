/* text.h: a text that is put together piece by piece, in the caller's memory; what does not fit is cut, and
 * the text always ends with a NUL.
 *
 * Any thread; no state.
 */
#ifndef KSUPERVISE_COMMON_TEXT_H
#define KSUPERVISE_COMMON_TEXT_H

#include "common/banned.h"

#include <stdarg.h>
#include <stddef.h>

/* Writes behind the first `used` of the `bytes` that `text` has room for (more than `used`); returns how many
 * are used now: bytes − 1 at most, when it was cut. */
size_t text_append(char *text, size_t bytes, size_t used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
size_t text_vappend(char *text, size_t bytes, size_t used, const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

#endif
