/* names.h: the names that users give, and what may stand in them. One rule for clients and instances, because
 * both become parts of file names, shared-memory names and group.instance.id. */
#ifndef KSUPERVISE_COMMON_NAMES_H
#define KSUPERVISE_COMMON_NAMES_H

#include "common/error.h"

#include <stddef.h>

#define NAME_LENGTH_MAX   32                     /* [A-Za-z0-9_-]{1,32} */
#define NAME_BYTES        (NAME_LENGTH_MAX + 1)  /* with the NUL */
#define WORKER_NAME_BYTES (NAME_LENGTH_MAX + 12) /* bravo.4294967295 */
#define INSTANCE_DEFAULT  "default"
#define INSTANCE_SOLO     "solo" /* where a worker without a supervisor publishes */
#define PRODUCER_WORKER   "producer"

/* 0 when `name` is [A-Za-z0-9_-]{1,32}. `what` names the thing in the error: "client", "instance". */
int name_check(const char *name, const char *what, struct error *error);

/* Kafka's own limit, org.apache.kafka.common.internals.Topic. A group may have any name there; ours ends
 * where shared memory does (stats/layout.h). */
#define TOPIC_LENGTH_MAX 249
#define GROUP_LENGTH_MAX 255

/* 0 when it is a name that Kafka takes: [A-Za-z0-9._-]{1,249}, and neither . nor .. */
int topic_name_check(const char *name, struct error *error);
/* 0 when it can be told everywhere, whole: 1 to 255 bytes without control characters. */
int group_name_check(const char *name, struct error *error);
/* A group.instance.id, with the rule of a topic. */
int instance_id_check(const char *name, struct error *error);

/* Writes `bravo` for index 1, `bravo.2` for 2 and so on. */
void name_worker(char worker[WORKER_NAME_BYTES], const char *client, unsigned index);

/* BRAVO: for the log prefix. `upper` holds at least strlen(name) + 1 bytes. */
void name_upper(char *upper, size_t bytes, const char *name);

/* The nearest of `count` candidates to a mistyped `name`, or NULL when none is near (more than a third of it
 * differs). */
const char *name_suggest(const char *name, const char *const *candidates, size_t count);

#endif
