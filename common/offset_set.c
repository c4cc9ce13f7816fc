#include "common/offset_set.h"

#include "common/array.h"

void offset_set_begin(struct offset_set *set, int64_t next)
{
    set->next = next;
    set->count = 0;
}

void offset_set_release(struct offset_set *set)
{
    free(set->ranges);
    *set = (struct offset_set){0};
}

/* The first range that ends at `offset` or beyond. */
static size_t find(const struct offset_set *set, int64_t offset)
{
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->ranges[middle].end < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool offset_set_has(const struct offset_set *set, int64_t offset)
{
    if (offset < set->next)
        return true;
    size_t at = find(set, offset + 1);
    return at < set->count && set->ranges[at].first <= offset;
}

int64_t offset_set_ahead(const struct offset_set *set)
{
    int64_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += set->ranges[i].end - set->ranges[i].first;
    return count;
}

struct offset_join offset_set_join(const struct offset_set *set, int64_t first, int64_t end)
{
    size_t begin = find(set, first);
    struct offset_join join = {{first, end}, begin, begin};
    for (; join.past < set->count && set->ranges[join.past].first <= end; join.past++) {
        const struct offset_range *met = &set->ranges[join.past];
        join.range.first = met->first < join.range.first ? met->first : join.range.first;
        join.range.end = met->end > join.range.end ? met->end : join.range.end;
    }
    return join;
}

/* The lowest bits, up to before `end`. */
static uint64_t bits_before(int64_t end)
{
    return end >= OFFSET_SET_MAP_BITS ? (UINT64_C(1) << OFFSET_SET_MAP_BITS) - 1 : (UINT64_C(1) << end) - 1;
}

int64_t offset_set_map(const struct offset_set *set)
{
    uint64_t map = 0;
    for (size_t i = 0; i < set->count; i++) {
        int64_t first = set->ranges[i].first - set->next;
        if (first >= OFFSET_SET_MAP_BITS)
            break;
        map |= bits_before(set->ranges[i].end - set->next) & ~bits_before(first);
    }
    return (int64_t)map;
}

static int make_room(struct offset_set *set, struct error *error)
{
    struct offset_range *grown = array_room(set->ranges, set->count, &set->capacity, 16, sizeof *grown);
    if (grown == NULL)
        return error_set(error, "out of memory");
    set->ranges = grown;
    return 0;
}

/* The ranges from `past` on stand from `to` on now. */
static void move_rest(struct offset_set *set, size_t past, size_t to)
{
    size_t rest = set->count - past;
    if (rest > 0)
        memmove(set->ranges + to, set->ranges + past, rest * sizeof *set->ranges);
    set->count = to + rest;
}

int offset_set_add(struct offset_set *set, int64_t first, int64_t end, struct error *error)
{
    if (end <= set->next || end <= first)
        return 0;
    struct offset_join join = offset_set_join(set, first, end);
    if (join.range.first <= set->next) {
        set->next = join.range.end;
        move_rest(set, join.past, 0);
        return 0;
    }
    if (join.begin == join.past && make_room(set, error) == -1)
        return -1;
    move_rest(set, join.past, join.begin + 1);
    set->ranges[join.begin] = join.range;
    return 0;
}
