/* The handle: configuration, making and destroying, fatal errors, the poll interval, and what becomes of it
 * with its process. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

enum { CLIENTS_MAX = 2 * INCARNATIONS };

rd_kafka_t *clients[CLIENTS_MAX];
int client_count;

void clients_init(void)
{
    client_count = 0;
}

/* --- configuration ------------------------------------------------------------------------------------- */

rd_kafka_conf_t *rd_kafka_conf_new(void)
{
    rd_kafka_conf_t *conf = calloc(1, sizeof *conf);
    *conf = (struct rd_kafka_conf_s){.session_us = 45 * SECOND,
                                     .max_poll_us = 300 * SECOND,
                                     .auto_commit = true,
                                     .auto_store = true,
                                     .newest = sim.plan->newest};
    return conf;
}

void rd_kafka_conf_destroy(rd_kafka_conf_t *conf)
{
    (void)conf; /* the handle may have it */
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, char *why,
                                      size_t bytes)
{
    (void)why;
    (void)bytes;
    if (is(name, "group.id"))
        snprintf(conf->group, sizeof conf->group, "%s", value);
    else if (is(name, "group.instance.id"))
        snprintf(conf->instance, sizeof conf->instance, "%s", value);
    else if (is(name, "session.timeout.ms"))
        conf->session_us = strtoll(value, NULL, 10) * MS;
    else if (is(name, "max.poll.interval.ms"))
        conf->max_poll_us = strtoll(value, NULL, 10) * MS;
    else if (is(name, "partition.assignment.strategy"))
        conf->cooperative = is(value, "cooperative-sticky");
    else if (is(name, "enable.auto.commit"))
        conf->auto_commit = is(value, "true");
    else if (is(name, "enable.auto.offset.store"))
        conf->auto_store = is(value, "true");
    else if (is(name, "enable.partition.eof"))
        conf->partition_eof = is(value, "true");
    return RD_KAFKA_CONF_OK;
}

rd_kafka_conf_res_t rd_kafka_conf_get(const rd_kafka_conf_t *conf, const char *name, char *value,
                                      size_t *bytes)
{
    if (is(name, "max.poll.interval.ms"))
        snprintf(value, *bytes, "%lld", (long long)(conf->max_poll_us / MS));
    else if (is(name, "session.timeout.ms"))
        snprintf(value, *bytes, "%lld", (long long)(conf->session_us / MS));
    else
        return RD_KAFKA_CONF_UNKNOWN;
    return RD_KAFKA_CONF_OK;
}

void rd_kafka_conf_enable_sasl_queue(rd_kafka_conf_t *conf, int enable)
{
    (void)conf;
    (void)enable;
}

rd_kafka_error_t *rd_kafka_sasl_background_callbacks_enable(rd_kafka_t *rk)
{
    (void)rk;
    return NULL;
}

const char *rd_kafka_version_str(void)
{
    return "simulated";
}

void rd_kafka_conf_set_log_cb(rd_kafka_conf_t *conf,
                              void (*log_cb)(const rd_kafka_t *, int, const char *, const char *))
{
    (void)conf;
    (void)log_cb;
}

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque)
{
    conf->opaque = opaque;
}

void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t *conf,
                                    void (*rebalance_cb)(rd_kafka_t *, rd_kafka_resp_err_t,
                                                         rd_kafka_topic_partition_list_t *, void *))
{
    conf->rebalance = rebalance_cb;
}

void rd_kafka_conf_set_offset_commit_cb(rd_kafka_conf_t *conf,
                                        void (*commit_cb)(rd_kafka_t *, rd_kafka_resp_err_t,
                                                          rd_kafka_topic_partition_list_t *, void *))
{
    conf->committed = commit_cb;
}

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf,
                                void (*error_cb)(rd_kafka_t *, int, const char *, void *))
{
    conf->error = error_cb;
}

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
                                 void (*dr_cb)(rd_kafka_t *, const rd_kafka_message_t *, void *))
{
    conf->delivered = dr_cb;
}

void rd_kafka_conf_properties_show(FILE *stream)
{
    (void)stream;
}

const rd_kafka_conf_t *rd_kafka_conf(rd_kafka_t *rk)
{
    return rk->conf;
}

