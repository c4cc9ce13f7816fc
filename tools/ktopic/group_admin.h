/* group_admin.h: Kafka's Admin API for consumer groups; its answers as the JSON of group_facts.h. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_GROUP_ADMIN_H
#define KSUPERVISE_TOOLS_KTOPIC_GROUP_ADMIN_H

#include <jansson.h>

#include "tools/ktopic/cluster.h"

/* Appends {"group", "state"} for every group. */
int group_admin_list(const struct kafka_cluster *cluster, json_t *groups, struct error *error);

/* Adds "assignor", "coordinator" and "members" to each of `groups`, and the state where the listing gave
 * none. A group that does not exist is `Dead`, without an error (Kafka's own answer). */
int group_admin_describe(const struct kafka_cluster *cluster, json_t *groups, struct error *error);

/* Adds "partitions" with what is committed: "topic", "partition", "committed", "metadata". A group whose
 * offsets could not be asked gets a warning and none. */
void group_admin_offsets(const struct kafka_cluster *cluster, json_t *groups);

/* A foreign text as JSON: itself when it is UTF-8, otherwise escaped; null for NULL. */
json_t *group_admin_text(const char *text, size_t length);

#endif
