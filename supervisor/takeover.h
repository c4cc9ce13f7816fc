/* takeover.h: what an earlier supervisor of this instance that died has left: its directory. */
#ifndef KSUPERVISE_SUPERVISOR_TAKEOVER_H
#define KSUPERVISE_SUPERVISOR_TAKEOVER_H

#include "supervisor/supervisor.h"

/* Looked at before our own directory replaces it, which is refused while the earlier one lives; NULL: there
 * is none. */
struct directory *takeover_look(const struct supervisor *supervisor);

/* Ends the processes that outlived it; generations and restarts go on from there,
 * and workers that `kctl scale` has made are there again. Frees it; NULL is fine. */
void takeover(struct supervisor *supervisor, struct directory *former);

#endif
