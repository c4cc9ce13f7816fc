#include "supervisor/control/request.h"

#include <strings.h>

#include "common/reset_spec.h"
#include "supervisor/process/channel.h"
#include "supervisor/journal.h"
#include "supervisor/control/ktopic.h"
#include "supervisor/log/report.h"
#include "supervisor/states.h"

enum {
    RESULTS_MAX = 8192, /* of one worker: more than Kafka gives to one consumer */
    RESULTS_TOLD = 64   /* as events of their own */
};

/* --- who is meant -------------------------------------------------------------------------------------- */

static bool is_listed(const struct worker *worker)
{
    return worker->kind == KIND_CONSUMER || worker->kind == KIND_PRODUCER;
}

bool request_means(const struct request *request, const struct worker *worker)
{
    bool all = request->target[0] == '\0' || strcasecmp(request->target, "all") == 0;
    if (worker->kind == KIND_WEB) /* no part of "all" otherwise: who asks may be asking through it */
        return strcasecmp(request->target, worker->name) == 0 ||
               (all && request->verb != NULL && request->verb->shows_web);
    if (!is_listed(worker) || (worker->retired && worker->process.pid == 0))
        return false;
    return all || strcasecmp(request->target, worker->name) == 0 ||
           strcasecmp(request->target, worker->client) == 0;
}

size_t request_count_meant(const struct request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        count += request_means(request, request->supervisor->workers[i]);
    return count;
}

enum progress request_check_target(const struct request *request, struct error *error)
{
    if (request_count_meant(request) > 0)
        return PROGRESS_DONE;
    error_set(error, "there is no client or worker '%s'", request->target);
    return PROGRESS_FAILED;
}

/* --- carrying its verb out ----------------------------------------------------------------------------- */

enum progress request_for_each(struct request *request, each_worker *each, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    enum progress all = PROGRESS_DONE;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        if (!request_means(request, supervisor->workers[i]))
            continue;
        enum progress one = each(request, supervisor->workers[i], error);
        if (one == PROGRESS_FAILED)
            return PROGRESS_FAILED;
        if (one == PROGRESS_WAITING)
            all = PROGRESS_WAITING;
    }
    return all;
}

static enum progress begin_for_each(struct request *request, each_worker *each, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    if (request_check_target(request, error) == PROGRESS_FAILED)
        return PROGRESS_FAILED;
    request->generations = calloc(supervisor->worker_count, sizeof *request->generations);
    if (request->generations == NULL) {
        error_set(error, "out of memory");
        return PROGRESS_FAILED;
    }
    request->generation_count = supervisor->worker_count;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        request->generations[i] = supervisor->workers[i]->generation;
    request_for_each(request, each, error);
    return error->text[0] != '\0' ? PROGRESS_FAILED : PROGRESS_WAITING;
}

enum progress request_begin(struct request *request, struct error *error)
{
    const struct verb *verb = request->verb;
    enum progress progress = verb->begin != NULL ? verb->begin(request, error) : PROGRESS_DONE;
    if (progress == PROGRESS_FAILED || verb->to_each == NULL)
        return progress;
    return begin_for_each(request, verb->to_each, error);
}

enum progress request_check(struct request *request, struct error *error)
{
    const struct verb *verb = request->verb;
    if (verb->of_each != NULL)
        return request_for_each(request, verb->of_each, error);
    return verb->check != NULL ? verb->check(request, error) : PROGRESS_DONE;
}

/* --- which meet ---------------------------------------------------------------------------------------- */

static bool touches(const struct request *request, const struct worker *worker)
{
    switch (request->verb->touches) {
    case VERB_TOUCHES_TARGET:
        return request_means(request, worker);
    case VERB_TOUCHES_PRODUCER:
        return worker->kind == KIND_PRODUCER;
    case VERB_TOUCHES_NOBODY:
        break;
    }
    return false;
}

static bool is_beside(const struct worker *one, const struct worker *other)
{
    return one == other || (one->kind == KIND_CONSUMER && other->kind == KIND_CONSUMER &&
                            strcmp(one->group, other->group) == 0);
}

