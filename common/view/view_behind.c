#include "common/view/view_behind.h"

#include "common/view/format.h"
#include "common/view/view.h"

/* One partition of one worker. */
struct partition_slot {
    const struct stats_snapshot *snapshot;
    size_t slot;
};

static int64_t value(const struct partition_slot *at, const char *name)
{
    return stats_snapshot_partition(at->snapshot, at->slot, name);
}

/* Foreign numbers: they may be anything. Never negative. */
static int64_t since(int64_t now_us, int64_t then_us)
{
    int64_t us;
    if (then_us == STATS_UNKNOWN || __builtin_sub_overflow(now_us, then_us, &us))
        return STATS_UNKNOWN;
    return us > 0 ? us : 0;
}

/* What somebody knows of the partition. */
struct sight {
    int64_t high, high_us;
    int64_t passed;    /* an offset */
    int64_t passed_us; /* that the watermark had passed then */
};

static struct sight of_producer(const struct partition_slot *at)
{
    int64_t acknowledged = value(at, "acknowledged_offset");
    int64_t high = STATS_UNKNOWN;
    if (acknowledged != STATS_UNKNOWN && acknowledged < INT64_MAX)
        high = acknowledged + 1;
    return (struct sight){high, value(at, "acknowledged_us"), STATS_UNKNOWN, STATS_UNKNOWN};
}

static struct sight of_consumer(const struct partition_slot *at)
{
    return (struct sight){value(at, "high"), value(at, "watermarks_us"), value(at, "committed"),
                          value(at, "behind_since_us")};
}

/* --- who else has a partition -------------------------------------------------------------------------- */

/* One partition of one worker, by its name. The topic is the snapshot's. */
struct holder {
    const char *topic;
    int32_t number;
    const struct view_worker *worker;
    struct sight sight; /* what it knows */
};

struct holders {
    size_t count;
    struct holder items[]; /* sorted */
};

static int compare(const void *left, const void *right)
{
    const struct holder *a = left, *b = right;
    int order = strcmp(a->topic, b->topic);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static size_t count_partitions(const struct view_worker *worker)
{
    return worker->snapshot == NULL ? 0 : stats_snapshot_partitions(worker->snapshot);
}

static void add_holders(struct holders *holders, const struct view_worker *worker)
{
    for (size_t slot = 0; slot < count_partitions(worker); slot++) {
        struct holder *holder = &holders->items[holders->count++];
        const struct partition_slot at = {worker->snapshot, slot};
        *holder = (struct holder){.worker = worker};
        holder->sight = view_is_producer(worker) ? of_producer(&at) : of_consumer(&at);
        holder->topic = stats_snapshot_partition_topic(worker->snapshot, slot, &holder->number);
    }
}

struct holders *holders_of(const struct view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->count; i++)
        count += count_partitions(&view->workers[i]);
    struct holders *holders = malloc(sizeof *holders + count * sizeof holders->items[0]);
    if (holders == NULL)
        return NULL;
    holders->count = 0;
    for (size_t i = 0; i < view->count; i++)
        add_holders(holders, &view->workers[i]);
    if (count > 0)
        qsort(holders->items, count, sizeof holders->items[0], compare);
    return holders;
}

/* The first holder of a partition; NULL: none is known. */
static const struct holder *first_holder(const struct holders *holders, const struct holder *wanted)
{
    const struct holder *found =
        holders == NULL || holders->count == 0
            ? NULL
            : bsearch(wanted, holders->items, holders->count, sizeof holders->items[0], compare);
    while (found != NULL && found > holders->items && compare(found - 1, wanted) == 0)
        found--;
    return found;
}

/* --- what they know ----------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a == STATS_UNKNOWN || (b != STATS_UNKNOWN && b < a) ? b : a;
}

/* Raises what is known; `*beyond_us` is the first time at which the watermark is known to have been beyond
 * the committed offset. */
static void raise_by(struct behind *behind, const struct sight *sight, int64_t committed, int64_t *beyond_us)
{
    if (committed != STATS_UNKNOWN && sight->high > committed)
        *beyond_us = earlier(*beyond_us, sight->high_us);
    if (committed != STATS_UNKNOWN && sight->passed >= committed)
        *beyond_us = earlier(*beyond_us, sight->passed_us);
    if (sight->high > behind->high || (sight->high == behind->high && sight->high_us > behind->high_us)) {
        behind->high = sight->high;
        behind->high_us = sight->high_us;
    }
}

static void raise_by_others(const struct view *view, const struct view_worker *worker,
                            const struct partition_slot *at, struct behind *behind, int64_t *beyond_us)
{
    struct holder wanted = {.worker = worker};
    int64_t committed = value(at, "committed");
    wanted.topic = stats_snapshot_partition_topic(at->snapshot, at->slot, &wanted.number);
    const struct holder *holder = first_holder(view->holders, &wanted);
    for (; holder != NULL && holder < view->holders->items + view->holders->count &&
           compare(holder, &wanted) == 0;
         holder++) {
        if (holder->worker != worker)
            raise_by(behind, &holder->sight, committed, beyond_us);
    }
}

