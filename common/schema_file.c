#include "common/schema_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/exit_codes.h"

/* As much as there is, up to one byte more than a schema may have: the parser says that it is too long. */
static ssize_t read_all(int fd, char *text, size_t bytes)
{
    size_t used = 0;
    ssize_t got;
    while (used < bytes && (got = read(fd, text + used, bytes - used)) != 0) {
        if (got == -1 && errno != EINTR)
            return -1;
        used += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)used;
}

/* A device or a pipe may never end. */
static int open_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1 || fstat(fd, &status) == -1 || S_ISREG(status.st_mode))
        return fd;
    close(fd);
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return -1;
}

struct schema *schema_file_read(const char *path, struct error *error)
{
    struct schema *schema = NULL;
    char *text = malloc(SCHEMA_TEXT_MAX + 1);
    int fd = open_file(path);
    ssize_t length = fd == -1 || text == NULL ? -1 : read_all(fd, text, SCHEMA_TEXT_MAX + 1);
    if (length == -1)
        error_set_code(error, EXIT_CODE_CONFIG, "cannot read the schema %s: %s", path, strerror(errno));
    else
        schema = schema_new(path, text, (size_t)length, error);
    if (fd != -1)
        close(fd);
    free(text);
    return schema;
}

const struct schema *schema_open(const struct schema_spec *spec, struct schema **own, struct error *error)
{
    *own = NULL;
    if (spec->file == NULL)
        return strcmp(spec->workload, SCHEMA_RAW) == 0 ? schema_raw() : schema_require(spec->workload, error);
    if (spec->workload_given && spec->text == NULL) {
        error_set_code(error, EXIT_CODE_USAGE, "--schema and --workload: give one of them");
        return NULL;
    }
    *own = spec->text == NULL ? schema_file_read(spec->file, error)
                              : schema_new(spec->file, spec->text, strlen(spec->text), error);
    return *own;
}
