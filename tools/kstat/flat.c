#include "tools/kstat/flat.h"

#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>

#include "common/record/text.h"

#define DEPTH_MAX 8

struct flat {
    char name[FLAT_NAME_BYTES];
    size_t lengths[DEPTH_MAX]; /* of the name, at each depth */
    size_t depth, used;
    char before;  /* what stands between the name and a value's */
    size_t muted; /* within a list that has no names */
    const struct view_worker *worker;
    flat_each *each;
    void *context;
};

/* Cut where it does not fit: names of topics and workers are bounded, and it does. */
static void append(struct flat *flat, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(struct flat *flat, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(flat->name + flat->used, sizeof flat->name - flat->used, format, arguments);
    va_end(arguments);
    size_t room = sizeof flat->name - 1 - flat->used;
    flat->used += (size_t)length < room ? (size_t)length : room;
}

static void open_part(void *context, enum values_part part, const char *name, int32_t number)
{
    struct flat *flat = context;
    if (flat->depth < DEPTH_MAX)
        flat->lengths[flat->depth] = flat->used;
    flat->depth++;
    flat->muted += flat->muted > 0 || part == VALUES_ENTRY;
    if (part == VALUES_WORKER)
        append(flat, "%s", name);
    else if (part == VALUES_OBJECT)
        append(flat, ".%s", name);
    else if (part == VALUES_PARTITION)
        append(flat, "/%s/%" PRId32, name, number);
    flat->before = part == VALUES_PARTITION ? '/' : '.';
}

static void close_part(void *context, enum values_part part)
{
    (void)part;
    struct flat *flat = context;
    flat->muted -= flat->muted > 0;
    flat->depth--;
    if (flat->depth < DEPTH_MAX)
        flat->used = flat->lengths[flat->depth];
    flat->before = '.';
}

static void put_value(void *context, const char *name, struct stat_value value)
{
    struct flat *flat = context;
    size_t former = flat->used;
    if (flat->muted > 0)
        return;
    append(flat, "%c%s", flat->before, name);
    flat->each(flat->context, flat->worker, flat->name, value);
    flat->used = former;
    flat->name[former] = '\0';
}

void flat_worker(const struct view *view, const struct view_worker *worker, const struct rates *rates,
                 flat_each *each, void *context)
{
    struct flat flat = {.before = '.', .worker = worker, .each = each, .context = context};
    const struct values_visitor visitor = {open_part, put_value, close_part, &flat};
    values_of_worker(view, worker, rates, &visitor);
}

bool flat_is_pattern(const char *word)
{
    if (strpbrk(word, "*?[/") != NULL)
        return true;
    for (const char *dot = strchr(word, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        if (!isdigit((unsigned char)dot[1]))
            return true;
    return false;
}

bool flat_matches(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0;
}

void flat_text(struct stat_value value, char text[FLAT_VALUE_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    if (value.type == VALUE_NUMBER)
        snprintf(text, FLAT_VALUE_BYTES, "%" PRId64, value.number);
    else if (value.type == VALUE_REAL)
        snprintf(text, FLAT_VALUE_BYTES, "%.3f", value.real);
    else if (value.type == VALUE_TEXT)
        text_escape(text, FLAT_VALUE_BYTES, &used, value.text, strlen(value.text));
    else
        snprintf(text, FLAT_VALUE_BYTES, "%s",
                 value.type == VALUE_UNKNOWN ? "?"
                 : value.boolean             ? "true"
                                             : "false");
}
