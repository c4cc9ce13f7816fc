#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

#include "common/exit_codes.h"
#include "common/record/text.h"
#include "tools/kstat/capture.h"

#define FRAMES_MAX 10000000

struct frame_entry {
    int64_t time_us;
    uint64_t offset; /* of the packed bytes */
    uint64_t packed_bytes, plain_bytes;
};

/* Of the frame that is looked at; `bytes` points into it. */
struct kept_object {
    struct capture_item item;
    const unsigned char *bytes;
};

struct capture {
    struct source source; /* first: it is found by it */
    int fd;
    char path[256];
    struct frame_entry *entries;
    size_t frames, capacity;
    bool cut;
    uint64_t end; /* of the last whole frame */
    size_t at;
    unsigned char *plain;
    struct kept_object *objects;
    size_t object_count, object_capacity;
    char instance[sizeof((struct capture_item *)NULL)->name];
};

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
        return refuse(capture, "is no capture: kstat --dump writes one", error);
    if (header.byte_order != CAPTURE_BYTE_ORDER)
        return refuse(capture, "is a capture of a machine with another byte order", error);
    if (header.version != CAPTURE_VERSION)
        return error_set(error, "%s is a capture of version %" PRIu32 ", this kstat reads version %" PRIu32,
                         capture->path, header.version, CAPTURE_VERSION);
    return 0;
}

static bool add_entry(struct capture *capture, const struct frame_entry *entry)
{
    if (capture->frames == capture->capacity) {
        size_t capacity = capture->capacity == 0 ? 64 : 2 * capture->capacity;
        struct frame_entry *entries = realloc(capture->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return false;
        capture->entries = entries;
        capture->capacity = capacity;
    }
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
    while (at < end && capture->frames < FRAMES_MAX) {
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
    struct capture capture = {.fd = fd};
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
    if (capture->object_count == capture->object_capacity) {
        size_t capacity = capture->object_capacity == 0 ? 64 : 2 * capture->object_capacity;
        struct kept_object *objects = realloc(capture->objects, capacity * sizeof *objects);
        if (objects == NULL)
            return false;
        capture->objects = objects;
        capture->object_capacity = capacity;
    }
    capture->objects[capture->object_count++] = *object;
    return true;
}

static bool is_segment(const struct capture_item *item)
{
    return item->type == CAPTURE_SEGMENT || item->type == CAPTURE_PROBLEM;
}

/* As an instance or a worker is: its name is written to terminals as it stands. Other types may have other
 * names. */
static bool is_named(const struct capture_item *item)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    size_t length = strnlen(item->name, sizeof item->name);
    bool known = is_segment(item) || item->type == CAPTURE_INSTANCE || item->type == CAPTURE_DIRECTORY;
    return !known || (length > 0 && length < WORKER_NAME_BYTES && strspn(item->name, allowed) == length);
}

/* 1: the next item is in *object and *at behind it; 0: there is none; -1: it is none. */
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

/* --- as a source --------------------------------------------------------------------------------------- */

static const struct capture *of(const struct source *source)
{
    return (const struct capture *)(const void *)source;
}

static int64_t now_us(const struct source *source)
{
    return of(source)->entries[of(source)->at].time_us;
}

/* As an object that its reader can open. */
static int object_fd(const struct kept_object *object, struct error *error)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    if (fd < 0)
        return error_set(error, "cannot make a file in memory: %m");
    for (uint64_t done = 0; done < object->item.bytes;) {
        ssize_t n = write(fd, object->bytes + done, object->item.bytes - done);
        if (n <= 0) {
            error_set(error, "cannot write a file in memory: %m");
            close(fd);
            return -1;
        }
        done += (uint64_t)n;
    }
    return fd;
}

