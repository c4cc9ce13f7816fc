/* worker.h: one slot of the fleet: who it is, what state it is in, its process and what came from it. The
 * supervisor's thread owns all of them.
 *
 * Who writes what: states.c writes `state`, and nothing else does; actions.c everything about processes and
 * times; channel.c, output.c and segment.c the members named after them.
 */
#ifndef KSUPERVISE_SUPERVISOR_WORKER_H
#define KSUPERVISE_SUPERVISOR_WORKER_H

#include "common/names.h"
#include "common/stats/directory.h"
#include "common/stats/reader.h"
#include "supervisor/progress.h"
#include "common/reactor.h"
#include "supervisor/restart.h"
#include "supervisor/config/settings.h"
#include "supervisor/process/kinds.h"
#include "supervisor/process/spawn.h"
#include "supervisor/log/tail.h"

struct output {
    struct watch watch;
    char *partial; /* the beginning of a line whose end has not come; NULL until the first such */
    size_t partial_length;
};

/* A process that was started for a request alone: request.h. */
struct started_for {
    int64_t number;   /* the request's; 0: it was not */
    const char *text; /* while it is started: the request that its configuration has; not owned */
};

/* The producer's pace, when it differs from the configured one. */
struct worker_pace {
    bool set;
    int64_t number;  /* counts the requests */
    int64_t taken;   /* the last one that its process has taken; 0: none */
    int64_t records; /* a second */
    int64_t interval_us;
};

struct log_file; /* log_files.h */

struct worker {
    struct supervisor *supervisor;
    const struct settings
        *settings; /* its client's: what the supervisor was told, and what this client has otherwise */
    /* who */
    enum worker_kind kind;
    unsigned index;  /* in the fleet */
    unsigned colour; /* which of the clients' colours */
    char name[WORKER_NAME_BYTES];
    char client[NAME_BYTES];
    char group[STATS_GROUP_BYTES];
    bool added;                        /* its client is none of the configuration's: kctl add-client */
    char like[NAME_BYTES];             /* then: the client whose settings it has; "": what holds for all */
    char own_group[STATS_GROUP_BYTES]; /* then: instead of the settings' group */
    /* state */
    enum worker_state state;
    int64_t state_since_us;  /* wall */
    int64_t deadline_us;     /* monotonic, INT64_MAX: none. EVENT_TIMER then */
    int64_t next_restart_us; /* wall, STATS_UNKNOWN: none planned */
    int64_t spawned_us;      /* monotonic: when this process was started */
    int64_t ready_us;        /* monotonic: when this process became ready; 0: not yet */
    int64_t died_us;         /* monotonic: when the last process died; 0: none has */
    char reason[DIRECTORY_REASON_BYTES];
    char
        trouble[DIRECTORY_REASON_BYTES]; /* what this process says is wrong and lasts, escaped; "": nothing */
    struct restart_history history;
    struct directory_death last_death;
    uint64_t restarts;
    bool takes_over; /* its last process died in its group, and the next one takes its place there */
    bool moves;    /* its next process is in another group, or reads another topic: this one leaves its own */
    bool outdated; /* a reload wanted another process instead of this one, and may have stopped before */
    bool retired;  /* scaled away: it stays down */
    bool paused;   /* it is not to take records; told to each of its processes */
    struct worker_pace rate;
    bool on_request;    /* the producer: its process makes no records, it only sends those of `produce` */
    int64_t asked;      /* the producer: records of `produce` that were acknowledged; no part of --count */
    int spawn_failed;   /* why it could not be started, as an exit code */
    int64_t partitions; /* what it says that its group has given it; STATS_UNKNOWN: nothing yet */
    bool broker_away;   /* it says that no broker answers */
    bool hung;          /* this process was killed because nothing moved in it */
    bool signalled;     /* an operator sent this process a signal */
    struct started_for started_for;
    bool start_again; /* once it has ended: a restart that was asked for */
    /* process */
    uint64_t generation; /* of the current or last process; 0: never started */
    char version[24];    /* what its process says that it is; "": nothing yet */
    struct process process;
    struct watch exit_watch;
    struct watch channel_watch;
    struct output output;
    struct tail tail;     /* what it said last */
    struct log_file *log; /* --log-dir; NULL: it has said nothing yet */
    /* statistics */
    int segment_fd;                  /* of the current generation; -1: none */
    struct stats_snapshot *stats;    /* of the current or last generation, as refreshed; NULL: not read yet */
    struct worker_progress progress; /* how far its dead generations had come */
    uint64_t tick;                   /* its last sign of progress, as seen by the last check for hangs */
    int64_t tick_us;                 /* monotonic: when that was new */
    bool resume_told;                /* for this generation */
    int64_t
        count_base; /* the producer: acknowledged before this supervisor; STATS_UNKNOWN: not started yet */
};

/* Why WORKER_READY_IDLE. */
#define WORKER_IDLE_TEXT "idle: no partition assigned"

/* Its process does what it is there for. */
static inline bool worker_works(const struct worker *worker)
{
    return worker->state == WORKER_READY || worker->state == WORKER_READY_IDLE ||
           worker->state == WORKER_QUARANTINING;
}

/* Its process is there, and has not been asked to stop. */
static inline bool worker_runs(const struct worker *worker)
{
    return worker->state == WORKER_STARTING || worker->state == WORKER_JOINING || worker_works(worker);
}

/* It works, or has done what it was there for. */
static inline bool worker_works_or_done(const struct worker *worker)
{
    return worker_works(worker) || worker->state == WORKER_DONE;
}

#endif
