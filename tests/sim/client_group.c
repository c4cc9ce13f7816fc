/* Membership as a client sees it: subscribing, the callbacks that give and take, leaving. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

#define LEAVE_US (15 * MS) /* FACTS: a LeaveGroup is sent some milliseconds after the revoke */

/* --- joining ------------------------------------------------------------------------------------------- */

static void ask_to_join(void *context, int64_t a, int64_t b)
{
    rd_kafka_t *client = context;
    (void)a;
    (void)b;
    if (!client->alive || client->state != JOIN_ASKED || client->closing)
        return;
    int64_t cut_off_us = client_cut_off_until(client);
    if (cut_off_us > 0) {
        world_at(cut_off_us + random_between(&sim.random, 5 * MS, 300 * MS), ask_to_join, client, 0, 0);
    } else {
        client->asked = true;
        client_tell_joining(client, true);
        group_join(client);
    }
}

static void join(rd_kafka_t *client)
{
    client->state = JOIN_ASKED;
    client->noticed = client->doomed = client->asked = false;
    world_in(client_latency_us(), ask_to_join, client, 0, 0);
}

void client_join_again(rd_kafka_t *client)
{
    join(client);
}

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *topics)
{
    world_call("rd_kafka_subscribe");
    rk->topic = cluster_topic(topics->elems[0].topic);
    rk->leaving = false;
    join(rk);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void put_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t err, const struct partition_set *set)
{
    struct op *op = op_new(OP_REBALANCE);
    op->err = err;
    op->list = list_of_set(set);
    client->state = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? JOIN_GIVING : JOIN_TAKING;
    queue_put(&client->consumer_queue, op);
}

static struct partition_set without(const struct partition_set *a, const struct partition_set *b)
{
    struct partition_set left;
    for (int i = 0; i < GROUP_TOPICS; i++)
        left.of[i] = a->of[i] & ~b->of[i];
    return left;
}

void client_joined(rd_kafka_t *client, int64_t member_id, int generation, const struct partition_set *given)
{
    if (!client_hears(client) || client->state != JOIN_ASKED || !client->asked ||
        client->member_id != member_id)
        return;
    client->generation = generation;
    client_tell_joining(client, false);
    if (!client->conf->cooperative) {
        client->owned = *given;
        put_rebalance(client, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, given);
        return;
    }
    struct partition_set taken = without(&client->owned, given);
    client->added = without(given, &client->owned);
    client->owned = *given;
    client->rejoin = !set_empty(&taken);
    if (client->rejoin)
        put_rebalance(client, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, &taken);
    else
        put_rebalance(client, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, &client->added);
}

/* --- taken and lost ------------------------------------------------------------------------------------ */

static void take_all(rd_kafka_t *client)
{
    struct partition_set all = client->owned;
    client->rejoin = false;
    client->added = client->owned = (struct partition_set){0};
    put_rebalance(client, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, &all);
}

void client_rebalance(rd_kafka_t *client)
{
    if (client->leaving || client->closing || client->fatal != RD_KAFKA_RESP_ERR_NO_ERROR ||
        client->poll_exceeded)
        return;
    if (client->state != JOIN_STEADY) {
        client->noticed = true;
        return;
    }
    if (client->conf->cooperative || set_empty(&client->owned))
        join(client);
    else
        take_all(client);
}

/* What it has is somebody else's: it hears of it, and joins anew. While a callback is due already, that one
 * is the last of this membership. */
void client_lost(rd_kafka_t *client, const char *why, bool unknown)
{
    if (!client->alive || client->member_id == -1 || client->closing || client->leaving || client->doomed)
        return;
    world_trace("%s has lost its assignment: %s", client->worker->name, why);
    if (unknown)
        client->member_id = -1;
    client->lost = client->doomed = true;
    if (client->state == JOIN_STEADY || client->state == JOIN_ASKED) {
        if (set_empty(&client->owned))
            join(client);
        else
            take_all(client);
    } else {
        client->noticed = true;
    }
}

