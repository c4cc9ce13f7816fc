/* view_collect: from the directory and the segments to a view. */
#include <inttypes.h>
#include <strings.h>

#include "common/exit_codes.h"
#include "common/array.h"
#include "common/text.h"
#include "common/view/view.h"

static struct view_worker *append(struct view *view)
{
    struct view_worker *workers =
        array_room(view->workers, view->count, &view->capacity, 16, sizeof *workers);
    if (workers == NULL)
        return NULL;
    view->workers = workers;
    struct view_worker *worker = &view->workers[view->count++];
    memset(worker, 0, sizeof *worker);
    directory_worker_init(&worker->entry);
    return worker;
}

/* --- one worker's segment ------------------------------------------------------------------------------ */

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

void view_detach(struct view_worker *worker)
{
    stats_snapshot_free(worker->snapshot);
    stats_snapshot_free(worker->successor);
    worker->successor = NULL;
    free(worker->order);
    worker->snapshot = NULL;
    worker->order = NULL;
    worker->generation = 0;
}

static const struct segment_name *generation_of(const struct view *view, const struct view_worker *worker,
                                                uint64_t generation)
{
    for (size_t i = worker->segments; i > 0; i--)
        if (view->segments.items[worker->first_segment + i - 1].generation == generation)
            return &view->segments.items[worker->first_segment + i - 1];
    return NULL;
}

/* A segment that has gone meanwhile is left out; one that cannot be read is a problem to report. */
static bool attach(const struct view *view, struct view_worker *worker, const struct segment_name *name)
{
    struct error error = ERROR_INIT;
    if (name == NULL)
        return false;
    if (view->source->class->segment(view->source, view->instance, name, &worker->snapshot, &worker->liveness,
                                     &error) != 0) {
        if (error.exit_code != EXIT_CODE_NOT_RUNNING)
            snprintf(worker->problem, sizeof worker->problem, "%s", error.text);
        return false;
    }
    if (!sort_partitions(worker)) {
        snprintf(worker->problem, sizeof worker->problem, "out of memory");
        view_detach(worker);
        return false;
    }
    worker->generation = name->generation;
    return true;
}

/* From the newest back, the first that will do. */
static void attach_newest(const struct view *view, struct view_worker *worker, bool dead)
{
    for (size_t i = worker->segments; i > 0; i--) {
        if (!attach(view, worker, &view->segments.items[worker->first_segment + i - 1]))
            continue;
        if (!dead || !worker->liveness.alive)
            return;
        view_detach(worker);
    }
}

static void attach_wanted(const struct view *view, struct view_worker *worker,
                          const struct view_request *request)
{
    if (request->generation > 0)
        attach(view, worker, generation_of(view, worker, request->generation));
    else if (request->postmortem)
        attach_newest(view, worker, true);
    else if (!attach(view, worker, generation_of(view, worker, (uint64_t)worker->entry.generation)))
        attach_newest(view, worker, false);
}

/* What came after a past generation. */
static void attach_successor(const struct view *view, struct view_worker *worker,
                             const struct view_request *request)
{
    if (worker->snapshot == NULL || !(request->postmortem || request->generation > 0))
        return;
    const struct segment_name *next = generation_of(view, worker, worker->generation + 1);
    struct stats_liveness ignored;
    struct error none = ERROR_INIT;
    if (next != NULL)
        view->source->class->segment(view->source, view->instance, next, &worker->successor, &ignored, &none);
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

void view_attach(struct view *view, struct view_worker *worker, const struct view_request *request)
{
    attach_wanted(view, worker, request);
    attach_successor(view, worker, request);
    if (!worker->listed)
        describe(worker);
}

void view_begin_worker(struct view *view, size_t index, const struct view_request *request)
{
    if (request->lazy)
        view_attach(view, &view->workers[index], request);
}

void view_end_worker(struct view *view, size_t index, const struct view_request *request)
{
    if (request->lazy)
        view_detach(&view->workers[index]);
}

/* --- all of them --------------------------------------------------------------------------------------- */

static bool wanted(const struct view_worker *worker, const struct view_request *request)
{
    return request->worker == NULL || strcasecmp(request->worker, worker->entry.name) == 0 ||
           (!request->alone && strcasecmp(request->worker, worker->entry.client) == 0);
}

static void drop_unwanted(struct view *view, const struct view_request *request)
{
    size_t kept = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (wanted(&view->workers[i], request))
            view->workers[kept++] = view->workers[i];
        else
            view_detach(&view->workers[i]);
    }
    view->count = kept;
}

static int compare_worker(const void *name, const void *segment)
{
    return strcmp(name, ((const struct segment_name *)segment)->worker);
}

