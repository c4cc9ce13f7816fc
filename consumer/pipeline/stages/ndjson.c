/* ndjson: appends a JSON line a record to a file, which is on the disk (fdatasync) before the batch's offsets
 * are committed. At least once: a batch that comes again is written again; `partition` and `offset` tell a
 * repeat.
 *
 * Several workers may share a file: each appends a batch under its lock (flock). A kill in the middle of a
 * write leaves a torn last line; the next process that opens or writes the file cuts it off, for its batch was not
 * committed and comes again.
 */
#include "consumer/pipeline/stages/stages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/pipeline/item_json.h"

enum { BUFFER_BYTES = 2 * ITEM_JSON_MAX, LOOK_BACK_BYTES = ITEM_JSON_MAX };

struct ndjson {
    const struct pipeline *pipeline;
    int fd;
    char *path;
    char *buffer; /* BUFFER_BYTES */
    size_t used;
};

static int failed(const struct ndjson *n, const char *what, struct error *error)
{
    return error_set(error, "cannot %s '%s': %m", what, n->path);
}

/* --- a torn line --------------------------------------------------------------------------------------- */

/* What a kill left of one of our lines. Somebody else's file is not cut. */
static bool is_ours(const char *torn, size_t length)
{
    size_t start = sizeof ITEM_JSON_START - 1;
    return memcmp(torn, ITEM_JSON_START, length < start ? length : start) == 0;
}

/* Cuts what stands behind the last newline; the caller has the lock. `*size` becomes the file's length. */
static int cut_torn_line(struct ndjson *n, off_t *size, struct error *error)
{
    struct stat status;
    if (fstat(n->fd, &status) == -1)
        return failed(n, "look at", error);
    *size = status.st_size;
    if (*size == 0 || (pread(n->fd, n->buffer, 1, *size - 1) == 1 && n->buffer[0] == '\n'))
        return 0;
    size_t look = *size < LOOK_BACK_BYTES ? (size_t)*size : LOOK_BACK_BYTES;
    ssize_t got = pread(n->fd, n->buffer, look, *size - (off_t)look);
    if (got == -1)
        return failed(n, "read", error);
    const char *newline = memrchr(n->buffer, '\n', (size_t)got);
    size_t whole = newline == NULL ? 0 : (size_t)(newline + 1 - n->buffer);
    size_t torn = (size_t)got - whole;
    if ((newline == NULL && (off_t)look < *size) || !is_ours(n->buffer + whole, torn))
        return error_set_code(
            error, EXIT_CODE_CONFIG,
            "the last line of '%s' does not end, and was not written by this stage: name another file",
            n->path);
    if (ftruncate(n->fd, *size - (off_t)torn) == -1)
        return failed(n, "cut the torn last line of", error);
    *size -= (off_t)torn;
    log_warning("ndjson: cut %zu bytes of a torn last line from '%s'", torn, n->path);
    return 0;
}

static int lock(const struct ndjson *n, int operation, struct error *error)
{
    while (flock(n->fd, operation) == -1)
        if (errno != EINTR)
            return failed(n, "lock", error);
    return 0;
}

/* --- opening ------------------------------------------------------------------------------------------- */

static void ndjson_close(void *state)
{
    struct ndjson *n = state;
    if (n->fd != -1)
        close(n->fd);
    free(n->buffer);
    free(n->path);
    free(n);
}

static int open_file(struct ndjson *n, struct error *error)
{
    struct stat status;
    off_t size = 0;
    n->fd = open(n->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    if (n->fd == -1 || fstat(n->fd, &status) == -1)
        return failed(n, "open", error);
    if (!S_ISREG(status.st_mode))
        return error_set_code(error, EXIT_CODE_CONFIG, "'%s' is not a regular file", n->path);
    if (lock(n, LOCK_EX, error) == -1 || cut_torn_line(n, &size, error) == -1)
        return -1;
    return lock(n, LOCK_UN, error);
}

static int ndjson_open(void **state, const char *argument, const struct pipeline *pipeline,
                       struct error *error)
{
    struct ndjson *n = calloc(1, sizeof *n);
    if (n == NULL)
        return error_set(error, "out of memory");
    n->pipeline = pipeline;
    n->fd = -1;
    n->path = strdup(argument);
    n->buffer = malloc(BUFFER_BYTES);
    if (n->path == NULL || n->buffer == NULL) {
        ndjson_close(n);
        return error_set(error, "out of memory");
    }
    if (!pipeline_checking(pipeline) && open_file(n, error) == -1) {
        ndjson_close(n);
        return -1;
    }
    *state = n;
    return 0;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

static int write_buffer(struct ndjson *n, struct error *error)
{
    size_t written = 0;
    while (written < n->used) {
        ssize_t length = write(n->fd, n->buffer + written, n->used - written);
        if (length == -1 && errno != EINTR)
            return failed(n, "write", error);
        written += length > 0 ? (size_t)length : 0;
    }
    n->used = 0;
    return 0;
}

static int write_items(struct ndjson *n, const struct item *items, size_t count, struct answer *answers,
                       struct error *error)
{
    n->used = 0;
    for (size_t i = 0; i < count; i++) {
        if (BUFFER_BYTES - n->used < ITEM_JSON_MAX && write_buffer(n, error) == -1)
            return -1;
        size_t length = item_json(&items[i], n->buffer + n->used, ITEM_JSON_MAX);
        n->used += length;
        if (length == 0)
            answers[i] = (struct answer){VERDICT_DEAD, ITEM_JSON_WHY};
        stats_tick(n->pipeline->stats);
    }
    return write_buffer(n, error);
}

/* All of the batch or nothing: what a full disk took of it is cut off again. */
static int append(struct ndjson *n, const struct item *items, size_t count, struct answer *answers,
                  struct error *error)
{
    off_t size = 0;
    if (cut_torn_line(n, &size, error) == -1)
        return -1;
    if (write_items(n, items, count, answers, error) == 0)
        return 0;
    if (ftruncate(n->fd, size) == -1)
        log_warning("ndjson: '%s' holds part of a batch that will be written again: %s", n->path,
                    strerror(errno));
    return -1;
}

static int ndjson_batch(void *state, const struct item *items, size_t count, struct answer *answers,
                        struct error *error)
{
    struct ndjson *n = state;
    struct error ignored;
    if (lock(n, LOCK_EX, error) == -1)
        return -1;
    int result = append(n, items, count, answers, error);
    lock(n, LOCK_UN, &ignored);
    if (result == 0 && fdatasync(n->fd) == -1)
        return failed(n, "sync", error);
    return result;
}

const struct stage_class stage_ndjson = {
    .name = "ndjson",
    .argument = "FILE",
    .help = "appends one JSON line per record, on disk before the batch is committed",
    .open = ndjson_open,
    .batch = ndjson_batch,
    .close = ndjson_close,
};
