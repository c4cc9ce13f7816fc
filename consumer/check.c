#include "consumer/check.h"

#include "common/reset_spec.h"
#include "consumer/exactly_once.h"
#include "consumer/loop.h"

static int check_pipeline(const struct settings *settings, struct error *error)
{
    struct pipeline pipeline;
    int result = pipeline_open(&pipeline, settings, NULL, error);
    if (result == 0)
        result = exactly_once_check(settings, pipeline_sink(&pipeline), error);
    pipeline_close(&pipeline);
    return result;
}

int check_settings(const struct settings *settings, struct error *error)
{
    struct candidates candidates = {0};
    struct reset_spec spec;
    int result = candidates_open(&candidates, settings->candidates, settings->quarantine, error);
    candidates_close(&candidates);
    if (result == -1 || check_pipeline(settings, error) == -1 || loop_check(settings, error) == -1)
        return -1;
    return settings->reset == NULL ? 0 : reset_spec_parse(&spec, settings->reset, error);
}
