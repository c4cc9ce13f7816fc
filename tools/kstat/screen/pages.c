/* What the screen shows, as text, drawn line by line. */
#include <curses.h>

#include "common/clock.h"
#include "common/view/format.h"
#include "tools/kstat/screen/paint.h"
#include "tools/kstat/screen/state.h"
#include "common/view/why.h"

#define BODY_Y 1 /* below the heading */

struct page_text {
    char *text;
    size_t bytes;
};

static struct screen screen_size(const struct state *state)
{
    (void)state;
    return (struct screen){
        .columns = (size_t)COLS, .rows = (size_t)LINES, .colours = true}; /* paint.c decides */
}

static size_t body_rows(void)
{
    return LINES > 2 ? (size_t)LINES - 2 : 0;
}

/* --- the line at the top, and the one at the bottom ---------------------------------------------------- */

static void put_moment(const struct state *state, FILE *stream)
{
    char when[CLOCK_ISO8601_BYTES];
    static const struct screen plain = {.colours = true};
    if (state->file != NULL)
        styled(stream, &plain, CELL_WARNING, "%s · moment %zu of %zu · ",
               clock_format_iso8601(when, state->rows.time_us), state->frame + 1,
               capture_frames(state->file));
    else if (state->frozen != NULL)
        styled(stream, &plain, CELL_WARNING, "FROZEN at %s · ",
               clock_format_iso8601(when, state->rows.time_us));
}

static void draw_heading(const struct state *state)
{
    struct page_text text = {NULL, 0};
    FILE *stream = open_memstream(&text.text, &text.bytes);
    if (stream == NULL)
        return;
    put_moment(state, stream);
    fputs(state->rows.heading != NULL ? state->rows.heading : state->request.instance, stream);
    fclose(stream);
    paint_line(0, text.text, false);
    free(text.text);
}

static void draw_bottom(const struct state *state)
{
    char line[MESSAGE_BYTES + FILTER_BYTES + 64];
    size_t hidden = state->rows.count - state->matching;
    if (state->typing)
        snprintf(line, sizeof line, "/%s_", state->filter);
    else if (state->message[0] != '\0')
        snprintf(line, sizeof line, "%s", state->message);
    else if (state->filter[0] != '\0' && state->page == PAGE_WORKERS)
        snprintf(line, sizeof line, "filter '%s': %zu hidden · / another, Esc none · ? help · q quit",
                 state->filter, hidden);
    else
        snprintf(line, sizeof line, "%s",
                 state->page == PAGE_WORKERS
                     ? "↑↓ Enter: one worker · e events · space freeze · w write · / filter · ? help · q quit"
                     : "Esc back · ↑↓ PgUp PgDn · space freeze · ? help · q quit");
    paint_line(LINES - 1, line, false);
}

/* --- bodies -------------------------------------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; text != NULL && *text != '\0'; lines++) {
        const char *end = strchr(text, '\n');
        text = end == NULL ? NULL : end + 1;
    }
    return lines;
}

static void keep_within(size_t *top, size_t lines)
{
    size_t rows = body_rows();
    size_t most = lines > rows ? lines - rows : 0;
    *top = *top < most ? *top : most;
}

/* From line `top` on; `titles` lines stay. `marked`: the line that is chosen, none: SIZE_MAX. */
static void draw_lines(const char *text, size_t titles, size_t top, size_t marked)
{
    size_t line = 0, y = BODY_Y, end = BODY_Y + body_rows();
    while (text != NULL && *text != '\0' && y < end) {
        bool shown = line < titles || line >= titles + top;
        if (shown)
            text = paint_line((int)y++, text, line == marked);
        else
            text = strchr(text, '\n') == NULL ? NULL : strchr(text, '\n') + 1;
        line++;
    }
    for (; y < end; y++)
        paint_line((int)y, "", false);
}

/* Which of the matching rows is chosen; the first, if the chosen one no longer matches. */
static size_t chosen_index(struct state *state)
{
    size_t index = 0, first = SIZE_MAX;
    state->matching = 0;
    for (size_t i = 0; i < state->rows.count; i++) {
        if (!row_matches(&state->rows.items[i], state->filter))
            continue;
        if (first == SIZE_MAX)
            first = i;
        if (strcmp(state->rows.items[i].name, state->chosen) == 0)
            index = state->matching;
        state->matching++;
    }
    return first == SIZE_MAX ? 0 : index;
}

static void draw_workers(struct state *state)
{
    struct page_text text = {NULL, 0};
    struct screen screen = screen_size(state);
    FILE *stream = open_memstream(&text.text, &text.bytes);
    if (stream == NULL)
        return;
    size_t index = chosen_index(state), rows = body_rows() > 1 ? body_rows() - 1 : 0;
    if (index < state->top)
        state->top = index;
    if (rows > 0 && index >= state->top + rows)
        state->top = index - rows + 1;
    if (rows_print(&state->rows, state->filter, state->top, rows, &screen, stream) == 0)
        fprintf(stream, "no worker is shown%s\n",
                state->filter[0] != '\0' ? ": the filter hides all of them" : "");
    fclose(stream);
    draw_lines(text.text, 1, 0, state->matching > 0 ? index - state->top + 1 : SIZE_MAX);
    free(text.text);
}

static void put_why(const struct view *view, const struct screen *screen, FILE *stream)
{
    char text[WHY_BYTES];
    for (size_t i = 0; i < view->count; i++) {
        why(view, &view->workers[i], text);
        if (view->count == 1)
            styled_line(stream, screen, CELL_WARNING, "why: %s", text);
        else
            styled_line(stream, screen, CELL_WARNING, "why %s: %s", view->workers[i].entry.name, text);
    }
}

static void put_worker(const struct state *state, const struct screen *screen, FILE *stream)
{
    struct view view;
    struct error error = ERROR_INIT;
    struct view_request request = state_request(state);
    request.worker = state->chosen;
    request.alone = state->alone;
    request.lazy = false;
    if (view_collect(&view, &request, &error) != 0) {
        fprintf(stream, "%s\n", error.text);
        return;
    }
    put_why(&view, screen, stream);
    show_workers(&view, NULL, screen, stream);
    view_release(&view);
}

static void put_help(FILE *stream)
{
    fputs("Workers, the worst first: held, dead, stuck (behind and not a record further), then by how long "
          "they are behind.\n"
          "FOR is how long the state or the phase before it has lasted. Rates are records a second: since "
          "the last look, "
          "over 10 and over 60 seconds.\n"
          "? is what is not known; ≥ what is that, or more.\n\n",
          stream);
    keys_help(stream);
}

static void draw_text_page(struct state *state)
{
    struct page_text text = {NULL, 0};
    struct screen screen = screen_size(state);
    FILE *stream = open_memstream(&text.text, &text.bytes);
    if (stream == NULL)
        return;
    if (state->page == PAGE_HELP)
        put_help(stream);
    else if (state->page == PAGE_EVENTS)
        pages_put_events(state, stream);
    else
        put_worker(state, &screen, stream);
    fclose(stream);
    keep_within(&state->top, count_lines(text.text));
    draw_lines(text.text, 0, state->top, SIZE_MAX);
    free(text.text);
}

void pages_draw(struct state *state)
{
    draw_heading(state);
    if (state->page == PAGE_WORKERS)
        draw_workers(state);
    else
        draw_text_page(state);
    draw_bottom(state);
    refresh();
}
