/* announce.h: what the supervisor tells people about its workers: deaths, where they resume, who is ready,
 * the table at the end. Each death and each resumption is an event of the journal, too. */
#ifndef KSUPERVISE_SUPERVISOR_ANNOUNCE_H
#define KSUPERVISE_SUPERVISOR_ANNOUNCE_H

#include "supervisor/supervisor.h"

/* `bravo (pid 4711) was killed by SIGKILL while polling; …; restarting at once` */
void announce_death(struct worker *worker, const struct process_end *end, enum restart_verdict verdict,
                    int64_t delay_us);

/* A process that could not be started: why, and what comes of it. */
void announce_spawn_failed(struct worker *worker, enum restart_verdict verdict, int64_t delay_us);

/* `bravo resumed at 1042 (committed 1042), redelivering at most 7`, with a line a partition when verbose. */
void announce_resume(struct worker *worker);

/* `ready: bravo (3 partitions), zulu (3 partitions)` */
void announce_ready(struct supervisor *supervisor);

/* The table at the end. */
void announce_summary(struct supervisor *supervisor);

#endif
