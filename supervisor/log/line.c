#include "supervisor/log/line.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/record/text.h"
#include "common/text.h"

_Static_assert(LINE_BYTES >= 6 * OUTPUT_LINE_BYTES + 512, "a worker's longest line, all of it escaped, fits");

/* A client keeps its colour for as long as the instance runs: a circle for every terminal and log file, and
 * an SGR colour for those that have it. */
struct colour {
    const char *circle;
    const char *sgr;
};

static const struct colour palette[] = {
    {"🟣", "35"},       {"🔵", "34"}, {"🟢", "32"},       {"🟡", "33"},
    {"🟠", "38;5;208"}, {"🔴", "31"}, {"🟤", "38;5;130"}, {"⚪", "37"},
};

#define SGR_SUPERVISOR "1"
#define SGR_QUIET      "2"

/* `[name] `, in the colours of SGR code `sgr` when there are colours. */
static size_t bracket(char *line, const char *sgr, bool colours, const char *name)
{
    if (colours)
        return text_append(line, LINE_BYTES, 0, "\033[%sm[%s]\033[0m ", sgr, name);
    return text_append(line, LINE_BYTES, 0, "[%s] ", name);
}

static size_t prefix(char *line, const struct worker *worker, bool colours)
{
    if (worker == NULL)
        return bracket(line, SGR_SUPERVISOR, colours, "ksupervise");
    if (worker->kind != KIND_CONSUMER)
        return bracket(line, SGR_QUIET, colours, worker->name);
    const struct colour *colour = &palette[worker->colour % (sizeof palette / sizeof palette[0])];
    char upper[WORKER_NAME_BYTES];
    char name[WORKER_NAME_BYTES + 32];
    name_upper(upper, sizeof upper, worker->name);
    snprintf(name, sizeof name, "client %s %s", colour->circle, upper);
    return bracket(line, colour->sgr, colours, name);
}

size_t line_escape(char *line, const char *text, size_t length)
{
    size_t used = 0;
    text_escape(line, LINE_BYTES, &used, text, length);
    return used;
}

size_t line_screen(char *line, const struct worker *worker, bool colours, const char *escaped, size_t length)
{
    return text_append(line, LINE_BYTES, prefix(line, worker, colours), "%.*s", (int)length, escaped);
}

size_t line_json(char *line, const struct worker *worker, int64_t wall_us, const char *text, size_t length)
{
    char time[CLOCK_ISO8601_BYTES];
    size_t used =
        text_append(line, LINE_BYTES, 0, "{\"time\":\"%s\",\"source\":", clock_format_iso8601(time, wall_us));
    if (worker == NULL)
        used = text_append(line, LINE_BYTES, used, "\"ksupervise\"");
    else
        used = text_append(line, LINE_BYTES, used, "\"worker\",\"worker\":\"%s\",\"generation\":%" PRIu64,
                           worker->name, worker->generation);
    used = text_append(line, LINE_BYTES, used, ",\"text\":");
    text_json(line, LINE_BYTES, &used, text, length);
    return text_append(line, LINE_BYTES, used, "}");
}

size_t line_file(char *line, int64_t wall_us, const char *escaped, size_t length)
{
    char time[CLOCK_ISO8601_BYTES];
    return text_append(line, LINE_BYTES, 0, "%s %.*s", clock_format_iso8601(time, wall_us), (int)length,
                       escaped);
}
