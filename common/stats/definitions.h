/* definitions.h: every value that a segment holds, declared once.
 *
 * From this table come the segment's own definitions (a reader of another build reads by them), the writer's
 * constants, kstat's columns and --list, the JSON names, the Prometheus names and types, and the reference
 * page. To add a value, add a line; a new unit is one more line in STATS_UNIT_….
 *
 * X(ID, "name", TYPE, UNIT, "help")
 *
 * Types   COUNTER     uint64, only grows, goes on over the generations of a worker
 *         GAUGE       int64
 *         OFFSET      int64 Kafka offset
 *         TIME        int64 microseconds since the epoch, UTC
 *         STATE       int64 index into the list of names that UNIT names
 *         HISTOGRAM   how often each value came: histogram.h
 * Any value that is not known is STATS_UNKNOWN, which JSON shows as null. Counters start at 0.
 */
#ifndef KSUPERVISE_COMMON_STATS_DEFINITIONS_H
#define KSUPERVISE_COMMON_STATS_DEFINITIONS_H

#include "common/banned.h"

#include <stddef.h>
#include <stdint.h>

#define STATS_UNKNOWN INT64_MIN

enum stats_kind { STATS_KIND_CONSUMER = 1, STATS_KIND_PRODUCER = 2 };

/* --- a consumer ---------------------------------------------------------------------------------------- */
#define STATS_CONSUMER_COUNTERS(X)                                                                           \
    X(CONSUMER_RECEIVED, "received", COUNTER, RECORDS, "records taken from the broker")                      \
    X(CONSUMER_PROCESSED, "processed", COUNTER, RECORDS, "records that went through the whole pipeline")     \
    X(CONSUMER_FAILED, "failed", COUNTER, RECORDS, "records that could not be decoded or broke a rule")      \
    X(CONSUMER_RETRIED, "retried", COUNTER, RECORDS, "attempts after the first")                             \
    X(CONSUMER_DEAD_LETTERED, "dead_lettered", COUNTER, RECORDS, "records sent to the dead-letter topic")    \
    X(CONSUMER_SKIPPED, "skipped", COUNTER, RECORDS,                                                         \
      "records dropped because their assignment was over, or seen before")                                   \
    X(CONSUMER_LOST, "lost", COUNTER, RECORDS,                                                               \
      "records that were gone from the topic, or skipped for that reason, before they were read")            \
    X(CONSUMER_UNKNOWN_FIELDS, "unknown_fields", COUNTER, FIELDS, "fields of a newer producer, skipped")     \
    X(CONSUMER_FLAGGED, "flagged", COUNTER, RECORDS, "records that a flag stage marked")                     \
    X(CONSUMER_TOMBSTONES, "tombstones", COUNTER, RECORDS, "records without a value")                        \
    X(CONSUMER_BYTES, "bytes", COUNTER, BYTES, "bytes of the values received")                               \
    X(CONSUMER_BATCHES_BY_SIZE, "batches_by_size", COUNTER, BATCHES,                                         \
      "batches closed because they were full")                                                               \
    X(CONSUMER_BATCHES_BY_TIME, "batches_by_time", COUNTER, BATCHES,                                         \
      "batches closed because their time was up")                                                            \
    X(CONSUMER_COMMITS, "commits", COUNTER, COMMITS, "offset commits that the broker confirmed")             \
    X(CONSUMER_COMMIT_ERRORS, "commit_errors", COUNTER, COMMITS, "offset commits that failed")               \
    X(CONSUMER_REBALANCES, "rebalances", COUNTER, REBALANCES, "assignments and revocations")                 \
    X(CONSUMER_BROKER_ERRORS, "broker_errors", COUNTER, ERRORS, "errors that librdkafka reported")           \
    X(CONSUMER_UNTRACKED, "untracked_partitions", COUNTER, PARTITIONS,                                       \
      "partitions beyond the segment's capacity, counted but not shown")

