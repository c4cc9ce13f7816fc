/* preflight.h: would the workers accept a configuration? Only their own programs know what a pipeline means
 * and which properties exist. So these are started as they would be, with the same settings on the same
 * descriptor, and with --check: they validate the settings, open nothing, and exit within milliseconds.
 *
 * One process for each section that differs, one after the other; the first mistake ends it. Only the reactor
 * waits for a process. */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_PREFLIGHT_H
#define KSUPERVISE_SUPERVISOR_CONFIG_PREFLIGHT_H

#include "supervisor/supervisor.h"

/* How long a single process may take. */
#define PREFLIGHT_US (10 * INT64_C(1000000))

struct preflight; /* opaque */

enum preflight_result { PREFLIGHT_GOES_ON, PREFLIGHT_RIGHT, PREFLIGHT_WRONG };

/* Of this supervisor it has the reactor, the folder of the programs, the host's name, the signal mask, and
 * with the embedded broker its address, if there is one yet. Both outlive it. Starts nothing. NULL with the
 * error. */
struct preflight *preflight_new(struct supervisor *supervisor, const struct config *config,
                                struct error *error);

/* Advances as far as possible; called after every round of events. PREFLIGHT_WRONG with an error that begins
 * with FILE:LINE, the flag, or the worker's name. */
enum preflight_result preflight_check(struct preflight *preflight, struct error *error);
/* The next call is due then, monotonic; an event may come earlier. */
int64_t preflight_deadline_us(const struct preflight *preflight);

/* Its process, which it reaps itself; 0: none runs. */
pid_t preflight_pid(const struct preflight *preflight);

/* Ends its process, if one runs. NULL is fine. */
void preflight_free(struct preflight *preflight);

/* All of it, on the supervisor's reactor, for a caller that has nothing else to do. 0, or -1 with the
 * error. */
int preflight(struct supervisor *supervisor, const struct config *config, struct error *error);

#endif
