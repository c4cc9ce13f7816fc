#include "consumer/acks.h"

#include <inttypes.h>

#include "common/decimal.h"

static const char mark[] = "acks1:";
enum { MARK_LENGTH = sizeof mark - 1 };

void acks_begin(struct acks *acks, int64_t prefix)
{
    acks->prefix = prefix;
    acks->count = 0;
    acks->changed = false;
}

void acks_release(struct acks *acks)
{
    free(acks->ranges);
    *acks = (struct acks){0};
}

/* --- the set ------------------------------------------------------------------------------------------- */

static void absorb_prefix(struct acks *acks)
{
    if (acks->count == 0 || acks->ranges[0].first > acks->prefix)
        return;
    acks->prefix = acks->ranges[0].end > acks->prefix ? acks->ranges[0].end : acks->prefix;
    acks->count--;
    memmove(acks->ranges, acks->ranges + 1, acks->count * sizeof *acks->ranges);
    absorb_prefix(acks);
}

/* Ranges that touch first … end become one with it; returns where it stands now. */
static void insert(struct acks *acks, int64_t first, int64_t end)
{
    size_t at = 0;
    while (at < acks->count && acks->ranges[at].end < first)
        at++;
    size_t past = at;
    for (; past < acks->count && acks->ranges[past].first <= end; past++) {
        first = acks->ranges[past].first < first ? acks->ranges[past].first : first;
        end = acks->ranges[past].end > end ? acks->ranges[past].end : end;
    }
    memmove(&acks->ranges[at + 1], &acks->ranges[past], (acks->count - past) * sizeof *acks->ranges);
    acks->count = acks->count - (past - at) + 1;
    acks->ranges[at] = (struct ack_range){first, end};
    absorb_prefix(acks);
}

static int make_room(struct acks *acks, struct error *error)
{
    if (acks->count + 1 < acks->capacity)
        return 0;
    size_t capacity = acks->capacity > 0 ? acks->capacity * 2 : 16;
    struct ack_range *ranges = realloc(acks->ranges, capacity * sizeof *ranges);
    if (ranges == NULL)
        return error_set(error, "out of memory");
    acks->ranges = ranges;
    acks->capacity = capacity;
    return 0;
}

static size_t render(const struct acks *acks, char *text, size_t bytes)
{
    size_t used = (size_t)snprintf(text, bytes, "%s", acks->count > 0 ? mark : "");
    for (size_t i = 0; i < acks->count && used < bytes; i++) {
        int64_t first = acks->ranges[i].first - acks->prefix;
        int64_t last = acks->ranges[i].end - 1 - acks->prefix;
        used += (size_t)snprintf(text + used, bytes - used, "%s%" PRId64, i > 0 ? "," : "", first);
        if (last > first && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "-%" PRId64, last);
    }
    return used;
}

int acks_add(struct acks *acks, int64_t first, int64_t end, struct error *error)
{
    char text[ACKS_METADATA_BYTES];
    if (end <= acks->prefix || end <= first)
        return 0;
    if (make_room(acks, error) == -1)
        return -1;
    struct acks before = *acks;
    before.ranges = calloc(acks->count + 1, sizeof *before.ranges);
    if (before.ranges == NULL)
        return error_set(error, "out of memory");
    memcpy(before.ranges, acks->ranges, acks->count * sizeof *before.ranges);
    insert(acks, first, end);
    bool fits = render(acks, text, sizeof text) < sizeof text;
    if (!fits) {
        memcpy(acks->ranges, before.ranges, before.count * sizeof *before.ranges);
        acks->count = before.count;
        acks->prefix = before.prefix;
        error_set(error,
                  "too many acknowledgements lie apart beyond %" PRId64
                  ", the first unacknowledged record: acknowledge that first",
                  acks->prefix);
    }
    free(before.ranges);
    acks->changed = acks->changed || fits;
    return fits ? 0 : -1;
}

bool acks_has(const struct acks *acks, int64_t offset)
{
    if (offset < acks->prefix)
        return true;
    for (size_t i = 0; i < acks->count && acks->ranges[i].first <= offset; i++)
        if (offset < acks->ranges[i].end)
            return true;
    return false;
}

int64_t acks_ahead(const struct acks *acks)
{
    int64_t count = 0;
    for (size_t i = 0; i < acks->count; i++)
        count += acks->ranges[i].end - acks->ranges[i].first;
    return count;
}

/* --- the metadata -------------------------------------------------------------------------------------- */

size_t acks_metadata(struct acks *acks, char text[ACKS_METADATA_BYTES])
{
    acks->changed = false;
    return render(acks, text, ACKS_METADATA_BYTES);
}

/* `17` or `17-20`, and what separates it from the next. NULL when it is none. */
static const char *read_range(struct acks *acks, const char *at)
{
    struct error ignored = ERROR_INIT;
    int64_t first = 0;
    at = decimal_read(at, INT64_MAX, &first);
    int64_t last = first;
    if (at != NULL && *at == '-')
        at = decimal_read(at + 1, INT64_MAX, &last);
    if (at == NULL || last < first || first == 0 || last >= INT64_MAX - acks->prefix ||
        acks_add(acks, acks->prefix + first, acks->prefix + last + 1, &ignored) == -1)
        return NULL;
    if (*at == ',')
        return at[1] != '\0' ? at + 1 : NULL;
    return *at == '\0' ? at : NULL;
}

bool acks_load(struct acks *acks, int64_t prefix, const void *metadata, size_t length)
{
    char text[ACKS_METADATA_BYTES];
    acks_begin(acks, prefix);
    if (length == 0)
        return true;
    if (length >= sizeof text || length < MARK_LENGTH || memcmp(metadata, mark, MARK_LENGTH) != 0)
        return false;
    memcpy(text, metadata, length);
    text[length] = '\0';
    const char *at = text + MARK_LENGTH;
    do
        at = read_range(acks, at);
    while (at != NULL && *at != '\0');
    if (at == NULL)
        acks_begin(acks, prefix);
    acks->changed = false;
    return at != NULL;
}
