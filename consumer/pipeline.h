/* pipeline.h: what is done with each record: decode, then the stages in order. A stage is one file in stages/
 * that registers a name, a help line and a few functions; a new one needs one more line in stages/stages.h.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_H
#define KSUPERVISE_CONSUMER_PIPELINE_H

#include "common/record/record.h"
#include "common/stats/writer.h"
#include "consumer/settings.h"

#include <librdkafka/rdkafka.h>

/* One record on its way. Its views are good until the batch is cleared. */
struct item {
    const rd_kafka_message_t *message;
    struct record record;
    uint64_t number; /* the n-th record that this process decoded, from 1 */
};

/* What a stage says of a record. */
enum verdict {
    VERDICT_PASS, /* on to the next stage */
    VERDICT_DROP, /* done with it: it counts as processed */
    VERDICT_DEAD  /* it can never be processed: `why` says the reason */
};

#define STAGE_WHY_BYTES 256

struct stage_class {
    const char *name;
    const char *help;
    /* Each may be NULL but `record`. `state` is the stage's own. */
    int (*open)(void **state, const struct settings *settings, struct error *error);
    enum verdict (*record)(void *state, const struct item *item, char why[STAGE_WHY_BYTES]);
    void (*batch_end)(void *state);
    void (*finish)(void *state); /* the consumer ends: last words */
    void (*close)(void *state);
};

struct stage {
    const struct stage_class *class;
    void *state;
};

#define PIPELINE_STAGES_MAX 16

struct pipeline {
    const struct settings *settings;
    struct stage stages[PIPELINE_STAGES_MAX];
    size_t stage_count;
    uint64_t records;           /* decoded so far */
    struct stats_writer *stats; /* ticks once a record; may be NULL */
};

/* What became of a batch. */
struct pipeline_result {
    uint64_t processed; /* passed, or dropped by a stage that wanted to */
    uint64_t failed;    /* could not be decoded, or a stage refused it */
    uint64_t bytes;
    uint64_t unknown_fields;
    const rd_kafka_message_t
        *unknown_major; /* a record of a major version we do not know: the batch stopped before it */
};

int pipeline_open(struct pipeline *pipeline, const struct settings *settings, struct error *error);
void pipeline_close(struct pipeline *pipeline);

/* Runs `count` messages without error through the stages. `refused` is called for each record that failed,
 * with the reason. */
void pipeline_run(struct pipeline *pipeline, rd_kafka_message_t *const *messages, size_t count,
                  void (*refused)(void *context, const rd_kafka_message_t *message, const char *why),
                  void *context, struct pipeline_result *result);

/* Last words of every stage. */
void pipeline_finish(struct pipeline *pipeline);

#endif
