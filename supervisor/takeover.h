/* takeover.h: what an earlier supervisor of this instance left when it died: its directory. */
#ifndef KSUPERVISE_SUPERVISOR_TAKEOVER_H
#define KSUPERVISE_SUPERVISOR_TAKEOVER_H

#include "supervisor/supervisor.h"

/* Opened before our own directory replaces it, which is refused while the earlier supervisor lives. NULL:
 * none. */
struct directory *takeover_look(const struct supervisor *supervisor);

/* Ends the processes that outlived it. Generations and restarts continue from there, and workers that `kctl
 * scale` had made come back. Frees it; NULL is fine. */
void takeover(struct supervisor *supervisor, struct directory *former);

#endif
