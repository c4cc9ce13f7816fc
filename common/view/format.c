#include "common/view/format.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/record/text.h"
#include "common/stats/definitions.h"

#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR   (60 * US_PER_MINUTE)
#define US_PER_DAY    (24 * US_PER_HOUR)

static const struct formatted unknown = {"?"};

struct formatted format_number(int64_t value)
{
    struct formatted result = unknown;
    if (value != STATS_UNKNOWN)
        snprintf(result.text, sizeof result.text, "%" PRId64, value);
    return result;
}

/* A quantity in the largest unit of which there are `enough`; one decimal below ten. */
struct unit {
    int64_t size;
    int64_t enough; /* in the base unit */
    const char *name;
};

static struct formatted in_units(int64_t value, const struct unit *units, size_t count)
{
    struct formatted result;
    size_t i = 0;
    while (i + 1 < count && value < units[i].enough)
        i++;
    if (units[i].size > 1 && value < 10 * units[i].size && value % units[i].size != 0)
        snprintf(result.text, sizeof result.text, "%.1f %s", (double)value / (double)units[i].size,
                 units[i].name);
    else
        snprintf(result.text, sizeof result.text, "%" PRId64 " %s", value / units[i].size, units[i].name);
    return result;
}

struct formatted format_span(int64_t microseconds)
{
    static const struct unit units[] = {
        {US_PER_DAY, 2 * US_PER_DAY, "d"},
        {US_PER_HOUR, 2 * US_PER_HOUR, "h"},
        {US_PER_MINUTE, 2 * US_PER_MINUTE, "min"},
        {US_PER_SECOND, US_PER_SECOND, "s"},
        {US_PER_MS, US_PER_MS, "ms"},
        {1, 1, "µs"},
    };
    if (microseconds == STATS_UNKNOWN)
        return unknown;
    return in_units(microseconds < 0 ? 0 : microseconds, units, sizeof units / sizeof units[0]);
}

struct formatted format_age(int64_t now_us, int64_t then_us)
{
    int64_t age_us;
    if (then_us == STATS_UNKNOWN)
        return unknown;
    /* Times come out of a segment: their difference may overflow. */
    if (__builtin_sub_overflow(now_us, then_us, &age_us))
        age_us = then_us < now_us ? INT64_MAX : 0;
    return format_span(age_us);
}

struct formatted format_rate(double per_second)
{
    struct formatted result;
    int decimals = per_second < 10 ? 2 : per_second < 100 ? 1 : 0;
    snprintf(result.text, sizeof result.text, "%.*f", decimals, per_second);
    return result;
}

struct formatted format_bytes(int64_t bytes)
{
    static const struct unit units[] = {
        {INT64_C(1) << 30, INT64_C(1) << 30, "GiB"},
        {INT64_C(1) << 20, INT64_C(1) << 20, "MiB"},
        {INT64_C(1) << 10, INT64_C(1) << 10, "KiB"},
        {1, 1, "B"},
    };
    return bytes == STATS_UNKNOWN ? unknown : in_units(bytes, units, sizeof units / sizeof units[0]);
}

struct foreign format_foreign(const char *text)
{
    struct foreign result = {""};
    size_t used = 0;
    text_escape(result.text, sizeof result.text, &used, text, strlen(text));
    return result;
}
