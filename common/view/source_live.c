#include "common/clock.h"
#include "common/array.h"
#include "common/exit_codes.h"
#include "common/view/source.h"

#define OPENINGS_MAX 4

int segment_list_add(struct segment_list *list, const char *worker, uint64_t generation)
{
    struct segment_name *items = array_room(list->items, list->count, &list->capacity, 32, sizeof *items);
    if (items == NULL)
        return -1;
    list->items = items;
    struct segment_name *name = &list->items[list->count++];
    snprintf(name->worker, sizeof name->worker, "%s", worker);
    name->generation = generation;
    return 0;
}

void segment_list_release(struct segment_list *list)
{
    free(list->items);
    *list = (struct segment_list){0};
}

static int64_t now_us(const struct source *source)
{
    (void)source;
    return clock_wall_us();
}

static int supervisor(const struct source *source, const char *instance, struct source_supervisor *supervisor,
                      struct error *error)
{
    (void)source;
    struct error why = ERROR_INIT;
    *supervisor = (struct source_supervisor){0};
    if (directory_open(&supervisor->directory, instance, &why) != 0) {
        if (why.exit_code == EXIT_CODE_NOT_RUNNING)
            return 0;
        if (error != NULL)
            *error = why;
        return -1;
    }
    supervisor->alive = directory_alive(supervisor->directory);
    supervisor->stopped = directory_stopped(supervisor->directory);
    supervisor->elsewhere = directory_elsewhere(supervisor->directory);
    return 0;
}

static int add(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)instance;
    return segment_list_add(context, worker, generation);
}

static int segments(const struct source *source, const char *instance, struct segment_list *list,
                    struct error *error)
{
    (void)source;
    return stats_segment_scan(instance, add, list) == 0 ? 0 : error_set(error, "cannot list /dev/shm: %m");
}

/* A segment that was replaced by a larger one after it was opened is no longer locked. */
static bool was_just_replaced(const struct stats_snapshot *snapshot, const struct stats_liveness *liveness)
{
    return !liveness->alive && stats_snapshot_is_replaced(snapshot);
}

static int segment(const struct source *source, const char *instance, const struct segment_name *name,
                   struct stats_snapshot **snapshot, struct stats_liveness *liveness, struct error *error)
{
    (void)source;
    for (int i = 0; i < OPENINGS_MAX; i++) {
        if (stats_snapshot_open(snapshot, instance, name->worker, name->generation, error) != 0)
            return -1;
        stats_snapshot_liveness(*snapshot, liveness);
        if (i + 1 == OPENINGS_MAX || !was_just_replaced(*snapshot, liveness))
            return 0;
        stats_snapshot_free(*snapshot);
        *snapshot = NULL;
    }
    return -1;
}

static const struct source_class live = {
    .now_us = now_us, .supervisor = supervisor, .segments = segments, .segment = segment};

struct source source_live = {&live};
