/* metrics_kafka.h: the names of consumer-lag dashboards. They speak of groups and topics, not of workers: of
 * two workers that say something of one partition of a group (one died, its successor has the partition), one
 * is chosen. */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_KAFKA_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_KAFKA_H

#include "tools/kweb/metrics_table.h"

struct metrics_kafka_family {
    struct exposition_family head;
    const char *labels;  /* "consumergroup, topic, partition" */
    const char *queried; /* by which dashboard */
};
/* NULL past the last. */
const struct metrics_kafka_family *metrics_kafka_family(size_t index);

struct metrics_kafka; /* opaque */

/* Of a table that outlives it; the caller's, to free. NULL without memory. */
struct metrics_kafka *metrics_kafka_new(const struct metrics_table *table);
/* Writes a sample more, or the next family's head. False: there is none. */
bool metrics_kafka_next(struct metrics_kafka *kafka, struct exposition *exposition);
void metrics_kafka_free(struct metrics_kafka *kafka); /* NULL is fine */

#endif
