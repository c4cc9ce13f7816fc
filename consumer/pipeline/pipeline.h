/* pipeline.h: what is done with each record: decode, then the stages in the order that --pipeline gives. A
 * stage is one file in stages/ that registers a name, a help line and a few functions; a new one needs one
 * more line in stages/stages.h.
 *
 * Record stages see one record after the other. A batch stage (a program, a database) sees all records of a
 * batch that came so far at once; what stands behind it runs after it.
 *
 * Nothing is allocated after pipeline_open, but by a stage that says so.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_PIPELINE_H
#define KSUPERVISE_CONSUMER_PIPELINE_PIPELINE_H

#include "consumer/pipeline/stage.h"

/* What the pipeline returns to its caller, record by record, in their order within a partition. */
struct pipeline_events {
    void *context;
    void (*dead)(void *context, const rd_kafka_message_t *message, const char *stage, const char *why);
    /* True: its partition waits, and `blocked` is true for the record and what follows it there. False: it
     * was tried often enough; it is dead. */
    bool (*retry)(void *context, const rd_kafka_message_t *message, const char *stage, const char *why);
    bool (*blocked)(void *context, const rd_kafka_message_t *message);
    /* A stage was done with it before the end. May be NULL. */
    void (*dropped)(void *context, const rd_kafka_message_t *message);
};

/* What became of a batch. */
struct pipeline_result {
    uint64_t processed; /* passed, or dropped by a stage that wanted to */
    size_t gathered;    /* how many of pipeline->items came through, when there is a batch stage or a sink */
    uint64_t failed;    /* could not be decoded, or a stage refused it for good */
    uint64_t bytes;
    uint64_t unknown_fields;
    uint64_t tombstones; /* of processed or failed: records without a value (--tombstones) */
    const rd_kafka_message_t
        *unknown_major; /* a record of a major version we do not know: the batch stopped before it */
};

/* As settings->pipeline says; without it: validate, then print and stats as their flags say. */
int pipeline_open(struct pipeline *pipeline, const struct settings *settings, struct stats_writer *stats,
                  struct error *error);
void pipeline_close(struct pipeline *pipeline);

/* Runs `count` messages without error through the stages. -1 when a stage could do nothing with the batch: no
 * position may move, and what `dead` was called for comes again. */
int pipeline_run(struct pipeline *pipeline, rd_kafka_message_t *const *messages, size_t count,
                 const struct pipeline_events *events, struct pipeline_result *result, struct error *error);

/* The stage that is a sink, or NULL. */
const struct stage *pipeline_sink(const struct pipeline *pipeline);

/* Last words of every stage. */
void pipeline_finish(struct pipeline *pipeline);

#endif
