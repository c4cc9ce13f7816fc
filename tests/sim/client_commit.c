/* Commits: from the application's list to the group's offsets and back, and what can become of one on its
 * way. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

#define AUTO_COMMIT_US (5 * SECOND)
#define GIVE_UP_US     (60 * SECOND) /* librdkafka tries that long through an outage */

struct request {
    rd_kafka_t *client;
    int64_t member_id;
    int generation;
    uint64_t order;
    int64_t sent_us;
    int knows[PARTITIONS_MAX]; /* of which making of the topic it tells */
    bool judged;               /* what becomes of it is decided */
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_queue_t *queue;
    void (*callback)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
    void *opaque;
};

/* What can become of a commit while they fail. */
enum fate_of_commit {
    COMMIT_LOST,    /* it never arrives */
    COMMIT_UNTOLD,  /* it is done, and the answer is lost */
    COMMIT_REFUSED, /* as a whole */
    COMMIT_PARTIAL, /* for one partition */
    COMMIT_LATE,    /* it arrives later, perhaps after the next */
    COMMIT_FATES
};

/* --- the answer ---------------------------------------------------------------------------------------- */

/* What it means for the membership that it was sent under. */
static void failed(const struct request *request, rd_kafka_resp_err_t err)
{
    rd_kafka_t *client = request->client;
    if (request->member_id != client->member_id)
        return;
    if (err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        client_fenced(client);
    else if (err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
        client_lost(client, rd_kafka_err2name(err), err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

/* What the client has heard: of that it can tell when it is gone. */
static void heard(const struct request *request)
{
    int now = sim.cluster.topics[TOPIC_MAIN].incarnation;
    for (int i = 0; i < request->list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &request->list->elems[i];
        struct toppar *toppar = client_toppar(request->client, one);
        if (one->err == RD_KAFKA_RESP_ERR_NO_ERROR && toppar != NULL && toppar->topic == TOPIC_MAIN &&
            request->knows[one->partition] == now)
            toppar->group_has = now;
    }
}

static void answered(void *context, int64_t err, int64_t b)
{
    struct request *request = context;
    rd_kafka_t *client = request->client;
    (void)b;
    if (!client->alive)
        return;
    if (err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID && request->member_id != client->member_id)
        err = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID; /* of a membership that it has given up itself */
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        heard(request);
    struct op *op = op_new(OP_COMMITTED);
    op->err = (rd_kafka_resp_err_t)err;
    op->list = request->list;
    op->callback = request->callback;
    op->opaque = request->opaque;
    queue_put(request->queue, op);
    failed(request, (rd_kafka_resp_err_t)err);
}

static void answer(struct request *request, rd_kafka_resp_err_t err, int64_t in_us)
{
    for (int i = 0; i < request->list->cnt && err != RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        request->list->elems[i].err = err;
    world_in(in_us, answered, request, (int64_t)err, 0);
}

/* --- at the coordinator -------------------------------------------------------------------------------- */

static rd_kafka_resp_err_t apply_one(const struct request *request, rd_kafka_topic_partition_t *one)
{
    int topic = cluster_topic(one->topic);
    struct log *log = topic >= 0 ? cluster_log(topic, one->partition) : NULL;
    if (log == NULL)
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (one->metadata_size >= METADATA_BYTES)
        return RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    log->committed = one->offset;
    memcpy(log->metadata, one->metadata != NULL ? one->metadata : "", one->metadata_size);
    log->metadata[one->metadata_size] = '\0';
    bool late = request->order < log->committed_order;
    log->committed_order = request->order;
    int knows = request->knows[one->partition];
    world_trace("committed: %s [%d] %lld %s%s", one->topic, (int)one->partition, (long long)one->offset,
                log->metadata, late ? " (late)" : "");
    oracle_committed(request->client->worker, topic, one->partition, late,
                     knows != sim.cluster.topics[TOPIC_MAIN].incarnation);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t apply(struct request *request, int but)
{
    rd_kafka_resp_err_t err = group_check(request->client, request->member_id, request->generation);
    for (int i = 0; i < request->list->cnt; i++)
        request->list->elems[i].err = err != RD_KAFKA_RESP_ERR_NO_ERROR ? err
                                      : i == but                        ? RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT
                                                 : apply_one(request, &request->list->elems[i]);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        world_trace("a commit is refused: %s", rd_kafka_err2name(err));
    return err;
}

static void arrives(void *context, int64_t a, int64_t b);

static void spoil(struct request *request)
{
    enum fate_of_commit fate = (enum fate_of_commit)random_below(&sim.random, COMMIT_FATES);
    int64_t late_us = random_between(&sim.random, 1 * SECOND, 20 * SECOND);
    bool one = request->list->cnt < 2;
    request->judged = true;
    bool undone = sim.plan->commit == COMMIT_MANUAL || sim.plan->commit == COMMIT_AUTO;
    if (fate == COMMIT_LATE && undone)
        fate =
            COMMIT_LOST; /* what it would undo, no consumer can promise; and nobody seals librdkafka's own */
    world_trace("a commit meets %s", fate == COMMIT_LOST      ? "its end"
                                     : fate == COMMIT_UNTOLD  ? "a lost answer"
                                     : fate == COMMIT_REFUSED ? "a refusal"
                                     : fate == COMMIT_PARTIAL ? "a refusal of one partition"
                                                              : "a delay");
    if (fate == COMMIT_LATE) {
        world_in(late_us, arrives, request, 0, 0);
    } else if (fate == COMMIT_LOST) {
        answer(request, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, late_us);
    } else if (fate == COMMIT_REFUSED || (fate == COMMIT_PARTIAL && one)) {
        answer(request, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 1 * MS);
    } else {
        bool partial = fate == COMMIT_PARTIAL;
        int but = partial ? (int)random_below(&sim.random, (uint32_t)request->list->cnt) : -1;
        rd_kafka_resp_err_t err = apply(request, but);
        answer(request, partial ? err : RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, partial ? 1 * MS : late_us);
    }
}

static void arrives(void *context, int64_t a, int64_t b)
{
    struct request *request = context;
    int64_t cut_off_us = request->client->alive ? client_cut_off_until(request->client) : 0;
    (void)a;
    (void)b;
    if (cut_off_us > request->sent_us + GIVE_UP_US)
        answer(request, RD_KAFKA_RESP_ERR__TIMED_OUT, GIVE_UP_US);
    else if (cut_off_us > 0)
        world_at(cut_off_us + MS + (int64_t)request->order, arrives, request, 0,
                 0); /* in their order, before any JoinGroup */
    else if (!request->judged && faults_strike(&sim.faults.commits))
        spoil(request);
    else
        answer(request, apply(request, -1), client_latency_us());
}

/* --- the interface ------------------------------------------------------------------------------------- */

static rd_kafka_topic_partition_list_t *stored(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++) {
            const struct toppar *toppar = &rk->toppars[topic][i];
            if (toppar->assigned && toppar->stored >= 0)
                rd_kafka_topic_partition_list_add(list, sim.cluster.topics[topic].name, i)->offset =
                    toppar->stored;
        }
    return list;
}

static struct request *request_new(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    struct request *request = calloc(1, sizeof *request);
    *request = (struct request){.client = rk,
                                .member_id = rk->member_id,
                                .generation = rk->generation,
                                .order = ++sim.workers.commit_order,
                                .sent_us = sim_now(),
                                .list = list != NULL ? rd_kafka_topic_partition_list_copy(list) : stored(rk),
                                .queue = &rk->consumer_queue};
    for (int i = 0; i < PARTITIONS_MAX; i++) {
        const struct toppar *toppar = &rk->toppars[TOPIC_MAIN][i];
        request->knows[i] =
            toppar->assignment > 0 ? oracle_knows(toppar) : sim.cluster.topics[TOPIC_MAIN].incarnation;
    }
    return request;
}

/* Requests of one client arrive in their order: they share a connection. */
static void travel(struct request *request)
{
    rd_kafka_t *rk = request->client;
    int64_t at_us = sim_now() + client_latency_us();
    rk->arrival_us = at_us > rk->arrival_us ? at_us : rk->arrival_us + 1;
    world_at(rk->arrival_us, arrives, request, 0, 0);
}

static rd_kafka_resp_err_t dispatch(struct request *request)
{
    rd_kafka_t *rk = request->client;
    if (rk->fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
        return RD_KAFKA_RESP_ERR__FATAL;
    if (request->list->cnt == 0)
        answer(request, RD_KAFKA_RESP_ERR__NO_OFFSET, 0);
    else
        travel(request);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The synchronous one has no deadline. */
static rd_kafka_resp_err_t wait_for(struct request *request)
{
    rd_kafka_queue_t *answers = rd_kafka_queue_new(request->client);
    request->queue = answers;
    rd_kafka_resp_err_t err = dispatch(request);
    struct op *op = err == RD_KAFKA_RESP_ERR_NO_ERROR ? queue_wait(answers, INT64_MAX) : NULL;
    if (op != NULL) {
        err = op->err;
        for (int i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && i < op->list->cnt; i++)
            err = op->list->elems[i].err;
        op_free(op);
    }
    rd_kafka_queue_destroy(answers);
    return err;
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets, int async)
{
    world_call("rd_kafka_commit");
    struct request *request = request_new(rk, offsets);
    if (!async)
        return wait_for(request);
    request->callback = rk->conf->committed;
    request->opaque = rk->conf->opaque;
    return dispatch(request);
}

rd_kafka_resp_err_t rd_kafka_commit_queue(
    rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets, rd_kafka_queue_t *queue,
    void (*cb)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *), void *opaque)
{
    world_call("rd_kafka_commit_queue");
    struct request *request = request_new(rk, offsets);
    if (queue == NULL)
        return wait_for(request);
    request->queue = queue;
    request->callback = cb;
    request->opaque = opaque;
    return dispatch(request);
}

/* --- automatically ------------------------------------------------------------------------------------- */

void client_commit_stored(rd_kafka_t *rk, bool wait)
{
    if (!rk->conf->auto_commit || rk->fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    struct request *request = request_new(rk, NULL);
    request->callback = rk->conf->committed;
    request->opaque = rk->conf->opaque;
    if (request->list->cnt == 0)
        return;
    if (wait && client_cut_off_until(rk) == 0)
        answer(request, apply(request, -1), client_latency_us());
    else
        dispatch(request);
}

void client_commit_timer(void *context, int64_t a, int64_t b)
{
    rd_kafka_t *client = context;
    (void)a;
    (void)b;
    if (!client->alive)
        return;
    if (client->worker->frozen_until_us <= sim_now())
        client_commit_stored(client, false);
    world_in(AUTO_COMMIT_US, client_commit_timer, client, 0, 0);
}
