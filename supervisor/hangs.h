/* hangs.h: workers whose processes live and make no progress. */
#ifndef KSUPERVISE_SUPERVISOR_HANGS_H
#define KSUPERVISE_SUPERVISOR_HANGS_H

#include "supervisor/supervisor.h"

/* EVENT_HUNG for each that has not moved for longer than its --hang-after. Checks when
 * supervisor->hang_check_us has come, and sets the next time. */
void hangs_check(struct supervisor *supervisor, int64_t now_us);

#endif
