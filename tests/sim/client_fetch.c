/* Fetching: what is read ahead of the application, partition by partition, and what makes it invalid. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

enum { QUEUED_MAX = 12, FETCH_MAX = 5 };
#define MISSING_US (300 * MS)

static void answered(void *context, int64_t version, int64_t b);

/* --- a partition --------------------------------------------------------------------------------------- */

void toppar_outdate(struct toppar *toppar)
{
    toppar->version++;
    toppar->next = toppar->base;
}

void toppar_stop(struct toppar *toppar)
{
    toppar_outdate(toppar);
    toppar->assigned = toppar->started = false;
    toppar->app = toppar->stored = RD_KAFKA_OFFSET_INVALID;
}

void toppar_begin(struct toppar *toppar, int64_t offset)
{
    toppar->base = offset;
    toppar_outdate(toppar);
    toppar->started = toppar->fresh = true;
    toppar->app = RD_KAFKA_OFFSET_INVALID;
    toppar->eof = -1;
    if (toppar->incarnation != sim.cluster.topics[toppar->topic].incarnation)
        toppar->handed_to = -1; /* other records at the same offsets */
    toppar->incarnation = sim.cluster.topics[toppar->topic].incarnation;
    toppar_fetch(toppar);
}

static bool wants(const struct toppar *toppar)
{
    return toppar->rk->alive && toppar->assigned && toppar->started && !toppar->paused && !toppar->fetching &&
           toppar->queued < QUEUED_MAX;
}

static void put_record(struct toppar *toppar, struct entry *entry)
{
    struct op *op = op_new(OP_MESSAGE);
    op->toppar = toppar;
    op->version = toppar->version;
    op->entry = entry;
    op->topic = toppar->topic;
    op->incarnation = sim.cluster.topics[toppar->topic].incarnation;
    op->timestamp_ms = entry->timestamp_ms;
    op->message.rkt = &toppar->rk->handles[toppar->topic];
    op->message.partition = toppar->partition;
    op->message.offset = entry->offset;
    payload_fill(&op->message, entry, sim.cluster.topics[toppar->topic].incarnation);
    queue_put(&toppar->rk->consumer_queue, op);
}

void client_put_error(rd_kafka_t *client, struct toppar *toppar, rd_kafka_resp_err_t err, int64_t offset,
                      const char *text)
{
    struct op *op = op_new(OP_MESSAGE);
    op->toppar = toppar;
    op->version = toppar != NULL ? toppar->version : 0;
    op->message.err = err;
    op->message.offset = offset;
    op->text = text;
    if (toppar != NULL) {
        op->message.rkt = &client->handles[toppar->topic];
        op->message.partition = toppar->partition;
        op->topic = toppar->topic;
        op->incarnation = sim.cluster.topics[toppar->topic].incarnation;
    }
    queue_put(&client->consumer_queue, op);
}

/* --- the answer to a fetch ----------------------------------------------------------------------------- */

static void out_of_range(struct toppar *toppar)
{
    world_trace("%s [%d] offset %lld is not there", sim.cluster.topics[toppar->topic].name,
                (int)toppar->partition, (long long)toppar->next);
    toppar->started = false;
    oracle_out_of_range(toppar->topic, toppar->partition, toppar->next);
    client_put_error(toppar->rk, toppar, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, toppar->next,
                     "fetch failed due to requested offset not available on the broker");
}

static void read_log(struct toppar *toppar, struct log *log)
{
    int64_t stable = log_stable(log);
    toppar->high = stable;
    for (int taken = 0; toppar->next < stable && taken < FETCH_MAX; toppar->next++) {
        struct entry *entry = &log->entries[toppar->next];
        if (!entry_visible(entry))
            continue;
        put_record(toppar, entry);
        taken++;
    }
    if (log->read_to < toppar->next) {
        log->read_to = toppar->next;
        log->read_us = sim_now();
    }
    if (toppar->next < stable || toppar->eof == toppar->next)
        return;
    toppar->eof = toppar->next;
    if (!toppar->rk->conf->partition_eof)
        return;
    world_trace("[%d] the end, at %lld, is told", (int)toppar->partition, (long long)toppar->next);
    client_put_error(toppar->rk, toppar, RD_KAFKA_RESP_ERR__PARTITION_EOF, toppar->next, "end");
}

