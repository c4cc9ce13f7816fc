#include "supervisor/control/queue.h"

#include "common/clock.h"
#include "supervisor/control/verb.h"

/* --- places -------------------------------------------------------------------------------------------- */

struct pending *queue_free_slot(struct queue *queue)
{
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++)
        if (!queue->pendings[i].open)
            return &queue->pendings[i];
    return NULL;
}

void queue_enter(struct queue *queue, struct pending *pending, void *caller, uint32_t id)
{
    pending->open = true;
    pending->caller = caller;
    pending->sequence = ++queue->arrived;
    pending->id = id;
}

static void leave(struct pending *pending)
{
    request_release(&pending->request);
    pending->caller = NULL;
    pending->open = false;
}

void queue_answered(struct pending *pending)
{
    pending->caller = NULL;
    if (request_awaits(&pending->request) == NULL)
        leave(pending);
}

bool queue_waits_for(const struct queue *queue, const void *caller)
{
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++)
        if (queue->pendings[i].open && queue->pendings[i].caller == caller)
            return true;
    return false;
}

void queue_caller_gone(struct queue *queue, const void *caller)
{
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++)
        if (queue->pendings[i].open && queue->pendings[i].caller == caller)
            queue_answered(&queue->pendings[i]);
}

void queue_release(struct queue *queue)
{
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++)
        if (queue->pendings[i].open)
            leave(&queue->pendings[i]);
}

struct pending *queue_after(struct queue *queue, uint64_t sequence)
{
    struct pending *first = NULL;
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++) {
        struct pending *pending = &queue->pendings[i];
        if (pending->open && pending->sequence > sequence &&
            (first == NULL || pending->sequence < first->sequence))
            first = pending;
    }
    return first;
}

bool queue_is_empty(const struct queue *queue)
{
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++)
        if (queue->pendings[i].open)
            return false;
    return true;
}

/* --- whose turn it is ---------------------------------------------------------------------------------- */

/* The earlier request that has to finish first; NULL: none. A request without a caller only delays requests
 * to the same workers. */
static const struct request *find_before(const struct queue *queue, const struct pending *pending)
{
    for (size_t i = 0; i < QUEUE_REQUESTS_MAX; i++) {
        const struct pending *other = &queue->pendings[i];
        if (other->open && other->sequence < pending->sequence &&
            (other->caller != NULL || pending->request.verb->asks) &&
            requests_meet(&other->request, &pending->request))
            return &other->request;
    }
    return NULL;
}

static enum progress begin(struct request *request, struct error *error)
{
    char cause[REQUEST_CAUSE_BYTES];
    request->begun = true;
    request_cause(request, cause);
    request->supervisor->cause = cause;
    enum progress progress = request_begin(request, error);
    request->supervisor->cause = NULL;
    if (progress != PROGRESS_WAITING)
        return progress;
    return request->wait ? PROGRESS_WAITING : PROGRESS_DONE;
}

/* The fleet has not started its workers yet. */
static bool is_too_early(const struct request *request)
{
    return request->verb->after_start && request->supervisor->step < STEP_WORK;
}

static enum progress advance(const struct queue *queue, struct pending *pending, struct error *error)
{
    struct request *request = &pending->request;
    if (!request->begun) {
        if (request->supervisor->stopping && !request->verb->while_stopping) {
            error_set(error, "the instance is stopping");
            return PROGRESS_FAILED;
        }
        if (is_too_early(request) || find_before(queue, pending) != NULL)
            return PROGRESS_WAITING;
        enum progress progress = begin(request, error);
        if (progress != PROGRESS_WAITING)
            return progress;
    }
    return request_check(request, error);
}

#define CALLED_BYTES (VERB_TEXT_BYTES + 64)

/* As its caller has said it: "stop bravo", "reload". */
static const char *called(const struct request *request, char text[CALLED_BYTES])
{
    snprintf(text, CALLED_BYTES, "%s%s%s", request->verb->name, request->target[0] != '\0' ? " " : "",
             request->target);
    return text;
}

static void tell_not_begun(const struct queue *queue, const struct pending *pending, struct error *error)
{
    const struct request *request = &pending->request;
    const struct request *before = find_before(queue, pending);
    char name[CALLED_BYTES];
    char other[CALLED_BYTES];
    char cause[CALLED_BYTES + 32] = "the instance is just starting";
    if (before != NULL)
        snprintf(cause, sizeof cause, "it waits for '%s'", called(before, other));
    error_set(error, "%s: timed out before it began: %s; nothing was changed", called(request, name), cause);
}

static void tell_late(const struct request *request, struct error *error)
{
    const struct worker *awaited = request_awaits(request);
    if (request->verb->late != NULL) {
        error_set(error, "%s: timed out: %s", request->verb->name,
                  awaited != NULL || !request->verb->asks ? request->verb->late
                                                          : "nobody could be asked; nothing was changed");
        return;
    }
    char name[CALLED_BYTES];
    error_set(error, "%s: timed out; it continues in the background%s%s%s", called(request, name),
              awaited ? " (" : "", awaited ? awaited->name : "", awaited ? " has not answered)" : "");
}

enum progress queue_step(const struct queue *queue, struct pending *pending, struct error *error)
{
    enum progress progress = advance(queue, pending, error);
    if (progress != PROGRESS_WAITING || pending->caller == NULL ||
        clock_monotonic_us() < pending->request.deadline_us)
        return progress;
    pending->request.late = true;
    if (pending->request.begun)
        tell_late(&pending->request, error);
    else
        tell_not_begun(queue, pending, error);
    return PROGRESS_FAILED;
}
