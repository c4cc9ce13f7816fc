/* bench_child: the trivial service that all supervisors are measured with. Says when it runs, then sleeps for
 * good.
 *
 *   BENCH_STAMPS   a file that gets a line `PID NANOSECONDS` (CLOCK_MONOTONIC), in one write
 *
 * Called kconsume it is a worker of ksupervise, and tells it on its channel that it is ready. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/worker/config.h"

static const char ready[] = "\x93\x02\xa5ready\x91\x01"; /* a MessagePack-RPC notification: one partition */

static int stamp(const char *path)
{
    struct timespec now;
    char line[64];
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int length = snprintf(line, sizeof line, "%d %lld\n", (int)getpid(),
                          (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    ssize_t written = write(fd, line, (size_t)length);
    close(fd);
    return written == length ? 0 : -1;
}

int main(void)
{
    const char *path = getenv("BENCH_STAMPS");
    if (path == NULL || stamp(path) == -1) {
        fprintf(stderr, "bench_child: cannot write to BENCH_STAMPS=%s: %m\n", path != NULL ? path : "");
        return 1;
    }
    if (strcmp(program_invocation_short_name, "kconsume") == 0 &&
        write(WORKER_CHANNEL_FD, ready, sizeof ready - 1) == -1)
        return 1;
    for (;;)
        pause();
}
