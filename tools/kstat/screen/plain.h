/* plain.h: our texts where the locale is not UTF-8. Pure. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SCREEN_PLAIN_H
#define KSUPERVISE_TOOLS_KSTAT_SCREEN_PLAIN_H

#include "common/banned.h"

/* Makes ASCII of a text, in place: what kstat writes keeps its meaning and its width, any other character is
 * a question mark. */
void plain(char *text);

#endif
