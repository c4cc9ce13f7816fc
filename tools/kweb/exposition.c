#include "tools/kweb/exposition.h"

#include <assert.h>

#include "common/clock.h"
#include "common/record/text.h"

static const struct {
    const char *text_name, *openmetrics_name, *suffix;
} types[] = {
    [EXPOSITION_COUNTER] = {"counter", "counter", "_total"},
    [EXPOSITION_GAUGE] = {"gauge", "gauge", ""},
    [EXPOSITION_STATES] = {"gauge", "gauge", ""},
    [EXPOSITION_HISTOGRAM] = {"histogram", "histogram", ""},
    [EXPOSITION_INFO] = {"gauge", "info", "_info"},
};

const char *exposition_type_name(enum exposition_type type)
{
    return types[type].text_name;
}

const char *exposition_suffix(enum exposition_type type)
{
    return types[type].suffix;
}

/* --- the buffer ---------------------------------------------------------------------------------------- */

/* It fits: whoever writes stops at a full buffer, and above that a row has room. */
static void put(struct exposition *exposition, const char *text, size_t length)
{
    assert(length <= sizeof exposition->bytes - exposition->used);
    memcpy(exposition->bytes + exposition->used, text, length);
    exposition->used += length;
}

bool exposition_is_full(const struct exposition *exposition)
{
    return exposition->used >= EXPOSITION_FULL_BYTES;
}

static void put_text(struct exposition *exposition, const char *text)
{
    put(exposition, text, strlen(text));
}

void exposition_begin(struct exposition *exposition, enum exposition_format format)
{
    exposition->format = format;
    exposition->used = 0;
}

void exposition_end(struct exposition *exposition)
{
    if (exposition->format == EXPOSITION_OPENMETRICS)
        put_text(exposition, "# EOF\n");
}

/* --- families ------------------------------------------------------------------------------------------ */

static void comment(struct exposition *exposition, const char *word, const char *what)
{
    const struct exposition_family *family = exposition->family;
    put_text(exposition, "# ");
    put_text(exposition, word);
    put_text(exposition, " ");
    put_text(exposition, family->name);
    if (exposition->format == EXPOSITION_TEXT)
        put_text(exposition, types[family->type].suffix);
    put_text(exposition, " ");
    put_text(exposition, what);
    put_text(exposition, "\n");
}

void exposition_family(struct exposition *exposition, const struct exposition_family *family)
{
    bool openmetrics = exposition->format == EXPOSITION_OPENMETRICS;
    exposition->family = family;
    comment(exposition, "HELP", family->help);
    comment(exposition, "TYPE",
            openmetrics ? types[family->type].openmetrics_name : types[family->type].text_name);
    if (openmetrics && family->unit[0] != '\0')
        comment(exposition, "UNIT", family->unit);
}

/* --- samples ------------------------------------------------------------------------------------------- */

static size_t fraction(uint64_t microseconds, char *text)
{
    size_t digits = 6;
    for (; digits > 0 && microseconds % 10 == 0; digits--)
        microseconds /= 10;
    for (size_t i = digits; i > 0; i--, microseconds /= 10)
        text[i - 1] = (char)('0' + microseconds % 10);
    return digits;
}

size_t exposition_seconds(int64_t microseconds, char text[EXPOSITION_SECONDS_BYTES])
{
    uint64_t magnitude = microseconds < 0 ? -(uint64_t)microseconds : (uint64_t)microseconds;
    size_t length = 0;
    if (microseconds < 0)
        text[length++] = '-';
    length += integer_format((int64_t)(magnitude / US_PER_SECOND), text + length);
    size_t digits = fraction(magnitude % US_PER_SECOND, text + length + 1);
    if (digits == 0)
        return length;
    text[length] = '.';
    return length + 1 + digits;
}

static void put_value(struct exposition *exposition, int64_t value, bool microseconds)
{
    char text[EXPOSITION_SECONDS_BYTES + 2] = " ";
    size_t length =
        1 + (microseconds ? exposition_seconds(value, text + 1) : integer_format(value, text + 1));
    text[length++] = '\n';
    put(exposition, text, length);
}

static void put_label(struct exposition *exposition, const char *name, const char *value)
{
    put_text(exposition, name);
    put(exposition, "=\"", 2);
    put_text(exposition, value);
    put(exposition, "\"", 1);
}

static void put_labels(struct exposition *exposition, struct span labels, struct exposition_extra extra)
{
    if (labels.length == 0 && extra.name == NULL)
        return;
    put(exposition, "{", 1);
    put(exposition, labels.text, labels.length);
    if (labels.length > 0 && extra.name != NULL)
        put(exposition, ",", 1);
    if (extra.name != NULL)
        put_label(exposition, extra.name, extra.value);
    put(exposition, "}", 1);
}

void exposition_part(struct exposition *exposition, struct span labels, struct exposition_extra extra,
                     int64_t value)
{
    const struct exposition_family *family = exposition->family;
    bool is_count = family->type == EXPOSITION_HISTOGRAM && strcmp(extra.suffix, "_sum") != 0;
    if (value == STATS_UNKNOWN)
        return;
    put_text(exposition, family->name);
    put_text(exposition, extra.suffix);
    put_labels(exposition, labels, extra);
    put_value(exposition, value, family->microseconds && !is_count);
}

void exposition_sample(struct exposition *exposition, struct span labels, int64_t value)
{
    const struct exposition_extra none = {types[exposition->family->type].suffix, NULL, NULL};
    exposition_part(exposition, labels, none, value);
}
