#include "common/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct kind {
    mode_t type;
    const char *name;
};

static const char *kind_name(mode_t mode)
{
    static const struct kind kinds[] = {
        {S_IFREG, "a file"},    {S_IFDIR, "a folder"}, {S_IFLNK, "a link"},   {S_IFIFO, "a FIFO"},
        {S_IFSOCK, "a socket"}, {S_IFCHR, "a device"}, {S_IFBLK, "a device"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((mode & S_IFMT) == kinds[i].type)
            return kinds[i].name;
    return "something";
}

static bool is_own(const struct stat *status, mode_t kind)
{
    return (status->st_mode & S_IFMT) == kind && status->st_uid == geteuid();
}

static int refuse(const char *path, const struct stat *status, mode_t kind, struct error *error)
{
    const char *is = kind_name(status->st_mode);
    if (status->st_uid != geteuid())
        return error_set(error,
                         "%s is %s of uid %u, not of this user (uid %u): not used; ask them to remove it",
                         path, is, (unsigned)status->st_uid, (unsigned)geteuid());
    return error_set(error, "%s is %s, not %s: not used; remove it", path, is, kind_name(kind));
}

int own_file_check(const char *path, mode_t kind, struct error *error)
{
    int saved_errno = errno;
    struct stat status;
    int result = 0;
    if (lstat(path, &status) == 0 && !is_own(&status, kind))
        result = refuse(path, &status, kind, error);
    errno = saved_errno;
    return result;
}

bool own_file_is(int folder_fd, const char *name)
{
    struct stat status;
    return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && is_own(&status, S_IFREG);
}

int own_file_open(const char *path, int flags, mode_t mode, struct error *error)
{
    struct stat status;
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode);
    if (fd == -1) {
        /* The name tells more than EACCES, ELOOP and ENXIO do. */
        if (own_file_check(path, S_IFREG, error) == 0)
            error_set(error, "cannot open %s: %m", path);
        return -1;
    }
    if (fstat(fd, &status) == 0 && is_own(&status, S_IFREG))
        return fd;
    refuse(path, &status, S_IFREG, error);
    close(fd);
    errno = EPERM;
    return -1;
}
