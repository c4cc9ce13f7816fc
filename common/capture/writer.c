#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <zstd.h>

#include "common/exit_codes.h"
#include "common/capture/capture.h"

/* Fast: most of a segment is zeros, or what it was a moment ago. */
#define LEVEL 3

struct capture_writer {
    int fd;
    const char *path;
    ZSTD_CCtx *packer;
    char *packed; /* grows to the largest frame */
    size_t capacity, used;
    uint64_t plain;
    uint64_t event; /* number of the last one that was written */
    int64_t event_us;
};

/* What a writer that was killed left of a frame would hide those that come behind it. */
static int go_on(const struct capture_writer *writer, struct error *error)
{
    uint64_t end = 0;
    if (capture_measure(writer->fd, writer->path, &end, error) != 0) {
        error_context(error, "this file exists, choose another one for --dump");
        return -1;
    }
    return ftruncate(writer->fd, (off_t)end) == 0 ? 0
                                                  : error_set(error, "cannot truncate %s: %m", writer->path);
}

static int write_all(const struct capture_writer *writer, const void *bytes, size_t length,
                     struct error *error)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = write(writer->fd, at, length);
        if (n < 0)
            return error_set(error, "cannot write to %s: %m", writer->path);
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

static int begin(struct capture_writer *writer, struct error *error)
{
    struct capture_file_header header = {.byte_order = CAPTURE_BYTE_ORDER, .version = CAPTURE_VERSION};
    struct stat status;
    memcpy(header.magic, CAPTURE_MAGIC, sizeof header.magic);
    if (fstat(writer->fd, &status) != 0)
        return error_set(error, "cannot look at %s: %m", writer->path);
    if (!S_ISREG(status.st_mode))
        return error_set_code(error, EXIT_CODE_USAGE, "%s is not a regular file", writer->path);
    if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(error, "%s: another kstat writes to it", writer->path);
    if (status.st_size > 0)
        return go_on(writer, error);
    return write_all(writer, &header, sizeof header, error);
}

int capture_create(struct capture_writer **writer, const char *path, struct error *error)
{
    struct capture_writer *fresh = calloc(1, sizeof *fresh);
    *writer = NULL;
    if (fresh == NULL)
        return error_set(error, "out of memory");
    fresh->path = path;
    fresh->packer = ZSTD_createCCtx();
    fresh->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fresh->fd < 0)
        error_set(error, "cannot open %s: %m", path);
    else if (fresh->packer == NULL)
        error_set(error, "out of memory");
    else if (begin(fresh, error) == 0) {
        ZSTD_CCtx_setParameter(fresh->packer, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(fresh->packer, ZSTD_c_checksumFlag, 1);
        *writer = fresh;
        return 0;
    }
    capture_finish(fresh, NULL);
    return -1;
}

int capture_finish(struct capture_writer *writer, struct error *error)
{
    if (writer == NULL)
        return 0;
    int result = writer->fd >= 0 && close(writer->fd) != 0
                     ? error_set(error, "cannot write to %s: %m", writer->path)
                     : 0;
    ZSTD_freeCCtx(writer->packer);
    free(writer->packed);
    free(writer);
    return result;
}

/* --- a frame ------------------------------------------------------------------------------------------- */

static bool make_room(struct capture_writer *writer)
{
    size_t capacity = writer->capacity + 2 * ZSTD_CStreamOutSize();
    if (writer->capacity - writer->used >= ZSTD_CStreamOutSize())
        return true;
    char *packed = realloc(writer->packed, capacity);
    if (packed == NULL)
        return false;
    writer->packed = packed;
    writer->capacity = capacity;
    return true;
}

