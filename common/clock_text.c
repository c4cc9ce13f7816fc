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

int clock_parse_iso8601(const char *text, size_t length, int64_t *wall_us)
{
    struct scanner s = {text, text + length, false};
    struct tm utc = {0};
    utc.tm_year = digits(&s, 4, 0, 9999) - 1900;
    expect(&s, '-');
    utc.tm_mon = digits(&s, 2, 1, 12) - 1;
    expect(&s, '-');
    utc.tm_mday = digits(&s, 2, 1, 31);
    expect(&s, 'T');
    utc.tm_hour = digits(&s, 2, 0, 23);
    expect(&s, ':');
    utc.tm_min = digits(&s, 2, 0, 59);
    expect(&s, ':');
    utc.tm_sec = digits(&s, 2, 0, 59);
    int64_t fraction = fraction_us(&s);
    int64_t zone = zone_us(&s);
    if (s.failed || s.at != s.end)
        return -1;
    int day = utc.tm_mday;
    int64_t seconds = timegm(&utc);
    if (utc.tm_mday != day) /* timegm made 30 February into a day of March */
        return -1;
    *wall_us = seconds * US_PER_SECOND + fraction - zone;
    return 0;
}