/* Published together, so that a reader sees them of one moment. */
#define STATS_CONSUMER_STATUS(X)                                                                             \
    X(CONSUMER_PHASE, "phase", STATE, PHASES, "what the worker is doing")                                    \
    X(CONSUMER_PHASE_SINCE, "phase_since_us", TIME, MICROSECONDS, "since when")                              \
    X(CONSUMER_ASSIGNED, "assigned_partitions", GAUGE, PARTITIONS, "partitions assigned to it now")          \
    X(CONSUMER_BATCH_RECORDS, "batch_records", GAUGE, RECORDS,                                               \
      "records of the batch in flight, 0 between batches")                                                   \
    X(CONSUMER_JOINED, "joined_us", TIME, MICROSECONDS, "when the group first gave it an assignment")        \
    X(CONSUMER_FIRST_RECORD, "first_record_us", TIME, MICROSECONDS,                                          \
      "when this generation received its first record")

/* Published for each partition together. */
#define STATS_CONSUMER_PARTITION(X)                                                                          \
    X(PARTITION_ASSIGNED, "assigned", GAUGE, BOOLEAN, "1 while the partition is this worker's")              \
    X(PARTITION_ASSIGNMENTS, "assignments", GAUGE, REBALANCES,                                               \
      "how often it was assigned in this generation")                                                        \
    X(PARTITION_RESUMED, "resumed", OFFSET, OFFSETS, "where reading began at the last assignment")           \
    X(PARTITION_RESUMED_COMMITTED, "resumed_committed", OFFSET, OFFSETS,                                     \
      "the committed offset that the group had at the last assignment")                                      \
    X(PARTITION_POSITION, "position", OFFSET, OFFSETS, "the next offset to process")                         \
    X(PARTITION_COMMITTED, "committed", OFFSET, OFFSETS, "the committed offset, as the broker confirmed it") \
    X(PARTITION_LOW, "low", OFFSET, OFFSETS, "low watermark: the first offset that still exists")            \
    X(PARTITION_HIGH, "high", OFFSET, OFFSETS, "high watermark: the offset of the next record to come")      \
    X(PARTITION_LAST_STABLE, "last_stable", OFFSET, OFFSETS,                                                 \
      "where an open transaction ends what can be read; unknown without one")                                \
    X(PARTITION_INFLIGHT_FIRST, "inflight_first", OFFSET, OFFSETS, "first offset of the batch in flight")    \
    X(PARTITION_INFLIGHT_END, "inflight_end", OFFSET, OFFSETS,                                               \
      "one past the last offset of the batch in flight")                                                     \
    X(PARTITION_UNACKNOWLEDGED, "unacknowledged", GAUGE, RECORDS,                                            \
      "records processed and not acknowledged (--commit manual)")                                            \
    X(PARTITION_ACKNOWLEDGED_AHEAD, "acknowledged_ahead", GAUGE, RECORDS,                                    \
      "records acknowledged beyond the committed offset (--commit manual)")                                  \
    X(PARTITION_ACKNOWLEDGED_NEXT, "acknowledged_next", OFFSET, OFFSETS,                                     \
      "the first offset that nobody has acknowledged (--commit manual)")                                     \
    X(PARTITION_ACKNOWLEDGED_MAP, "acknowledged_map", GAUGE, BITS,                                           \
      "bit i: offset acknowledged_next + i is acknowledged; of the next 63 (--commit manual)")               \
    X(PARTITION_OLDEST_UNPROCESSED, "oldest_unprocessed_us", TIME, MICROSECONDS,                             \
      "timestamp of the oldest record received and not processed")                                           \
    X(PARTITION_PROCESSED_AT, "position_us", TIME, MICROSECONDS, "when the position last moved")             \
    X(PARTITION_COMMITTED_AT, "committed_us", TIME, MICROSECONDS, "when the broker last confirmed a commit") \
    X(PARTITION_WATERMARKS_AT, "watermarks_us", TIME, MICROSECONDS,                                          \
      "when the high watermark was last known")                                                              \
    X(PARTITION_BEHIND_SINCE, "behind_since_us", TIME, MICROSECONDS,                                         \
      "when the high watermark passed the committed offset; unknown without lag")                            \
    X(PARTITION_BEHIND_AT_LEAST, "behind_at_least", GAUGE, BOOLEAN,                                          \
      "1: it may have passed it earlier than behind_since_us says")