int rd_kafka_version(void)
{
    return sim.plan->newest ? 0x020b00ff : 0x020002ff;
}

/* --- the poll interval --------------------------------------------------------------------------------- */

/* librdkafka leaves the group by itself; FACTS: a static member, too. */
static void exceed(rd_kafka_t *client)
{
    world_trace("%s exceeds max.poll.interval.ms", client->worker->name);
    oracle_fail(RULE_EXCEEDED, "%s, in %s", client->worker->name, client->worker->call);
    client->poll_exceeded = true;
    client->away_from_group = client->conf->instance[0] != '\0';
    client_put_error(client, NULL, RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, RD_KAFKA_OFFSET_INVALID,
                     "Application maximum poll interval exceeded");
    group_leave(client->member_id);
    client_lost(client, "it did not poll", true);
}

static void look_at_polls(void *context, int64_t a, int64_t b)
{
    rd_kafka_t *client = context;
    int64_t due_us = client->polled_us + client->conf->max_poll_us;
    (void)a;
    (void)b;
    if (!client->alive || client->closing)
        return;
    bool frozen = client->worker->frozen_until_us > sim_now();
    if (frozen || due_us > sim_now() || client->state == JOIN_OUT || client->poll_exceeded) {
        int64_t next_us = frozen ? client->worker->frozen_until_us + SECOND : due_us;
        world_at(next_us > sim_now() + SECOND ? next_us : sim_now() + SECOND, look_at_polls, client, 0, 0);
        return;
    }
    exceed(client);
    world_in(client->conf->max_poll_us, look_at_polls, client, 0, 0);
}

void client_poll_done(rd_kafka_t *client)
{
    client->polled_us = sim_now();
    if (!client->poll_exceeded)
        return;
    client->poll_exceeded = false;
    if (client->state == JOIN_OUT && !client->leaving && !client->closing)
        client_join_again(client);
}

/* --- making and destroying ----------------------------------------------------------------------------- */

rd_kafka_resp_err_t rd_kafka_last_error(void)
{
    return RD_KAFKA_RESP_ERR_NO_ERROR; /* a handle can always be made here */
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t bytes)
{
    (void)why;
    (void)bytes;
    world_call("rd_kafka_new");
    rd_kafka_t *rk = calloc(1, sizeof *rk);
    *rk = (struct rd_kafka_s){.type = type,
                              .conf = conf,
                              .worker = sim.workers.current,
                              .alive = true,
                              .topic = -1,
                              .member_id = -1,
                              .generation = -1,
                              .polled_us = sim_now()};
    queue_init(&rk->consumer_queue, rk);
    queue_init(&rk->main_queue, rk);
    for (int topic = 0; topic < TOPICS; topic++) {
        rk->handles[topic].topic = topic;
        for (int i = 0; i < PARTITIONS_MAX; i++)
            rk->toppars[topic][i] = (struct toppar){.rk = rk,
                                                    .topic = topic,
                                                    .partition = i,
                                                    .high = RD_KAFKA_OFFSET_INVALID,
                                                    .stored = RD_KAFKA_OFFSET_INVALID,
                                                    .app = RD_KAFKA_OFFSET_INVALID};
    }
    if (type == RD_KAFKA_CONSUMER) {
        rk->worker->rk = rk;
        world_in(conf->max_poll_us, look_at_polls, rk, 0, 0);
    }
    if (type == RD_KAFKA_CONSUMER && conf->auto_commit)
        world_in(5 * SECOND, client_commit_timer, rk, 0, 0);
    if (client_count < CLIENTS_MAX)
        clients[client_count++] = rk;
    if (conf->on_new != NULL)
        conf->on_new(rk, conf, conf->on_new_opaque, NULL, 0);
    return rk;
}

static void forget(rd_kafka_t *rk)
{
    rk->alive = false;
    for (int i = 0; i < client_count; i++)
        if (clients[i] == rk)
            clients[i] = clients[--client_count];
    if (rk->type == RD_KAFKA_CONSUMER)
        group_silent(rk);
}

void rd_kafka_destroy(rd_kafka_t *rk)
{
    world_call("rd_kafka_destroy");
    forget(rk);
}

void rd_kafka_destroy_flags(rd_kafka_t *rk, int flags)
{
    (void)flags;
    rd_kafka_destroy(rk);
}

