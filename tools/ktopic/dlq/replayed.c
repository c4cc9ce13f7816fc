#include "tools/ktopic/dlq/replayed.h"

#include <inttypes.h>

#include "common/decimal.h"

#define FORMAT "replay 1 "

void replayed_release(struct replayed *replayed)
{
    free(replayed->ranges);
    replayed->ranges = NULL;
    replayed->count = replayed->capacity = 0;
}

/* The first range that ends at `offset` or beyond. */
static size_t find(const struct replayed *replayed, int64_t offset)
{
    size_t low = 0, high = replayed->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (replayed->ranges[middle].last < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool replayed_has(const struct replayed *replayed, int64_t offset)
{
    size_t at = find(replayed, offset);
    return offset < replayed->next || (at < replayed->count && replayed->ranges[at].first <= offset);
}

static int reserve(struct replayed *replayed, struct error *error)
{
    if (replayed->count < replayed->capacity)
        return 0;
    size_t capacity = replayed->capacity == 0 ? 16 : 2 * replayed->capacity;
    struct offset_range *grown = realloc(replayed->ranges, capacity * sizeof *grown);
    if (grown == NULL)
        return error_set(error, "out of memory");
    replayed->ranges = grown;
    replayed->capacity = capacity;
    return 0;
}

/* What the beginning has reached needs no range any more. */
static void advance(struct replayed *replayed)
{
    size_t reached = 0;
    while (reached < replayed->count && replayed->ranges[reached].first <= replayed->next) {
        if (replayed->ranges[reached].last >= replayed->next)
            replayed->next = replayed->ranges[reached].last + 1;
        reached++;
    }
    replayed->count -= reached;
    if (reached > 0)
        memmove(replayed->ranges, replayed->ranges + reached, replayed->count * sizeof *replayed->ranges);
}

int replayed_add(struct replayed *replayed, int64_t first, int64_t last, struct error *error)
{
    if (first > last)
        return 0;
    if (reserve(replayed, error) == -1)
        return -1;
    /* The ranges that touch the new one become one with it. */
    size_t begin = find(replayed, first - 1);
    size_t end = begin;
    for (; end < replayed->count && replayed->ranges[end].first <= last + 1; end++) {
        if (replayed->ranges[end].first < first)
            first = replayed->ranges[end].first;
        if (replayed->ranges[end].last > last)
            last = replayed->ranges[end].last;
    }
    memmove(replayed->ranges + begin + 1, replayed->ranges + end,
            (replayed->count - end) * sizeof *replayed->ranges);
    replayed->ranges[begin] = (struct offset_range){first, last};
    replayed->count += 1 - (end - begin);
    advance(replayed);
    return 0;
}

int replayed_text(const struct replayed *replayed, char text[REPLAYED_TEXT_BYTES], struct error *error)
{
    int64_t at = replayed->next;
    int used = replayed->begun_us == 0
                   ? snprintf(text, REPLAYED_TEXT_BYTES, FORMAT "-")
                   : snprintf(text, REPLAYED_TEXT_BYTES, FORMAT "%" PRId64, replayed->begun_us);
    for (size_t i = 0; i < replayed->count && used < REPLAYED_TEXT_BYTES; i++) {
        const struct offset_range *range = &replayed->ranges[i];
        size_t left = REPLAYED_TEXT_BYTES - (size_t)used;
        used += snprintf(text + used, left, " %" PRId64, range->first - at);
        if (range->last > range->first && used < REPLAYED_TEXT_BYTES)
            used += snprintf(text + used, REPLAYED_TEXT_BYTES - (size_t)used, "+%" PRId64,
                             range->last - range->first + 1);
        at = range->last + 1;
    }
    if (used < REPLAYED_TEXT_BYTES)
        return 0;
    return error_set(
        error,
        "the letters that were sent back are too scattered for Kafka to keep note of them: send back "
        "more of those in front, from offset %" PRId64 " on, first",
        replayed->next);
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
    int64_t offset = replayed->next;
    int64_t gap, length;
    while (*at != '\0') {
        at = offset <= INT64_MAX / 4 ? read_range(at, &gap, &length) : NULL;
        if (at == NULL)
            return not_ours(text, error);
        offset += gap + length;
        if (replayed_add(replayed, offset - length, offset - 1, error) == -1)
            return -1;
    }
    return 0;
}

int replayed_parse(struct replayed *replayed, int64_t committed, const char *text, struct error *error)
{
    *replayed = (struct replayed){.next = committed};
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