#define STATS_CONSUMER_HISTOGRAMS(X)                                                                         \
    X(CONSUMER_PROCESS_US, "process_us", HISTOGRAM, MICROSECONDS,                                            \
      "from a record's timestamp to the end of its processing")                                              \
    X(CONSUMER_BATCH_US, "batch_us", HISTOGRAM, MICROSECONDS, "processing a batch")                          \
    X(CONSUMER_COMMIT_US, "commit_us", HISTOGRAM, MICROSECONDS,                                              \
      "from asking for a commit to its confirmation")

/* --- the producer -------------------------------------------------------------------------------------- */
#define STATS_PRODUCER_COUNTERS(X)                                                                           \
    X(PRODUCER_PRODUCED, "produced", COUNTER, RECORDS, "records handed to librdkafka")                       \
    X(PRODUCER_ACKNOWLEDGED, "acknowledged", COUNTER, RECORDS, "records that the brokers confirmed")         \
    X(PRODUCER_FAILED, "failed", COUNTER, RECORDS, "records that were refused or timed out")                 \
    X(PRODUCER_BYTES, "bytes", COUNTER, BYTES, "bytes of the values produced")                               \
    X(PRODUCER_QUEUE_FULL, "queue_full", COUNTER, WAITS, "waits for room in librdkafka's queue")             \
    X(PRODUCER_BROKER_ERRORS, "broker_errors", COUNTER, ERRORS, "errors that librdkafka reported")           \
    X(PRODUCER_UNTRACKED, "untracked_partitions", COUNTER, PARTITIONS,                                       \
      "partitions beyond the segment's capacity, counted but not shown")

#define STATS_PRODUCER_STATUS(X)                                                                             \
    X(PRODUCER_PHASE, "phase", STATE, PHASES, "what the worker is doing")                                    \
    X(PRODUCER_PHASE_SINCE, "phase_since_us", TIME, MICROSECONDS, "since when")                              \
    X(PRODUCER_QUEUE_DEPTH, "queue_depth", GAUGE, RECORDS, "records waiting for their confirmation")

#define STATS_PRODUCER_PARTITION(X)                                                                          \
    X(PRODUCER_ACKNOWLEDGED_OFFSET, "acknowledged_offset", OFFSET, OFFSETS,                                  \
      "offset of the last record confirmed")                                                                 \
    X(PRODUCER_ACKNOWLEDGED_AT, "acknowledged_us", TIME, MICROSECONDS, "when it was confirmed")

#define STATS_PRODUCER_HISTOGRAMS(X)                                                                         \
    X(PRODUCER_DELIVERY_US, "delivery_us", HISTOGRAM, MICROSECONDS, "from produce to confirmation")

/* --- lists of names ------------------------------------------------------------------------------------ */
#define STATS_PHASES(X)                                                                                      \
    X(PHASE_STARTING, "starting")                                                                            \
    X(PHASE_JOINING, "joining")                                                                              \
    X(PHASE_POLLING, "polling")                                                                              \
    X(PHASE_PROCESSING, "processing")                                                                        \
    X(PHASE_COMMITTING, "committing")                                                                        \
    X(PHASE_REBALANCING, "rebalancing")                                                                      \
    X(PHASE_PAUSED, "paused")                                                                                \
    X(PHASE_PRODUCING, "producing")                                                                          \
    X(PHASE_DRAINING, "draining")                                                                            \
    X(PHASE_STOPPED, "stopped")

enum stats_phase {
#define X(id, name) id,
    STATS_PHASES(X)
#undef X
};

