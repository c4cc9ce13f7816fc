/* The current frame, as a source. */
#include <fcntl.h>
#include <sys/mman.h>

#include "common/capture/reader_private.h"
#include "common/exit_codes.h"
#include "common/record/text.h"

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
        return error_set(error, "cannot create a file in memory: %m");
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
        if (capture_is_segment(item) && segment_list_add(list, item->name, item->generation) != 0)
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
        if (capture_is_segment(item) && item->generation == name->generation &&
            strcmp(item->name, name->worker) == 0)
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

const struct source_class capture_source_class = {
    .now_us = now_us, .supervisor = supervisor, .segments = segments, .segment = segment};
