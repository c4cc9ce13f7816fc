#include "common/stats/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/stat.h>

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

#define STAT_STATE_FIELD 3
#define STAT_START_FIELD 22

struct stat_text {
    char text[1024];
};

static bool read_stat(pid_t pid, struct stat_text *stat)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got;
    do
        got = read(fd, stat->text, sizeof stat->text - 1);
    while (got < 0 && errno == EINTR);
    close(fd);
    stat->text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* Where a field's value begins; NULL. The second field is the command in parentheses and may hold anything,
 * so fields are counted from the last one. */
static const char *field_of(const struct stat_text *stat, int wanted)
{
    const char *at = strrchr(stat->text, ')');
    for (int field = 2; at != NULL && field < wanted; field++)
        at = strchr(at + 1, ' ');
    return at != NULL ? at + 1 : NULL;
}

uint64_t liveness_start_ticks(pid_t pid)
{
    struct stat_text stat;
    const char *at = read_stat(pid, &stat) ? field_of(&stat, STAT_START_FIELD) : NULL;
    uint64_t ticks = 0;
    return at != NULL && sscanf(at, "%" SCNu64, &ticks) == 1 ? ticks : 0;
}

char liveness_process_state(pid_t pid)
{
    struct stat_text stat;
    const char *at = read_stat(pid, &stat) ? field_of(&stat, STAT_STATE_FIELD) : NULL;
    return at != NULL && *at != '\0' ? *at : '?';
}

bool liveness_stopped(pid_t pid)
{
    char state = liveness_process_state(pid);
    return state == 'T' || state == 't';
}

/* A process stays in its namespace as long as it lives; only a child can be in another one. Asked of the
 * kernel once a process, not once a segment: it is a tenth of what a look at a thousand of them costs. */
uint32_t liveness_pid_namespace(void)
{
    static _Atomic uint64_t known; /* pid, namespace */
    uint64_t pid = (uint64_t)getpid(), seen = atomic_load_explicit(&known, memory_order_relaxed);
    struct stat status;
    if (seen >> 32 == pid)
        return (uint32_t)seen;
    if (stat("/proc/self/ns/pid", &status) != 0)
        return 0;
    atomic_store_explicit(&known, pid << 32 | (uint32_t)status.st_ino, memory_order_relaxed);
    return (uint32_t)status.st_ino;
}

bool liveness_elsewhere(uint32_t pid_namespace)
{
    uint32_t own = liveness_pid_namespace();
    return pid_namespace != 0 && own != 0 && pid_namespace != own;
}

bool liveness_alive(int fd, pid_t pid, uint64_t start_ticks, uint32_t pid_namespace)
{
    return pid > 0 && liveness_locked(fd) &&
           (liveness_elsewhere(pid_namespace) || liveness_start_ticks(pid) == start_ticks);
}