static bool touches_beside(const struct request *request, const struct worker *worker)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (is_beside(worker, request->supervisor->workers[i]) &&
            touches(request, request->supervisor->workers[i]))
            return true;
    return false;
}

bool requests_meet(const struct request *one, const struct request *other)
{
    for (size_t i = 0; i < one->supervisor->worker_count; i++)
        if (touches(one, one->supervisor->workers[i]) && touches_beside(other, one->supervisor->workers[i]))
            return true;
    return false;
}

/* --- asking -------------------------------------------------------------------------------------------- */

/* The first share gives the request its number. */
static void enlist(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;
    if (request->number != 0)
        return;
    request->number = ++supervisor->requests_numbered;
    request->next = supervisor->requests;
    supervisor->requests = request;
}

static struct request_share *add_share(struct request *request, struct worker *worker)
{
    struct request_share *shares =
        realloc(request->shares, (request->share_count + 1) * sizeof *request->shares);
    if (shares == NULL)
        return NULL;
    enlist(request);
    request->shares = shares;
    shares[request->share_count] = (struct request_share){.worker = worker};
    return &shares[request->share_count++];
}

static void fail(struct request_share *share, const char *reason, size_t length)
{
    if (share->state != SHARE_ASKED)
        return;
    share->state = SHARE_FAILED;
    snprintf(share->reason, sizeof share->reason, "%.*s", (int)length, reason);
}

int request_refuse(struct request *request, struct worker *worker, const char *reason)
{
    struct request_share *share = add_share(request, worker);
    if (share == NULL)
        return -1;
    fail(share, reason, strlen(reason));
    return 0;
}

int request_ask(struct request *request, struct worker *worker, const char *method, const char *text)
{
    static const char deaf[] = "it does not listen";
    struct request_share *share = add_share(request, worker);
    if (share == NULL)
        return -1;
    if (channel_ask(worker, request->number, method, text) == -1)
        fail(share, deaf, sizeof deaf - 1);
    return 0;
}

/* The start is followed at once by the request that it ends: so its end is no death, and a deadline is set.
 */
int request_start_for(struct request *request, struct worker *worker, const char *text)
{
    struct request_share *share = add_share(request, worker);
    if (share == NULL)
        return -1;
    worker->started_for = (struct started_for){request->number, text};
    states_dispatch(worker, EVENT_START);
    worker->started_for.text = NULL; /* its process has it */
    if (worker->process.pid == 0)
        fail(share, worker->reason, strlen(worker->reason));
    states_dispatch(worker, EVENT_STOP);
    return 0;
}

/* --- the answers --------------------------------------------------------------------------------------- */

/* The worker's share of the request with that number; NULL: nobody waits for it. */
static struct request_share *find(const struct worker *worker, int64_t number, const struct request **of)
{
    if (number == 0)
        number = worker->started_for.number;
    for (struct request *request = worker->supervisor->requests; request != NULL; request = request->next)
        for (size_t i = 0; request->number == number && i < request->share_count; i++)
            if (request->shares[i].worker == worker && request->shares[i].state == SHARE_ASKED) {
                *of = request;
                return &request->shares[i];
            }
    return NULL;
}

static int keep(struct request_share *share, const struct request_result *result, size_t text_length)
{
    struct request_result *results =
        share->count < RESULTS_MAX ? realloc(share->results, (share->count + 1) * sizeof *results) : NULL;
    if (results == NULL)
        return -1;
    share->results = results;
    results[share->count] = *result;
    results[share->count].text = strndup(result->text, text_length);
    if (results[share->count].text == NULL)
        return -1;
    share->count++;
    return 0;
}

/* A result of a dry run has changed nothing. */
static bool has_changed(const struct request *request)
{
    struct reset_spec spec;
    enum event_kind kind = request->verb->results_are;
    return kind != EVENT_KIND_NONE &&
           (kind != EVENT_KIND_RESET || reset_spec_parse(&spec, request->argument, NULL) == -1 ||
            !spec.dry_run);
}

