#include "common/stats/object.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/exit_codes.h"
#include "common/own_file.h"
#include "common/stats/words.h"

#define OBJECT_MODE 0600

/* "/dev/shm/ksupervise.0.default": where Linux's shm_open keeps them. shm_open itself waits in open() for
 * somebody to open the other end, when the name is a FIFO. */
struct path {
    char text[sizeof OBJECT_FOLDER + OBJECT_NAME_BYTES + 2]; /* of a hidden one, too */
};

static struct path path_of(const char *name)
{
    struct path path;
    snprintf(path.text, sizeof path.text, OBJECT_FOLDER "%s", name);
    return path;
}

int object_check_name(const char *name, struct error *error)
{
    return own_file_check(path_of(name).text, S_IFREG, error);
}

/* /dev/shm is sticky: only our own names can be replaced. */
int object_rename(const char *from, const char *to, struct error *error)
{
    struct path source = path_of(from);
    struct path target = path_of(to);
    if (rename(source.text, target.text) == 0)
        return 0;
    return object_check_name(to, error) == 0
               ? error_set(error, "cannot rename %s to %s: %m", source.text, target.text)
               : -1;
}

int object_discard(int fd, const char *name)
{
    int saved_errno = errno;
    shm_unlink(name);
    close(fd);
    errno = saved_errno;
    return -1;
}

static int claim(int fd, size_t bytes)
{
    int failure;
    do
        failure = posix_fallocate(fd, 0, (off_t)bytes);
    while (failure == EINTR);
    errno = failure;
    return failure == 0 ? 0 : -1;
}

static int write_all(int fd, const void *from, size_t bytes, uint64_t offset)
{
    const unsigned char *at = from;
    while (bytes > 0) {
        ssize_t wrote = pwrite(fd, at, bytes, (off_t)offset);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -1;
        at += wrote;
        offset += (uint64_t)wrote;
        bytes -= (size_t)wrote;
    }
    return 0;
}

static int explain_claim(const char *name, size_t bytes, struct error *error)
{
    size_t kib = (bytes + 1023) / 1024;
    if (errno == ENOSPC)
        return error_set(error,
                         OBJECT_FOLDER
                         " is full: no room for the %zu KiB of %s; remove what fills it, or enlarge it "
                         "(mount -o remount,size=…; docker run --shm-size=…)",
                         kib, name);
    if (errno == EFBIG)
        return error_set(
            error, OBJECT_FOLDER "%s needs %zu KiB, more than the file size limit allows: raise ulimit -f",
            name, kib);
    return error_set(error, "cannot claim %zu KiB for " OBJECT_FOLDER "%s: %m", kib, name);
}

int object_fill(int fd, const char *name, const void *image, size_t bytes, struct error *error)
{
    if (ftruncate(fd, 0) != 0 || claim(fd, bytes) != 0)
        return explain_claim(name, bytes, error);
    if (write_all(fd, image, bytes, 0) != 0)
        return error_set(error, "cannot write " OBJECT_FOLDER "%s: %m", name);
    return 0;
}

int object_create(const char *name, const void *image, size_t bytes, struct error *error)
{
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, OBJECT_MODE);
    if (fd < 0)
        return object_check_name(name, error) == 0
                   ? error_set(error, "cannot create " OBJECT_FOLDER "%s: %m", name)
                   : -1;
    /* A umask may have taken the owner's own bits. */
    if (fchmod(fd, OBJECT_MODE) != 0) {
        error_set(error, "cannot set the mode of " OBJECT_FOLDER "%s: %m", name);
        return object_discard(fd, name);
    }
    return object_fill(fd, name, image, bytes, error) == 0 ? fd : object_discard(fd, name);
}

int object_create_unnamed(const char *name, const void *image, size_t bytes, struct error *error)
{
    int fd = memfd_create(name + 1, MFD_CLOEXEC);
    if (fd < 0)
        return error_set(error, "cannot make memory for %s: %m", name + 1);
    if (object_fill(fd, name, image, bytes, error) == 0)
        return fd;
    close(fd);
    return -1;
}

int object_publish_version(int fd, const char *name, size_t offset, uint32_t version, struct error *error)
{
    if (write_all(fd, &version, sizeof version, offset) != 0)
        return error_set(error, "cannot write " OBJECT_FOLDER "%s: %m", name);
    return 0;
}

static int open_existing(const char *name, int flags, struct error *error)
{
    int fd = own_file_open(path_of(name).text, flags, 0, error);
    if (fd < 0 && errno == ENOENT)
        return error_set_code(error, EXIT_CODE_NOT_RUNNING, "there is no " OBJECT_FOLDER "%s", name);
    return fd;
}

int object_open(const char *name, struct error *error)
{
    return open_existing(name, O_RDONLY, error);
}

int object_open_writable(const char *name, struct error *error)
{
    return open_existing(name, O_RDWR, error);
}

int object_open_or_make(const char *name, struct error *error)
{
    return own_file_open(path_of(name).text, O_CREAT | O_RDWR, OBJECT_MODE, error);
}

bool object_read(int fd, void *to, size_t bytes, uint64_t offset)
{
    unsigned char *at = to;
    while (bytes > 0) {
        ssize_t got = pread(fd, at, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return true;
}

#define REREADS_MAX 16

static bool read_word(int fd, uint64_t *word, uint64_t offset)
{
    bool whole = object_read(fd, word, sizeof *word, offset);
    fence_acquire();
    return whole;
}

bool object_read_group(int fd, uint64_t selector_offset, uint64_t copies_offset, size_t copy_bytes,
                       unsigned char *copies, uint64_t *publication)
{
    for (int i = 0; i < REREADS_MAX; i++) {
        uint64_t after;
        if (!read_word(fd, publication, selector_offset))
            return false;
        size_t copy = (*publication & 1) * copy_bytes;
        bool whole = object_read(fd, copies + copy, copy_bytes, copies_offset + copy);
        fence_acquire();
        if (!whole || !read_word(fd, &after, selector_offset))
            return false;
        if (after == *publication)
            return true;
    }
    return false;
}

int64_t object_bytes(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : -1;
}
