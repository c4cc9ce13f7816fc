/* request.h: one request, from its arrival to its answer: who is meant, what its workers were asked, and what
 * they have answered.
 *
 * A request has a number of its own. What is asked of a worker carries it, and so does each of its answers:
 * answers are matched by number, and an answer to a request that is gone is dropped. A process that was
 * started for a request alone (a reset of a client that is down) answers with 0.
 *
 * The supervisor's thread only. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_REQUEST_H
#define KSUPERVISE_SUPERVISOR_CONTROL_REQUEST_H

#include "common/rpc/message.h"
#include "supervisor/control/verb.h"
#include "supervisor/supervisor.h"

#define REQUEST_BY_BYTES 64

/* What became of a partition; STATS_UNKNOWN where an offset is not known. */
struct request_result {
    int64_t partition, from, to;
    char *text; /* the line for people; owned */
};

enum request_share_state { SHARE_ASKED, SHARE_DONE, SHARE_FAILED };

/* One worker's share of it. */
struct request_share {
    struct worker *worker;
    enum request_share_state state;
    char reason[ERROR_TEXT_BYTES]; /* SHARE_FAILED */
    bool ended;                    /* because its process has ended: what it had done is not known */
    struct request_result *results;
    size_t count;
    size_t left_out;    /* results there was no room for */
    int64_t partitions; /* that the topic has, where all of them are meant; 0: it has not said */
};

struct request {
    struct supervisor *supervisor;
    const struct verb *verb;
    char target[VERB_TEXT_BYTES]; /* a client, a worker, or "all" */
    char argument[RPC_TEXT_BYTES];
    char by[REQUEST_BY_BYTES]; /* where it comes from, beside a terminal: "" or such as "HTTP, 127.0.0.1" */
    int64_t deadline_us;       /* monotonic */
    bool wait;
    bool begun;
    bool late;             /* it failed because its time was up */
    int64_t value;         /* the argument, where it is a number; dead-letters: it is a replay */
    uint64_t *generations; /* of each worker when it began; owned */
    size_t generation_count;
    size_t at;             /* logs: how many lines */
    struct ktopic *ktopic; /* peek, dead-letters: its process; owned */
    /* what workers are asked */
    int64_t number;               /* 0: nobody was asked yet */
    struct request_share *shares; /* owned */
    size_t share_count;
    struct request *next; /* the supervisor's list of those with shares */
};

/* "an operator's pause (HTTP, 127.0.0.1)": what the events of its time end with. */
#define REQUEST_CAUSE_BYTES (64 + REQUEST_BY_BYTES)
void request_cause(const struct request *request, char cause[REQUEST_CAUSE_BYTES]);

/* True when the worker is meant by the request's target: by its name, its client's, or "all". */
bool request_means(const struct request *request, const struct worker *worker);
/* How many are. */
size_t request_count_meant(const struct request *request);
/* PROGRESS_FAILED with the reason when the target means nobody. */
enum progress request_check_target(const struct request *request, struct error *error);
/* Calls `each` for all that are meant: failed when one failed, waiting when one waits. */
enum progress request_for_each(struct request *request, each_worker *each, struct error *error);

/* Begins what its verb says; how far that is now. PROGRESS_FAILED with the reason. */
enum progress request_begin(struct request *request, struct error *error);
enum progress request_check(struct request *request, struct error *error);

/* True when the two cannot be under way at once: a worker of the one is one of the other, or in the same
 * group. What touches nobody (`status`, `logs`, …: a column of the table in verbs.c) meets nobody. */
bool requests_meet(const struct request *one, const struct request *other);

/* Asks the running process. The request's address must not change any more until it is released. -1 when
 * memory is out; a process that does not listen is a share that failed. */
int request_ask(struct request *request, struct worker *worker, const char *method, const char *text);
/* Starts a process for a reset alone; when it ends, the worker is down as before. */
int request_start_for(struct request *request, struct worker *worker, const char *text);
/* A share that cannot be asked for, with the reason. */
int request_refuse(struct request *request, struct worker *worker, const char *reason);

/* What a process has answered, and that it has ended: without an answer its share has failed. */
void request_result(struct worker *worker, int64_t number, const struct request_result *result,
                    size_t text_length);
void request_partitions(struct worker *worker, int64_t count);
void request_done(struct worker *worker, int64_t number);
void request_failed(struct worker *worker, int64_t number, const char *reason, size_t length);
void request_worker_ended(struct worker *worker, bool well);

/* The first worker that has not answered; NULL: all have. */
const struct worker *request_awaits(const struct request *request);

/* Ends it: late answers are dropped. */
void request_release(struct request *request);

#endif
