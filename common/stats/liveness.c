#include "common/stats/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

int liveness_reopen(int fd, int flags)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC);
}

static struct flock whole_object(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
}

int liveness_lock(int fd)
{
    struct flock lock = whole_object();
    return fcntl(fd, F_OFD_SETLK, &lock);
}

bool liveness_locked(int fd)
{
    struct flock lock = whole_object();
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

#define STAT_START_FIELD 22

uint64_t liveness_start_ticks(pid_t pid)
{
    char path[40], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got;
    do
        got = read(fd, text, sizeof text - 1);
    while (got < 0 && errno == EINTR);
    close(fd);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    /* The second field is the command in parentheses and may hold anything, so fields are counted from the
     * last one. */
    const char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < STAT_START_FIELD; field++)
        at = strchr(at + 1, ' ');
    uint64_t ticks = 0;
    return at != NULL && sscanf(at, " %" SCNu64, &ticks) == 1 ? ticks : 0;
}

bool liveness_alive(int fd, pid_t pid, uint64_t start_ticks)
{
    return pid > 0 && liveness_locked(fd) && liveness_start_ticks(pid) == start_ticks;
}
