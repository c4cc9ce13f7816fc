#include "tools/ktopic/dlq/replayed.h"

#include <inttypes.h>

#include "common/decimal.h"

#define FORMAT "replay 1 "

int replayed_text(const struct replayed *replayed, char text[REPLAYED_TEXT_BYTES], struct error *error)
{
    int64_t at = replayed->done.next;
    int used = replayed->begun_us == 0
                   ? snprintf(text, REPLAYED_TEXT_BYTES, FORMAT "-")
                   : snprintf(text, REPLAYED_TEXT_BYTES, FORMAT "%" PRId64, replayed->begun_us);
    for (size_t i = 0; i < replayed->done.count && used < REPLAYED_TEXT_BYTES; i++) {
        const struct offset_range *range = &replayed->done.ranges[i];
        size_t left = REPLAYED_TEXT_BYTES - (size_t)used;
        used += snprintf(text + used, left, " %" PRId64, range->first - at);
        if (range->end - range->first > 1 && used < REPLAYED_TEXT_BYTES)
            used += snprintf(text + used, REPLAYED_TEXT_BYTES - (size_t)used, "+%" PRId64,
                             range->end - range->first);
        at = range->end;
    }
    if (used < REPLAYED_TEXT_BYTES)
        return 0;
    return error_set(
        error,
        "the letters that were sent back are too scattered for Kafka to keep note of them: send back "
        "more of those in front, from offset %" PRId64 " on, first",
        replayed->done.next);
}

static int not_ours(const char *text, struct error *error)
{
    return error_set(error, "what is committed beside the replay's offset is not a replay's: '%.60s'", text);
}

/* " 3+2": behind which offset, and how many. Returns what follows, or NULL. */
static const char *read_range(const char *at, int64_t *gap, int64_t *length)
{
    *length = 1;
    at = *at == ' ' ? decimal_read(at + 1, INT64_MAX / 4, gap) : NULL;
    if (at != NULL && *at == '+')
        at = decimal_read(at + 1, INT64_MAX / 4, length);
    return *length > 0 ? at : NULL;
}

static int parse_ranges(struct replayed *replayed, const char *at, const char *text, struct error *error)
{
    int64_t offset = replayed->done.next;
    int64_t gap, length;
    while (*at != '\0') {
        at = offset <= INT64_MAX / 4 ? read_range(at, &gap, &length) : NULL;
        if (at == NULL)
            return not_ours(text, error);
        offset += gap + length;
        if (offset_set_add(&replayed->done, offset - length, offset, error) == -1)
            return -1;
    }
    return 0;
}

int replayed_parse(struct replayed *replayed, int64_t committed, const char *text, struct error *error)
{
    *replayed = (struct replayed){.done = {.next = committed}};
    if (text == NULL || text[0] == '\0')
        return 0;
    if (strncmp(text, FORMAT, sizeof FORMAT - 1) != 0)
        return not_ours(text, error);
    const char *at = text + sizeof FORMAT - 1;
    if (*at == '-')
        at++;
    else if ((at = decimal_read(at, INT64_MAX, &replayed->begun_us)) == NULL || replayed->begun_us == 0)
        return not_ours(text, error);
    return parse_ranges(replayed, at, text, error);
}
