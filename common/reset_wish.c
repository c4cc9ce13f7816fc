#include "common/reset_wish.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/options.h"

static const char *const places[] = {
    [RESET_EARLIEST] = "earliest",    [RESET_LATEST] = "latest", [RESET_OFFSET] = "offset:",
    [RESET_TIMESTAMP] = "timestamp:", [RESET_SHIFT] = "shift:",
};

static int expected(const char *text, struct error *error)
{
    return error_set_code(error, EXIT_CODE_USAGE,
                          "'%s' is no place to reset to: earliest, latest, offset N, timestamp T "
                          "(2026-02-26T09:52:20Z) or shift ±N",
                          text);
}

static int parse_value(struct reset_wish *wish, const char *text, struct error *error)
{
    if (wish->to == RESET_EARLIEST || wish->to == RESET_LATEST)
        return text[0] == '\0' ? 0 : -1;
    if (wish->to == RESET_TIMESTAMP && clock_parse_iso8601(text, strlen(text), &wish->value) == 0)
        return 0;
    int64_t minimum = wish->to == RESET_SHIFT ? -INT64_MAX : 0;
    if (wish->to == RESET_SHIFT && text[0] == '+')
        text++;
    return option_parse_integer(text, minimum, INT64_MAX - 1, &wish->value, error);
}

static int parse_place(struct reset_wish *wish, const char *text, struct error *error)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t length = strlen(places[i]);
        if (strncmp(text, places[i], length) != 0)
            continue;
        wish->to = (enum reset_to)i;
        return parse_value(wish, text + length, error) == 0 ? 0 : expected(text, error);
    }
    return expected(text, error);
}

static int parse_more(struct reset_wish *wish, const char *word, struct error *error)
{
    static const char partition[] = "partition=";
    int64_t number;
    if (strcmp(word, "dry-run") == 0) {
        wish->dry_run = true;
        return 0;
    }
    if (strcmp(word, "delete-rows") == 0) {
        wish->delete_rows = true;
        return 0;
    }
    if (strncmp(word, partition, sizeof partition - 1) != 0 ||
        option_parse_integer(word + sizeof partition - 1, 0, INT32_MAX, &number, error) == -1)
        return error_set_code(error, EXIT_CODE_USAGE, "'%s' is none of partition=P, dry-run, delete-rows",
                              word);
    wish->partition = (int32_t)number;
    return 0;
}

int reset_wish_parse(struct reset_wish *wish, const char *text, struct error *error)
{
    char words[256];
    char *rest = words;
    *wish = (struct reset_wish){.partition = -1};
    snprintf(words, sizeof words, "%s", text);
    if (parse_place(wish, strsep(&rest, ","), error) == -1)
        return -1;
    while (rest != NULL)
        if (parse_more(wish, strsep(&rest, ","), error) == -1)
            return -1;
    return 0;
}

static int64_t within(int64_t offset, int64_t low, int64_t high)
{
    return offset < low ? low : offset > high ? high : offset;
}

int64_t reset_wish_offset(const struct reset_wish *wish, int64_t low, int64_t high, int64_t now,
                          int64_t found)
{
    int64_t target = low;
    switch (wish->to) {
    case RESET_EARLIEST:
        return low;
    case RESET_LATEST:
        return high;
    case RESET_OFFSET:
        return within(wish->value, low, high);
    case RESET_TIMESTAMP:
        return found < 0 ? high : within(found, low, high);
    case RESET_SHIFT:
        if (__builtin_add_overflow(now < 0 ? low : now, wish->value, &target))
            target = wish->value > 0 ? high : low;
        return within(target, low, high);
    }
    return low;
}
