/* scan.h: the records of a topic between two offsets of each partition, each partition's in their order. By
 * assign(): no group is joined. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_SCAN_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_SCAN_H

#include "tools/ktopic/cluster.h"

struct scan {
    const struct kafka_cluster *cluster; /* a consumer's, with enable.partition.eof */
    const char *topic;
    int partitions;
    const int64_t *from; /* by partition */
    const int64_t *to;   /* the offset after the last */
};

typedef int (*scan_function)(void *context, const rd_kafka_message_t *message, struct error *error);

/* Calls `take` for each record until it returns -1. -1 also when no record came for 30 s. */
int scan_run(const struct scan *scan, scan_function take, void *context, struct error *error);

#endif
