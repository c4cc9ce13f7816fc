#include "tools/kstat/screen/paint.h"

#include "tools/kstat/screen/plain.h"
#include "tools/kstat/width.h"

#include <curses.h>
#include <stdlib.h>

enum { PAIR_GOOD = 1, PAIR_WARNING, PAIR_BAD };

static bool coloured;

int paint_begin(bool colours)
{
    if (newterm(NULL, stdout, stdin) == NULL)
        return -1;
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, true);
    set_escdelay(25); /* Esc alone is a key here */
    curs_set(0);
    coloured = colours && has_colors();
    if (coloured) {
        start_color();
        use_default_colors();
        init_pair(PAIR_GOOD, COLOR_GREEN, -1);
        init_pair(PAIR_WARNING, COLOR_YELLOW, -1);
        init_pair(PAIR_BAD, COLOR_RED, -1);
    }
    return 0;
}

void paint_end(void)
{
    endwin();
}

/* The styles of table.c. */
static const struct {
    const char *escape;
    attr_t attribute;
    short pair;
} styles[] = {
    {"\033[0m", A_NORMAL, 0},
    {"\033[32m", A_NORMAL, PAIR_GOOD},
    {"\033[33m", A_NORMAL, PAIR_WARNING},
    {"\033[1;31m", A_BOLD, PAIR_BAD},
    {"\033[2m", A_DIM, 0},
    {"\033[1m", A_BOLD, 0},
};

/* The style that stands here, and behind it. */
static const char *take_style(const char *at, bool marked)
{
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        size_t length = strlen(styles[i].escape);
        if (strncmp(at, styles[i].escape, length) != 0)
            continue;
        attr_set(styles[i].attribute | (marked ? A_REVERSE : A_NORMAL), coloured ? styles[i].pair : 0, NULL);
        return at + length;
    }
    return at + 1;
}

static void put(const char *text, size_t length, size_t *left)
{
    char piece[1024];
    if (length >= sizeof piece)
        length = sizeof piece - 1;
    memcpy(piece, text, length);
    piece[length] = '\0';
    piece[text_fit(piece, *left)] = '\0';
    *left -= text_width(piece);
    if (MB_CUR_MAX == 1) /* the locale is not UTF-8 */
        plain(piece);
    addstr(piece);
}

const char *paint_line(int y, const char *text, bool marked)
{
    size_t left = COLS > 0 ? (size_t)COLS : 0;
    const char *at = text, *end = text + strcspn(text, "\n");
    move(y, 0);
    attr_set(A_NORMAL, 0, NULL);
    clrtoeol(); /* before: behind a line as wide as the screen it would take the next one */
    attr_set(marked ? A_REVERSE : A_NORMAL, 0, NULL);
    while (at < end) {
        size_t length = (size_t)(end - at);
        const char *escape = memchr(at, '\033', length);
        if (escape == at) {
            at = take_style(at, marked);
            continue;
        }
        if (escape != NULL)
            length = (size_t)(escape - at);
        put(at, length, &left);
        at += length;
    }
    attr_set(marked ? A_REVERSE : A_NORMAL, 0, NULL);
    for (; marked && left > 0; left--)
        addch(' ');
    attr_set(A_NORMAL, 0, NULL);
    return *end == '\n' ? end + 1 : NULL;
}
