#include "common/runtime.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/own_file.h"

/* XDG_RUNTIME_DIR may be set to a folder that is not there (su, cron): then /tmp. */
int runtime_folder(char *path, size_t bytes, struct error *error)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat info;
    if (runtime != NULL && runtime[0] == '/' && stat(runtime, &info) == 0 && S_ISDIR(info.st_mode))
        snprintf(path, bytes, "%s/ksupervise", runtime);
    else
        snprintf(path, bytes, "/tmp/ksupervise-%u", (unsigned)getuid());
    if (mkdir(path, 0700) == -1 && errno != EEXIST)
        return error_set(error, "cannot make %s: %m", path);
    /* /tmp is everybody's: a folder or a link that somebody else put there is not trusted. */
    if (own_file_check(path, S_IFDIR, error) == -1)
        return error_context(error, "set XDG_RUNTIME_DIR to a folder of yours");
    if (lstat(path, &info) == -1 || (info.st_mode & 077) != 0)
        return error_set(error, "%s is not a folder of yours with mode 0700: remove it", path);
    return 0;
}

int runtime_socket(char path[RUNTIME_SOCKET_BYTES], const char *instance, struct error *error)
{
    char folder[PATH_MAX];
    if (runtime_folder(folder, sizeof folder, error) == -1)
        return -1;
    int length = snprintf(path, RUNTIME_SOCKET_BYTES, "%s/%s.sock", folder, instance);
    if (length >= RUNTIME_SOCKET_BYTES)
        return error_set(error, "%s/%s.sock is too long for a socket: set XDG_RUNTIME_DIR to a shorter path",
                         folder, instance);
    return 0;
}

int runtime_token(char path[PATH_MAX], const char *instance, struct error *error)
{
    char folder[PATH_MAX - NAME_MAX];
    if (runtime_folder(folder, sizeof folder, error) == -1)
        return -1;
    snprintf(path, PATH_MAX, "%s/%s.token", folder, instance);
    return 0;
}
