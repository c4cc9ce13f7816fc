/* group.h: the group's coordinator, classic protocol: members with sessions, generations, both kinds of
 * assignors, static members, and commits that are checked as Kafka checks them.
 *
 * What it asks of a client reaches it by a heartbeat, so up to half a second later; what a client asks of it
 * by a request with a latency. */
#ifndef KSUPERVISE_TESTS_SIM_GROUP_H
#define KSUPERVISE_TESTS_SIM_GROUP_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/* As many as there are processes at most (INCARNATIONS): the dead are members until their sessions are over.
 */
enum { MEMBERS_MAX = 96, GROUP_TOPICS = 3, INSTANCE_BYTES = 64 };

/* Partitions, a bit each, by topic. */
struct partition_set {
    uint32_t of[GROUP_TOPICS];
};

struct member {
    bool used;
    int64_t id;
    rd_kafka_t *client;
    char instance[INSTANCE_BYTES]; /* group.instance.id, or "" */
    int topic;                     /* subscribed to */
    bool cooperative;
    bool joining;               /* waits for the next generation */
    struct partition_set owned; /* as it said when it joined */
    struct partition_set assigned;
    uint64_t session; /* an expiry that was set under another number is over */
};

enum group_state { GROUP_STABLE, GROUP_PREPARING };

struct group {
    enum group_state state;
    int generation;
    int64_t last_id;
    uint64_t round; /* of preparing: a deadline that was set for another one is over */
    struct member members[MEMBERS_MAX];
};

void group_init(void);

/* A JoinGroup and SyncGroup: client_joined is the answer. */
void group_join(rd_kafka_t *client);
void group_leave(int64_t member_id);

/* No heartbeat comes from the client for now: its members' sessions begin to run out. */
void group_silent(rd_kafka_t *client);
/* One comes: what it is told, at once. */
void group_heartbeat(rd_kafka_t *client);

/* Whether a commit of that member and generation is taken. */
rd_kafka_resp_err_t group_check(rd_kafka_t *client, int64_t member_id, int generation);

struct member *group_find(int64_t id);
/* To whom the group has given it; NULL: to nobody, now. */
const struct member *group_owner(int topic, int32_t partition);
bool group_empty(void);
/* The topic's partitions have changed, and the group's leader has noticed. */
void group_rebalance(const char *why);

static inline bool set_has(const struct partition_set *set, int topic, int32_t partition)
{
    return (set->of[topic] >> partition & 1) != 0;
}
static inline bool set_empty(const struct partition_set *set)
{
    return (set->of[0] | set->of[1] | set->of[2]) == 0;
}

#endif