/* --- a partition --------------------------------------------------------------------------------------- */

static bool looks(const struct view *view, const struct view_worker *worker, int64_t watermarks_us)
{
    int64_t age_us = since(view->now_us, watermarks_us);
    return view_alive(worker) && age_us != STATS_UNKNOWN && age_us <= BEHIND_LATELY_US;
}

/* A live worker with an old watermark lost its brokers; so did the others: they know no more. */
static bool asks_others(const struct view *view, const struct view_worker *worker)
{
    int64_t silent_us = since(view->now_us, worker->liveness.heartbeat_us);
    bool still = silent_us == STATS_UNKNOWN || silent_us > BEHIND_LATELY_US;
    return !view_alive(worker) || still;
}

static int64_t held_back(const struct partition_slot *at, int64_t lag)
{
    int64_t held = stats_lag(value(at, "last_stable"), value(at, "high"));
    if (held == STATS_UNKNOWN || lag == STATS_UNKNOWN)
        return 0;
    return held < lag ? held : lag;
}

struct behind behind_of(const struct view *view, const struct view_worker *worker, size_t slot)
{
    const struct partition_slot at = {worker->snapshot, slot};
    struct behind behind = {.high = value(&at, "high"), .high_us = value(&at, "watermarks_us")};
    int64_t committed = value(&at, "committed");
    int64_t since_us = value(&at, "behind_since_us");
    int64_t beyond_us = STATS_UNKNOWN;
    behind.us_at_least = value(&at, "behind_at_least") == 1;
    behind.lag_at_least = !looks(view, worker, behind.high_us);
    if (behind.lag_at_least && asks_others(view, worker))
        raise_by_others(view, worker, &at, &behind, &beyond_us);
    behind.lag = stats_lag(stats_lag_from(committed, value(&at, "low")), behind.high);
    behind.held_back = held_back(&at, behind.lag);
    if (since_us == STATS_UNKNOWN && beyond_us != STATS_UNKNOWN) {
        since_us = beyond_us;
        behind.us_at_least = true;
    }
    behind.us = behind.lag == 0 ? 0 : behind.lag > 0 ? since(view->now_us, since_us) : STATS_UNKNOWN;
    if (behind.lag == 0) /* at the last look, which may be long ago */
        behind.us_at_least = behind.lag_at_least;
    return behind;
}

/* --- a worker ------------------------------------------------------------------------------------------ */

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    if (a == STATS_UNKNOWN || b == STATS_UNKNOWN || __builtin_add_overflow(a, b, &sum))
        return STATS_UNKNOWN;
    return sum;
}

static int64_t longest(int64_t a, int64_t b)
{
    if (a == STATS_UNKNOWN || b == STATS_UNKNOWN)
        return STATS_UNKNOWN;
    return a > b ? a : b;
}

struct behind behind_of_worker(const struct view *view, const struct view_worker *worker)
{
    struct behind all = {.high = STATS_UNKNOWN, .high_us = STATS_UNKNOWN};
    bool any = false;
    size_t count = worker->snapshot == NULL ? 0 : stats_snapshot_partitions(worker->snapshot);
    for (size_t slot = 0; slot < count; slot++) {
        if (stats_snapshot_partition(worker->snapshot, slot, "assigned") != 1)
            continue;
        struct behind one = behind_of(view, worker, slot);
        any = true;
        all.lag = add(all.lag, one.lag);
        all.us = longest(all.us, one.us);
        all.held_back = add(all.held_back, one.held_back);
        all.lag_at_least |= one.lag_at_least;
        all.us_at_least |= one.us_at_least;
    }
    if (!any || stats_snapshot_untracked(worker->snapshot) > 0)
        all.lag = all.us = STATS_UNKNOWN;
    return all;
}

/* --- texts --------------------------------------------------------------------------------------------- */

static const char *bound(int64_t number, bool at_least)
{
    return at_least && number != STATS_UNKNOWN ? "≥ " : "";
}

void behind_lag_text(const struct behind *behind, char text[BEHIND_TEXT_BYTES])
{
    snprintf(text, BEHIND_TEXT_BYTES, "%s%s", bound(behind->lag, behind->lag_at_least),
             format_number(behind->lag).text);
}

void behind_time_text(const struct behind *behind, char text[BEHIND_TEXT_BYTES])
{
    snprintf(text, BEHIND_TEXT_BYTES, "%s%s", bound(behind->us, behind->us_at_least),
             format_span(behind->us).text);
}

void behind_high_text(const struct view *view, const struct behind *behind, char text[BEHIND_TEXT_BYTES])
{
    bool aged = behind->lag_at_least && behind->high != STATS_UNKNOWN && behind->high_us != STATS_UNKNOWN;
    snprintf(text, BEHIND_TEXT_BYTES, "%s%s%s%s%s", bound(behind->high, behind->lag_at_least),
             format_number(behind->high).text, aged ? ", " : "",
             aged ? format_age(view->now_us, behind->high_us).text : "", aged ? " ago" : "");
}
