#include "consumer/acks.h"

#include <assert.h>
#include <inttypes.h>

#include "common/decimal.h"

static const char mark[] = "acks1:";
enum { MARK_LENGTH = sizeof mark - 1 };

void acks_begin(struct acks *acks, int64_t first)
{
    offset_set_begin(&acks->done, first);
    offset_set_begin(&acks->later, INT64_MIN);
    acks->changed = false;
}

void acks_release(struct acks *acks)
{
    offset_set_release(&acks->done);
    offset_set_release(&acks->later);
    *acks = (struct acks){0};
}

/* --- adding -------------------------------------------------------------------------------------------- */

static size_t digits(int64_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

/* Of the metadata's text. */
static size_t range_length(const struct acks *acks, struct offset_range range)
{
    int64_t first = range.first - acks->done.next;
    int64_t last = range.end - 1 - acks->done.next;
    return digits(first) + (last > first ? 1 + digits(last) : 0);
}

/* Would the metadata hold it? What reaches the first unacknowledged offset takes no text, and makes the
 * others' shorter. */
static bool fits(const struct acks *acks, int64_t first, int64_t end)
{
    const struct offset_set *done = &acks->done;
    struct offset_join join = offset_set_join(done, first, end);
    if (join.range.first <= done->next)
        return true;
    size_t length = MARK_LENGTH + range_length(acks, join.range);
    for (size_t i = 0; i < done->count; i++)
        if (i < join.begin || i >= join.past)
            length += 1 + range_length(acks, done->ranges[i]);
    return length < ACKS_METADATA_BYTES;
}

/* What reaches the first unacknowledged offset takes no text. What lies behind that is done anyhow. */
static void enter_later(struct acks *acks)
{
    struct offset_set *later = &acks->later;
    struct error ignored = ERROR_INIT;
    size_t entered = 0;
    for (; entered < later->count && later->ranges[entered].first <= acks->done.next; entered++)
        if (later->ranges[entered].end > acks->done.next)
            offset_set_add(&acks->done, later->ranges[entered].first, later->ranges[entered].end, &ignored);
    if (entered == 0)
        return;
    later->count -= entered;
    memmove(later->ranges, later->ranges + entered, later->count * sizeof later->ranges[0]);
}

int acks_add(struct acks *acks, int64_t first, int64_t end, struct error *error)
{
    if (end <= acks->done.next || end <= first)
        return 0;
    if (!fits(acks, first, end))
        return error_set(error,
                         "too many separate acknowledgements beyond %" PRId64
                         ", the first unacknowledged record: acknowledge that first",
                         acks->done.next);
    if (offset_set_add(&acks->done, first, end, error) == -1)
        return -1;
    acks->changed = true;
    enter_later(acks);
    return 0;
}

int acks_settle(struct acks *acks, int64_t first, int64_t end, struct error *error)
{
    if (end > acks->done.next && end > first && !fits(acks, first, end))
        return offset_set_add(&acks->later, first, end, error);
    return acks_add(acks, first, end, error);
}

/* --- the metadata -------------------------------------------------------------------------------------- */

size_t acks_metadata(struct acks *acks, char text[ACKS_METADATA_BYTES])
{
    const struct offset_set *done = &acks->done;
    size_t used = (size_t)snprintf(text, ACKS_METADATA_BYTES, "%s", done->count > 0 ? mark : "");
    for (size_t i = 0; i < done->count && used < ACKS_METADATA_BYTES; i++) {
        int64_t first = done->ranges[i].first - done->next;
        int64_t last = done->ranges[i].end - 1 - done->next;
        used +=
            (size_t)snprintf(text + used, ACKS_METADATA_BYTES - used, "%s%" PRId64, i > 0 ? "," : "", first);
        if (last > first && used < ACKS_METADATA_BYTES)
            used += (size_t)snprintf(text + used, ACKS_METADATA_BYTES - used, "-%" PRId64, last);
    }
    acks->changed = false;
    assert(used < ACKS_METADATA_BYTES); /* acks_add saw to it */
    return used;
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
    if (at == NULL || last < first || first == 0 || last >= INT64_MAX - acks->done.next ||
        offset_set_add(&acks->done, acks->done.next + first, acks->done.next + last + 1, &ignored) == -1)
        return NULL;
    if (*at == ',')
        return at[1] != '\0' ? at + 1 : NULL;
    return *at == '\0' ? at : NULL;
}

bool acks_load(struct acks *acks, int64_t first, const void *metadata, size_t length)
{
    char text[ACKS_METADATA_BYTES];
    acks_begin(acks, first);
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
        acks_begin(acks, first);
    acks->changed = false;
    return at != NULL;
}
