/* fleet.h: all workers together: who they are, in which order they start and stop, and what readers see of
 * them. */
#ifndef KSUPERVISE_SUPERVISOR_FLEET_H
#define KSUPERVISE_SUPERVISOR_FLEET_H

#include "supervisor/supervisor.h"

/* Makes the slots that the settings ask for, nothing started. */
int fleet_init(struct supervisor *supervisor, struct error *error);
void fleet_release(struct supervisor *supervisor);

/* Begins the first step. */
void fleet_start(struct supervisor *supervisor);

/* Goes on to the next step when the current one is over; called after every round of events. */
void fleet_advance(struct supervisor *supervisor);

/* The orderly end: producer, then consumers, then kweb, then the broker. Once. */
void fleet_stop(struct supervisor *supervisor, int exit_code);

/* The other one: SIGKILL to every group. */
void fleet_kill(struct supervisor *supervisor);

/* The nearest deadline of any worker (monotonic; INT64_MAX: none), and EVENT_TIMER for those whose has come.
 */
int64_t fleet_deadline_us(const struct supervisor *supervisor);
void fleet_timers(struct supervisor *supervisor, int64_t now_us);

/* kbroker has told its address. */
void fleet_set_address(struct supervisor *supervisor, const char *bootstrap);

/* What the verbs do to one worker; each is safe in every state. A held one is started too, and its deaths are
 * forgotten. A producer that only serves `produce` is replaced by the instance's own producer, if it has
 * one. */
void fleet_start_worker(struct worker *worker);
/* Starts the producer, which is down, without records of its own: it sends those of `produce`. */
void fleet_start_on_request(struct worker *producer);
void fleet_restart_worker(struct worker *worker); /* a new process; the place in the group is kept */
/* -1 when its process cannot be told: then nothing has changed. */
int fleet_pause_worker(struct worker *worker, bool paused);

/* Sets the producer's pace, until a reload changes it; each of its processes is told. -1 when the running one
 * cannot be told: then nothing has changed. */
int fleet_set_rate(struct worker *worker, int64_t records, int64_t interval_us);
void fleet_retire(struct worker *worker); /* it finishes, leaves, and stays down */

/* Makes the topics that are not there. */
void fleet_provision(struct supervisor *supervisor);

/* Brings a client to `count` workers: bravo, bravo.2, …; those that run stay untouched, those that were
 * stopped are started. -1 when there is no such client (any more), or memory is out. */
#define FLEET_SCALE_MAX 256
int fleet_scale(struct supervisor *supervisor, const char *client, unsigned count, struct error *error);

#endif
