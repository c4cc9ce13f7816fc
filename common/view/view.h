/* view.h: what is shown of one instance at one moment: the directory's workers and those that are found by
 * their segments alone, each with a snapshot. Everything that is printed comes from here. One thread. */
#ifndef KSUPERVISE_COMMON_VIEW_VIEW_H
#define KSUPERVISE_COMMON_VIEW_VIEW_H

#include "common/stats/directory.h"
#include "common/stats/reader.h"
#include "common/view/view_behind.h"
#include "common/view/source.h"

struct view_worker {
    struct directory_worker entry;    /* of the directory, or made from the segment */
    bool listed;                      /* the directory knows it */
    struct stats_snapshot *snapshot;  /* NULL: it has no segment (yet) */
    struct stats_snapshot *successor; /* of the generation after it, when a past one was asked for; or NULL */
    struct stats_liveness liveness;   /* only with a snapshot */
    uint64_t generation;              /* of the snapshot; 0 without */
    size_t *order;                    /* slots of the snapshot by topic and partition; NULL without */
    size_t first_segment, segments;   /* its generations, in view.segments */
    char problem[ERROR_TEXT_BYTES];   /* why a segment that is there could not be read */
};

struct view {
    char instance[NAME_BYTES];
    struct source *source;       /* the caller's */
    struct directory *directory; /* NULL: the workers have no supervisor */
    bool supervisor_alive;
    bool supervisor_stopped;
    bool elsewhere; /* it is of another pid namespace */
    int64_t now_us;
    struct view_worker *workers;
    size_t count, capacity;
    struct holders *holders;      /* behind.h; NULL: a lazy view, or no memory */
    struct segment_list segments; /* all that there are, by worker and generation */
};

/* What to collect. */
struct view_request {
    struct source *source; /* NULL: what is now */
    const char *instance;
    const char *worker;  /* a worker or a client, without case; NULL: all */
    bool alone;          /* that worker, and not the others of a client of that name */
    uint64_t generation; /* 0: the present one, else the last one there is */
    bool postmortem;     /* the last one that is dead */
    bool lazy;           /* leave the segments alone: view_attach reads one */
};

/* 0, or -1: EXIT_CODE_NOT_RUNNING when there is no such instance, worker or generation, with what there is.
 * The caller releases a view that was collected. */
int view_collect(struct view *view, const struct view_request *request, struct error *error);
void view_release(struct view *view);

/* For a lazy view, which holds one worker's segment at a time: reads the segment that the request asked for,
 * and releases it. */
void view_attach(struct view *view, struct view_worker *worker, const struct view_request *request);
void view_detach(struct view_worker *worker);
/* Around the work on each worker in turn: attaches and detaches when the view is lazy. */
void view_begin_worker(struct view *view, size_t index, const struct view_request *request);
void view_end_worker(struct view *view, size_t index, const struct view_request *request);

/* True when the worker's process runs. */
bool view_alive(const struct view_worker *worker);
/* When a dead worker was last known to live; STATS_UNKNOWN. */
int64_t view_died_us(const struct view_worker *worker);
/* "ready", "held", …; for workers without a supervisor "running", "dead" or "starting". */
const char *view_state(const struct view *view, const struct view_worker *worker);
/* Since when it is in that state: a past generation has been dead since it died, whatever came after it. */
int64_t view_state_since_us(const struct view *view, const struct view_worker *worker);
/* "polling", or NULL when it is not known. */
const char *view_phase(const struct view_worker *worker);
bool view_is_producer(const struct view_worker *worker);
/* A counter, STATS_UNKNOWN without a snapshot. */
int64_t view_counter(const struct view_worker *worker, const char *name);
/* A record's latency, from its timestamp to the end of its processing, or from produce to confirmation;
 * STATS_UNKNOWN. */
int64_t view_p99_us(const struct view_worker *worker);
/* Records done: processed, or acknowledged. */
const char *view_progress_counter(const struct view_worker *worker);

/* --- partitions ---------------------------------------------------------------------------------------- */
struct view_partition {
    size_t slot; /* its index in the snapshot */
    const char *topic;
    int32_t number;
    bool assigned;
    int64_t lag, lag_ms, updated_us;
    struct behind behind; /* of a consumer's; its lag is `lag` */
};
/* By topic and number, whatever their slots are. False past the last. */
bool view_partition(const struct view *view, const struct view_worker *worker, size_t index,
                    struct view_partition *partition);
/* The sum of its assigned partitions' lags; unknown when one of them is, when one has no place
 * in its segment, or when there is none. */
int64_t view_lag(const struct view *view, const struct view_worker *worker);

/* The longest of its assigned partitions' lags in time; *at_least (may be NULL): it is that, or more. Unknown
 * when none is known. */
int64_t view_behind_us(const struct view *view, const struct view_worker *worker, bool *at_least);

/* How many workers are in each state, in the order of their first. Returns how many states. */
#define VIEW_STATES_MAX 16
struct view_state_count {
    const char *name;
    size_t count;
};
/* One worker more; returns how many states there are then. */
size_t view_count_state(const struct view *view, const struct view_worker *worker,
                        struct view_state_count states[VIEW_STATES_MAX], size_t count);
size_t view_states(const struct view *view, struct view_state_count states[VIEW_STATES_MAX]);

#endif
