/* control.h: what reaches a worker from outside: signals, and the supervisor's channel. A small thread
 * receives both, so that the worker's loop never has to poll for them; it notes the request and wakes the
 * loop.
 *
 * Signals: the first SIGTERM, SIGINT or SIGHUP drains (leaving the group); a second one, unless it comes
 * within SIGNALS_MOMENT_US, ends the process at once with 128 + its number. That is safe: only committed work
 * counts as done. A supervisor that is gone ends it too. */
#ifndef KSUPERVISE_COMMON_WORKER_CONTROL_H
#define KSUPERVISE_COMMON_WORKER_CONTROL_H

#include "common/error.h"
#include "common/rpc/message.h"

#include <stdbool.h>
#include <stdint.h>

enum worker_stop {
    WORKER_RUN = 0,
    WORKER_DRAIN_LEAVE, /* drain, and give the group membership up: the others take over at once */
    WORKER_DRAIN_KEEP   /* drain, and keep it: a successor comes at once */
};

struct worker_control; /* opaque */

/* A producer's pace. */
struct worker_rate {
    int64_t number;      /* counts the supervisor's requests; 0: it has none */
    int64_t records;     /* a second; 0: as fast as possible */
    int64_t interval_us; /* from one record to the next, when that was said instead; else 0 */
};

/* A request to a worker, beside its normal work. */
struct worker_request {
    int64_t number; /* of the supervisor's request; 0: there was none */
    char method[16];
    char text[RPC_TEXT_BYTES];
};

/* Blocks the signals for this thread and all that come after it, so call it before librdkafka makes threads.
 * `supervised`: the channel is on WORKER_CHANNEL_FD. `wake` is called from the control thread whenever the
 * request changed; it must be quick and thread-safe. */
int worker_control_start(struct worker_control **control, bool supervised, void (*wake)(void *context),
                         void *context, struct error *error);
void worker_control_stop(struct worker_control *control);

/* Replaces the wake function, once the loop's handle exists. Thread-safe. */
void worker_control_set_wake(struct worker_control *control, void (*wake)(void *context), void *context);

/* The current request. Any thread. */
enum worker_stop worker_control_wanted(const struct worker_control *control);

/* The supervisor wants it to take no records for now. Any thread. */
bool worker_control_paused(const struct worker_control *control);

/* True when there is another request than the one with rate->number: then it is in *rate. Any thread; costs a
 * load while nothing is new. The caller that applies it answers with the notification `rate` and the
 * number. */
bool worker_control_rate(struct worker_control *control, struct worker_rate *rate);

/* The same for a request: true when there is another than the one with request->number. */
bool worker_control_request(struct worker_control *control, struct worker_request *request);

/* Sends a notification to the supervisor (rpc/message.h's format letters s, i, b with at most one parameter
 * each way is all that is needed). Does nothing when there is none. Never blocks: the channel holds hundreds
 * of messages and the supervisor reads before anything else. A text is cut after 959 bytes.
 *
 * `trouble` with a text reports a lasting problem, with which the worker continues: `kctl status` shows it
 * until `trouble` comes with an empty text, or the worker is restarted. */
void worker_notify_count(struct worker_control *control, const char *method, int64_t count);
void worker_notify_text(struct worker_control *control, const char *method, const char *text);

/* Reports that it continues after records that it has not read: they are gone, or were skipped for that
 * reason. */
struct worker_gap {
    int32_t partition;
    int64_t from, to; /* where it was, and where it continues */
    int64_t records;  /* how many are known to be lost */
};
void worker_notify_gap(struct worker_control *control, const struct worker_gap *gap);

/* The answer to the request with that number (0: the one that the process was started for): what became of
 * each partition, STATS_UNKNOWN where an offset is not known, with the line for people; then the end. A
 * caller waits for it: if the channel is full, it waits up to a second for room. */
struct worker_result {
    int32_t partition;
    int64_t from, to;
    const char *text;
};
void worker_answer_result(struct worker_control *control, int64_t number, const struct worker_result *result);
/* `failure` is the reason; NULL: it is done. */
void worker_answer_end(struct worker_control *control, int64_t number, const char *failure);

#endif
