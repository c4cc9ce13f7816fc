/* count.h: --count, over all processes of a producer: what was acknowledged, and what is left. */
#ifndef KSUPERVISE_SUPERVISOR_COUNT_H
#define KSUPERVISE_SUPERVISOR_COUNT_H

#include "supervisor/worker.h"

/* Records acknowledged so far, over all generations; 0 without statistics. */
int64_t count_acknowledged(struct worker *worker);

/* What is left of --count for the next process, never negative. A record that was sent and not acknowledged
 * counts as not sent: it may be there twice, and is not missing. */
int64_t count_remaining(struct worker *worker);
/* A producer that has made its --count. Another process would get --count 0, which means without end. */
bool count_is_finished(struct worker *worker);

#endif
