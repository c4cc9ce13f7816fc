/* fleet_slots.h: the slots of the fleet: who is in it, and under which settings. Nothing is started here. */
#ifndef KSUPERVISE_SUPERVISOR_FLEET_SLOTS_H
#define KSUPERVISE_SUPERVISOR_FLEET_SLOTS_H

#include "supervisor/supervisor.h"

/* One more slot, not started. NULL when memory is out. */
struct worker *fleet_add_slot(struct supervisor *supervisor, const struct settings *settings,
                              enum worker_kind kind, const char *name);
/* One more slot for a client's worker, not started. NULL when memory is out. */
struct worker *fleet_add_consumer(struct supervisor *supervisor, const struct settings *settings,
                                  const char *client, const char *name, unsigned colour);

/* Whether it is one of the client's workers, whatever the name's case. */
bool fleet_is_of(const struct worker *worker, const char *client);
/* The client's first worker that is not retired; NULL: there is no such client. */
struct worker *fleet_client(const struct supervisor *supervisor, const char *client);

/* The same worker under other settings; they hold from its next process on, those for the supervisor now. */
void fleet_set_settings(struct worker *worker, const struct settings *settings);
/* By its name, whatever its case; NULL: there is none. */
struct worker *fleet_find(const struct supervisor *supervisor, const char *name);
/* A client's first worker, or the producer (`client` is NULL): a new slot, or its retired one. Not started.
 * NULL when memory is out. */
struct worker *fleet_add(struct supervisor *supervisor, const struct settings *settings, const char *client);
/* The same for a client that the configuration does not name (kctl add-client): `like` and `group` as in
 * worker.h. */
struct worker *fleet_add_own(struct supervisor *supervisor, const struct settings *settings,
                             const char *client, const char *like, const char *group);
/* The configuration names the client now: it is no longer an added one. */
void fleet_disown(struct worker *worker);
/* A worker that an earlier supervisor had beside the first of its client: as retired as it was; all of
 * a client that there is no more are retired, and keep the generations until the client comes again. Not
 * started. NULL when memory is out. */
struct worker *fleet_add_again(struct supervisor *supervisor, const char *client, const char *name,
                               bool retired);

#endif