void request_cause(const struct request *request, char cause[REQUEST_CAUSE_BYTES])
{
    bool told = request->by[0] != '\0';
    snprintf(cause, REQUEST_CAUSE_BYTES, "an operator's %s%s%s%s", request->verb->name, told ? " (" : "",
             request->by, told ? ")" : "");
}

static void tell_result(const struct request *request, struct worker *worker,
                        const struct request_result *result)
{
    struct event event = journal_of(worker, request->verb->results_are);
    event.partition = result->partition;
    event.from = result->from;
    event.to = result->to;
    char cause[REQUEST_CAUSE_BYTES];
    request_cause(request, cause);
    journal_add(worker->supervisor, &event, "%s", cause);
}

/* The results of a topic of thousands of partitions would be all that is kept. */
static void tell_more(const struct request *request, const struct request_share *share)
{
    struct event event = journal_of(share->worker, request->verb->results_are);
    size_t results = share->count + share->left_out;
    if (results <= RESULTS_TOLD || !has_changed(request))
        return;
    char cause[REQUEST_CAUSE_BYTES];
    request_cause(request, cause);
    event.count = (int64_t)(results - RESULTS_TOLD);
    journal_add(request->supervisor, &event, "%s", cause);
}

void request_result(struct worker *worker, int64_t number, const struct request_result *result,
                    size_t text_length)
{
    const struct request *request;
    struct request_share *share = find(worker, number, &request);
    if (share == NULL)
        return;
    share->left_out += keep(share, result, text_length) == -1;
    report_line(worker->supervisor, "%s: %.*s", worker->name, (int)text_length, result->text);
    if (share->count + share->left_out <= RESULTS_TOLD && has_changed(request))
        tell_result(request, worker, result);
}

/* It is asked one thing at a time. */
void request_partitions(struct worker *worker, int64_t count)
{
    for (struct request *request = worker->supervisor->requests; request != NULL; request = request->next)
        for (size_t i = 0; i < request->share_count; i++)
            if (request->shares[i].worker == worker && request->shares[i].state == SHARE_ASKED)
                request->shares[i].partitions = count;
}

void request_done(struct worker *worker, int64_t number)
{
    const struct request *request;
    struct request_share *share = find(worker, number, &request);
    if (share == NULL)
        return;
    share->state = SHARE_DONE;
    tell_more(request, share);
}

void request_failed(struct worker *worker, int64_t number, const char *reason, size_t length)
{
    const struct request *request;
    struct request_share *share = find(worker, number, &request);
    if (share != NULL)
        fail(share, reason, length);
}

/* One that was started for it alone and ended well has done it. */
static void end_share(struct request_share *share, bool well)
{
    static const char ended[] = "its process ended before it was done";
    if (well && share->count > 0) {
        share->state = SHARE_DONE;
        return;
    }
    share->ended = true;
    fail(share, ended, sizeof ended - 1);
}

void request_worker_ended(struct worker *worker, bool well)
{
    for (struct request *request = worker->supervisor->requests; request != NULL; request = request->next)
        for (size_t i = 0; i < request->share_count; i++)
            if (request->shares[i].worker == worker && request->shares[i].state == SHARE_ASKED)
                end_share(&request->shares[i], well && worker->started_for.number == request->number);
    worker->started_for = (struct started_for){0};
}

const struct worker *request_awaits(const struct request *request)
{
    for (size_t i = 0; i < request->share_count; i++)
        if (request->shares[i].state == SHARE_ASKED)
            return request->shares[i].worker;
    return NULL;
}

/* --- its end ------------------------------------------------------------------------------------------- */

static void unlist(const struct request *request)
{
    for (struct request **at = &request->supervisor->requests; *at != NULL; at = &(*at)->next)
        if (*at == request) {
            *at = request->next;
            return;
        }
}

void request_release(struct request *request)
{
    if (request->number != 0)
        unlist(request);
    for (size_t i = 0; i < request->share_count; i++) {
        for (size_t r = 0; r < request->shares[i].count; r++)
            free(request->shares[i].results[r].text);
        free(request->shares[i].results);
    }
    free(request->shares);
    free(request->generations);
    ktopic_free(request->ktopic);
    *request = (struct request){0};
}