/* --- the table as data: for whoever lists, copies or looks up ------------------------------------------ */
#define STATS_UNIT_RECORDS      "records"
#define STATS_UNIT_FIELDS       "fields"
#define STATS_UNIT_BYTES        "bytes"
#define STATS_UNIT_BATCHES      "batches"
#define STATS_UNIT_COMMITS      "commits"
#define STATS_UNIT_REBALANCES   "rebalances"
#define STATS_UNIT_ERRORS       "errors"
#define STATS_UNIT_PARTITIONS   "partitions"
#define STATS_UNIT_WAITS        "waits"
#define STATS_UNIT_OFFSETS      "offsets"
#define STATS_UNIT_BOOLEAN      "boolean"
#define STATS_UNIT_BITS         "bits"
#define STATS_UNIT_MICROSECONDS "microseconds"
#define STATS_UNIT_PHASES       "phases"

/* These numbers stand in segments: never renumber, only append. */
enum stats_type {
    STATS_COUNTER = 1,
    STATS_GAUGE = 2,
    STATS_OFFSET = 3,
    STATS_TIME = 4,
    STATS_STATE = 5,
    STATS_HISTOGRAM = 6,
    STATS_NAME = 7 /* no value: one name of a list that a STATE indexes; its unit names the list */
};

/* Where a value lives, and with which others it is published. */
enum stats_section {
    STATS_SECTION_COUNTERS = 1,   /* of the worker, a word of its own */
    STATS_SECTION_STATUS = 2,     /* of the worker, all of one moment */
    STATS_SECTION_PARTITION = 3,  /* of each partition, all of one moment */
    STATS_SECTION_HISTOGRAMS = 4, /* of the worker */
    STATS_SECTION_NAMES = 5
};

/* What its texts have room for in a segment. */
#define STATS_DEFINITION_NAME_BYTES 40
#define STATS_DEFINITION_UNIT_BYTES 16
#define STATS_DEFINITION_HELP_BYTES 112

struct stats_definition {
    enum stats_section section;
    enum stats_type type;
    const char *name, *unit, *help;
};

/* One enum per kind and section, from the tables above; the calls of writer.h take them as plain `int
 * id`. A consumer's writer takes CONSUMER_… and PARTITION_…, a producer's PRODUCER_…; the other kind's ids
 * are a programming error (assert). */
#define X(id, name, type, unit, help) id,
enum stats_consumer_counter { STATS_CONSUMER_COUNTERS(X) STATS_CONSUMER_COUNTER_COUNT };
enum stats_consumer_status { STATS_CONSUMER_STATUS(X) STATS_CONSUMER_STATUS_COUNT };
enum stats_consumer_partition { STATS_CONSUMER_PARTITION(X) STATS_CONSUMER_PARTITION_COUNT };
enum stats_consumer_histogram { STATS_CONSUMER_HISTOGRAMS(X) STATS_CONSUMER_HISTOGRAM_COUNT };
enum stats_producer_counter { STATS_PRODUCER_COUNTERS(X) STATS_PRODUCER_COUNTER_COUNT };
enum stats_producer_status { STATS_PRODUCER_STATUS(X) STATS_PRODUCER_STATUS_COUNT };
enum stats_producer_partition { STATS_PRODUCER_PARTITION(X) STATS_PRODUCER_PARTITION_COUNT };
enum stats_producer_histogram { STATS_PRODUCER_HISTOGRAMS(X) STATS_PRODUCER_HISTOGRAM_COUNT };
#undef X

/* Rings: the last rebalances, errors and lines, each with a time, a number and a text. */
#define STATS_RING_ENTRIES    16
#define STATS_RING_TEXT_BYTES 112
enum stats_ring { STATS_RING_REBALANCES, STATS_RING_ERRORS, STATS_RING_LINES, STATS_RING_COUNT };

/* This build's definitions of a kind in the table's order: counters, status, partition, histograms, names.
 * Never NULL for a kind of the enum. */
const struct stats_definition *stats_definitions(enum stats_kind kind, size_t *count);
size_t stats_section_count(enum stats_kind kind, enum stats_section section);

const char *stats_kind_name(enum stats_kind kind);           /* "consumer", "producer", "?" */
const char *stats_type_name(enum stats_type type);           /* "counter", …; "?" */
const char *stats_section_scope(enum stats_section section); /* "worker" or "partition" */
const char *stats_phase_name(enum stats_phase phase);        /* "?" for a number out of the list */

#endif