/* Told once; then it is looked for. */
static void topic_missing(struct toppar *toppar)
{
    if (toppar->missing) {
        toppar->fetching = true;
        world_in(MISSING_US, answered, toppar, toppar->version, 0);
        return;
    }
    toppar->started = false;
    toppar->missing = true;
    client_put_error(toppar->rk, toppar, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, toppar->next,
                     "unknown topic or partition");
}

static void look_up(struct toppar *toppar, const struct log *log)
{
    if (toppar->next == RD_KAFKA_OFFSET_STORED && log->committed < 0) {
        out_of_range(toppar);
        return;
    }
    if (toppar->next == RD_KAFKA_OFFSET_STORED)
        toppar->next = log->committed;
    else
        toppar->next = toppar->next == RD_KAFKA_OFFSET_BEGINNING ? log->low : log_stable(log);
    toppar->base = toppar->next;
}

static void answered(void *context, int64_t version, int64_t b)
{
    struct toppar *toppar = context;
    struct log *log = cluster_log(toppar->topic, toppar->partition);
    (void)b;
    toppar->fetching = false;
    if (!wants(toppar))
        return;
    if (version != toppar->version || client_cut_off_until(toppar->rk) > 0) {
        toppar_fetch(toppar);
        return;
    }
    if (log == NULL) {
        topic_missing(toppar);
        return;
    }
    toppar->missing = false;
    if (toppar->next < 0)
        look_up(toppar, log);
    if (!toppar->started)
        return;
    if (toppar->next < log->low || toppar->next > log->high) {
        out_of_range(toppar);
        return;
    }
    read_log(toppar, log);
    toppar->idle = toppar->next >= log_stable(log);
    if (!toppar->idle)
        toppar_fetch(toppar);
}

void toppar_fetch(struct toppar *toppar)
{
    if (!wants(toppar))
        return;
    int64_t cut_off_us = client_cut_off_until(toppar->rk);
    int64_t at_us = (cut_off_us > 0 ? cut_off_us : sim_now()) + random_between(&sim.random, 300, 4 * MS);
    toppar->fetching = true;
    toppar->idle = false;
    world_at(at_us, answered, toppar, toppar->version, 0);
}

/* Also when it is gone. */
void client_log_grew(int topic, int32_t partition)
{
    for (int i = 0; i < client_count; i++) {
        struct toppar *toppar = &clients[i]->toppars[topic][partition];
        if (toppar->idle)
            toppar_fetch(toppar);
    }
}

/* --- where the application wants to read --------------------------------------------------------------- */

rd_kafka_resp_err_t rd_kafka_pause_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
    world_call("rd_kafka_pause_partitions");
    for (int i = 0; i < list->cnt; i++) {
        struct toppar *toppar = client_toppar(rk, &list->elems[i]);
        list->elems[i].err =
            toppar != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        if (toppar == NULL)
            continue;
        if (toppar->app != RD_KAFKA_OFFSET_INVALID)
            toppar->base = toppar->app;
        toppar_outdate(toppar);
        toppar->paused = true;
        world_trace("pauses [%d]", (int)toppar->partition);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_resume_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
    world_call("rd_kafka_resume_partitions");
    for (int i = 0; i < list->cnt; i++) {
        struct toppar *toppar = client_toppar(rk, &list->elems[i]);
        list->elems[i].err =
            toppar != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        if (toppar == NULL)
            continue;
        if (toppar->paused || !rk->conf->newest) /* 2.0.2 begins anew even where nothing was paused */
            toppar_outdate(toppar);
        toppar->paused = false;
        toppar_fetch(toppar);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t seek_one(rd_kafka_t *rk, const rd_kafka_topic_partition_t *one)
{
    struct toppar *toppar = client_toppar(rk, one);
    if (toppar == NULL || !toppar->assigned)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (!toppar->started) /* an error has ended it: only an assignment begins anew */
        return RD_KAFKA_RESP_ERR__STATE;
    world_trace("seeks [%d] to %lld", (int)one->partition, (long long)one->offset);
    toppar_begin(toppar, one->offset);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t *rd_kafka_seek_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                           int timeout_ms)
{
    world_call("rd_kafka_seek_partitions");
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = seek_one(rk, &list->elems[i]);
    if (timeout_ms > 0)
        world_work(random_between(&sim.random, 20, 500));
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_position(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct toppar *toppar = client_toppar(rk, &list->elems[i]);
        list->elems[i].offset = toppar != NULL ? toppar->app : RD_KAFKA_OFFSET_INVALID;
        list->elems[i].err =
            toppar != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
