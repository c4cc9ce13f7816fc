#include "supervisor/notifications.h"

#include "common/record/text.h"
#include "common/rpc/message.h"
#include "supervisor/control/request.h"
#include "supervisor/fleet.h"
#include "supervisor/journal.h"
#include "supervisor/process/segment.h"
#include "supervisor/publish.h"
#include "supervisor/states.h"

/* --- what it says -------------------------------------------------------------------------------------- */

static void on_address(struct worker *worker, struct rpc_message *message)
{
    struct mp_view address;
    char text[BROKERS_BYTES];
    if (worker->kind != KIND_BROKER || message->param_count < 1 || !mp_read_str(&message->params, &address) ||
        address.length >= sizeof text)
        return;
    snprintf(text, sizeof text, "%.*s", (int)address.length, address.data);
    fleet_set_address(worker->supervisor, text);
}

static void on_joining(struct worker *worker, struct rpc_message *message)
{
    (void)message;
    states_dispatch(worker, EVENT_JOINING);
}

static void on_ready(struct worker *worker, struct rpc_message *message)
{
    int64_t partitions = 0;
    if (message->param_count > 0)
        mp_read_int(&message->params, &partitions);
    if (worker->kind == KIND_CONSUMER)
        worker->partitions = partitions;
    bool idle = worker->kind == KIND_CONSUMER && partitions == 0;
    states_dispatch(worker, idle ? EVENT_READY_IDLE : EVENT_READY);
}

static void on_quarantining(struct worker *worker, struct rpc_message *message)
{
    if (message->param_count > 0)
        mp_read_int(&message->params, &worker->partitions);
    states_dispatch(worker, EVENT_QUARANTINING);
}

static void on_outage(struct worker *worker, struct rpc_message *message)
{
    int64_t away = 1;
    if (message->param_count > 0)
        mp_read_int(&message->params, &away);
    states_dispatch(worker, away != 0 ? EVENT_BROKER_AWAY : EVENT_BROKER_BACK);
    journal_broker(worker, away != 0);
}

static void tell_rebalance(struct worker *worker, struct rpc_message *message, enum event_kind kind,
                           const char *text)
{
    struct event event = journal_of(worker, kind);
    if (message->param_count == 0 || !mp_read_int(&message->params, &event.count))
        return;
    journal_add(worker->supervisor, &event, "%s", text);
}

static void on_assigned(struct worker *worker, struct rpc_message *message)
{
    tell_rebalance(worker, message, EVENT_KIND_ASSIGNED, "");
}

static void on_revoked(struct worker *worker, struct rpc_message *message)
{
    tell_rebalance(worker, message, EVENT_KIND_REVOKED, "");
}

/* The group has given them to others already: nothing could be committed before. */
static void on_lost(struct worker *worker, struct rpc_message *message)
{
    tell_rebalance(worker, message, EVENT_KIND_REVOKED, "lost: the group considered it gone");
}

/* [partition, from, to, how many records that is] */
static void on_committed_gap(struct worker *worker, struct rpc_message *message)
{
    struct event event = journal_of(worker, EVENT_KIND_COMMITTED_GAP);
    if (message->param_count > 3 && mp_read_int(&message->params, &event.partition) &&
        mp_read_int(&message->params, &event.from) && mp_read_int(&message->params, &event.to) &&
        mp_read_int(&message->params, &event.count))
        journal_add(worker->supervisor, &event, "%s", "");
}

static void on_rate(struct worker *worker, struct rpc_message *message)
{
    int64_t number;
    if (message->param_count > 0 && mp_read_int(&message->params, &number))
        worker->rate.taken = number;
}

static void on_result(struct worker *worker, struct rpc_message *message)
{
    struct request_result result;
    int64_t number;
    struct mp_view text;
    if (message->param_count < 5 || !mp_read_int(&message->params, &number) ||
        !mp_read_int(&message->params, &result.partition) || !mp_read_int(&message->params, &result.from) ||
        !mp_read_int(&message->params, &result.to) || !mp_read_str(&message->params, &text))
        return;
    result.text = (char *)(uintptr_t)text.data; /* copied, not kept */
    request_result(worker, number, &result, text.length);
}

/* The number of partitions of its topic that need an answer. */
static void on_partitions(struct worker *worker, struct rpc_message *message)
{
    int64_t count;
    if (message->param_count > 0 && mp_read_int(&message->params, &count))
        request_partitions(worker, count);
}

static void on_done(struct worker *worker, struct rpc_message *message)
{
    int64_t number;
    if (message->param_count > 0 && mp_read_int(&message->params, &number))
        request_done(worker, number);
}

static void on_failed(struct worker *worker, struct rpc_message *message)
{
    int64_t number;
    struct mp_view text;
    if (message->param_count > 1 && mp_read_int(&message->params, &number) &&
        mp_read_str(&message->params, &text))
        request_failed(worker, number, text.data, text.length);
}

/* A lasting problem, with which the worker continues; an empty text: it is over. */
static void on_trouble(struct worker *worker, struct rpc_message *message)
{
    struct mp_view text;
    size_t used = 0;
    if (message->param_count == 0 || !mp_read_str(&message->params, &text))
        return;
    char former[sizeof worker->trouble];
    memcpy(former, worker->trouble, sizeof former);
    worker->trouble[0] = '\0';
    text_escape(worker->trouble, sizeof worker->trouble, &used, text.data, text.length);
    if (strcmp(former, worker->trouble) != 0)
        journal_tell(worker, worker->trouble[0] != '\0' ? EVENT_KIND_TROUBLE : EVENT_KIND_TROUBLE_OVER, "%s",
                     worker->trouble);
    publish_worker(worker);
}

static void on_version(struct worker *worker, struct rpc_message *message)
{
    struct mp_view text;
    size_t used = 0;
    if (message->param_count == 0 || !mp_read_str(&message->params, &text))
        return;
    worker->version[0] = '\0';
    text_escape(worker->version, sizeof worker->version, &used, text.data, text.length);
}

static const struct notification {
    const char *method;
    void (*act)(struct worker *worker, struct rpc_message *message);
} known[] = {
    {"address", on_address},
    {"version", on_version},
    {"joining", on_joining},
    {"ready", on_ready},
    {"outage", on_outage},
    {"trouble", on_trouble},
    {"rate", on_rate},
    {"quarantining", on_quarantining},
    {"result", on_result},
    {"done", on_done},
    {"failed", on_failed},
    {"assigned", on_assigned},
    {"revoked", on_revoked},
    {"lost", on_lost},
    {"committed-gap", on_committed_gap},
    {"partitions", on_partitions},
};

static void notified(struct worker *worker, struct rpc_message *message)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (rpc_method_is(message, known[i].method))
            known[i].act(worker, message);
}

/* --- its end ------------------------------------------------------------------------------------------- */

static void exited(struct worker *worker)
{
    struct supervisor *supervisor = worker->supervisor;
    states_dispatch(worker, EVENT_EXITED);
    segment_cool(supervisor);
}

const struct worker_listener notifications = {
    .notified = notified, .exited = exited, .reaped = request_worker_ended};
