/* One table: the keys, what they do, and what the help page says of them. */
#include <curses.h>
#include <ctype.h>

#include "tools/kstat/screen/state.h"
#include "tools/kstat/width.h"

#define ESCAPE 27

typedef void press(struct state *state);

/* --- moving -------------------------------------------------------------------------------------------- */

static size_t page_rows(void)
{
    return LINES > 3 ? (size_t)LINES - 3 : 1;
}

/* Among those that match. */
static void choose(struct state *state, int64_t by)
{
    size_t before = 0, at = 0, found = 0;
    for (size_t i = 0; i < state->rows.count; i++)
        if (row_matches(&state->rows.items[i], state->filter)) {
            if (strcmp(state->rows.items[i].name, state->chosen) == 0)
                before = at;
            at++;
        }
    if (at == 0)
        return;
    int64_t wanted = (int64_t)before + by;
    size_t index = wanted < 0 ? 0 : (size_t)wanted >= at ? at - 1 : (size_t)wanted;
    for (size_t i = 0; i < state->rows.count; i++)
        if (row_matches(&state->rows.items[i], state->filter) && found++ == index)
            snprintf(state->chosen, sizeof state->chosen, "%s", state->rows.items[i].name);
}

static void move_by(struct state *state, int64_t by)
{
    if (state->page == PAGE_WORKERS)
        choose(state, by);
    else if (by < 0)
        state->top = state->top > (size_t)-by ? state->top - (size_t)-by : 0;
    else
        state->top += (size_t)by; /* the page keeps it within */
}

static void up(struct state *state)
{
    move_by(state, -1);
}

static void down(struct state *state)
{
    move_by(state, 1);
}

static void page_up(struct state *state)
{
    move_by(state, -(int64_t)page_rows());
}

static void page_down(struct state *state)
{
    move_by(state, (int64_t)page_rows());
}

static void first(struct state *state)
{
    move_by(state, -1000000);
}

static void last(struct state *state)
{
    move_by(state, 1000000);
}

/* --- pages --------------------------------------------------------------------------------------------- */

static void go_to(struct state *state, enum page page)
{
    state->page = page;
    state->top = 0;
}

static void open_worker(struct state *state)
{
    if (state->page != PAGE_WORKERS)
        return;
    choose(state, 0);
    state->alone = true;
    if (state->chosen[0] != '\0')
        go_to(state, PAGE_WORKER);
}

static void events(struct state *state)
{
    go_to(state, PAGE_EVENTS);
    state->top = SIZE_MAX / 2; /* the newest are at the end */
}

static void help(struct state *state)
{
    go_to(state, PAGE_HELP);
}

static void back(struct state *state)
{
    if (state->page == PAGE_WORKERS)
        state->filter[0] = '\0';
    else
        go_to(state, PAGE_WORKERS);
}

static void quit(struct state *state)
{
    state->leave = true;
}

static void type_filter(struct state *state)
{
    state->typing = true;
    go_to(state, PAGE_WORKERS);
}

/* --- captures ------------------------------------------------------------------------------------------ */

static void earlier(struct state *state)
{
    state_seek(state, -1);
}

static void later(struct state *state)
{
    state_seek(state, 1);
}

static void next_event(struct state *state)
{
    state_seek_event(state, 1);
}

static void previous_event(struct state *state)
{
    state_seek_event(state, -1);
}

static const struct {
    int keys[3];
    press *press;
    const char *name, *help;
} bindings[] = {
    {{KEY_UP, 'k', 0}, up, "↑ k", "one up"},
    {{KEY_DOWN, 'j', 0}, down, "↓ j", "one down"},
    {{KEY_PPAGE, 'b', 0}, page_up, "PgUp b", "a page up"},
    {{KEY_NPAGE, 'f', 0}, page_down, "PgDn f", "a page down"},
    {{KEY_HOME, 'g', 0}, first, "Home g", "the first"},
    {{KEY_END, 'G', 0}, last, "End G", "the last"},
    {{KEY_ENTER, '\r', '\n'},
     open_worker,
     "Enter",
     "all about one worker: why it does not move, partitions, latencies, rebalances, errors"},
    {{'e', 0, 0}, events, "e", "what has happened"},
    {{ESCAPE, KEY_BACKSPACE, 0}, back, "Esc", "back; among the workers: no filter"},
    {{'/', 0, 0}, type_filter, "/", "show only workers with this in name, client, group, state or phase"},
    {{' ', 0, 0}, state_freeze, "space", "freeze the screen, while recording continues; again: resume"},
    {{'w', 0, 0}, state_write, "w", "write a capture of what is shown into this folder"},
    {{KEY_LEFT, 'h', 0}, earlier, "← h", "in a capture: the moment before"},
    {{KEY_RIGHT, 'l', 0}, later, "→ l", "in a capture: the moment after"},
    {{'n', 0, 0}, next_event, "n", "in a capture: the next moment in which something happened"},
    {{'N', 'p', 0}, previous_event, "N p", "in a capture: the one before"},
    {{'?', KEY_F(1), 0}, help, "?", "this page"},
    {{'q', 0, 0}, quit, "q", "quit"},
};
#define BINDINGS (sizeof bindings / sizeof bindings[0])

void keys_help(FILE *stream)
{
    for (size_t i = 0; i < BINDINGS; i++)
        fprintf(stream, "  %s%*s%s\n", bindings[i].name, (int)(12 - text_width(bindings[i].name)), "",
                bindings[i].help);
}

static void type(struct state *state, int key)
{
    size_t length = strlen(state->filter);
    if (key == ESCAPE)
        state->filter[0] = '\0';
    if (key == ESCAPE || key == '\r' || key == '\n' || key == KEY_ENTER)
        state->typing = false;
    else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && length > 0)
        state->filter[length - 1] = '\0';
    else if (key >= ' ' && key < 127 && length + 1 < sizeof state->filter) {
        state->filter[length] = (char)key;
        state->filter[length + 1] = '\0';
    }
}

void keys_press(struct state *state, int key)
{
    state->message[0] = '\0';
    if (state->typing) {
        type(state, key);
        return;
    }
    for (size_t i = 0; i < BINDINGS; i++)
        for (size_t k = 0; k < 3; k++)
            if (bindings[i].keys[k] == key && key != 0) {
                bindings[i].press(state);
                return;
            }
}
