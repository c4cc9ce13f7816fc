/* view_collect: from the directory and the segments to a view. */
#include <errno.h>
#include <inttypes.h>
#include <strings.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "tools/kstat/view.h"

struct segment {
    char worker[WORKER_NAME_BYTES];
    uint64_t generation;
};

/* The segments that the instance has, by worker and generation. */
struct segments {
    struct segment *items;
    size_t count, capacity;
};

static int note_segment(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)instance;
    struct segments *segments = context;
    if (segments->count == segments->capacity) {
        size_t capacity = segments->capacity == 0 ? 32 : 2 * segments->capacity;
        struct segment *items = realloc(segments->items, capacity * sizeof *items);
        if (items == NULL)
            return -1;
        segments->items = items;
        segments->capacity = capacity;
    }
    struct segment *segment = &segments->items[segments->count++];
    snprintf(segment->worker, sizeof segment->worker, "%s", worker);
    segment->generation = generation;
    return 0;
}

static struct view_worker *append(struct view *view)
{
    struct view_worker *workers = realloc(view->workers, (view->count + 1) * sizeof *workers);
    if (workers == NULL)
        return NULL;
    view->workers = workers;
    struct view_worker *worker = &workers[view->count++];
    memset(worker, 0, sizeof *worker);
    directory_worker_init(&worker->entry);
    return worker;
}

static int compare_slots(const void *left, const void *right, void *context)
{
    int32_t a_number = 0, b_number = 0;
    const char *a = stats_snapshot_partition_topic(context, *(const size_t *)left, &a_number);
    const char *b = stats_snapshot_partition_topic(context, *(const size_t *)right, &b_number);
    int order = strcmp(a, b);
    return order != 0 ? order : (a_number > b_number) - (a_number < b_number);
}

/* A worker takes its slots in the order in which partitions were assigned; people look for them by number. */
static bool sort_partitions(struct view_worker *worker)
{
    size_t count = stats_snapshot_partitions(worker->snapshot);
    worker->order = calloc(count + 1, sizeof *worker->order);
    if (worker->order == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        worker->order[i] = i;
    qsort_r(worker->order, count, sizeof *worker->order, compare_slots, worker->snapshot);
    return true;
}

static void detach(struct view_worker *worker)
{
    stats_snapshot_free(worker->snapshot);
    stats_snapshot_free(worker->successor);
    worker->successor = NULL;
    free(worker->order);
    worker->snapshot = NULL;
    worker->order = NULL;
    worker->generation = 0;
}

/* A segment that is gone meanwhile is none; one that cannot be read is a problem to be told. */
static bool attach(const struct view *view, struct view_worker *worker, uint64_t generation)
{
    struct error error = ERROR_INIT;
    if (stats_snapshot_open(&worker->snapshot, view->instance, worker->entry.name, generation, &error) != 0) {
        if (error.exit_code != EXIT_CODE_NOT_RUNNING)
            snprintf(worker->problem, sizeof worker->problem, "%s", error.text);
        return false;
    }
    if (!sort_partitions(worker)) {
        snprintf(worker->problem, sizeof worker->problem, "out of memory");
        detach(worker);
        return false;
    }
    stats_snapshot_liveness(worker->snapshot, &worker->liveness);
    worker->generation = generation;
    return true;
}

/* From the newest back, the first that will do. */
static void attach_newest(const struct view *view, struct view_worker *worker,
                          const struct segments *segments, bool dead)
{
    for (size_t i = segments->count; i > 0; i--) {
        const struct segment *segment = &segments->items[i - 1];
        if (strcmp(segment->worker, worker->entry.name) != 0 || !attach(view, worker, segment->generation))
            continue;
        if (!dead || !worker->liveness.alive)
            return;
        detach(worker);
    }
}

static void attach_wanted(const struct view *view, struct view_worker *worker,
                          const struct segments *segments, const struct view_request *request)
{
    if (request->generation > 0)
        attach(view, worker, request->generation);
    else if (request->postmortem)
        attach_newest(view, worker, segments, true);
    else if (worker->entry.generation <= 0 || !attach(view, worker, (uint64_t)worker->entry.generation))
        attach_newest(view, worker, segments, false);
}

/* What came after a past generation. */
static void attach_successor(const struct view *view, struct view_worker *worker,
                             const struct view_request *request)
{
    struct error none = ERROR_INIT;
    if (worker->snapshot != NULL && (request->postmortem || request->generation > 0))
        stats_snapshot_open(&worker->successor, view->instance, worker->entry.name, worker->generation + 1,
                            &none);
}

/* What the directory would have said, from the segment itself. */
static void describe(struct view_worker *worker)
{
    if (worker->snapshot == NULL)
        return;
    const struct stats_identity *identity = stats_snapshot_identity(worker->snapshot);
    worker->entry.kind = identity->kind;
    worker->entry.generation = (int64_t)identity->generation;
    worker->entry.pid = worker->liveness.pid;
    snprintf(worker->entry.client, sizeof worker->entry.client, "%s", identity->client);
    snprintf(worker->entry.group, sizeof worker->entry.group, "%s", identity->group);
}

static bool wanted(const struct view_worker *worker, const struct view_request *request)
{
    return request->worker == NULL || strcasecmp(request->worker, worker->entry.name) == 0 ||
           strcasecmp(request->worker, worker->entry.client) == 0;
}

static void drop_unwanted(struct view *view, const struct view_request *request)
{
    size_t kept = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (wanted(&view->workers[i], request))
            view->workers[kept++] = view->workers[i];
        else
            detach(&view->workers[i]);
    }
    view->count = kept;
}

