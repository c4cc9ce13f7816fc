/* worker.h: simulated processes: one incarnation of kconsume each, on a stack of its own; and the slots that
 * a supervisor keeps filled with them. What they run is process.c's. */
#ifndef KSUPERVISE_TESTS_SIM_WORKER_H
#define KSUPERVISE_TESTS_SIM_WORKER_H

#include "common/stats/writer.h"
#include "common/worker/control.h"
#include "tests/sim/cluster.h"

#include <librdkafka/rdkafka.h>

enum { SLOTS = 3, INCARNATIONS = 96, TENTATIVE_MAX = 64 };

struct coroutine;
struct entry;

/* A record that the pipeline has judged in a run whose end is not known yet. */
struct tentative {
    struct entry *entry;
    enum { TENTATIVE_DONE, TENTATIVE_DEAD } what;
};

struct worker {
    char name[16]; /* bravo.2#3: slot and incarnation */
    int slot;      /* −1: a process for --reset */
    const char *reset;
    bool alive;
    struct coroutine *coroutine;
    const char *call; /* where it is */
    int64_t wake_us;
    int64_t frozen_until_us; /* SIGSTOP */
    uint64_t kill_in;        /* calls from now; 0: it is not to be killed so */
    int exit_code;           /* −1: killed */
    /* what is wanted of it: the stand-in for control.h */
    enum worker_stop stop;
    bool paused;
    int64_t started_us, ended_us;
    struct worker_request request;
    bool request_open;                      /* taken up, not ended */
    uint64_t request_serial;                /* its number among all that were taken up */
    int request_assignment[PARTITIONS_MAX]; /* of each partition, when it was taken up; -1: none */
    int64_t reset_to[PARTITIONS_MAX];       /* what it has said of it; -1: nothing */
    void (*wake)(void *context);
    void *wake_context;
    /* what it has */
    rd_kafka_t *rk; /* its consumer */
    struct stats_writer stats;
    stats_word counters[STATS_CONSUMER_COUNTER_COUNT];
    stats_word tick;
    uint64_t handed; /* records that entered its array, each once an assignment: what `received` may be */
    bool fatal_told; /* a fatal error was handed to it */
    /* the pipeline's run */
    struct tentative tentative[TENTATIVE_MAX];
    size_t tentative_count;
    const struct entry *stops[TENTATIVE_MAX]; /* of this run: to be tried again */
    size_t stop_count;
    uint64_t runs; /* that stood */
};

/* What a slot is to have, as its supervisor sees it. */
struct sim_slot {
    bool wanted;
    struct worker *worker; /* NULL: none runs */
    unsigned failures;     /* ends that it did not want, in a row */
};

struct workers {
    struct worker *all; /* INCARNATIONS of them */
    size_t count;
    uint64_t commit_order;  /* numbers the commits of all */
    struct worker *current; /* whose stack it is; NULL: the scheduler's */
    struct sim_slot slots[SLOTS];
};

void workers_init(void);
/* Whose turn is next; NULL: nobody's. */
struct worker *workers_next(void);
/* Somebody but `worker` is due now. */
bool workers_due(const struct worker *worker);

/* Starts a process in a slot, or for --reset (slot −1). NULL: there are too many. */
struct worker *worker_start(int slot, const char *reset);
/* On its stack until it waits, ends, or is killed. */
void worker_run(struct worker *worker);
/* Back to the scheduler; does not return when it is dead. */
void worker_leave(struct worker *worker);
void worker_wake(struct worker *worker);
/* SIGKILL. From within, it does not run on after the next worker_leave. */
void worker_kill(struct worker *worker, const char *why);
/* SIGSTOP, for so long. */
void worker_freeze(struct worker *worker, int64_t us);
/* A request of the supervisor's changed: what control.h's thread does. */
void worker_poke(struct worker *worker);

/* process.c: the life of one process; returns its exit code. */
int process_main(struct worker *worker);

#endif
