/* table.h: aligned columns for a terminal of any width. Cells are added row by row; the widths are known when
 * it is printed.
 *
 * What does not fit is dropped in this order: columns by their `drop`, highest first; then the widest column
 * that may be cut is cut with `…`; then lines are cut. A column whose cells are all empty is not shown.
 */
#ifndef KSUPERVISE_TOOLS_KSTAT_TABLE_H
#define KSUPERVISE_TOOLS_KSTAT_TABLE_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>

enum table_style { CELL_PLAIN, CELL_GOOD, CELL_WARNING, CELL_BAD, CELL_FAINT, CELL_TITLE };

struct table_column {
    const char *title;
    bool right; /* numbers */
    bool cut;   /* may be cut */
    int drop;   /* 0: never */
};

#define TABLE_COLUMNS_MAX 24

struct table_cell {
    char *text;
    enum table_style style;
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct table_cell *cells;
    size_t count, capacity;
};

/* What is printed on: 0 columns mean any width. */
struct screen {
    size_t columns, rows;
    bool colours;
};

/* `columns` must outlive the table; at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const struct table_column *columns, size_t column_count);
void table_release(struct table *table);

/* The next cell; a row is full after column_count of them. Text is escaped for a terminal. Without memory the
 * process ends: a table is all that there is to lose. */
void table_add(struct table *table, enum table_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool table_empty(const struct table *table);

/* Titles and rows. Nothing at all for an empty table. */
void table_print(const struct table *table, const struct screen *screen, FILE *stream);

/* One text in a style, without a newline. */
void styled(FILE *stream, const struct screen *screen, enum table_style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A whole line. Its style ends before the newline, so that a line can be drawn or left out by itself. */
void styled_line(FILE *stream, const struct screen *screen, enum table_style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
