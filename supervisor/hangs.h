/* hangs.h: workers whose processes are there, and in which nothing moves. */
#ifndef KSUPERVISE_SUPERVISOR_HANGS_H
#define KSUPERVISE_SUPERVISOR_HANGS_H

#include "supervisor/supervisor.h"

/* EVENT_HUNG for each that has not moved for longer than its --hang-after; looks when
 * supervisor->hang_check_us has come, and sets it anew. */
void hangs_check(struct supervisor *supervisor, int64_t now_us);

#endif
