/* guard.h: what a program of the user's has started ends with it, and with us, however we end.
 *
 * The kernel's PDEATHSIG reaches the program alone and not its children, and a process group is left with one
 * call of setsid. So each of them carries a mark in its environment, and every process with it is killed:
 *
 *   kconsume ──┬── guard            waits for the end of a pipe that only kconsume holds; then kills
 *              └── sh -c COMMAND ── …  environment: KSUPERVISE_EXEC=pid.random
 *
 * The guard is a process forked from us before there is much to copy, in a session of its own: what kills us,
 * or our supervisor, or our process group does not reach it. It is the one that is left after a SIGKILL.
 *
 * Not found is what has left both the process group and the mark (`env -i setsid …`), what runs as another
 * user, and anything when the guard itself was killed at the same moment.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_GUARD_H
#define KSUPERVISE_CONSUMER_PIPELINE_GUARD_H

#include "common/error.h"

#include <sys/types.h>

enum { GUARD_MARK_BYTES = 64 };

struct guard {
    pid_t pid;    /* of the process that waits; 0: there is none */
    int lifeline; /* closes with us */
    char mark[GUARD_MARK_BYTES];
    char **environment; /* ours and the mark, for the program; ends with NULL. Owned, its texts are not */
};

#define GUARD_NONE                                                                                           \
    {                                                                                                        \
        .lifeline = -1                                                                                       \
    }

int guard_start(struct guard *guard, struct error *error);

/* The program that runs now leads this process group; 0: none does. */
void guard_watch(const struct guard *guard, pid_t group);

/* Kills all that carry the mark, until none is found. */
void guard_sweep(const struct guard *guard);

/* Ends the guard, which sweeps once more. Does nothing when there is none. */
void guard_end(struct guard *guard);

#endif
