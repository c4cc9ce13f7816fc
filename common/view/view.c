#include "common/view/view.h"

#include "common/clock.h"

bool view_alive(const struct view_worker *worker)
{
    return worker->snapshot != NULL && worker->liveness.alive;
}

int64_t view_died_us(const struct view_worker *worker)
{
    const struct directory_death *death = &worker->entry.last_death;
    if (worker->listed && death->time_us != STATS_UNKNOWN && death->generation == (int64_t)worker->generation)
        return death->time_us;
    return worker->snapshot != NULL ? worker->liveness.heartbeat_us : STATS_UNKNOWN;
}

static bool is_told_by_supervisor(const struct view *view, const struct view_worker *worker)
{
    bool current = worker->generation == 0 || (int64_t)worker->generation == worker->entry.generation;
    return worker->listed && view->supervisor_alive && current;
}

int64_t view_state_since_us(const struct view *view, const struct view_worker *worker)
{
    if (is_told_by_supervisor(view, worker))
        return worker->entry.state_since_us;
    return view_alive(worker) ? STATS_UNKNOWN : view_died_us(worker);
}

const char *view_state(const struct view *view, const struct view_worker *worker)
{
    if (is_told_by_supervisor(view, worker))
        return worker_state_name((enum worker_state)worker->entry.state);
    if (view_alive(worker))
        return "running";
    return worker->snapshot != NULL && worker->liveness.pid == 0 ? "starting" : "dead";
}

const char *view_phase(const struct view_worker *worker)
{
    return worker->snapshot == NULL ? NULL : stats_snapshot_state(worker->snapshot, "phase");
}

bool view_is_producer(const struct view_worker *worker)
{
    return worker->entry.kind == STATS_KIND_PRODUCER;
}

int64_t view_counter(const struct view_worker *worker, const char *name)
{
    return worker->snapshot == NULL ? STATS_UNKNOWN : stats_snapshot_counter(worker->snapshot, name);
}

int64_t view_p99_us(const struct view_worker *worker)
{
    struct stats_summary summary = {.p99 = STATS_UNKNOWN};
    if (worker->snapshot != NULL)
        stats_snapshot_histogram(worker->snapshot, view_is_producer(worker) ? "delivery_us" : "process_us",
                                 &summary);
    return summary.p99;
}

const char *view_progress_counter(const struct view_worker *worker)
{
    return view_is_producer(worker) ? "acknowledged" : "processed";
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* unknown is the smallest */
}

/* The age of the oldest unprocessed record; 0 when all are processed. */
static int64_t lag_ms(const struct view *view, int64_t lag, int64_t oldest_us)
{
    if (lag == 0)
        return 0;
    int64_t age_us;
    if (lag == STATS_UNKNOWN || oldest_us == STATS_UNKNOWN ||
        __builtin_sub_overflow(view->now_us, oldest_us, &age_us))
        return STATS_UNKNOWN;
    return age_us > 0 ? age_us / US_PER_MS : 0;
}

bool view_partition(const struct view *view, const struct view_worker *worker, size_t index,
                    struct view_partition *partition)
{
    const struct stats_snapshot *snapshot = worker->snapshot;
    if (snapshot == NULL || index >= stats_snapshot_partitions(snapshot))
        return false;
    size_t slot = worker->order[index];
    partition->slot = slot;
    partition->topic = stats_snapshot_partition_topic(snapshot, slot, &partition->number);
    partition->assigned = stats_snapshot_partition(snapshot, slot, "assigned") == 1;
    partition->behind = behind_of(view, worker, slot);
    partition->lag = partition->behind.lag;
    partition->lag_ms =
        lag_ms(view, partition->lag, stats_snapshot_partition(snapshot, slot, "oldest_unprocessed_us"));
    partition->updated_us = STATS_UNKNOWN;
    static const char *const times[] = {"position_us", "committed_us", "watermarks_us", "acknowledged_us"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        partition->updated_us =
            later(partition->updated_us, stats_snapshot_partition(snapshot, slot, times[i]));
    return true;
}

int64_t view_lag(const struct view *view, const struct view_worker *worker)
{
    int64_t sum = STATS_UNKNOWN;
    struct view_partition partition;
    if (worker->snapshot == NULL || stats_snapshot_untracked(worker->snapshot) > 0)
        return STATS_UNKNOWN;
    for (size_t i = 0; view_partition(view, worker, i, &partition); i++) {
        if (!partition.assigned)
            continue;
        if (partition.lag == STATS_UNKNOWN)
            return STATS_UNKNOWN;
        /* Foreign numbers: their sum may overflow. */
        if (sum == STATS_UNKNOWN)
            sum = 0;
        if (__builtin_add_overflow(sum, partition.lag, &sum))
            return STATS_UNKNOWN;
    }
    return sum;
}

int64_t view_behind_us(const struct view *view, const struct view_worker *worker, bool *at_least)
{
    struct view_partition partition;
    int64_t longest = STATS_UNKNOWN;
    bool bound = false, unknown = false;
    for (size_t i = 0; view_partition(view, worker, i, &partition); i++) {
        const struct behind *behind = &partition.behind;
        if (!partition.assigned)
            continue;
        unknown |= behind->us == STATS_UNKNOWN;
        if (behind->us > longest) {
            longest = behind->us;
            bound = behind->us_at_least;
        }
    }
    if (at_least != NULL)
        *at_least = longest != STATS_UNKNOWN && (bound || unknown);
    return longest;
}

size_t view_count_state(const struct view *view, const struct view_worker *worker,
                        struct view_state_count states[VIEW_STATES_MAX], size_t count)
{
    const char *name = view_state(view, worker);
    size_t at = 0;
    while (at < count && strcmp(states[at].name, name) != 0)
        at++;
    if (at == VIEW_STATES_MAX)
        return count;
    if (at == count)
        states[count++] = (struct view_state_count){name, 0};
    states[at].count++;
    return count;
}

size_t view_states(const struct view *view, struct view_state_count states[VIEW_STATES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < view->count; i++)
        count = view_count_state(view, &view->workers[i], states, count);
    return count;
}