static int add_listed(struct view *view, const struct segments *segments, const struct view_request *request)
{
    struct directory_worker entry;
    size_t count = view->directory == NULL ? 0 : directory_count(view->directory);
    for (size_t i = 0; i < count; i++) {
        if (!directory_worker(view->directory, i, &entry))
            continue;
        struct view_worker *worker = append(view);
        if (worker == NULL)
            return -1;
        worker->entry = entry;
        worker->listed = true;
        attach_wanted(view, worker, segments, request);
        attach_successor(view, worker, request);
    }
    return 0;
}

static bool known(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->count; i++)
        if (strcmp(view->workers[i].entry.name, name) == 0)
            return true;
    return false;
}

static int add_unlisted(struct view *view, const struct segments *segments,
                        const struct view_request *request)
{
    for (size_t i = 0; i < segments->count; i++) {
        if (known(view, segments->items[i].worker))
            continue;
        struct view_worker *worker = append(view);
        if (worker == NULL)
            return -1;
        snprintf(worker->entry.name, sizeof worker->entry.name, "%s", segments->items[i].worker);
        attach_wanted(view, worker, segments, request);
        attach_successor(view, worker, request);
        describe(worker);
    }
    return 0;
}

static int no_such_instance(const char *instance, struct error *error)
{
    return error_set_code(
        error, EXIT_CODE_NOT_RUNNING,
        "nothing is running as '%s'; start it with 'make play', or 'ksupervise%s%s --clients "
        "bravo,zulu'",
        instance, strcmp(instance, INSTANCE_DEFAULT) == 0 ? "" : " --instance ",
        strcmp(instance, INSTANCE_DEFAULT) == 0 ? "" : instance);
}

static int no_such_worker(const struct view *view, const struct view_request *request, struct error *error)
{
    char names[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < view->count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 view->workers[i].entry.name);
    return error_set_code(error, EXIT_CODE_NOT_RUNNING,
                          "instance '%s' has no worker or client '%s'; it has: %s", view->instance,
                          request->worker, names);
}

static int no_such_generation(const struct view *view, const struct view_request *request,
                              const struct segments *segments, struct error *error)
{
    char kept[256] = "none";
    size_t used = 0;
    for (size_t i = 0; i < segments->count && used < sizeof kept; i++)
        if (known(view, segments->items[i].worker))
            used += (size_t)snprintf(kept + used, sizeof kept - used, "%s%s %" PRIu64, used > 0 ? ", " : "",
                                     segments->items[i].worker, segments->items[i].generation);
    if (request->postmortem)
        return error_set_code(error, EXIT_CODE_NOT_RUNNING, "'%s' has no dead generation; kept are: %s",
                              request->worker, kept);
    return error_set_code(error, EXIT_CODE_NOT_RUNNING,
                          "'%s' has no generation %" PRIu64 " any more; kept are: %s", request->worker,
                          request->generation, kept);
}

static bool any_snapshot(const struct view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->workers[i].snapshot != NULL || view->workers[i].problem[0] != '\0')
            return true;
    return false;
}

static int fill(struct view *view, const struct segments *segments, const struct view_request *request,
                struct error *error)
{
    if (view->directory == NULL && segments->count == 0)
        return no_such_instance(request->instance, error);
    if (add_listed(view, segments, request) != 0 || add_unlisted(view, segments, request) != 0)
        return error_set(error, "out of memory");
    if (request->worker == NULL)
        return 0;
    bool matches = false;
    for (size_t i = 0; i < view->count; i++)
        matches |= wanted(&view->workers[i], request);
    if (!matches)
        return no_such_worker(view, request, error);
    drop_unwanted(view, request);
    if ((request->generation > 0 || request->postmortem) && !any_snapshot(view))
        return no_such_generation(view, request, segments, error);
    return 0;
}

int view_collect(struct view *view, const struct view_request *request, struct error *error)
{
    *view = (struct view){.now_us = clock_wall_us()};
    snprintf(view->instance, sizeof view->instance, "%s", request->instance);
    struct error ignored = ERROR_INIT;
    if (directory_open(&view->directory, request->instance, &ignored) != 0 &&
        ignored.exit_code != EXIT_CODE_NOT_RUNNING) {
        *error = ignored;
        return -1;
    }
    view->supervisor_alive = view->directory != NULL && directory_alive(view->directory);
    view->supervisor_stopped = view->directory != NULL && directory_stopped(view->directory);
    view->elsewhere = view->directory != NULL && directory_elsewhere(view->directory);
    struct segments segments = {0};
    int result = stats_segment_scan(request->instance, note_segment, &segments) == 0
                     ? fill(view, &segments, request, error)
                     : error_set(error, "cannot list /dev/shm: %m");
    free(segments.items);
    if (result != 0)
        view_release(view);
    return result;
}

void view_release(struct view *view)
{
    for (size_t i = 0; i < view->count; i++)
        detach(&view->workers[i]);
    free(view->workers);
    directory_free(view->directory);
    *view = (struct view){0};
}
