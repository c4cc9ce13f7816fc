#include "tools/kweb/metrics_values.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- of the instance ----------------------------------------------------------------------------------- */

/* Workers that were started by hand have no supervisor that could be down. */
static int64_t supervisor_up(const struct view *view)
{
    return view->directory == NULL && view->count > 0 ? STATS_UNKNOWN : view->supervisor_alive;
}

static int64_t supervisor_stopped(const struct view *view)
{
    return view->directory == NULL ? STATS_UNKNOWN : view->supervisor_stopped;
}

static int64_t supervisor_started_us(const struct view *view)
{
    return view->directory == NULL ? STATS_UNKNOWN : directory_started_us(view->directory);
}

/* --- of a worker --------------------------------------------------------------------------------------- */

static int64_t worker_up(const struct view *view, const struct view_worker *worker)
{
    (void)view;
    return view_alive(worker);
}

static const char *state_name(size_t number)
{
#define X(id, name) name,
    static const char *const names[] = {WORKER_STATES(X) "running", "dead"};
#undef X
    return number < COUNT(names) ? names[number] : NULL;
}

static int64_t worker_state(const struct view *view, const struct view_worker *worker)
{
    const char *state = view_state(view, worker);
    const char *name;
    for (size_t i = 0; (name = state_name(i)) != NULL; i++)
        if (strcmp(name, state) == 0)
            return (int64_t)i;
    return STATS_UNKNOWN;
}

static int64_t worker_generation(const struct view *view, const struct view_worker *worker)
{
    (void)view;
    return worker->snapshot != NULL ? (int64_t)worker->generation : worker->entry.generation;
}

static int64_t worker_start_us(const struct view *view, const struct view_worker *worker)
{
    (void)view;
    return worker->snapshot != NULL ? stats_snapshot_created_us(worker->snapshot) : STATS_UNKNOWN;
}

static int64_t worker_heartbeat_us(const struct view *view, const struct view_worker *worker)
{
    (void)view;
    return worker->snapshot != NULL ? worker->liveness.heartbeat_us : STATS_UNKNOWN;
}

/* What a supervisor alone knows. */
#define OF_DIRECTORY(function, member)                                                                       \
    static int64_t function(const struct view *view, const struct view_worker *worker)                       \
    {                                                                                                        \
        (void)view;                                                                                          \
        return worker->listed ? worker->entry.member : STATS_UNKNOWN;                                        \
    }
OF_DIRECTORY(worker_restarts, restarts)
OF_DIRECTORY(worker_next_restart_us, next_restart_us)
OF_DIRECTORY(worker_died_us, last_death.time_us)
#undef OF_DIRECTORY

/* Of a death that was; before the first one a signal of 0 would say that it exited. */
#define OF_DEATH(function, member)                                                                           \
    static int64_t function(const struct view *view, const struct view_worker *worker)                       \
    {                                                                                                        \
        return worker_died_us(view, worker) == STATS_UNKNOWN ? STATS_UNKNOWN                                 \
                                                             : worker->entry.last_death.member;              \
    }
OF_DEATH(worker_death_status, exit_status)
OF_DEATH(worker_death_signal, signal)
OF_DEATH(worker_death_rss, max_rss_bytes)
#undef OF_DEATH

static int64_t worker_lag(const struct view *view, const struct view_worker *worker)
{
    return behind_of_worker(view, worker).lag;
}

static int64_t worker_lag_us(const struct view *view, const struct view_worker *worker)
{
    return behind_of_worker(view, worker).us;
}

/* --- of a consumer's partition ------------------------------------------------------------------------- */

#define OF_BEHIND(function, member)                                                                          \
    static int64_t function(const struct view_partition *partition)                                          \
    {                                                                                                        \
        return partition->behind.member;                                                                     \
    }
OF_BEHIND(partition_lag, lag)
OF_BEHIND(partition_lag_us, us)
OF_BEHIND(partition_held_back, held_back)
#undef OF_BEHIND

/* Nearly none is: a zero for each of the others would be a tenth of the whole answer. */
static int64_t only_when(bool at_least)
{
    return at_least ? 1 : STATS_UNKNOWN;
}

static int64_t partition_lag_at_least(const struct view_partition *partition)
{
    return partition->behind.lag == STATS_UNKNOWN ? STATS_UNKNOWN : only_when(partition->behind.lag_at_least);
}

static int64_t partition_lag_us_at_least(const struct view_partition *partition)
{
    return partition->behind.us == STATS_UNKNOWN ? STATS_UNKNOWN : only_when(partition->behind.us_at_least);
}

