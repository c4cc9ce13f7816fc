/* group.h: a group as its coordinator describes it: who is in it, and what each member has. Asking waits for
 * the answer. Not on the embedded broker, which cannot describe groups: asking it makes librdkafka 2.0.2 wait
 * for a lock that it holds itself. Any thread.
 */
#ifndef KSUPERVISE_CONSUMER_GROUP_H
#define KSUPERVISE_CONSUMER_GROUP_H

#include "common/error.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* The caller destroys; NULL when no answer came in time. An answer may be an error. */
rd_kafka_event_t *group_describe(rd_kafka_t *rk, const char *group, int timeout_ms);

/* The group of an answer without an error; good as long as that is. */
const rd_kafka_ConsumerGroupDescription_t *group_described(rd_kafka_event_t *event);

/* Whether the member has that partition, or with -1 any of the topic. */
bool group_member_owns(const rd_kafka_MemberDescription_t *member, const char *topic, int32_t partition);

/* What goes into a transaction with the group's offsets: who this member is, and of which generation. The
 * broker takes the offsets of nobody at all, too (KIP-447 is for producers that know no generation), so this
 * is NULL where the handle is no member now, or the group has taken its partitions: with the error. The
 * caller destroys it. */
rd_kafka_consumer_group_metadata_t *group_membership(rd_kafka_t *rk, const char *group, struct error *error);

#endif
