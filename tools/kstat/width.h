/* width.h: how many columns a text takes on a terminal. Locale does not matter: what kstat prints is UTF-8.
 */
#ifndef KSUPERVISE_TOOLS_KSTAT_WIDTH_H
#define KSUPERVISE_TOOLS_KSTAT_WIDTH_H

#include "common/banned.h"

#include <stddef.h>

/* Columns of a text. Combining marks take none, East Asian wide characters and emoji two; a byte that is no
 * UTF-8 one. */
size_t text_width(const char *text);

/* Bytes of the longest beginning of `text` that takes at most `columns`; never cuts a character or parts it
 * from its combining marks. */
size_t text_fit(const char *text, size_t columns);

#endif
