#include "supervisor/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

#include "common/own_file.h"
#include "common/runtime.h"

static int refuse(const char *instance, int fd, struct error *error)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
    return error_set(error,
                     "instance '%s' is already running (pid %s): stop it, or start this one under another "
                     "name with --instance",
                     instance, pid[0] != '\0' ? pid : "unknown");
}

int lock_take(const char *instance, struct error *error)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 64];
    if (runtime_folder(folder, sizeof folder, error) == -1)
        return -1;
    snprintf(path, sizeof path, "%s/%s.lock", folder, instance);
    int fd = own_file_open(path, O_RDWR | O_CREAT, 0600, error);
    if (fd == -1)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
        if (errno == EWOULDBLOCK)
            refuse(instance, fd, error);
        else
            error_set(error, "cannot lock %s: %m", path);
        close(fd);
        return -1;
    }
    char pid[32];
    int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) == -1 || pwrite(fd, pid, (size_t)length, 0) == -1) {
        error_set(error, "cannot write %s: %m", path);
        close(fd);
        return -1;
    }
    return fd;
}
