/* paint.h: the forms of show.h on a terminal that curses has: text with our own colours, line by line. One
 * thread. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SCREEN_PAINT_H
#define KSUPERVISE_TOOLS_KSTAT_SCREEN_PAINT_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Takes the terminal, and gives it back. -1: curses does not know it. */
int paint_begin(bool colours);
void paint_end(void);

/* One line of a text (to its newline or end) on line `y`; `marked`: the whole line is shown as chosen. What
 * is too wide is cut. Returns what follows it, NULL at the end of the text. */
const char *paint_line(int y, const char *text, bool marked);

#endif