/* Into the frame under way; `last` ends it. */
static int pack(struct capture_writer *writer, const void *bytes, size_t length, bool last,
                struct error *error)
{
    ZSTD_inBuffer in = {bytes, length, 0};
    size_t left;
    writer->plain += length;
    if (writer->plain > CAPTURE_BYTES_MAX) /* who reads it would refuse it */
        return error_set(error, "the instance is too large for a capture: a moment has at most %d MiB",
                         (int)(CAPTURE_BYTES_MAX >> 20));
    do {
        if (!make_room(writer))
            return error_set(error, "out of memory");
        ZSTD_outBuffer out = {writer->packed + writer->used, writer->capacity - writer->used, 0};
        left = ZSTD_compressStream2(writer->packer, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return error_set(error, "cannot compress a capture: %s", ZSTD_getErrorName(left));
        writer->used += out.pos;
    } while (in.pos < in.size || (last && left > 0));
    return 0;
}

static int pack_item(struct capture_writer *writer, struct capture_item *item, const char *name,
                     const void *bytes, struct error *error)
{
    static const char padding[8];
    snprintf(item->name, sizeof item->name, "%s", name);
    if (pack(writer, item, sizeof *item, false, error) != 0 ||
        pack(writer, bytes, item->bytes, false, error) != 0)
        return -1;
    return pack(writer, padding, (8 - item->bytes % 8) % 8, false, error);
}

static int pack_directory(struct capture_writer *writer, const struct source_supervisor *supervisor,
                          const char *instance, struct error *error)
{
    struct capture_item item = {.type = CAPTURE_DIRECTORY,
                                .flags = (supervisor->alive ? CAPTURE_ALIVE : 0U) |
                                         (supervisor->stopped ? CAPTURE_STOPPED : 0U) |
                                         (supervisor->elsewhere ? CAPTURE_ELSEWHERE : 0U)};
    size_t bytes = 0;
    void *image = directory_image(supervisor->directory, &bytes);
    item.bytes = bytes;
    int result =
        image == NULL ? error_set(error, "out of memory") : pack_item(writer, &item, instance, image, error);
    free(image);
    return result;
}

/* A segment that has gone meanwhile is left out; for one that cannot be read the reason is kept. */
static int pack_problem(struct capture_writer *writer, const struct segment_name *name,
                        const struct error *problem, struct error *error)
{
    struct capture_item item = {
        .type = CAPTURE_PROBLEM, .generation = name->generation, .bytes = strlen(problem->text)};
    return problem->exit_code == EXIT_CODE_NOT_RUNNING
               ? 0
               : pack_item(writer, &item, name->worker, problem->text, error);
}

static int pack_segment(struct capture_writer *writer, const struct source *source, const char *instance,
                        const struct segment_name *name, struct error *error)
{
    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    struct error problem = ERROR_INIT;
    size_t bytes = 0;
    if (source->class->segment(source, instance, name, &snapshot, &liveness, &problem) != 0)
        return pack_problem(writer, name, &problem, error);
    struct capture_item item = {.type = CAPTURE_SEGMENT,
                                .generation = name->generation,
                                .flags = (liveness.alive ? CAPTURE_ALIVE : 0U) |
                                         (liveness.elsewhere ? CAPTURE_ELSEWHERE : 0U) |
                                         (stats_snapshot_torn(snapshot) ? CAPTURE_TORN : 0U)};
    void *image = stats_snapshot_image(snapshot, &bytes);
    stats_snapshot_free(snapshot);
    item.bytes = bytes;
    int result = image == NULL ? error_set(error, "out of memory")
                               : pack_item(writer, &item, name->worker, image, error);
    free(image);
    return result;
}

/* Where to continue; 0 for a new ring, which has other events under the same numbers. */
static uint64_t go_on_behind(const struct capture_writer *writer, struct events_reader *reader)
{
    struct event event;
    uint64_t missed;
    bool kept = writer->event > 0 && events_read(reader, writer->event - 1, &event, &missed, NULL) == 1 &&
                event.sequence <= writer->event;
    bool same = kept && event.sequence == writer->event && event.time_us == writer->event_us;
    return kept && !same ? 0 : writer->event;
}

/* An instance without events has none in its capture; those that were overwritten meanwhile are missing in
 * it. */
static int pack_events(struct capture_writer *writer, const char *instance, struct error *error)
{
    struct events_reader *reader;
    struct event *events = calloc(EVENTS_KEPT, sizeof *events);
    struct capture_item item = {.type = CAPTURE_EVENTS, .generation = sizeof *events};
    size_t count = 0;
    uint64_t missed;
    if (events == NULL)
        return error_set(error, "out of memory");
    if (events_reader_open(&reader, instance, NULL) == 0) {
        uint64_t after = go_on_behind(writer, reader);
        while (count < EVENTS_KEPT && events_read(reader, after, &events[count], &missed, NULL) == 1)
            after = events[count++].sequence;
        events_reader_close(reader);
    }
    if (count > 0) {
        writer->event = events[count - 1].sequence;
        writer->event_us = events[count - 1].time_us;
    }
    item.bytes = count * sizeof *events;
    int result = count == 0 ? 0 : pack_item(writer, &item, instance, events, error);
    free(events);
    return result;
}

static int pack_instance(struct capture_writer *writer, struct source *source, const char *instance,
                         struct error *error)
{
    struct source_supervisor supervisor;
    struct segment_list list = {0};
    struct capture_item item = {.type = CAPTURE_INSTANCE};
    if (source->class->supervisor(source, instance, &supervisor, error) != 0)
        return -1;
    int result = source->class->segments(source, instance, &list, error);
    if (result == 0 && supervisor.directory == NULL && list.count == 0)
        result = error_set_code(error, EXIT_CODE_NOT_RUNNING, "nothing is running as '%s'", instance);
    if (result == 0)
        result = pack_item(writer, &item, instance, "", error);
    if (result == 0 && supervisor.directory != NULL)
        result = pack_directory(writer, &supervisor, instance, error);
    for (size_t i = 0; i < list.count && result == 0; i++)
        result = pack_segment(writer, source, instance, &list.items[i], error);
    if (result == 0 && source == &source_live)
        result = pack_events(writer, instance, error);
    directory_free(supervisor.directory);
    segment_list_release(&list);
    return result;
}

int capture_write(struct capture_writer *writer, struct source *source, const char *instance,
                  struct error *error)
{
    struct capture_frame frame = {.magic = CAPTURE_FRAME, .time_us = source->class->now_us(source)};
    ZSTD_CCtx_reset(writer->packer, ZSTD_reset_session_only);
    writer->used = 0;
    writer->plain = 0;
    if (pack_instance(writer, source, instance, error) != 0 || pack(writer, "", 0, true, error) != 0)
        return -1;
    frame.packed_bytes = writer->used;
    frame.plain_bytes = writer->plain;
    if (write_all(writer, &frame, sizeof frame, error) != 0)
        return -1;
    return write_all(writer, writer->packed, writer->used, error);
}
