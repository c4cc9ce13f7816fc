#include "supervisor/control/verb_produce.h"

#include <strings.h>

#include "common/rpc/pack.h"
#include "supervisor/control/request.h"
#include "supervisor/fleet.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/log/report.h"
#include "supervisor/states.h"
#include "supervisor/config/topics.h"

static struct worker *producer_of(const struct request *request)
{
    return supervisor_find(request->supervisor, KIND_PRODUCER);
}

/* --- who sends it -------------------------------------------------------------------------------------- */

/* Without a configured producer its topic is the workload's own; if no client reads that, it is hardly what
 * was meant. */
static int check_topic(const struct supervisor *supervisor, const struct settings *settings,
                       struct error *error)
{
    const char *topics[TOPICS_MAX];
    size_t count = topics_used(supervisor, topics);
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i], settings->topic) == 0)
            return 0;
    if (options_given(&supervisor_program, settings, "topic"))
        return 0;
    return error_set(error,
                     "this instance has no producer, and none of its clients reads topic '%s': set the topic "
                     "in the section [producer]",
                     settings->topic);
}

/* A slot for one, where the instance has none. */
static int have_producer(struct supervisor *supervisor, struct error *error)
{
    const struct worker *producer = supervisor_find(supervisor, KIND_PRODUCER);
    const struct settings *settings = config_producer(supervisor->config);
    if (producer != NULL && !producer->retired)
        return 0;
    if (check_topic(supervisor, settings, error) == -1)
        return -1;
    return fleet_add(supervisor, settings, NULL) == NULL ? error_set(error, "out of memory") : 0;
}

static void start_for_requests(struct request *request, struct worker *producer)
{
    request->value = 1;
    report_line(request->supervisor, "%s is started for 'kctl produce': it makes no records of its own",
                producer->name);
    fleet_start_on_request(producer);
}

static bool is_down(const struct worker *producer)
{
    return producer->state == WORKER_DOWN || producer->state == WORKER_DONE;
}

/* A producer that was started paused is never ready, and still serves `produce`. */
static bool listens(const struct worker *producer)
{
    return worker_works(producer) || (producer->paused && worker_runs(producer));
}

static int ask(struct request *request, struct worker *producer, struct error *error)
{
    if (request->supervisor->stopping)
        return error_set(error, "the instance is stopping; the record is not sent");
    if (producer->state == WORKER_HELD)
        return error_set(error, "%s is held: %s ('kctl release %s'); the record is not sent", producer->name,
                         producer->reason, producer->name);
    if (is_down(producer))
        start_for_requests(request, producer);
    else if (listens(producer) &&
             request_ask(request, producer, request->verb->name, request->argument) == -1)
        return error_set(error, "out of memory");
    return 0;
}

/* --- the verb ------------------------------------------------------------------------------------------ */

static int check_words(const struct request *request, struct error *error)
{
    if (request->target[0] != '\0' && strcasecmp(request->target, PRODUCER_WORKER) != 0)
        return error_set(error, "the producer sends records, not '%s'", request->target);
    if (request->argument[0] == '\0')
        return error_set(error, "produce: which record? A JSON object, or field=value …");
    return request->wait
               ? 0
               : error_set(error,
                           "produce: the answer is the broker's acknowledgement: it has to be waited for");
}

enum progress verb_produce_begin(struct request *request, struct error *error)
{
    return check_words(request, error) == -1 || have_producer(request->supervisor, error) == -1
               ? PROGRESS_FAILED
               : PROGRESS_WAITING;
}

static enum progress failed(const struct request_share *share, struct error *error)
{
    error_set(error, "%s: %s%s", share->worker->name, share->reason,
              share->ended ? ": the record may be stored all the same; it is not sent again" : "");
    return PROGRESS_FAILED;
}

enum progress verb_produce_check(struct request *request, struct error *error)
{
    const struct request_share *share = request->shares;
    if (share == NULL)
        return ask(request, producer_of(request), error) == -1 ? PROGRESS_FAILED : PROGRESS_WAITING;
    if (share->state == SHARE_ASKED)
        return PROGRESS_WAITING;
    if (share->state == SHARE_FAILED)
        return failed(share, error);
    if (share->count == 0) {
        error_set(error, "%s: it does not say where the record is", share->worker->name);
        return PROGRESS_FAILED;
    }
    share->worker->asked++;
    return PROGRESS_DONE;
}

/* --- the answer ---------------------------------------------------------------------------------------- */

static const struct request_result *result_of(const struct request *request)
{
    return &request->shares[0].results[0];
}

void verb_produce_result(struct request *request, msgpack_packer *packer)
{
    const struct request_result *result = result_of(request);
    msgpack_pack_map(packer, 4);
    rpc_pack_text(packer, "topic");
    rpc_pack_text(packer, producer_of(request)->settings->topic);
    rpc_pack_text(packer, "partition");
    msgpack_pack_int64(packer, result->partition);
    rpc_pack_text(packer, "offset");
    msgpack_pack_int64(packer, result->to);
    rpc_pack_text(packer, "started");
    request->value == 1 ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
}

void verb_produce_lines(struct request *request, msgpack_packer *packer)
{
    msgpack_pack_array(packer, request->value == 1 ? 2 : 1);
    rpc_pack_text(packer, result_of(request)->text);
    if (request->value == 1)
        rpc_pack_text(packer, "no producer was running: one was started that makes no records of its own and "
                              "stays ('kctl stop producer' ends it)");
}
