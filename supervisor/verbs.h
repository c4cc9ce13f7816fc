/* verbs.h: what can be asked of a running supervisor. One table; a verb is how it begins, and when it is
 * done. */
#ifndef KSUPERVISE_SUPERVISOR_VERBS_H
#define KSUPERVISE_SUPERVISOR_VERBS_H

#include "supervisor/supervisor.h"

#include <msgpack.h>

#define VERB_TEXT_BYTES 256
#define VERB_TIMEOUT_MS 30000

/* One request, from its arrival to its answer. */
struct request {
    struct supervisor *supervisor;
    const struct verb *verb;
    char target[VERB_TEXT_BYTES]; /* a client, a worker, or "all" */
    char argument[VERB_TEXT_BYTES];
    int64_t deadline_us; /* monotonic */
    bool wait;
    bool begun;
    int64_t number;        /* the argument, where it is one */
    uint64_t *generations; /* of each worker when it began; owned */
    size_t generation_count;
    size_t at; /* logs: how many lines */
};

enum progress { PROGRESS_DONE, PROGRESS_WAITING, PROGRESS_FAILED };

struct verb {
    const char *name;
    const char *help;
    bool needs_target;
    bool while_stopping; /* answered also when the instance is on its way out */
    /* Starts it. PROGRESS_FAILED with the reason in `error`. */
    enum progress (*begin)(struct request *request, struct error *error);
    /* Is it true yet? NULL: it is when it has begun. */
    enum progress (*check)(struct request *request, struct error *error);
    /* More members of the result's map, after "lines": returns how many by count(), packs them. NULL: none.
     */
    void (*result)(struct request *request, msgpack_packer *packer);
    const char *result_name;
    /* The member "lines", when it is not what each worker is now: an array. */
    void (*lines)(struct request *request, msgpack_packer *packer);
};

/* NULL when there is none; then `suggestion` is the nearest name, or NULL. */
const struct verb *verb_find(const char *name, size_t length, const char **suggestion);
/* True when the worker is meant by the request's target. */
bool verb_means(const struct request *request, const struct worker *worker);
/* PROGRESS_FAILED with the reason when the target means nobody. */
enum progress verb_check_target(const struct request *request, struct error *error);
/* The lines of the answer: what each worker is now. */
void verb_lines(struct request *request, msgpack_packer *packer);

void request_release(struct request *request);

#endif
