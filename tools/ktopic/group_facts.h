/* group_facts.h: what a Kafka knows of its consumer groups, gathered from the Admin API and the topics' ends
 * into JSON, from which both ways to show it are made.
 *
 *   {"group": "g", "state": "Stable", "assignor": "range", "coordinator": 1,
 *    "members": [{"member": "…", "client": "bravo", "host": "/127.0.0.1", "instance": "…" or null,
 *                 "assignment": [{"topic": "orders", "partition": 0}]}],
 *    "partitions": [{"topic": "orders", "partition": 0, "committed": 12, "low": 0, "end": 15, "lag": 3,
 *                    "member": "…" or null, "metadata": "…" or null}]}
 *
 * `partitions` are those with a committed offset and those that are assigned, by topic and number. What is
 * unknown is null: a lag without a committed offset, the end of a
 * partition without a leader. `metadata` is the text
 * that stands beside the committed offset. A text that is no UTF-8 comes escaped, \xNN.
 */
#ifndef KSUPERVISE_TOOLS_KTOPIC_GROUP_FACTS_H
#define KSUPERVISE_TOOLS_KTOPIC_GROUP_FACTS_H

#include <jansson.h>

#include "tools/ktopic/cluster.h"

/* All groups, by name; the caller owns it. NULL with the error. A broker that does not answer for its groups
 * is told in a warning. */
json_t *group_facts_all(const struct kafka_cluster *cluster, struct error *error);

/* One group. NULL with the error; one that does not exist is an error that suggests the nearest. */
json_t *group_facts_one(const struct kafka_cluster *cluster, const char *name, struct error *error);

/* The sum over the partitions; null when one of the committed ones is unknown, or nothing is committed. */
json_t *group_facts_lag(const json_t *group);

/* The topics among the partitions, each once: an array of strings. */
json_t *group_facts_topics(const json_t *group);

#endif
