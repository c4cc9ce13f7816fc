#include "common/reset_spec.h"

#include "common/clock.h"
#include "common/decimal.h"
#include "common/exit_codes.h"
#include "common/options.h"

static const char *const targets[] = {
    [RESET_EARLIEST] = "earliest",    [RESET_LATEST] = "latest", [RESET_OFFSET] = "offset:",
    [RESET_TIMESTAMP] = "timestamp:", [RESET_SHIFT] = "shift:",
};

static int expected(const char *text, struct error *error)
{
    return error_set_code(error, EXIT_CODE_USAGE,
                          "'%s' is not a reset target: earliest, latest, offset N, timestamp T "
                          "(2026-02-26T09:52:20Z, or 1772099540500ms since the epoch) or shift ±N",
                          text);
}

/* --- times --------------------------------------------------------------------------------------------- */

/* What ISO 8601 allows and clock.h does not read: no zone, and one without a colon or minutes. */
static int parse_datetime(const char *text, int64_t *wall_us)
{
    char whole[64];
    const char *time = strchr(text, 'T');
    size_t length = strlen(text);
    if (time == NULL || length > 40)
        return -1;
    size_t zone = (size_t)(time - text) + strcspn(time, "+-Z");
    if (zone == length)
        snprintf(whole, sizeof whole, "%sZ", text);
    else if (length - zone == strlen("+01"))
        snprintf(whole, sizeof whole, "%s:00", text);
    else if (length - zone == strlen("+0100"))
        snprintf(whole, sizeof whole, "%.*s:%s", (int)length - 2, text, text + length - 2);
    else
        snprintf(whole, sizeof whole, "%s", text);
    return clock_parse_iso8601(whole, strlen(whole), wall_us);
}

static const struct {
    const char *unit;
    int64_t us;
} units[] = {{"s", US_PER_SECOND}, {"ms", US_PER_MS}, {"us", 1}};

/* 1772099540500ms; 1 when it is a number without a unit, -1 when it is none. */
static int parse_epoch(const char *text, int64_t *wall_us)
{
    int64_t number;
    const char *unit = decimal_read(text, INT64_MAX, &number);
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof units[0]; i++)
        if (strcmp(unit, units[i].unit) == 0)
            return __builtin_mul_overflow(number, units[i].us, wall_us) ? -1 : 0;
    return unit != NULL && *unit == '\0' ? 1 : -1;
}

static int parse_timestamp(struct reset_spec *spec, const char *text, struct error *error)
{
    if (parse_datetime(text, &spec->value) == 0)
        return 0;
    switch (parse_epoch(text, &spec->value)) {
    case 0:
        return 0;
    case 1:
        return error_set_code(error, EXIT_CODE_USAGE,
                              "timestamp '%s' has no unit: %sms counts milliseconds since the epoch as Kafka "
                              "does; s and us are known too, and 2026-02-26T09:52:20Z",
                              text, text);
    default:
        return expected(text, error);
    }
}

/* --- targets -------------------------------------------------------------------------------------------- */

static int parse_value(struct reset_spec *spec, const char *text, struct error *error)
{
    if (spec->to == RESET_EARLIEST || spec->to == RESET_LATEST)
        return text[0] == '\0' ? 0 : -1;
    int64_t minimum = spec->to == RESET_SHIFT ? -INT64_MAX : 0;
    if (spec->to == RESET_SHIFT && text[0] == '+')
        text++;
    return option_parse_integer(text, minimum, INT64_MAX - 1, &spec->value, error);
}

static int parse_target(struct reset_spec *spec, const char *text, struct error *error)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        size_t length = strlen(targets[i]);
        if (strncmp(text, targets[i], length) != 0)
            continue;
        spec->to = (enum reset_to)i;
        if (spec->to == RESET_TIMESTAMP)
            return parse_timestamp(spec, text + length, error);
        return parse_value(spec, text + length, error) == 0 ? 0 : expected(text, error);
    }
    return expected(text, error);
}

static int parse_more(struct reset_spec *spec, const char *word, struct error *error)
{
    static const char partition[] = "partition=";
    int64_t number;
    if (strcmp(word, "dry-run") == 0) {
        spec->dry_run = true;
        return 0;
    }
    if (strcmp(word, "delete-rows") == 0) {
        spec->delete_rows = true;
        return 0;
    }
    if (strncmp(word, partition, sizeof partition - 1) != 0 ||
        option_parse_integer(word + sizeof partition - 1, 0, INT32_MAX, &number, error) == -1)
        return error_set_code(error, EXIT_CODE_USAGE, "'%s' is not one of partition=P, dry-run, delete-rows",
                              word);
    spec->partition = (int32_t)number;
    return 0;
}

int reset_spec_parse(struct reset_spec *spec, const char *text, struct error *error)
{
    char words[256];
    char *rest = words;
    *spec = (struct reset_spec){.partition = -1};
    if (strlen(text) >= sizeof words)
        return expected("…", error);
    snprintf(words, sizeof words, "%s", text);
    if (parse_target(spec, strsep(&rest, ","), error) == -1)
        return -1;
    while (rest != NULL)
        if (parse_more(spec, strsep(&rest, ","), error) == -1)
            return -1;
    return 0;
}

static int64_t within(int64_t offset, int64_t low, int64_t high)
{
    return offset < low ? low : offset > high ? high : offset;
}

int64_t reset_spec_offset(const struct reset_spec *spec, int64_t low, int64_t high, int64_t now,
                          int64_t found)
{
    int64_t target = low;
    switch (spec->to) {
    case RESET_EARLIEST:
        return low;
    case RESET_LATEST:
        return high;
    case RESET_OFFSET:
        return within(spec->value, low, high);
    case RESET_TIMESTAMP:
        return found < 0 ? high : within(found, low, high);
    case RESET_SHIFT:
        if (__builtin_add_overflow(now < 0 ? low : now, spec->value, &target))
            target = spec->value > 0 ? high : low;
        return within(target, low, high);
    }
    return low;
}