void *rd_kafka_opaque(const rd_kafka_t *rk)
{
    return rk->conf->opaque;
}

/* Interceptors: of requests, JoinGroup and SyncGroup are told. */

rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_new(rd_kafka_conf_t *conf, const char *name,
                                                         rd_kafka_interceptor_f_on_new_t *on_new,
                                                         void *opaque)
{
    (void)name;
    conf->on_new = on_new;
    conf->on_new_opaque = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_interceptor_add_on_request_sent(rd_kafka_t *rk, const char *name,
                                                             rd_kafka_interceptor_f_on_request_sent_t *sent,
                                                             void *opaque)
{
    (void)name;
    rk->on_sent = sent;
    rk->interceptor_opaque = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_interceptor_add_on_response_received(
    rd_kafka_t *rk, const char *name, rd_kafka_interceptor_f_on_response_received_t *received, void *opaque)
{
    (void)name;
    rk->on_received = received;
    rk->interceptor_opaque = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

enum { API_JOIN_GROUP = 11, API_SYNC_GROUP = 14 };

void client_tell_joining(rd_kafka_t *rk, bool begins)
{
    if (begins && rk->on_sent != NULL)
        rk->on_sent(rk, 0, "simulated", 1, API_JOIN_GROUP, 5, 0, 0, rk->interceptor_opaque);
    if (!begins && rk->on_received != NULL)
        rk->on_received(rk, 0, "simulated", 1, API_SYNC_GROUP, 5, 0, 0, 0, RD_KAFKA_RESP_ERR_NO_ERROR,
                        rk->interceptor_opaque);
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    (void)rk;
    free(memory);
}

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *why, size_t bytes)
{
    if (rk->fatal != RD_KAFKA_RESP_ERR_NO_ERROR && why != NULL)
        snprintf(why, bytes, "another member took the group.instance.id");
    return rk->fatal;
}

/* --- with its process ---------------------------------------------------------------------------------- */

bool client_hears(const rd_kafka_t *client)
{
    return client->alive && client->worker->frozen_until_us <= sim_now() &&
           client->isolated_until_us <= sim_now() && client->fatal == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void client_process_gone(struct worker *worker)
{
    for (int i = client_count - 1; i >= 0; i--)
        if (clients[i]->worker == worker)
            forget(clients[i]);
}

static void back(void *context, int64_t a, int64_t b)
{
    rd_kafka_t *client = context;
    struct member *member = group_find(client->member_id);
    (void)a;
    (void)b;
    if (!client->alive || !client_hears(client))
        return;
    if (member != NULL && member->client == client)
        member->session++;           /* in time */
    if (client->state == JOIN_ASKED) /* the answer may have been lost */
        client_join_again(client);
    else
        group_heartbeat(client);
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++)
            toppar_fetch(&client->toppars[topic][i]);
}

void client_process_frozen(struct worker *worker)
{
    for (int i = 0; i < client_count; i++)
        if (clients[i]->worker == worker && clients[i]->type == RD_KAFKA_CONSUMER) {
            group_silent(clients[i]);
            world_at(worker->frozen_until_us + random_between(&sim.random, 1 * MS, 500 * MS), back,
                     clients[i], 0, 0);
        }
}

void client_isolate(rd_kafka_t *client, int64_t us)
{
    if (client->isolated_until_us > sim_now() + us) /* what is under way waits for that end, in its order */
        return;
    client->isolated_until_us = sim_now() + us;
    group_silent(client);
    world_at(client->isolated_until_us + random_between(&sim.random, 1 * MS, 500 * MS), back, client, 0, 0);
}

/* The group's leader sees it with its next look at the metadata, and lets the group join anew. */
static void leader_looks(void *context, int64_t topic, int64_t b)
{
    (void)context;
    (void)topic;
    (void)b;
    group_rebalance("the topic has changed");
}

void client_topic_changed(int topic)
{
    world_in(random_between(&sim.random, 200 * MS, 10 * SECOND), leader_looks, NULL, topic, 0);
}

void client_tell_error(rd_kafka_t *client, rd_kafka_resp_err_t err, const char *text)
{
    struct op *op = op_new(OP_ERROR);
    op->err = err;
    op->text = text;
    queue_put(&client->consumer_queue, op);
}
