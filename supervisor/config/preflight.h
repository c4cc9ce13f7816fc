/* rehearsal.h: could the workers work with what a configuration says? What a pipeline means and which
 * properties there are, their own programs know and nobody else does. So these are started as they would be,
 * with the same settings on the same descriptor, and with --check: then they look, open nothing, and end
 * within milliseconds.
 *
 * One process for each section that says something else, one after the other; the first mistake ends it.
 * Nobody waits for a process but the reactor.
 */
#ifndef KSUPERVISE_SUPERVISOR_REHEARSAL_H
#define KSUPERVISE_SUPERVISOR_REHEARSAL_H

#include "supervisor/supervisor.h"

/* So long a single process may take. */
#define REHEARSAL_US (10 * INT64_C(1000000))

struct rehearsal; /* opaque */

enum rehearsal_result { REHEARSAL_GOES_ON, REHEARSAL_RIGHT, REHEARSAL_WRONG };

/* Of this supervisor it has the reactor, the folder of the programs, the host's name, the signal mask, and
 * with the embedded broker its address, if there is one yet. Both outlive it. Starts nothing. NULL with the
 * error. */
struct rehearsal *rehearsal_new(struct supervisor *supervisor, const struct config *config,
                                struct error *error);

/* Goes on as far as it can; after every round of events. REHEARSAL_WRONG with an error that begins with
 * FILE:LINE, the flag, or the worker's name. */
enum rehearsal_result rehearsal_check(struct rehearsal *rehearsal, struct error *error);
/* When it wants to be called again, monotonic; an event may come before. */
int64_t rehearsal_deadline_us(const struct rehearsal *rehearsal);

/* Its process, which it reaps itself; 0: none runs. */
pid_t rehearsal_pid(const struct rehearsal *rehearsal);

/* Ends its process, if one runs. NULL is fine. */
void rehearsal_free(struct rehearsal *rehearsal);

/* All of it, on the supervisor's reactor, for who has nothing else to do. 0, or -1 with the error. */
int rehearse(struct supervisor *supervisor, const struct config *config, struct error *error);

#endif
