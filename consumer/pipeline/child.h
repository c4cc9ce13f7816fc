/* child.h: a program of the user's at the other end of two pipes: its stdin and its stdout; its stderr is
 * ours. For the thread that lives as long as the process: the kernel ties the child's life to it.
 *
 * It runs as `/bin/sh -c COMMAND` in a process group of its own, so that a Ctrl-C is ours alone to answer.
 * When this process dies, the kernel kills the shell (or what it was replaced by); what else it has started
 * is guard.h's.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_CHILD_H
#define KSUPERVISE_CONSUMER_PIPELINE_CHILD_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
    pid_t pid; /* 0: there is none */
    int pidfd; /* -1 where the kernel has none */
    int to;    /* its stdin; does not block */
    int from;  /* its stdout; does not block */
};

#define CHILD_NONE                                                                                           \
    {                                                                                                        \
        .pidfd = -1, .to = -1, .from = -1                                                                    \
    }

/* `environment` is the program's, and ends with NULL. */
int child_start(struct child *child, const char *command, char *const *environment, struct error *error);

/* It has: what it has started may go on and hold its stdout. It is not reaped. */
bool child_has_ended(const struct child *child);

/* Closes its stdin, gives it `grace_us` to end by itself, then kills its group; reaps it. Writes how it ended
 * into `how` ("ended with exit status 1", "was killed by SIGKILL", "had to be killed"), which may be NULL.
 * Does nothing when there is none. */
void child_end(struct child *child, int64_t grace_us, char *how, size_t bytes);

#endif
