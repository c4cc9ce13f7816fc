/* stage_run.h: one stage, by itself, given records that are made from texts. */
#ifndef KSUPERVISE_TESTS_CONSUMER_STAGES_STAGE_RUN_H
#define KSUPERVISE_TESTS_CONSUMER_STAGES_STAGE_RUN_H

#include "consumer/stages/stages.h"
#include "tests/consumer/fake_messages.h"
#include "tests/support/capture.h"

static struct {
    const struct stage_class *class;
    void *state;
    struct settings settings;
    struct pipeline pipeline;
    struct item item;
    struct record_storage storage;
    char why[STAGE_WHY_BYTES];
} run;

static inline void run_open(const struct stage_class *class, const char *workload, int64_t statistics_every)
{
    struct error error = ERROR_INIT;
    run.class = class;
    run.settings =
        (struct settings){.schema = schema_by_workload(workload), .statistics_every = statistics_every};
    run.pipeline = (struct pipeline){.settings = &run.settings};
    run.item.number = 0;
    if (class->open != NULL)
        ck_assert_msg(class->open(&run.state, NULL, &run.pipeline, &error) == 0, "%s", error.text);
}

static inline void run_close(void)
{
    if (run.class->close != NULL)
        run.class->close(run.state);
}

/* A record of these fields (`label, text, …, NULL`) through the stage. */
static inline enum verdict run_fields(const char *const *fields)
{
    fill_record(&run.item.record, &run.storage, run.settings.schema, fields);
    run.item.number++;
    return run.class->record(run.state, &run.item, run.why);
}

#define RUN_RECORD(...) run_fields((const char *const[]){__VA_ARGS__, NULL})

#endif
