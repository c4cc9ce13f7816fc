#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <zstd.h>

#include "common/capture/reader_private.h"
#include "common/array.h"
#include "common/exit_codes.h"

#define FRAMES_MAX 10000000

static const struct capture_bounds any = {
    .frames = FRAMES_MAX, .objects = SIZE_MAX, .frame_bytes = CAPTURE_BYTES_MAX};

/* --- the frames of a file ------------------------------------------------------------------------------ */

static int refuse(const struct capture *capture, const char *why, struct error *error)
{
    return error_set(error, "%s %s", capture->path, why);
}

static int check_file(const struct capture *capture, struct error *error)
{
    struct capture_file_header header;
    if (pread(capture->fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
        memcmp(header.magic, CAPTURE_MAGIC, sizeof header.magic) != 0)
        return refuse(capture, "is not a capture: kstat --dump writes one", error);
    if (header.byte_order != CAPTURE_BYTE_ORDER)
        return refuse(capture, "is a capture of a machine with another byte order", error);
    if (header.version != CAPTURE_VERSION)
        return error_set(error, "%s is a capture of version %" PRIu32 ", this kstat reads version %" PRIu32,
                         capture->path, header.version, CAPTURE_VERSION);
    return 0;
}

static bool add_entry(struct capture *capture, const struct frame_entry *entry)
{
    struct frame_entry *entries =
        array_room(capture->entries, capture->frames, &capture->capacity, 64, sizeof *entries);
    if (entries == NULL)
        return false;
    capture->entries = entries;
    capture->entries[capture->frames++] = *entry;
    return true;
}

/* Their headers alone are read. */
static int find_frames(struct capture *capture, struct error *error)
{
    struct stat status;
    if (fstat(capture->fd, &status) != 0)
        return error_set(error, "cannot look at %s: %m", capture->path);
    uint64_t end = (uint64_t)status.st_size, at = sizeof(struct capture_file_header);
    capture->end = at;
    while (at < end && capture->frames < capture->bounds.frames) {
        struct capture_frame frame;
        capture->cut = end - at < sizeof frame ||
                       pread(capture->fd, &frame, sizeof frame, (off_t)at) != (ssize_t)sizeof frame;
        if (capture->cut)
            break;
        at += sizeof frame;
        if (frame.magic != CAPTURE_FRAME)
            return refuse(capture, "is damaged: a frame does not begin as one", error);
        if (frame.packed_bytes >
            ZSTD_compressBound(CAPTURE_BYTES_MAX)) /* where the next one begins is not known */
            return refuse(capture, "is damaged: a frame is too large", error);
        capture->cut = frame.packed_bytes > end - at;
        if (capture->cut)
            break;
        struct frame_entry entry = {frame.time_us, at, frame.packed_bytes, frame.plain_bytes};
        if (!add_entry(capture, &entry))
            return error_set(error, "out of memory");
        at += frame.packed_bytes;
        capture->end = at;
    }
    return 0;
}

int capture_measure(int fd, const char *path, uint64_t *end, struct error *error)
{
    struct capture capture = {.fd = fd, .bounds = any};
    snprintf(capture.path, sizeof capture.path, "%s", path);
    int result = check_file(&capture, error) == 0 && find_frames(&capture, error) == 0 ? 0 : -1;
    if (result == 0 && capture.frames == FRAMES_MAX) /* what is behind them was not looked at */
        result = refuse(&capture, "is full", error);
    *end = capture.end;
    free(capture.entries);
    return result;
}

size_t capture_frames(const struct capture *capture)
{
    return capture->frames;
}

int64_t capture_time_us(const struct capture *capture, size_t frame)
{
    return frame < capture->frames ? capture->entries[frame].time_us : STATS_UNKNOWN;
}

bool capture_was_cut(const struct capture *capture)
{
    return capture->cut;
}

size_t capture_find(const struct capture *capture, int64_t time_us)
{
    size_t found = 0;
    for (size_t i = 0; i < capture->frames; i++) /* all: the clock may have been set back meanwhile */
        if (capture->entries[i].time_us <= time_us)
            found = i;
    return found;
}

/* --- one frame ----------------------------------------------------------------------------------------- */

static bool add_object(struct capture *capture, const struct kept_object *object)
{
    struct kept_object *objects =
        array_room(capture->objects, capture->object_count, &capture->object_capacity, 64, sizeof *objects);
    if (objects == NULL)
        return false;
    capture->objects = objects;
    capture->objects[capture->object_count++] = *object;
    return true;
}

/* Valid as the name of an instance or a worker: it is written to terminals unescaped. Other types may have
 * other names. */
static bool is_named(const struct capture_item *item)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    size_t length = strnlen(item->name, sizeof item->name);
    bool known =
        capture_is_segment(item) || item->type == CAPTURE_INSTANCE || item->type == CAPTURE_DIRECTORY;
    return !known || (length > 0 && length < WORKER_NAME_BYTES && strspn(item->name, allowed) == length);
}

/* 1: the next item is in *object and *at after it; 0: no more items; -1: not an item. */
static int next_item(const unsigned char *plain, size_t bytes, size_t *at, struct kept_object *object)
{
    if (*at == bytes)
        return 0;
    if (bytes - *at < sizeof object->item)
        return -1;
    memcpy(&object->item, plain + *at, sizeof object->item);
    *at += sizeof object->item;
    uint64_t length = object->item.bytes;
    if (length > bytes - *at || !is_named(&object->item))
        return -1;
    object->bytes = plain + *at;
    *at += length;
    size_t padding = (8 - length % 8) % 8;
    if (padding > bytes - *at)
        return -1;
    *at += padding;
    return 1;
}

