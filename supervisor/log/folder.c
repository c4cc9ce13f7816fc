#include "supervisor/log/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { FILE_NAME_BYTES = LOG_NAME_BYTES + 32 };

/* --- the folder ---------------------------------------------------------------------------------------- */

/* Its descriptor, or -1 with the error. */
static int open_folder(const char *path, struct error *error)
{
    if (mkdir(path, 0750) == -1 && errno != EEXIST)
        return error_set(error, "--log-dir %s: %m", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        return error_set(error, "--log-dir %s: %m", path);
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (locked && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
        return fd;
    int cause = errno;
    close(fd);
    return locked
               ? error_set(error, "--log-dir %s: %s", path, strerror(cause))
               : error_set(error, "--log-dir %s: another ksupervise writes there; give each instance its own",
                           path);
}

int log_folder_open(struct log_folder *folder, struct error *error)
{
    folder->fd = open_folder(folder->path, error);
    return folder->fd == -1 ? -1 : 0;
}

/* Our own lock would refuse the same folder a second time. */
static bool is_where_it_was(const struct log_folder *folder)
{
    struct stat named, ours;
    return stat(folder->path, &named) == 0 && fstat(folder->fd, &ours) == 0 && named.st_dev == ours.st_dev &&
           named.st_ino == ours.st_ino;
}

int log_folder_reopen(struct log_folder *folder, struct error *error)
{
    if (is_where_it_was(folder))
        return 0;
    int fd = open_folder(folder->path, error);
    if (fd == -1)
        return -1;
    close(folder->fd);
    folder->fd = fd;
    return 0;
}

void log_folder_close(struct log_folder *folder)
{
    close(folder->fd);
}

/* --- a file -------------------------------------------------------------------------------------------- */

static void file_name(const struct log_folder_file *file, int64_t number, char name[FILE_NAME_BYTES])
{
    if (number == 0)
        snprintf(name, FILE_NAME_BYTES, "%s.log", file->name);
    else
        snprintf(name, FILE_NAME_BYTES, "%s.log.%" PRId64, file->name, number);
}

void log_folder_release(struct log_folder_file *file)
{
    if (file->fd != -1)
        close(file->fd);
    file->fd = -1;
}

/* A FIFO that nobody reads and a socket are ENXIO by themselves, a device and a FIFO with a reader are not.
 */
static int take_file(struct log_folder_file *file, int64_t *bytes)
{
    struct stat status;
    if (file->fd == -1 || fstat(file->fd, &status) == -1)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        log_folder_release(file);
        errno = ENXIO;
        return -1;
    }
    file->device = status.st_dev;
    file->inode = status.st_ino;
    *bytes = status.st_size;
    return 0;
}

static int open_file(const struct log_folder *folder, const char *name)
{
    return openat(folder->fd, name,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);
}

/* A file that can be made has a folder: without one, that was removed, and is made again. */
static int open_anew(struct log_folder *folder, struct log_folder_file *file, const char *name,
                     int64_t *bytes)
{
    struct error error = ERROR_INIT;
    log_folder_release(file);
    file->fd = open_file(folder, name);
    if (file->fd == -1 && errno == ENOENT && log_folder_reopen(folder, &error) == 0)
        file->fd = open_file(folder, name);
    return take_file(file, bytes);
}

/* Opens it unless it is open, and still what its name says. */
static int open_newest(struct log_folder *folder, struct log_folder_file *file, int64_t *bytes)
{
    char name[FILE_NAME_BYTES];
    struct stat named;
    file_name(file, 0, name);
    if (file->fd == -1 || fstatat(folder->fd, name, &named, AT_SYMLINK_NOFOLLOW) == -1 ||
        named.st_dev != file->device || named.st_ino != file->inode)
        return open_anew(folder, file, name, bytes);
    *bytes = named.st_size;
    return 0;
}

/* bravo.log becomes bravo.log.1, that one bravo.log.2, and so on; the last one is overwritten by the one
 * before it. A name that is not there is passed over. Only the newest has to go: -1 when it cannot. */
static int move_on(const struct log_folder *folder, struct log_folder_file *file)
{
    char from[FILE_NAME_BYTES];
    char to[FILE_NAME_BYTES];
    int result = 0;
    log_folder_release(file);
    for (int64_t number = folder->files - 2; number >= 0; number--) {
        file_name(file, number, from);
        file_name(file, number + 1, to);
        result = renameat(folder->fd, from, folder->fd, to);
    }
    if (folder->files == 1) {
        file_name(file, 0, from);
        result = unlinkat(folder->fd, from, 0);
    }
    return result == -1 && errno != ENOENT ? -1 : 0;
}

/* No half lines. Where it ends is asked, not remembered: someone may have truncated it meanwhile, and a file
 * that is cut off behind its end is filled up with zeros. */
static void cut_off(const struct log_folder_file *file, size_t length)
{
    struct stat status;
    if (length > 0 && fstat(file->fd, &status) == 0 && status.st_size >= (off_t)length &&
        ftruncate(file->fd, status.st_size - (off_t)length) == -1)
        return; /* a half line stays */
}

static int write_whole(const struct log_folder_file *file, const char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = write(file->fd, bytes + done, length - done);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            break;
        done += (size_t)n;
    }
    if (done == length)
        return 0;
    int cause = errno;
    cut_off(file, done);
    errno = cause;
    return -1;
}

int log_folder_append(struct log_folder *folder, struct log_folder_file *file, const char *bytes,
                      size_t length)
{
    int64_t used;
    if (open_newest(folder, file, &used) == -1)
        return -1;
    if (used > 0 && used + (int64_t)length > folder->size_bytes &&
        (move_on(folder, file) == -1 || open_newest(folder, file, &used) == -1))
        return -1;
    return write_whole(file, bytes, length);
}

const char *log_folder_cause(int cause)
{
    static const struct {
        int cause;
        const char *text;
    } causes[] = {
        {ENXIO, "no regular file has that name"},
        {EISDIR, "a folder has its name, or that of the file it would become"},
        {ELOOP, "a symbolic link has that name"},
    };
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].cause == cause)
            return causes[i].text;
    return strerror(cause);
}
