/* stage.h: what a stage is, what it receives, and what it may ask of its pipeline.
 *
 * A stage belongs to the thread that runs the pipeline; its functions are called by that thread alone.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_STAGE_H
#define KSUPERVISE_CONSUMER_PIPELINE_STAGE_H

#include "common/record/record.h"
#include "common/stats/writer.h"
#include "common/worker/control.h"
#include "consumer/settings.h"

#include <librdkafka/rdkafka.h>

/* One record in flight. Its views are valid until the batch is cleared. */
struct item {
    const rd_kafka_message_t *message;
    struct record *record; /* with room for the values of the client's schema, no more */
    uint64_t number;       /* the n-th record that this process decoded, from 1 */
};

/* A stage's verdict on a record. */
enum verdict {
    VERDICT_PASS = 0, /* on to the next stage */
    VERDICT_DROP,     /* done with it: it counts as processed */
    VERDICT_RETRY,    /* not now: its partition waits a little and tries this record again; after too many
                         attempts (--retries) it is dead. `why` says the reason */
    VERDICT_DEAD      /* it can never be processed: `why` says the reason */
};

#define STAGE_WHY_BYTES 256

/* A batch stage's verdict on each item; preset to VERDICT_PASS. `why` is the stage's own memory, valid until its
 * next call; NULL: no reason. */
struct answer {
    enum verdict verdict;
    const char *why;
};

struct pipeline;
struct sink_class;

struct stage_class {
    const char *name;
    const char *argument; /* the name in --stages of the text after the colon; NULL: no argument */
    bool argument_optional;
    const char *help;
    /* Each may be NULL, but for one of `record`, `batch` and `sink`. `state` is the stage's own. `argument`
     * is NULL when none was given, and good only for the call; `pipeline` outlives the stage, which finds
     * settings and statistics there: a stage that works long on a batch ticks (pipeline_tick).
     * `open` looks at its argument first; when that is all that is wanted (pipeline_checking), it touches
     * nothing outside of this process. */
    int (*open)(void **state, const char *argument, const struct pipeline *pipeline, struct error *error);
    enum verdict (*record)(void *state, const struct item *item, char why[STAGE_WHY_BYTES]);
    /* -1: nothing of the batch was done; the whole batch is retried after a wait, without limit. */
    int (*batch)(void *state, const struct item *items, size_t count, struct answer *answers,
                 struct error *error);
    /* After all records of the batch, before positions move; -1 as above. */
    int (*batch_end)(void *state, struct error *error);
    const struct sink_class *sink; /* sink.h. Its `batch`, if any, refuses what the database cannot hold */
    void (*finish)(void *state);   /* the consumer ends: last words */
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
    size_t first_batch_stage; /* stage_count when there is none */
    struct item *items;       /* of the batch, when a batch stage is to see them; else one */
    struct answer *answers;
    char *record_memory; /* of each item, one behind the other */
    size_t record_bytes;
    uint64_t records;                     /* decoded so far */
    struct stats_writer *stats;           /* ticks once a record; may be NULL */
    const struct worker_control *control; /* may be NULL */
    void (*alive)(void *context);         /* for a stage that works long; NULL: nobody listens */
    void *alive_context;
};

/* For a stage that works long on a batch, at least once a second: it has not hung, and the group is to keep
 * this member. */
static inline void pipeline_tick(const struct pipeline *pipeline)
{
    stats_tick(pipeline->stats);
    if (pipeline->alive != NULL)
        pipeline->alive(pipeline->alive_context);
}

/* --check: the pipeline is opened to see whether it is right, and closed again. */
static inline bool pipeline_checking(const struct pipeline *pipeline)
{
    return pipeline->settings->check;
}

/* The consumer is to end: a stage that waits does not go on waiting. */
static inline bool pipeline_ending(const struct pipeline *pipeline)
{
    return pipeline->control != NULL && worker_control_wanted(pipeline->control) != WORKER_RUN;
}

#endif
