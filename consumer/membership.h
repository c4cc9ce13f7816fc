/* membership.h: joining a group and leaving it for good; and how a static member of one that uses the
 * consumer protocol (KIP-848) is replaced at once, and leaves.
 *
 * Under that protocol a broker gives a group.instance.id to nobody else before its owner's session is over
 * (45 s), and librdkafka leaves for a while only, so that the partitions wait as long after a stop. But a
 * member that joins by the classic protocol, which a broker lets into such a group (KIP-848's migration),
 * replaces the previous owner of its id at once, and may leave for good: 80 ms and 0.2 s measured with Kafka
 * 4.3 and librdkafka 2.16. A broker with group.consumer.migration.policy=disabled refuses it; then the
 * session is waited for.
 */
#ifndef KSUPERVISE_CONSUMER_MEMBERSHIP_H
#define KSUPERVISE_CONSUMER_MEMBERSHIP_H

#include "consumer/consumer.h"

/* Subscribes. The answer is the rebalance callback's. 0, or -1 with the error. */
int membership_join(rd_kafka_t *rk, const char *topic, struct error *error);

/* Rejoins, so that the leader assigns again; nothing less makes a member that has led the group all along do
 * so. A cooperative member gives up its partitions first: librdkafka rejoins at once only with an eager
 * assignor. */
void membership_rejoin(struct consumer *consumer);

/* Leaves the group, so that the others need not wait for its session. *owned is the number of its partitions,
 * kept by its rebalance callback: none of them is processed any more. Blocks until they are revoked, and a
 * moment more; some seconds at most. */
void membership_leave(rd_kafka_t *rk, const size_t *owned);

/* A member's exit code after a fatal error: kafka_exit_code, except for three errors that mean something else
 * to a member. A member that may not take over an id has to wait. A fenced member has lost its
 * group.instance.id to another process, or the broker only thinks so: a broker that was killed under load has
 * come back with its group as it was before our process joined (Kafka 4.3), so that the successor of a process
 * killed shortly before was fenced by the dead one. Then there is no rival, and the next process gets the id.
 * An outage just before, or a coordinator that was silent for long, shows that case. And a member whose
 * max.poll.interval.ms ran out has left the group by itself: the broker calls that fenced too. */
int membership_exit_code(const struct consumer *consumer, rd_kafka_resp_err_t err);

/* Whether this process, which is leaving, must end its membership through a second, classic member. While it
 * has its handle. */
bool membership_must_force_leave(const struct consumer *consumer);

/* Replaces the member that settings->instance_id names, and leaves. Blocks for some tenths of a second, some
 * seconds at most; a failure is logged, and makes the others wait for a session. False: its handle has not
 * ended, as in destroy.h. */
bool membership_force_leave(const struct settings *settings);

/* Closes and destroys the consumer's handle and its queue, gives up a membership that the broker would keep
 * (must_force_leave), and logs it if the group could not be told. What does not end in some seconds is
 * abandoned: end.abandoned. Does nothing without a handle. */
void membership_end(struct consumer *consumer);

#endif
