/* fleet_slots.h: what the files of the fleet share about its slots. Nobody else includes this. */
#ifndef KSUPERVISE_SUPERVISOR_FLEET_SLOTS_H
#define KSUPERVISE_SUPERVISOR_FLEET_SLOTS_H

#include "supervisor/supervisor.h"

/* One more slot for a client's worker, not started. NULL when memory is out. */
struct worker *fleet_add_consumer(struct supervisor *supervisor, const struct settings *settings,
                                  const char *client, const char *name, unsigned colour);

/* Whether it is one of the client's workers, whatever the name's case. */
bool fleet_is_of(const struct worker *worker, const char *client);

#endif