static int take_items(struct capture *capture, size_t bytes, struct error *error)
{
    struct kept_object object;
    size_t at = 0;
    int more;
    capture->object_count = 0;
    capture->instance[0] = '\0';
    while ((more = next_item(capture->plain, bytes, &at, &object)) == 1) {
        if (object.item.type == CAPTURE_INSTANCE)
            snprintf(capture->instance, sizeof capture->instance, "%s", object.item.name);
        else if (capture->object_count == capture->bounds.objects)
            return error_set(error, "%s has a frame of more than %zu objects: too many here", capture->path,
                             capture->bounds.objects);
        else if (!add_object(capture, &object))
            return error_set(error, "out of memory");
    }
    if (more < 0 || name_check(capture->instance, "instance", NULL) != 0)
        return refuse(capture, "is damaged: a frame holds what no frame does", error);
    return 0;
}

/* `packed` is as long as the entry says. */
static int unpack(struct capture *capture, const struct frame_entry *entry, const void *packed,
                  struct error *error)
{
    unsigned char *plain = malloc(entry->plain_bytes + 1);
    if (plain == NULL)
        return error_set(error, "out of memory");
    size_t length = ZSTD_decompress(plain, entry->plain_bytes, packed, entry->packed_bytes);
    if (ZSTD_isError(length) || length != entry->plain_bytes) {
        free(plain);
        return refuse(capture, "is damaged: a frame cannot be unpacked", error);
    }
    free(capture->plain);
    capture->plain = plain;
    return take_items(capture, length, error);
}

int capture_seek(struct capture *capture, size_t frame, struct error *error)
{
    if (frame >= capture->frames)
        return error_set_code(error, EXIT_CODE_USAGE, "%s has %zu frames", capture->path, capture->frames);
    const struct frame_entry *entry = &capture->entries[frame];
    if (entry->plain_bytes > CAPTURE_BYTES_MAX)
        return refuse(capture, "is damaged: a frame is too large", error);
    if (entry->plain_bytes > capture->bounds.frame_bytes)
        return error_set(error, "%s has a frame of more than %" PRIu64 " bytes: too large here",
                         capture->path, capture->bounds.frame_bytes);
    void *packed = malloc(entry->packed_bytes + 1);
    int result = -1;
    if (packed == NULL)
        error_set(error, "out of memory");
    else if (pread(capture->fd, packed, entry->packed_bytes, (off_t)entry->offset) !=
             (ssize_t)entry->packed_bytes)
        refuse(capture, "cannot be read", error);
    else
        result = unpack(capture, entry, packed, error);
    free(packed);
    if (result == 0)
        capture->at = frame;
    return result;
}

const char *capture_instance(const struct capture *capture)
{
    return capture->instance;
}

/* One of a later build is longer, one of a former shorter. */
static void take_event(const struct kept_object *object, size_t index, struct event *event)
{
    size_t bytes = object->item.generation;
    event_init(event, EVENT_KIND_NONE);
    memcpy(event, object->bytes + index * bytes, bytes < sizeof *event ? bytes : sizeof *event);
    event->worker[sizeof event->worker - 1] = '\0';
    event->text[sizeof event->text - 1] = '\0';
}

bool capture_event(const struct capture *capture, size_t index, struct event *event)
{
    for (size_t i = 0; i < capture->object_count; i++) {
        const struct capture_item *item = &capture->objects[i].item;
        if (item->type != CAPTURE_EVENTS || item->generation < offsetof(struct event, worker))
            continue;
        size_t count = item->bytes / item->generation;
        if (index < count) {
            take_event(&capture->objects[i], index, event);
            return true;
        }
        index -= count;
    }
    return false;
}

/* --- opening and closing ------------------------------------------------------------------------------- */

struct source *capture_source(struct capture *capture)
{
    return &capture->source;
}

/* The last frame is shown unless another one is selected. */
int capture_take(struct capture **capture, int fd, const char *name, const struct capture_bounds *bounds,
                 struct error *error)
{
    struct capture *fresh = calloc(1, sizeof *fresh);
    *capture = NULL;
    if (fresh == NULL) {
        close(fd);
        return error_set(error, "out of memory");
    }
    fresh->source.class = &capture_source_class;
    fresh->fd = fd;
    fresh->bounds = *bounds;
    snprintf(fresh->path, sizeof fresh->path, "%s", name);
    if (check_file(fresh, error) == 0 && find_frames(fresh, error) == 0 && fresh->frames == 0)
        refuse(fresh, "has no whole frame", error);
    if (fresh->frames > 0 && capture_seek(fresh, fresh->frames - 1, error) == 0) {
        *capture = fresh;
        return 0;
    }
    capture_close(fresh);
    return -1;
}

int capture_open(struct capture **capture, const char *path, struct error *error)
{
    *capture = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(error, "cannot open %s: %m", path);
    return capture_take(capture, fd, path, &any, error);
}

void capture_close(struct capture *capture)
{
    if (capture == NULL)
        return;
    close(capture->fd);
    free(capture->entries);
    free(capture->plain);
    free(capture->objects);
    free(capture);
}
