/* liveness.h: is the process that writes this object still there? A pid alone lies: it is used again. So the
 * writer holds an open-file-description lock (F_OFD_SETLK, fcntl(2)) on the object for life; the kernel drops
 * it at any death.
 *
 * The lock belongs to the open file description, not to the process: it must be taken on a description of the
 * writer's own. A descriptor that was inherited shares its description with the parent, so that a lock taken
 * there would outlive the child.
 */
#ifndef KSUPERVISE_COMMON_STATS_LIVENESS_H
#define KSUPERVISE_COMMON_STATS_LIVENESS_H

#include "common/banned.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The object behind `fd` under a description of its own, through /proc/self/fd, close-on-exec; works for
 * unlinked ones too. `flags`: O_RDONLY or O_RDWR. -1 with errno. */
int liveness_reopen(int fd, int flags);

/* Takes the lock; -1 with errno EAGAIN when another description holds it. */
int liveness_lock(int fd);

/* True while a description other than fd's own holds it. */
bool liveness_locked(int fd);

/* Field 22 of /proc/PID/stat: when the process started, in clock ticks since boot; 0 when there is no such
 * process. */
uint64_t liveness_start_ticks(pid_t pid);

/* Field 3 of it: 'T' for a process that is stopped (SIGSTOP, Ctrl-Z) or 't' by a debugger; '?' when there is
 * no such process. */
char liveness_process_state(pid_t pid);

/* It is stopped, or held by a debugger: neither dead nor at work. */
bool liveness_stopped(pid_t pid);

/* What /proc/self/ns/pid leads to: processes that have another number here number their processes otherwise
 * (pid_namespaces(7): containers). 0 where it is not known. */
uint32_t liveness_pid_namespace(void);

/* Whether a pid that was written in that namespace means nothing here. */
bool liveness_elsewhere(uint32_t pid_namespace);

/* The rule: the lock is held, and the process that says that it holds it is there and started when it says.
 * The lock alone decides where the pid is one of another namespace: a container's /dev/shm that a side-car
 * reads. */
bool liveness_alive(int fd, pid_t pid, uint64_t start_ticks, uint32_t pid_namespace);

#endif
