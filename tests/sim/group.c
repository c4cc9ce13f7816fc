#include "tests/sim/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/assignors.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"

#define HEARTBEAT_US (500 * MS)

static struct group *group(void)
{
    return &sim.cluster.group;
}

/* Before the history, the first worker read another topic, and was killed. */
static void add_former(void)
{
    struct rd_kafka_s *client = calloc(1, sizeof *client);
    client->conf = rd_kafka_conf_new();
    snprintf(client->conf->instance, sizeof client->conf->instance, "sim.host.bravo.1");
    struct member *member = &group()->members[0];
    *member = (struct member){.used = true, .id = ++group()->last_id, .client = client, .topic = TOPIC_OTHER};
    memcpy(member->instance, client->conf->instance, sizeof member->instance);
    member->assigned.of[TOPIC_OTHER] = (1u << sim.plan->partitions) - 1;
    client->member_id = member->id;
    group_silent(client);
}

void group_init(void)
{
    *group() = (struct group){.state = GROUP_STABLE};
    if (sim.plan->fixed_members && !sim.plan->cooperative && (sim.plan->features & FEATURE_OTHER_TOPIC))
        add_former();
}

struct member *group_find(int64_t id)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (group()->members[i].used && group()->members[i].id == id)
            return &group()->members[i];
    return NULL;
}

const struct member *group_owner(int topic, int32_t partition)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (group()->members[i].used && (group()->members[i].assigned.of[topic] >> partition & 1) != 0)
            return &group()->members[i];
    return NULL;
}

bool group_empty(void)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (group()->members[i].used)
            return false;
    return true;
}

static struct member *by_instance(const char *instance)
{
    for (int i = 0; i < MEMBERS_MAX && instance[0] != '\0'; i++)
        if (group()->members[i].used && strcmp(group()->members[i].instance, instance) == 0)
            return &group()->members[i];
    return NULL;
}

/* --- heartbeats ---------------------------------------------------------------------------------------- */

static void heartbeat_due(void *context, int64_t a, int64_t b)
{
    (void)a;
    (void)b;
    group_heartbeat(context);
}

static void next_heartbeat(rd_kafka_t *client)
{
    world_in(random_between(&sim.random, 1 * MS, HEARTBEAT_US), heartbeat_due, client, 0, 0);
}

void group_heartbeat(rd_kafka_t *client)
{
    if (!client_hears(client) || client->member_id == -1)
        return;
    if (cluster_away()) {
        next_heartbeat(client);
        return;
    }
    const struct member *member = group_find(client->member_id);
    const struct member *successor = by_instance(client->conf->instance);
    if (member == NULL && successor != NULL)
        client_fenced(client);
    else if (member == NULL)
        client_lost(client, "its session is over", true);
    else if (group()->state == GROUP_PREPARING && !member->joining)
        client_rebalance(client);
}

/* --- sessions ------------------------------------------------------------------------------------------ */

static void remove_member(struct member *member, const char *why)
{
    world_trace("the group removes member %lld: %s", (long long)member->id, why);
    member->used = false;
    group_rebalance(why);
}

static void session_over(void *context, int64_t id, int64_t session)
{
    struct member *member = group_find(id);
    (void)context;
    if (member == NULL || member->session != (uint64_t)session)
        return;
    if (cluster_away()) /* the coordinator is away, too: sessions begin anew with it */
        world_in(member->client->conf->session_us, session_over, NULL, id, session);
    else
        remove_member(member, "its session is over");
}

void group_silent(rd_kafka_t *client)
{
    struct member *member = group_find(client->member_id);
    if (member != NULL && member->client == client)
        world_in(client->conf->session_us, session_over, NULL, member->id, (int64_t)++member->session);
}

void group_leave(int64_t member_id)
{
    struct member *member = group_find(member_id);
    if (member != NULL)
        remove_member(member, "it leaves");
}

/* --- a generation -------------------------------------------------------------------------------------- */

static void joined(void *context, int64_t id, int64_t generation)
{
    rd_kafka_t *client = context;
    const struct member *member = group_find(id);
    if (member == NULL || member->client != client || generation != group()->generation)
        return;
    if (member->joining) /* it has asked once more meanwhile, and waits for the answer to that */
        return;
    client_joined(client, id, (int)generation, &member->assigned);
}

static void answer(struct member *member)
{
    member->session++; /* who has joined is alive */
    member->client->member_id = member->id;
    world_in(random_between(&sim.random, 1 * MS, 20 * MS), joined, member->client, member->id,
             group()->generation);
    if (!client_hears(member->client))
        group_silent(member->client);
}

