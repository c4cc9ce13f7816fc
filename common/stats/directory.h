/* directory.h: the supervisor's own segment, /ksupervise.<uid>.<instance>: which workers there are, in which
 * state, and how the last ones died. Written by the supervisor alone, one two-copy record per worker, read
 * like a worker's segment.
 *
 * When more workers come than it has room for, the supervisor makes a new object under the same name and
 * unlinks the old one; a reader whose object has no name any more (link count 0) opens it again:
 * directory_refresh does so.
 */
#ifndef KSUPERVISE_COMMON_STATS_DIRECTORY_H
#define KSUPERVISE_COMMON_STATS_DIRECTORY_H

#include "common/stats/segment.h"

#include <stdbool.h>

#define DIRECTORY_BOOTSTRAP_BYTES 512
#define DIRECTORY_REASON_BYTES    192

/* What a worker is to the supervisor: rows of supervisor/states. The numbers stand in directories: append
 * only. */
#define WORKER_STATES(X)                                                                                     \
    X(WORKER_DOWN, "down")                                                                                   \
    X(WORKER_STARTING, "starting")                                                                           \
    X(WORKER_JOINING, "joining")                                                                             \
    X(WORKER_READY, "ready")                                                                                 \
    X(WORKER_READY_IDLE, "ready-idle")                                                                       \
    X(WORKER_STOPPING, "stopping")                                                                           \
    X(WORKER_BACKING_OFF, "backing off")                                                                     \
    X(WORKER_HELD, "held")                                                                                   \
    X(WORKER_QUARANTINING, "quarantining")                                                                   \
    X(WORKER_DONE, "done")
enum worker_state {
#define X(id, name) id,
    WORKER_STATES(X)
#undef X
};
const char *worker_state_name(enum worker_state state); /* "?" for a number out of the list */

/* How the last process of a worker ended. Plain words, so that the record is copied in 8-byte steps. */
struct directory_death {
    int64_t time_us;     /* STATS_UNKNOWN: nobody died yet */
    int64_t exit_status; /* 0..255, or STATS_UNKNOWN when a signal ended it */
    int64_t signal;      /* or 0 */
    int64_t core_dumped;
    int64_t generation, pid;
    int64_t user_us, system_us, max_rss_bytes;
    int64_t phase; /* enum stats_phase */
    int64_t heartbeat_age_us;
};

struct directory_worker {
    char name[48];
    char client[40];
    char group[STATS_GROUP_BYTES];
    char reason[DIRECTORY_REASON_BYTES]; /* why it is held, or backing off; else what troubles it */
    int64_t kind;                        /* enum stats_kind */
    int64_t state;                       /* enum worker_state */
    int64_t state_since_us;
    int64_t pid; /* 0: none */
    int64_t start_ticks;
    int64_t generation; /* of the current or last process; 0: never started */
    int64_t restarts;
    int64_t next_restart_us; /* wall time, STATS_UNKNOWN: none planned */
    int64_t retired;         /* 1: scaled away, or no more in the configuration: it stays down */
    struct directory_death last_death;
};

/* A worker nobody knows anything about: texts "", numbers 0, times STATS_UNKNOWN. To begin with. */
void directory_worker_init(struct directory_worker *worker);

/* --- writing: the supervisor, one thread --------------------------------------------------------------- */
#define DIRECTORY_CAPACITY_MAX 4096
struct directory_writer; /* opaque */
/* Creates or replaces the object; replacing is atomic, a reader finds the old or the new one. Takes the lock
 * that directory_alive looks for; -1 when another supervisor of the instance has it: of many that start at
 * once, one does not fail. `birth_id`: a UUID as text. */
int directory_create(struct directory_writer **writer, const char *instance, const char *birth_id,
                     uint32_t capacity, struct error *error);
void directory_set_bootstrap(struct directory_writer *writer, const char *bootstrap);
/* `index` is the worker's slot, 0 … DIRECTORY_CAPACITY_MAX − 1; grows the object when it does not fit. 0, or
 * -1 when it could not be grown (the other workers' records stay). */
int directory_publish(struct directory_writer *writer, uint32_t index, const struct directory_worker *worker,
                      struct error *error);
void directory_close(struct directory_writer *writer, bool unlink_object); /* NULL is fine */

/* --- reading ------------------------------------------------------------------------------------------- */
struct directory; /* opaque */
/* EXIT_CODE_NOT_RUNNING when there is none. What was read stays as it is until directory_refresh. */
int directory_open(struct directory **directory, const char *instance, struct error *error);
int directory_refresh(struct directory *directory, struct error *error);
/* Likewise from a descriptor, which stays the caller's; refresh does not follow a replaced object then. */
int directory_take(struct directory **directory, int fd, struct error *error);
void directory_free(struct directory *directory);        /* NULL is fine */
bool directory_alive(const struct directory *directory); /* its supervisor holds the lock, now */
/* It lives, but is stopped (SIGSTOP, Ctrl-Z, a debugger): it answers nobody and restarts nothing. False where
 * that cannot be known. */
bool directory_stopped(const struct directory *directory);
/* Its pids are those of another pid namespace: numbers to show, and not to signal. */
bool directory_elsewhere(const struct directory *directory);
pid_t directory_pid(const struct directory *directory);
int64_t directory_started_us(const struct directory *directory);
const char *directory_birth_id(const struct directory *directory);
const char *directory_bootstrap(const struct directory *directory); /* "" when it is not known (yet) */
size_t directory_count(
    const struct directory *directory); /* slots ever published, empty ones between them included */
/* False when that slot was torn or is empty. Texts are printable. */
bool directory_worker(const struct directory *directory, size_t index, struct directory_worker *worker);
/* An object that reads as this directory does, of `*bytes`; the caller's, to free. NULL without memory. Its
 * lock is not in it: whether the supervisor lived is to be kept beside it. */
void *directory_image(const struct directory *directory, size_t *bytes);
/* Calls `each` for every instance of this uid that has a directory object, in order. Stops when `each`
 * returns non-zero, and returns that; -1 with errno when they cannot be listed. */
int directory_scan(int (*each)(void *context, const char *instance), void *context);

#endif