/* --- all of them --------------------------------------------------------------------------------------- */

#define UNIT_NONE   ""
#define UNIT_STATES "states"

#define INSTANCE(name, type, unit, help, function)                                                           \
    {                                                                                                        \
        METRICS_OF_INSTANCE, 0, {0, STATS_##type, name, unit, help}, .of_instance = (function)               \
    }
#define WORKER(name, type, unit, help, function)                                                             \
    {                                                                                                        \
        METRICS_OF_WORKER, 0, {0, STATS_##type, name, unit, help}, .of_worker = (function)                   \
    }
#define CONSUMER(name, type, unit, help, function)                                                           \
    {                                                                                                        \
        METRICS_OF_WORKER, STATS_KIND_CONSUMER, {0, STATS_##type, name, unit, help}, .of_worker = (function) \
    }
#define PARTITION(name, type, unit, help, function)                                                          \
    {                                                                                                        \
        METRICS_OF_PARTITION, STATS_KIND_CONSUMER, {0, STATS_##type, name, unit, help},                      \
            .of_partition = (function)                                                                       \
    }

static const struct metrics_value values[] = {
    INSTANCE("up", GAUGE, STATS_UNIT_BOOLEAN, "1 while the instance's supervisor lives", supervisor_up),
    INSTANCE("supervisor_stopped", GAUGE, STATS_UNIT_BOOLEAN,
             "1 while the supervisor is stopped (SIGSTOP, a debugger): it restarts nothing",
             supervisor_stopped),
    INSTANCE("supervisor_start_us", TIME, STATS_UNIT_MICROSECONDS, "when the supervisor started",
             supervisor_started_us),
    WORKER("up", GAUGE, STATS_UNIT_BOOLEAN, "1 while the worker's process runs", worker_up),
    {METRICS_OF_WORKER,
     0,
     {0, STATS_STATE, "state", UNIT_STATES, "1 for the state that the worker is in"},
     .of_worker = worker_state,
     .state = state_name},
    WORKER("state_since_us", TIME, STATS_UNIT_MICROSECONDS, "since when it has been in that state",
           view_state_since_us),
    WORKER("generation", GAUGE, UNIT_NONE, "how many processes the worker has had", worker_generation),
    WORKER("restarts", COUNTER, UNIT_NONE, "how often the supervisor has started it again", worker_restarts),
    WORKER("next_restart_us", TIME, STATS_UNIT_MICROSECONDS, "when it will be started again",
           worker_next_restart_us),
    WORKER("start_us", TIME, STATS_UNIT_MICROSECONDS, "when its process was started", worker_start_us),
    WORKER("heartbeat_us", TIME, STATS_UNIT_MICROSECONDS, "its last heartbeat", worker_heartbeat_us),
    WORKER("last_death_us", TIME, STATS_UNIT_MICROSECONDS, "when its last process died", worker_died_us),
    WORKER("last_death_exit_status", GAUGE, UNIT_NONE, "exit status of its last process; absent: a signal",
           worker_death_status),
    WORKER("last_death_signal", GAUGE, UNIT_NONE, "the signal that ended its last process; 0: it exited",
           worker_death_signal),
    WORKER("last_death_max_rss_bytes", GAUGE, STATS_UNIT_BYTES, "the most memory that its last process had",
           worker_death_rss),
    CONSUMER("lag", GAUGE, STATS_UNIT_RECORDS, "lag of all its partitions; absent when one is not known",
             worker_lag),
    CONSUMER("lag_us", GAUGE, STATS_UNIT_MICROSECONDS, "the longest lag in time of its partitions",
             worker_lag_us),
    PARTITION("lag", GAUGE, STATS_UNIT_RECORDS,
              "high watermark less committed offset, or less the low watermark where that is higher",
              partition_lag),
    PARTITION("lag_is_lower_bound", GAUGE, STATS_UNIT_BOOLEAN,
              "1 while the lag is a lower bound, because the end was not read lately; else absent",
              partition_lag_at_least),
    PARTITION("lag_us", GAUGE, STATS_UNIT_MICROSECONDS,
              "how long the high watermark has been beyond the committed offset", partition_lag_us),
    PARTITION("lag_seconds_is_lower_bound", GAUGE, STATS_UNIT_BOOLEAN,
              "1 while the lag in time is a lower bound; else absent", partition_lag_us_at_least),
    PARTITION("held_back", GAUGE, STATS_UNIT_RECORDS,
              "records of the lag that an open transaction holds back", partition_held_back),
};

const struct metrics_value *metrics_value(size_t index)
{
    return index < COUNT(values) ? &values[index] : NULL;
}
