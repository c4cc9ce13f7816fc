/* verb.h: what a verb is: how it begins, when it is done, and what it answers. verbs.c has the table of them.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_H

#include <msgpack.h>

#include "common/error.h"
#include "common/stats/events.h"

#define VERB_TEXT_BYTES 256 /* a target; RPC_TEXT_BYTES an argument */
#define VERB_TIMEOUT_MS 30000

enum progress { PROGRESS_DONE, PROGRESS_WAITING, PROGRESS_FAILED };

struct request; /* request.h */
struct worker;  /* worker.h */

/* What a verb does to one worker, or the condition for it to be done. */
typedef enum progress each_worker(struct request *request, struct worker *worker, struct error *error);

/* Whom a verb changes: two that touch the same worker or group are not under way at once (request.h). A
 * signal is sent at once, whatever else is under way: it has to work where something hangs. A reload and a
 * rolling restart have a rule of their own: the second is refused (rollout.h). */
enum verb_touches { VERB_TOUCHES_NOBODY, VERB_TOUCHES_TARGET, VERB_TOUCHES_PRODUCER };

struct verb {
    const char *name;
    const char *help;
    enum verb_touches touches;
    bool asks;                   /* its workers answer it: a worker is asked one thing at a time */
    enum event_kind results_are; /* what has happened, where a worker answers so; EVENT_KIND_NONE: nothing */
    bool after_start;            /* not begun before the fleet has started its workers: that would undo it */
    bool shows_web;              /* kweb is among all: nothing is done to it */
    bool while_stopping;         /* allowed while the instance is stopping */
    const char *late;            /* the text when its time is up; NULL: it continues */
    /* What is done to each worker that is meant, after begin(), and the condition for each of them, instead
     * of check(). NULL: begin() and check() know. */
    each_worker *to_each, *of_each;
    /* Starts it. PROGRESS_FAILED with the reason in `error`. NULL: there is nothing but to_each(). */
    enum progress (*begin)(struct request *request, struct error *error);
    /* Is it done? NULL, and no of_each(): it is done once it has begun. */
    enum progress (*check)(struct request *request, struct error *error);
    /* More members of the result's map, after "lines": returns how many by count(), packs them. NULL: none.
     */
    void (*result)(struct request *request, msgpack_packer *packer);
    const char *result_name;
    /* The member "lines", when it is not what each worker is now: an array. */
    void (*lines)(struct request *request, msgpack_packer *packer);
};

#endif
