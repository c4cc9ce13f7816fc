#include "supervisor/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

/* XDG_RUNTIME_DIR may be set to a folder that is not there (su, cron): then /tmp. */
static int runtime_folder(char *path, size_t bytes, struct error *error)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat info;
    if (runtime != NULL && runtime[0] == '/' && stat(runtime, &info) == 0 && S_ISDIR(info.st_mode))
        snprintf(path, bytes, "%s/ksupervise", runtime);
    else
        snprintf(path, bytes, "/tmp/ksupervise-%u", (unsigned)getuid());
    if (mkdir(path, 0700) == -1 && errno != EEXIST)
        return error_set(error, "cannot make %s: %s", path, strerror(errno));
    /* /tmp is everybody's: a folder or a link that somebody else put there is not trusted. */
    if (lstat(path, &info) == -1 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() ||
        (info.st_mode & 077) != 0)
        return error_set(error, "%s is not a folder of yours with mode 0700: remove it", path);
    return 0;
}

static int refuse(const char *instance, int fd, struct error *error)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
    return error_set(
        error,
        "instance '%s' runs already (pid %s): stop it, or start this one under another name with --instance",
        instance, pid[0] != '\0' ? pid : "unknown");
}

int lock_take(const char *instance, struct error *error)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 64];
    if (runtime_folder(folder, sizeof folder, error) == -1)
        return -1;
    snprintf(path, sizeof path, "%s/%s.lock", folder, instance);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd == -1)
        return error_set(error, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
        if (errno == EWOULDBLOCK)
            refuse(instance, fd, error);
        else
            error_set(error, "cannot lock %s: %s", path, strerror(errno));
        close(fd);
        return -1;
    }
    char pid[32];
    int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) == -1 || pwrite(fd, pid, (size_t)length, 0) == -1) {
        error_set(error, "cannot write %s: %s", path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}
