/* spawn.h: the mechanism of starting one process. No policy: what to start, when, and what its end means is
 * elsewhere.
 */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_SPAWN_H
#define KSUPERVISE_SUPERVISOR_PROCESS_SPAWN_H

#include "common/error.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct spawn_request {
    const char *path;  /* the executable */
    char *const *argv; /* ends with NULL */
    int output_fd;     /* becomes 1 and 2 */
    int config_fd;     /* becomes 3; -1: /dev/null is there */
    int channel_fd;    /* becomes 4; likewise */
    int segment_fd;    /* becomes 5; likewise */
    sigset_t mask;     /* the signal mask that the child is to have: the one we were started with */
};

struct process {
    pid_t pid;            /* 0: none. Its process group has the same number */
    int pidfd;            /* -1: none; readable when the process ended */
    uint64_t start_ticks; /* /proc/PID/stat field 22: together with the pid unique until the next boot */
};

/* How a process ended. */
struct process_end {
    int exit_status; /* -1 when a signal ended it */
    int signal;      /* 0 when it exited */
    int core_dumped;
    struct rusage usage;
};

/* Starts it and waits until exec has happened. The child dies with this process (PDEATHSIG is tied to the
 * calling thread, so only the main thread may call), leads a process group of its own, has /dev/null as
 * stdin, default signal dispositions, and no descriptor but those named. The request's descriptors stay the
 * caller's. -1 with an error that names the path and the cause; errno is exec's or fork's. */
int process_spawn(struct process *process, const struct spawn_request *request, struct error *error);

/* Sends a signal through the pidfd: never to another process that got the same pid. 0 or -1 with errno. */
int process_signal(const struct process *process, int signal);

/* Sends SIGKILL to its whole group. Good while the leader is not reaped: until then the number cannot be
 * given again. */
void process_kill_group(const struct process *process);

/* Kills a process that nobody will watch, with its group, and waits until it is gone. */
void process_abandon(struct process *process);

/* When it has ended: kills what is left of its group, reaps it, closes the pidfd, fills `end`, returns 1. 0
 * while it runs. */
int process_reap(struct process *process, struct process_end *end);

/* Sends SIGKILL to a process that is not our child, when pid and start time both still agree; waits until it
 * is gone. */
void process_end_survivor(pid_t pid, uint64_t start_ticks);

#endif
