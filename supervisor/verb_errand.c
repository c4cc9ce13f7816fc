#include "supervisor/verb_errand.h"

#include <inttypes.h>
#include <strings.h>

#include "common/reset_wish.h"
#include "supervisor/errand.h"
#include "supervisor/states.h"

/* --- who does it --------------------------------------------------------------------------------------- */

/* The first consumer that is meant; its group is the one whose offsets the errand changes. */
static struct worker *consumer_meant(const struct request *request, struct error *error)
{
    if (verb_check_target(request, error) == PROGRESS_FAILED)
        return NULL;
    for (size_t i = 0; i < request->supervisor->worker_count; i++) {
        struct worker *worker = request->supervisor->workers[i];
        if (worker->kind == KIND_CONSUMER && verb_means(request, worker))
            return worker;
    }
    error_set(error, "%s has no offsets: it is no consumer", request->target);
    return NULL;
}

/* All that read in one group: its partitions are spread among them. */
static bool takes_part(const struct worker *worker, const char *group)
{
    return worker->kind == KIND_CONSUMER && worker->process.pid != 0 && strcmp(worker->group, group) == 0;
}

static bool any_runs(const struct request *request, const char *group)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (takes_part(request->supervisor->workers[i], group))
            return true;
    return false;
}

static void forget_all(const struct request *request)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        errand_forget(request->supervisor->workers[i]);
}

static enum progress refuse(struct error *error, const struct worker *worker)
{
    error_set(error, "%s is %s: try again when it is ready, or down", worker->name,
              worker_state_name(worker->state));
    return PROGRESS_FAILED;
}

static enum progress send_to_all(struct request *request, const char *group, struct error *error)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++) {
        const struct worker *worker = request->supervisor->workers[i];
        if (takes_part(worker, group) && !worker_works(worker))
            return refuse(error, worker);
    }
    for (size_t i = 0; i < request->supervisor->worker_count; i++) {
        struct worker *worker = request->supervisor->workers[i];
        if (takes_part(worker, group))
            errand_give(worker, request->verb->name, request->argument);
    }
    return PROGRESS_WAITING;
}

enum progress verb_reset_begin(struct request *request, struct error *error)
{
    struct reset_wish wish;
    struct worker *worker = consumer_meant(request, error);
    if (worker == NULL || reset_wish_parse(&wish, request->argument, error) == -1)
        return PROGRESS_FAILED;
    forget_all(request);
    if (any_runs(request, worker->group))
        return send_to_all(request, worker->group, error);
    errand_start_for(worker, request->argument);
    return PROGRESS_WAITING;
}

/* --- the answers --------------------------------------------------------------------------------------- */

enum progress verb_errand_check(struct request *request, struct error *error)
{
    enum progress all = PROGRESS_DONE;
    for (size_t i = 0; i < request->supervisor->worker_count; i++) {
        const struct errand *errand = &request->supervisor->workers[i]->errand;
        switch (errand->state) {
        case ERRAND_FAILED:
            error_set(error, "%s: %s", request->supervisor->workers[i]->name, errand->reason);
            return PROGRESS_FAILED;
        case ERRAND_GIVEN:
            all = PROGRESS_WAITING;
            break;
        case ERRAND_NONE:
        case ERRAND_DONE:
            break;
        }
    }
    return all;
}

static size_t pack_lines(const struct errand *errand, msgpack_packer *packer)
{
    size_t count = 0;
    for (const char *at = errand->lines; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        if (packer != NULL)
            msgpack_pack_str_with_body(packer, at, length);
        count++;
        at += length + (at[length] == '\n');
    }
    return count;
}

enum progress verb_ack_begin(struct request *request, struct error *error)
{
    const struct worker *worker = consumer_meant(request, error);
    if (worker == NULL)
        return PROGRESS_FAILED;
    if (request->argument[0] == '\0') {
        error_set(error, "ack: what? 3:41 (partition and offset), 3:41-60, or all");
        return PROGRESS_FAILED;
    }
    forget_all(request);
    if (!any_runs(request, worker->group)) {
        error_set(error, "%s does not run", request->target);
        return PROGRESS_FAILED;
    }
    return send_to_all(request, worker->group, error);
}

static size_t lines_said(const struct request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        count += pack_lines(&request->supervisor->workers[i]->errand, NULL);
    return count;
}

static size_t words(const char *list)
{
    size_t count = 1;
    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/* Each word has a line of whoever owns its partition: in a rebalance that may be nobody. */
enum progress verb_ack_check(struct request *request, struct error *error)
{
    enum progress progress = verb_errand_check(request, error);
    if (progress != PROGRESS_DONE)
        return progress;
    size_t said = lines_said(request);
    if (said >= words(request->argument))
        return PROGRESS_DONE;
    error_set(error,
              said == 0 ? "no worker of %s owns that partition now"
                        : "no worker of %s owns some of these partitions now; the others are acknowledged",
              request->target);
    return PROGRESS_FAILED;
}

enum progress verb_reset_check(struct request *request, struct error *error)
{
    enum progress progress = verb_errand_check(request, error);
    if (progress != PROGRESS_DONE || lines_said(request) > 0)
        return progress;
    error_set(
        error,
        "no worker of %s owns such a partition now (a rebalance, or no such partition): nothing was changed",
        request->target);
    return PROGRESS_FAILED;
}

void verb_errand_lines(struct request *request, msgpack_packer *packer)
{
    msgpack_pack_array(packer, lines_said(request));
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        pack_lines(&request->supervisor->workers[i]->errand, packer);
}
