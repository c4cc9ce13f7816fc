#include "common/stats/events_text.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/record/text.h"
#include "common/text.h"

struct out {
    char *text;
    size_t used;
};

static void add(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct out *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    out->used = text_vappend(out->text, EVENT_LINE_BYTES, out->used, format, arguments);
    va_end(arguments);
}

static void add_foreign(struct out *out, const char *text)
{
    text_escape(out->text, EVENT_LINE_BYTES, &out->used, text, strlen(text));
}

/* --- for people ---------------------------------------------------------------------------------------- */

/* "committed #" with the number in the place of the '#'. */
static void add_number(struct out *out, const char *said, int64_t number, const char **between)
{
    const char *where = strchr(said, '#');
    if (where == NULL || number == STATS_UNKNOWN)
        return;
    add(out, "%s%.*s%" PRId64 "%s", *between, (int)(where - said), said, number, where + 1);
    *between = ", ";
}

/* Of a process that has come or gone: which one. */
static void add_process(struct out *out, const struct event *event)
{
    bool told = event->kind == EVENT_KIND_STARTED || event->kind == EVENT_KIND_DIED;
    if (told && event->pid != STATS_UNKNOWN)
        add(out, "%s(pid %" PRId64 ", generation %" PRId64 ")", out->used > 0 ? " " : "", event->pid,
            event->generation);
}

static void add_phrase(struct out *out, const struct event *event, const struct event_about *about)
{
    char own[EVENT_LINE_BYTES] = "";
    struct out phrase = {own, 0};
    if (event->partition != STATS_UNKNOWN)
        add(&phrase, "[%" PRId64 "] ", event->partition);
    add_foreign(&phrase, event->text);
    const char *between = event->text[0] != '\0' ? "; " : "";
    add_number(&phrase, about->from, event->from, &between);
    add_number(&phrase, about->to, event->to, &between);
    add_number(&phrase, about->count, event->count, &between);
    add_process(&phrase, event);
    add(out, "%s", own);
}

void event_phrase(char text[EVENT_LINE_BYTES], const struct event *event, const struct event_about *about)
{
    struct out out = {text, 0};
    text[0] = '\0';
    add_phrase(&out, event, about);
}

void event_line(char text[EVENT_LINE_BYTES], const struct event *event, const struct event_about *about)
{
    struct out out = {text, 0};
    char time[CLOCK_ISO8601_BYTES];
    char worker[4 * sizeof event->worker] = "-";
    size_t used = 0;
    if (event->worker[0] != '\0')
        text_escape(worker, sizeof worker, &used, event->worker, strlen(event->worker));
    add(&out, "%s %6" PRIu64 "  %-12s %-19s ", clock_format_iso8601(time, event->time_us), event->sequence,
        worker, about->name);
    add_phrase(&out, event, about);
    while (out.used > 0 && text[out.used - 1] == ' ')
        text[--out.used] = '\0';
}

/* --- for programs -------------------------------------------------------------------------------------- */

static void add_member(struct out *out, const char *name, int64_t number)
{
    if (number == STATS_UNKNOWN)
        add(out, "\"%s\":null,", name);
    else
        add(out, "\"%s\":%" PRId64 ",", name, number);
}

static void add_text(struct out *out, const char *name, const char *text)
{
    add(out, "\"%s\":", name);
    text_json(out->text, EVENT_LINE_BYTES, &out->used, text, strlen(text));
}

void event_json(char text[EVENT_LINE_BYTES], const struct event *event, const struct event_about *about)
{
    struct out out = {text, 0};
    text[0] = '\0';
    add(&out, "{\"sequence\":%" PRIu64 ",", event->sequence);
    add_member(&out, "time_us", event->time_us);
    add_text(&out, "kind", about->name);
    add(&out, ",");
    if (event->worker[0] != '\0') {
        add_text(&out, "worker", event->worker);
        add(&out, ",");
    } else {
        add_member(&out, "worker", STATS_UNKNOWN);
    }
    add_member(&out, "generation", event->generation);
    add_member(&out, "pid", event->pid);
    add_member(&out, "partition", event->partition);
    add_member(&out, "from", event->from);
    add_member(&out, "to", event->to);
    add_member(&out, "count", event->count);
    add_text(&out, "text", event->text);
    add(&out, "}");
}