/* The segments are sorted: those of a worker are neighbours. */
static void find_segments(const struct view *view, struct view_worker *worker)
{
    const struct segment_list *list = &view->segments;
    const struct segment_name *found =
        list->count == 0
            ? NULL
            : bsearch(worker->entry.name, list->items, list->count, sizeof *list->items, compare_worker);
    if (found == NULL)
        return;
    size_t first = (size_t)(found - list->items), end = first + 1;
    while (first > 0 && compare_worker(worker->entry.name, &list->items[first - 1]) == 0)
        first--;
    while (end < list->count && compare_worker(worker->entry.name, &list->items[end]) == 0)
        end++;
    worker->first_segment = first;
    worker->segments = end - first;
}

static int add_listed(struct view *view, bool *taken)
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
        find_segments(view, worker);
        memset(taken + worker->first_segment, true, worker->segments);
    }
    return 0;
}

static int add_unlisted(struct view *view, const bool *taken)
{
    for (size_t i = 0; i < view->segments.count;) {
        struct view_worker *worker = taken[i] ? NULL : append(view);
        if (!taken[i] && worker == NULL)
            return -1;
        if (worker != NULL) {
            snprintf(worker->entry.name, sizeof worker->entry.name, "%s", view->segments.items[i].worker);
            find_segments(view, worker);
        }
        i += worker != NULL ? worker->segments : 1;
    }
    return 0;
}

static int add_workers(struct view *view, struct error *error)
{
    bool *taken = calloc(view->segments.count + 1, sizeof *taken);
    int result = taken != NULL && add_listed(view, taken) == 0 && add_unlisted(view, taken) == 0
                     ? 0
                     : error_set(error, "out of memory");
    free(taken);
    return result;
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
    for (size_t i = 0; i < view->count; i++)
        used = text_append(names, sizeof names, used, "%s%s", i > 0 ? ", " : "", view->workers[i].entry.name);
    return error_set_code(error, EXIT_CODE_NOT_RUNNING,
                          "instance '%s' has no worker or client '%s'; it has: %s", view->instance,
                          request->worker, names);
}

static int no_such_generation(const struct view *view, const struct view_request *request,
                              struct error *error)
{
    char kept[256] = "none";
    size_t used = 0;
    for (size_t i = 0; i < view->count; i++)
        for (size_t k = 0; k < view->workers[i].segments; k++) {
            const struct segment_name *name = &view->segments.items[view->workers[i].first_segment + k];
            used = text_append(kept, sizeof kept, used, "%s%s %" PRIu64, used > 0 ? ", " : "", name->worker,
                               name->generation);
        }
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

static void attach_all(struct view *view, const struct view_request *request)
{
    for (size_t i = 0; i < view->count && !request->lazy; i++)
        view_attach(view, &view->workers[i], request);
}

/* A worker without a supervisor has its client's name only in its segment. */
static void describe_unlisted(struct view *view)
{
    const struct view_request present = {0};
    for (size_t i = 0; i < view->count; i++)
        if (!view->workers[i].listed) {
            view_attach(view, &view->workers[i], &present);
            view_detach(&view->workers[i]);
        }
}

static int choose_worker(struct view *view, const struct view_request *request, struct error *error)
{
    bool matches = false;
    describe_unlisted(view);
    for (size_t i = 0; i < view->count; i++)
        matches |= wanted(&view->workers[i], request);
    if (!matches)
        return no_such_worker(view, request, error);
    drop_unwanted(view, request);
    return 0;
}

static int fill(struct view *view, const struct view_request *request, struct error *error)
{
    if (view->directory == NULL && view->segments.count == 0)
        return no_such_instance(request->instance, error);
    if (add_workers(view, error) != 0)
        return -1;
    if (request->worker != NULL && choose_worker(view, request, error) != 0)
        return -1;
    attach_all(view, request);
    if (!request->lazy)
        view->holders = holders_of(view);
    if ((request->generation > 0 || request->postmortem) && !request->lazy && !any_snapshot(view))
        return no_such_generation(view, request, error);
    return 0;
}

int view_collect(struct view *view, const struct view_request *request, struct error *error)
{
    struct source *source = request->source != NULL ? request->source : &source_live;
    struct source_supervisor supervisor;
    *view = (struct view){.source = source, .now_us = source->class->now_us(source)};
    snprintf(view->instance, sizeof view->instance, "%s", request->instance);
    if (source->class->supervisor(source, request->instance, &supervisor, error) != 0)
        return -1;
    view->directory = supervisor.directory;
    view->supervisor_alive = supervisor.alive;
    view->supervisor_stopped = supervisor.stopped;
    view->elsewhere = supervisor.elsewhere;
    if (source->class->segments(source, request->instance, &view->segments, error) == 0 &&
        fill(view, request, error) == 0)
        return 0;
    view_release(view);
    return -1;
}

void view_release(struct view *view)
{
    for (size_t i = 0; i < view->count; i++)
        view_detach(&view->workers[i]);
    free(view->workers);
    free(view->holders);
    directory_free(view->directory);
    segment_list_release(&view->segments);
    *view = (struct view){0};
}