void client_fenced(rd_kafka_t *client)
{
    if (!client->alive || client->fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    world_trace("%s is fenced", client->worker->name);
    client->fatal = RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    client->lost = true;
    client_put_error(client, NULL, RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_OFFSET_INVALID,
                     "Fatal error: FENCED_INSTANCE_ID");
}

/* --- leaving ------------------------------------------------------------------------------------------- */

static void leave(void *context, int64_t member_id, int64_t b)
{
    const rd_kafka_t *client = context;
    (void)b;
    /* A static member that closes at once has not sent it yet. */
    if (client->alive && (!client->closing || client->conf->instance[0] == '\0'))
        group_leave(member_id);
}

/* A callback was served: what follows from it. */
static void go_on(rd_kafka_t *client)
{
    client->lost = false;
    if (client->closing || client->fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
        client->state = JOIN_OUT;
        return;
    }
    if (client->leaving) {
        client->state = JOIN_OUT;
        world_in(LEAVE_US, leave, client, client->member_id, 0);
        return;
    }
    if (client->poll_exceeded) {
        client->state = JOIN_OUT; /* until the application polls again */
        return;
    }
    join(client);
}

void client_assigned_done(rd_kafka_t *client, bool given)
{
    if (!client->in_rebalance)
        return;
    if (given && client->state == JOIN_GIVING) {
        client->state = JOIN_STEADY;
        client->lost = client->doomed;
        if (client->lost && !set_empty(&client->owned))
            take_all(client);
        else if (client->rejoin || client->lost || (client->noticed && client->conf->cooperative))
            join(client);
        else if (client->noticed)
            client_rebalance(client);
        client->rejoin = client->noticed = false;
    } else if (!given && client->state == JOIN_TAKING) {
        if (client->rejoin && !client->doomed && !client->leaving && !client->closing)
            put_rebalance(client, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, &client->added);
        else if (client->doomed && !set_empty(&client->owned)) /* what it had kept is lost, too */
            take_all(client);
        else
            go_on(client);
    }
}

rd_kafka_resp_err_t rd_kafka_unsubscribe(rd_kafka_t *rk)
{
    world_call("rd_kafka_unsubscribe");
    rk->leaving = true;
    if (rk->state == JOIN_STEADY && !set_empty(&rk->owned))
        take_all(rk);
    else if (rk->state == JOIN_STEADY || rk->state == JOIN_ASKED)
        go_on(rk);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* --- what the application does with it ----------------------------------------------------------------- */

struct toppar *client_toppar(rd_kafka_t *client, const rd_kafka_topic_partition_t *one)
{
    int topic = cluster_topic(one->topic);
    return topic >= 0 && one->partition >= 0 && one->partition < PARTITIONS_MAX
               ? &client->toppars[topic][one->partition]
               : NULL;
}

static void begin_one(rd_kafka_t *rk, const rd_kafka_topic_partition_t *one)
{
    struct toppar *toppar = client_toppar(rk, one);
    if (toppar == NULL)
        return;
    toppar->assigned = true;
    if (rk->in_rebalance) { /* the application may also assign anew what it has */
        toppar->assignment++;
        toppar->handed_to = -1;
        toppar->worked = toppar->forgot = toppar->told_missing = false;
        toppar->knew = 0;
        toppar->seen = false;
        toppar->knows = sim.cluster.topics[toppar->topic].incarnation;
        oracle_begins(toppar, one->offset);
    } else if (one->offset < toppar->handed_to) {
        toppar->handed_to = one->offset;
    }
    world_trace("reads [%d] from %lld%s", (int)one->partition, (long long)one->offset,
                toppar->paused ? ", when it is resumed" : "");
    toppar_begin(toppar, one->offset);
}

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    world_call("rd_kafka_assign");
    client_commit_stored(rk, true);
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++)
            if (rk->toppars[topic][i].assigned)
                toppar_stop(&rk->toppars[topic][i]);
    for (int i = 0; list != NULL && i < list->cnt; i++)
        begin_one(rk, &list->elems[i]);
    client_assigned_done(rk, list != NULL);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* What stays is outdated by an incremental step. Before 2.1 its position can jump over what had been fetched
 * and was not handed out. */
static void disturb_kept(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++) {
            struct toppar *toppar = &rk->toppars[topic][i];
            const char *name = sim.cluster.topics[topic].name;
            if (!toppar->assigned || rd_kafka_topic_partition_list_find(list, name, i))
                continue;
            bool jumps = !rk->conf->newest && (sim.plan->features & FEATURE_JUMPS) && toppar->queued > 0 &&
                         toppar->next > 0 && random_percent(&sim.random, 50);
            if (jumps)
                toppar->base =
                    random_between(&sim.random, toppar->app > 0 ? toppar->app : toppar->base, toppar->next);
            else if (toppar->app != RD_KAFKA_OFFSET_INVALID)
                toppar->base = toppar->app;
            toppar->jumped |= jumps;
            if (jumps)
                world_trace("jumps [%d] to %lld", i, (long long)toppar->base);
            toppar_outdate(toppar);
            toppar_fetch(toppar);
        }
}

