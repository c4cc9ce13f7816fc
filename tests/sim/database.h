/* database.h: a sink in memory that keeps sink.h's contract: epochs, compare-and-set on the next offset,
 * witnesses, an outbox. It outlives processes. What it is asked can fail before anything is done, take its
 * time, or end unknown, done or not; and it can be restored from a snapshot, which takes epochs back too. */
#ifndef KSUPERVISE_TESTS_SIM_DATABASE_H
#define KSUPERVISE_TESTS_SIM_DATABASE_H

#include "common/error.h"
#include "consumer/sinks/sink.h"
#include "tests/sim/cluster.h"

struct database_row {
    int64_t epoch; /* 0: there is no row */
    int64_t next;  /* −1: NULL */
    struct witness witness;
    int64_t group_had_ms;
    int incarnation; /* of the topic that `next` is meant of */
};

/* A letter of a committed batch that the dead-letter topic has not acknowledged. */
struct kept_letter {
    struct kept_letter *next;
    struct entry *entry;
    int32_t partition;
    int64_t offset, timestamp_ms;
    const void *key, *value;
    size_t key_length, value_length;
    rd_kafka_headers_t *headers;
};

struct database {
    struct database_row rows[PARTITIONS_MAX];
    struct kept_letter *outbox; /* oldest first */
    uint64_t commits;           /* done so far */
    bool has_snapshot;
    struct database_row snapshot[PARTITIONS_MAX];
    uint64_t snapshot_commits;
};

void database_init(void);
void database_snapshot(void);
void database_restore(void);
/* An empty one takes its place: what the group has committed past is in the former. */
void database_replace(void);

extern const struct sink_class database_sink;

#endif
