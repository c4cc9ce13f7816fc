/* Wall time as text, apart from the clocks themselves: a test that replaces the clocks keeps this. */
#include "common/clock.h"

#include <stdbool.h>

char *clock_format_iso8601(char buffer[CLOCK_ISO8601_BYTES], int64_t wall_us)
{
    int64_t fraction = wall_us % US_PER_SECOND;
    time_t seconds = (time_t)(wall_us / US_PER_SECOND);
    if (fraction < 0) {
        fraction += US_PER_SECOND;
        seconds--;
    }
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || utc.tm_year < -1900 || utc.tm_year > 9999 - 1900) {
        snprintf(buffer, CLOCK_ISO8601_BYTES, "?");
        return buffer;
    }
    char second[16];
    strftime(second, sizeof second, "-%m-%dT%H:%M:%S", &utc); /* glibc's %Y does not pad to four digits */
    snprintf(buffer, CLOCK_ISO8601_BYTES, "%04u%s.%06u+00:00", (unsigned)(utc.tm_year + 1900) % 10000, second,
             (unsigned)fraction % 1000000);
    return buffer;
}

struct scanner {
    const char *at;
    const char *end;
    bool failed;
};

static void expect(struct scanner *s, char c)
{
    if (s->at < s->end && *s->at == c)
        s->at++;
    else
        s->failed = true;
}

static int digits(struct scanner *s, int count, int low, int high)
{
    int value = 0;
    for (int i = 0; i < count && !s->failed; i++) {
        if (s->at == s->end || *s->at < '0' || *s->at > '9') {
            s->failed = true;
            break;
        }
        value = value * 10 + (*s->at++ - '0');
    }
    if (value < low || value > high)
        s->failed = true;
    return value;
}

static int64_t fraction_us(struct scanner *s)
{
    if (s->at == s->end || *s->at != '.')
        return 0;
    s->at++;
    int64_t value = 0;
    int count = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, count++)
        if (count < 6)
            value = value * 10 + (*s->at - '0');
    if (count == 0 || count > 6)
        s->failed = true;
    for (; count < 6; count++)
        value *= 10;
    return value;
}

static int64_t zone_us(struct scanner *s)
{
    if (s->at < s->end && *s->at == 'Z') {
        s->at++;
        return 0;
    }
    int sign = s->at < s->end && *s->at == '-' ? -1 : 1;
    expect(s, sign < 0 ? '-' : '+');
    int hours = digits(s, 2, 0, 23);
    expect(s, ':');
    int minutes = digits(s, 2, 0, 59);
    return sign * (hours * INT64_C(3600) + minutes * INT64_C(60)) * US_PER_SECOND;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month < 1 || month > 12 ? 0 : days[month - 1] + (month == 2 && leap);
}

/* From 1970-01-01, in the proleptic Gregorian calendar, as timegm counts, which asks for the time zone each
 * time. Years begin in March here, so that a leap day is the last of one: Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms". */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = year + 400 - (month <= 2); /* never negative */
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468 - 146097;
}

int clock_parse_iso8601(const char *text, size_t length, int64_t *wall_us)
{
    struct scanner s = {text, text + length, false};
    int year = digits(&s, 4, 0, 9999);
    expect(&s, '-');
    int month = digits(&s, 2, 1, 12);
    expect(&s, '-');
    int day = digits(&s, 2, 1, 31);
    expect(&s, 'T');
    int64_t seconds = digits(&s, 2, 0, 23) * INT64_C(3600);
    expect(&s, ':');
    seconds += digits(&s, 2, 0, 59) * INT64_C(60);
    expect(&s, ':');
    seconds += digits(&s, 2, 0, 59);
    int64_t fraction = fraction_us(&s);
    int64_t zone = zone_us(&s);
    if (s.failed || s.at != s.end || day > days_of_month(year, month))
        return -1;
    seconds += days_from_civil(year, month, day) * INT64_C(86400);
    *wall_us = seconds * US_PER_SECOND + fraction - zone;
    return 0;
}
