/* after_fork.h: what a child does between fork (or clone) and exec, in every program.
 *
 * Async-signal-safe calls only, and nothing is written to the process's memory: another thread may hold any
 * lock, and after a clone that shares memory it is the parent's. */
#ifndef KSUPERVISE_COMMON_AFTER_FORK_H
#define KSUPERVISE_COMMON_AFTER_FORK_H

#include "common/banned.h"

#include <signal.h>
#include <sys/types.h>

/* From here on the kernel kills this process when the thread that created it ends. -1 with errno, which is
 * ESRCH when `parent` had ended before. */
int after_fork_die_with(pid_t parent);

/* Every signal's default disposition, and that mask: what is ignored would stay ignored through exec. */
void after_fork_signals(const sigset_t *mask);

#endif
