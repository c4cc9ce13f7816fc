/* channel.h: the supervisor's end of a worker's channel. What a worker sends is untrusted: a message that
 * cannot be read is reported and skipped, any other goes to the supervisor's listener. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_CHANNEL_H
#define KSUPERVISE_SUPERVISOR_PROCESS_CHANNEL_H

#include "supervisor/worker.h"

/* Makes the pair; ours is watched, the worker's end is returned for the spawn (the caller closes it). -1 with
 * the error. */
int channel_open(struct worker *worker, struct error *error);

/* Reads what the worker said last, then closes. */
void channel_close(struct worker *worker);

/* Asks it to end; `leave`: give the group membership up. 0, or -1 when it cannot be told. */
int channel_drain(struct worker *worker, bool leave);

/* Asks it to take no records, or to take them again. 0, or -1 when it cannot be told. */
int channel_pause(struct worker *worker, bool paused);
/* Asks it for its share of the request with that number. -1: it does not listen. request.h */
int channel_ask(struct worker *worker, int64_t number, const char *method, const char *text);

/* Tells the producer worker->rate. 0, or -1 when it cannot be told. */
int channel_rate(struct worker *worker);

#endif