static void complete(void)
{
    group()->state = GROUP_STABLE;
    group()->generation++;
    assignors_assign(group());
    world_trace("the group is at generation %d", group()->generation);
    for (int i = 0; i < MEMBERS_MAX; i++) {
        struct member *member = &group()->members[i];
        if (!member->used)
            continue;
        member->joining = false;
        answer(member);
    }
}

static bool all_joining(void)
{
    bool some = false;
    for (int i = 0; i < MEMBERS_MAX; i++) {
        if (group()->members[i].used && !group()->members[i].joining)
            return false;
        some = some || group()->members[i].used;
    }
    return some;
}

/* Whoever has not joined when the time is up is a member no more. */
static void deadline(void *context, int64_t round, int64_t b)
{
    (void)context;
    (void)b;
    if (group()->state != GROUP_PREPARING || group()->round != (uint64_t)round)
        return;
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (group()->members[i].used && !group()->members[i].joining)
            group()->members[i].used = false;
    if (all_joining())
        complete();
}

static int64_t rebalance_timeout_us(void)
{
    int64_t longest = 0;
    for (int i = 0; i < MEMBERS_MAX; i++)
        if (group()->members[i].used && group()->members[i].client->conf->max_poll_us > longest)
            longest = group()->members[i].client->conf->max_poll_us;
    return longest;
}

void group_rebalance(const char *why)
{
    if (group()->state == GROUP_STABLE) {
        world_trace("the group rebalances: %s", why);
        group()->state = GROUP_PREPARING;
        world_in(rebalance_timeout_us(), deadline, NULL, (int64_t)++group()->round, 0);
        for (int i = 0; i < MEMBERS_MAX; i++)
            if (group()->members[i].used)
                next_heartbeat(group()->members[i].client);
    }
    if (all_joining())
        complete();
}

/* --- joining ------------------------------------------------------------------------------------------- */

static struct member *new_member(rd_kafka_t *client)
{
    for (int i = 0; i < MEMBERS_MAX; i++) {
        struct member *member = &group()->members[i];
        if (member->used)
            continue;
        *member = (struct member){.used = true, .id = ++group()->last_id, .client = client};
        memcpy(member->instance, client->conf->instance, sizeof member->instance);
        return member;
    }
    return NULL;
}

/* A static member's successor takes its place and its assignment, and the others see nothing of it. Kafka
 * does not look at what it subscribes to. */
static void subscription_changed(void *context, int64_t a, int64_t b)
{
    (void)context;
    (void)a;
    (void)b;
    group_rebalance("a subscription has changed");
}

static void replace(struct member *member, rd_kafka_t *client)
{
    rd_kafka_t *former = member->client;
    world_trace("member %lld (%s) is replaced", (long long)member->id, member->instance);
    member->client = client;
    member->id = ++group()->last_id;
    if (member->topic != client->topic || member->cooperative) /* or what moved stays nobody's */
        world_in(random_between(&sim.random, 1 * SECOND, 10 * SECOND), subscription_changed, NULL, 0, 0);
    member->topic = client->topic;
    member->session++;
    if (former != client)
        next_heartbeat(former);
    if (group()->state == GROUP_STABLE) {
        answer(member);
        return;
    }
    member->joining = true;
    member->owned = (struct partition_set){0};
    client->member_id = member->id;
    group_rebalance("a static member is back");
}

void group_join(rd_kafka_t *client)
{
    struct member *member = group_find(client->member_id);
    struct member *former = by_instance(client->conf->instance);
    client->away_from_group = false;
    if (member == NULL && former != NULL && client->member_id != -1) {
        client_fenced(client); /* it was replaced */
        return;
    }
    if (member == NULL && client->member_id != -1) {
        client_lost(client, "its session is over", true);
        return;
    }
    if (member == NULL && former != NULL) {
        replace(former, client);
        return;
    }
    if (member == NULL)
        member = new_member(client);
    if (member == NULL)
        return;
    client->member_id = member->id;
    member->session++;
    member->joining = true;
    member->topic = client->topic;
    member->cooperative = client->conf->cooperative;
    member->owned = client->owned;
    group_rebalance("a member joins");
}

/* --- commits ------------------------------------------------------------------------------------------- */

rd_kafka_resp_err_t group_check(rd_kafka_t *client, int64_t member_id, int generation)
{
    const struct member *member = group_find(member_id);
    if (member == NULL && (by_instance(client->conf->instance) != NULL || client->away_from_group))
        return RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    /* Without members Kafka takes a commit of nobody: that is how offsets are set by hand. */
    if (member_id == -1 && group_empty())
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (member == NULL)
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (generation != group()->generation)
        return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
