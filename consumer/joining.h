/* joining.h: whether this member is on its way into a new generation of its group.
 *
 * With a cooperative assignor a member goes on working while it joins, but a commit that it sends between its
 * JoinGroup and the answer carries the former generation: the broker takes the requests of a connection one
 * after the other, so it gets to the commit in the new one, answers ILLEGAL_GENERATION, and librdkafka gives
 * all partitions up as lost. librdkafka tells nobody that it joins; its interceptors see the requests.
 *
 * The interceptors run on librdkafka's threads; joining_under_way may be called from any.
 */
#ifndef KSUPERVISE_CONSUMER_JOINING_H
#define KSUPERVISE_CONSUMER_JOINING_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

struct joining {
    _Atomic int64_t since_us; /* monotonic, the last answer; INT64_MAX: none yet; 0: it is not joining */
    /* the coordinator: monotonic, 0: never */
    _Atomic int64_t heard_us;   /* its last answer to a heartbeat or a join */
    _Atomic int64_t silence_us; /* the end of its last long silence */
    _Atomic unsigned lapses;    /* heartbeats that it answered after more than a session */
    int64_t long_us;            /* what is long: half a session; set before it watches */
};

/* Watches the handle that is made of this configuration; `joining` outlives it. */
void joining_watch(struct joining *joining, rd_kafka_conf_t *conf);

/* The coordinator was silent for long, or is, and not more than ten seconds ago: the group may have taken
 * this member for dead, though there is no other process. */
bool joining_was_silent(const struct joining *joining);

/* The last answer is older than a session: the group may have given the partitions to others. Not while it
 * joins, when there are no heartbeats. */
bool joining_session_over(const struct joining *joining);

/* How often a heartbeat was answered after more than a session, so far. */
unsigned joining_lapses(const struct joining *joining);

/* Commits are to wait. As long as a request of the join is unanswered: librdkafka tells of each that is not
 * answered in time (max.poll.interval.ms), too. Between two of them not for longer than ten seconds: then it
 * has given the join up.
 */
bool joining_under_way(const struct joining *joining);

#endif
