/* stage_run.h: one stage, by itself, given records that are made from texts. */
#ifndef KSUPERVISE_TESTS_CONSUMER_STAGES_STAGE_RUN_H
#define KSUPERVISE_TESTS_CONSUMER_STAGES_STAGE_RUN_H

#include "consumer/pipeline/stages/stages.h"
#include "tests/consumer/fake_messages.h"
#include "tests/support/capture.h"

static struct {
    const struct stage_class *class;
    void *state;
    struct settings settings;
    struct pipeline pipeline;
    struct item item;
    struct record record;
    struct record_storage storage;
    char why[STAGE_WHY_BYTES];
} run;

/* What stands behind the stage's name, NULL for nothing. */
static inline int run_try(const struct stage_class *class, const char *workload, const char *argument,
                          struct error *error)
{
    run.class = class;
    run.settings.schema = schema_by_workload(workload);
    run.pipeline.settings = &run.settings;
    run.item.number = 0;
    *error = (struct error)ERROR_INIT;
    return class->open == NULL ? 0 : class->open(&run.state, argument, &run.pipeline, error);
}

static inline void run_open_with(const struct stage_class *class, const char *workload, const char *argument)
{
    struct error error;
    ck_assert_msg(run_try(class, workload, argument, &error) == 0, "%s", error.text);
}

static inline void run_open(const struct stage_class *class, const char *workload, int64_t statistics_every)
{
    run.settings.statistics_every = statistics_every;
    run_open_with(class, workload, NULL);
}

static inline void run_close(void)
{
    if (run.class->close != NULL)
        run.class->close(run.state);
}

/* A record of these fields (`label, text, …, NULL`) through the stage. */
static inline enum verdict run_fields(const char *const *fields)
{
    run.item.record = &run.record;
    fill_record(&run.record, &run.storage, run.settings.schema, fields);
    run.item.number++;
    return run.class->record(run.state, &run.item, run.why);
}

#define RUN_RECORD(...) run_fields((const char *const[]){__VA_ARGS__, NULL})

#endif