static int supervisor(const struct source *source, const char *instance, struct source_supervisor *supervisor,
                      struct error *error)
{
    (void)instance;
    const struct capture *capture = of(source);
    *supervisor = (struct source_supervisor){0};
    for (size_t i = 0; i < capture->object_count; i++) {
        const struct kept_object *object = &capture->objects[i];
        if (object->item.type != CAPTURE_DIRECTORY)
            continue;
        int fd = object_fd(object, error);
        int result = fd < 0 ? -1 : directory_take(&supervisor->directory, fd, error);
        if (fd >= 0)
            close(fd);
        supervisor->alive = object->item.flags & CAPTURE_ALIVE;
        supervisor->stopped = object->item.flags & CAPTURE_STOPPED;
        supervisor->elsewhere = object->item.flags & CAPTURE_ELSEWHERE;
        return result;
    }
    return 0;
}

static int compare(const void *left, const void *right)
{
    const struct segment_name *a = left, *b = right;
    int order = strcmp(a->worker, b->worker);
    return order != 0 ? order : (a->generation > b->generation) - (a->generation < b->generation);
}

static int segments(const struct source *source, const char *instance, struct segment_list *list,
                    struct error *error)
{
    (void)instance;
    const struct capture *capture = of(source);
    for (size_t i = 0; i < capture->object_count; i++) {
        const struct capture_item *item = &capture->objects[i].item;
        if (is_segment(item) && segment_list_add(list, item->name, item->generation) != 0)
            return error_set(error, "out of memory");
    }
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare);
    return 0;
}

static const struct kept_object *find(const struct capture *capture, const struct segment_name *name)
{
    for (size_t i = 0; i < capture->object_count; i++) {
        const struct capture_item *item = &capture->objects[i].item;
        if (is_segment(item) && item->generation == name->generation && strcmp(item->name, name->worker) == 0)
            return &capture->objects[i];
    }
    return NULL;
}

static int tell_problem(const struct kept_object *object, struct error *error)
{
    char text[256];
    size_t used = 0;
    text_escape(text, sizeof text, &used, (const char *)object->bytes, object->item.bytes);
    return error_set(error, "%s", text);
}

static int segment(const struct source *source, const char *instance, const struct segment_name *name,
                   struct stats_snapshot **snapshot, struct stats_liveness *liveness, struct error *error)
{
    (void)instance;
    const struct kept_object *object = find(of(source), name);
    *snapshot = NULL;
    if (object == NULL)
        return error_set_code(error, EXIT_CODE_NOT_RUNNING, "the capture has no such segment");
    if (object->item.type == CAPTURE_PROBLEM)
        return tell_problem(object, error);
    int fd = object_fd(object, error);
    if (fd < 0)
        return -1;
    int result = stats_snapshot_take(snapshot, fd, error);
    close(fd);
    if (result != 0)
        return -1;
    stats_snapshot_liveness(*snapshot, liveness);
    if (object->item.flags & CAPTURE_TORN)
        stats_snapshot_mark_torn(*snapshot);
    liveness->alive = object->item.flags & CAPTURE_ALIVE;
    liveness->elsewhere = object->item.flags & CAPTURE_ELSEWHERE;
    return 0;
}

static const struct source_class class = {
    .now_us = now_us, .supervisor = supervisor, .segments = segments, .segment = segment};

struct source *capture_source(struct capture *capture)
{
    return &capture->source;
}

/* The last frame is what is shown unless another one is asked for. */
int capture_open(struct capture **capture, const char *path, struct error *error)
{
    struct capture *fresh = calloc(1, sizeof *fresh);
    *capture = NULL;
    if (fresh == NULL)
        return error_set(error, "out of memory");
    fresh->source.class = &class;
    snprintf(fresh->path, sizeof fresh->path, "%s", path);
    fresh->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fresh->fd < 0)
        error_set(error, "cannot open %s: %m", path);
    else if (check_file(fresh, error) == 0 && find_frames(fresh, error) == 0 && fresh->frames == 0)
        refuse(fresh, "has no whole frame", error);
    if (fresh->frames > 0 && capture_seek(fresh, fresh->frames - 1, error) == 0) {
        *capture = fresh;
        return 0;
    }
    capture_close(fresh);
    return -1;
}

void capture_close(struct capture *capture)
{
    if (capture == NULL)
        return;
    if (capture->fd >= 0)
        close(capture->fd);
    free(capture->entries);
    free(capture->plain);
    free(capture->objects);
    free(capture);
}