rd_kafka_error_t *rd_kafka_incremental_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    world_call("rd_kafka_incremental_assign");
    disturb_kept(rk, list);
    for (int i = 0; i < list->cnt; i++)
        begin_one(rk, &list->elems[i]);
    client_assigned_done(rk, true);
    return NULL;
}

rd_kafka_error_t *rd_kafka_incremental_unassign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    world_call("rd_kafka_incremental_unassign");
    client_commit_stored(rk, true);
    for (int i = 0; i < list->cnt; i++) {
        struct toppar *toppar = client_toppar(rk, &list->elems[i]);
        if (toppar != NULL && toppar->assigned)
            toppar_stop(toppar);
    }
    disturb_kept(rk, list);
    client_assigned_done(rk, false);
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_assignment(rd_kafka_t *rk, rd_kafka_topic_partition_list_t **list)
{
    struct partition_set set = {0};
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++)
            set.of[topic] |= (uint32_t)rk->toppars[topic][i].assigned << i;
    *list = list_of_set(&set);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int rd_kafka_assignment_lost(rd_kafka_t *rk)
{
    return rk->lost;
}

const char *rd_kafka_rebalance_protocol(rd_kafka_t *rk)
{
    return rk->conf->cooperative ? "COOPERATIVE" : "EAGER";
}

char *rd_kafka_memberid(const rd_kafka_t *rk)
{
    char text[32];
    snprintf(text, sizeof text, "member-%lld", (long long)rk->member_id);
    return strdup(text);
}

/* --- the end ------------------------------------------------------------------------------------------- */

/* For a sink in the group, of which there is none here. */
rd_kafka_consumer_group_metadata_t *rd_kafka_consumer_group_metadata(rd_kafka_t *rk)
{
    (void)rk;
    return NULL;
}

rd_kafka_consumer_group_metadata_t *rd_kafka_consumer_group_metadata_new(const char *group)
{
    (void)group;
    return NULL;
}

void rd_kafka_consumer_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *metadata)
{
    (void)metadata;
}

rd_kafka_error_t *rd_kafka_consumer_group_metadata_write(const rd_kafka_consumer_group_metadata_t *metadata,
                                                         void **bytes, size_t *length)
{
    (void)metadata;
    *bytes = NULL;
    *length = 0;
    return NULL;
}

static void stop_all(rd_kafka_t *rk)
{
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++)
            if (rk->toppars[topic][i].assigned)
                toppar_stop(&rk->toppars[topic][i]);
}

rd_kafka_resp_err_t rd_kafka_consumer_close(rd_kafka_t *rk)
{
    world_call("rd_kafka_consumer_close");
    int64_t until_us = sim_now() + 10 * SECOND;
    if ((rk->state == JOIN_STEADY || rk->state == JOIN_ASKED) && !set_empty(&rk->owned))
        take_all(rk);
    rk->closing = true;
    while (rk->state == JOIN_TAKING || rk->state == JOIN_GIVING) {
        struct op *op = queue_wait(&rk->consumer_queue, until_us);
        if (op == NULL && sim_now() >= until_us)
            break;
        if (op != NULL && !op_serve(rk, op))
            op_free(op);
        if (op != NULL && rk->state == JOIN_STEADY && !set_empty(&rk->owned))
            take_all(rk);
    }
    stop_all(rk);
    if (rk->conf->instance[0] == '\0' && rk->member_id != -1 && client_cut_off_until(rk) == 0)
        group_leave(rk->member_id);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
