#include "tools/kstat/table.h"

#include <stdarg.h>

#include "common/array.h"
#include "common/record/text.h"
#include "tools/kstat/width.h"

#define GAP_COLUMNS     2
#define CUT_COLUMNS     4 /* no column is cut below this */
#define CELL_TEXT_BYTES 1024
#define ELLIPSIS        "…"

static const char *const escapes[] = {
    [CELL_PLAIN] = "",         [CELL_GOOD] = "\033[32m", [CELL_WARNING] = "\033[33m",
    [CELL_BAD] = "\033[1;31m", [CELL_FAINT] = "\033[2m", [CELL_TITLE] = "\033[1m",
};

void table_init(struct table *table, const struct table_column *columns, size_t column_count)
{
    *table = (struct table){.columns = columns, .column_count = column_count};
}

void table_release(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    *table = (struct table){0};
}

static void out_of_memory(void)
{
    fputs("kstat: out of memory\n", stderr);
    exit(EXIT_FAILURE);
}

static void reserve(struct table *table)
{
    table->cells = array_room(table->cells, table->count, &table->capacity, 64, sizeof *table->cells);
    if (table->cells == NULL)
        out_of_memory();
}

void table_add(struct table *table, enum table_style style, const char *format, ...)
{
    char raw[CELL_TEXT_BYTES], escaped[CELL_TEXT_BYTES] = "";
    size_t used = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_escape(escaped, sizeof escaped, &used, raw, strlen(raw));
    reserve(table);
    struct table_cell *cell = &table->cells[table->count++];
    cell->style = style;
    cell->text = strdup(escaped);
    if (cell->text == NULL)
        out_of_memory();
}

bool table_empty(const struct table *table)
{
    return table->count < table->column_count;
}

/* --- layout: how wide each column is; 0 for one that is not shown -------------------------------------- */

static void natural_widths(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    for (size_t c = 0; c < table->column_count; c++) {
        widths[c] = 0;
        for (size_t i = c; i < table->count; i += table->column_count) {
            size_t wide = text_width(table->cells[i].text);
            if (wide > widths[c])
                widths[c] = wide;
        }
        size_t title = text_width(table->columns[c].title);
        if (widths[c] > 0 && widths[c] < title)
            widths[c] = title;
    }
}

static size_t total_width(const struct table *table, const size_t widths[TABLE_COLUMNS_MAX])
{
    size_t total = 0;
    for (size_t c = 0; c < table->column_count; c++)
        if (widths[c] > 0)
            total += widths[c] + (total > 0 ? GAP_COLUMNS : 0);
    return total;
}

static bool drop_one(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t worst = table->column_count;
    for (size_t c = 0; c < table->column_count; c++)
        if (widths[c] > 0 && table->columns[c].drop > 0 &&
            (worst == table->column_count || table->columns[c].drop >= table->columns[worst].drop))
            worst = c;
    if (worst == table->column_count)
        return false;
    widths[worst] = 0;
    return true;
}

static bool cut_one(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t widest = table->column_count;
    for (size_t c = 0; c < table->column_count; c++)
        if (table->columns[c].cut && widths[c] > CUT_COLUMNS &&
            (widest == table->column_count || widths[c] > widths[widest]))
            widest = c;
    if (widest == table->column_count)
        return false;
    widths[widest]--;
    return true;
}

static void layout(const struct table *table, const struct screen *screen, size_t widths[TABLE_COLUMNS_MAX])
{
    natural_widths(table, widths);
    if (screen->columns == 0)
        return;
    while (total_width(table, widths) > screen->columns)
        if (!drop_one(table, widths) && !cut_one(table, widths))
            return;
}

/* --- printing ------------------------------------------------------------------------------------------ */

struct line {
    FILE *stream;
    const struct screen *screen;
    size_t pending; /* spaces owed before the next text: none at the end of a line */
    size_t left;    /* columns until the edge */
    bool first;
};

static void put_text(struct line *line, const char *text, size_t bytes, enum table_style style)
{
    bool colour = line->screen->colours && style != CELL_PLAIN;
    fprintf(line->stream, "%*s%s%.*s%s", (int)line->pending, "", colour ? escapes[style] : "", (int)bytes,
            text, colour ? "\033[0m" : "");
    line->pending = 0;
}

static void take(struct line *line, size_t columns)
{
    line->left = line->left > columns ? line->left - columns : 0;
}

/* A text that is too wide for its column, or for what is left of the line, ends in an ellipsis. */
static void put_cell(struct line *line, const char *text, size_t width, bool right, enum table_style style)
{
    size_t gap = line->first ? 0 : GAP_COLUMNS;
    line->first = false;
    line->pending += gap;
    take(line, gap);
    size_t room = width < line->left ? width : line->left;
    size_t wide = text_width(text);
    char cut[CELL_TEXT_BYTES + sizeof ELLIPSIS];
    if (wide > room && room > 0) {
        snprintf(cut, sizeof cut, "%.*s" ELLIPSIS, (int)text_fit(text, room - 1), text);
        text = cut;
        wide = text_width(text);
    }
    size_t padding = room > wide ? room - wide : 0;
    if (right)
        line->pending += padding;
    if (room > 0 && wide > 0)
        put_text(line, text, strlen(text), style);
    if (!right)
        line->pending += padding;
    take(line, room);
}

static void put_row(const struct table *table, const struct screen *screen, FILE *stream,
                    const size_t widths[TABLE_COLUMNS_MAX], const struct table_cell *cells)
{
    struct line line = {.stream = stream, .screen = screen, .left = screen->columns, .first = true};
    if (screen->columns == 0)
        line.left = SIZE_MAX;
    for (size_t c = 0; c < table->column_count; c++)
        if (widths[c] > 0)
            put_cell(&line, cells == NULL ? table->columns[c].title : cells[c].text, widths[c],
                     table->columns[c].right, cells == NULL ? CELL_TITLE : cells[c].style);
    fputc('\n', stream);
}

void table_print(const struct table *table, const struct screen *screen, FILE *stream)
{
    if (table_empty(table))
        return;
    size_t widths[TABLE_COLUMNS_MAX];
    layout(table, screen, widths);
    put_row(table, screen, stream, widths, NULL);
    for (size_t i = 0; i + table->column_count <= table->count; i += table->column_count)
        put_row(table, screen, stream, widths, &table->cells[i]);
}

static void __attribute__((format(printf, 4, 0)))
put_styled(FILE *stream, const struct screen *screen, enum table_style style, const char *format,
           va_list arguments)
{
    bool colour = screen->colours && style != CELL_PLAIN;
    fputs(colour ? escapes[style] : "", stream);
    vfprintf(stream, format, arguments);
    fputs(colour ? "\033[0m" : "", stream);
}

void styled(FILE *stream, const struct screen *screen, enum table_style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_styled(stream, screen, style, format, arguments);
    va_end(arguments);
}

void styled_line(FILE *stream, const struct screen *screen, enum table_style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_styled(stream, screen, style, format, arguments);
    va_end(arguments);
    fputc('\n', stream);
}
