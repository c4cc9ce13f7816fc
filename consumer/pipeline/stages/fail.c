/* fail: to study failures that pass: what fulfils EXPR cannot be processed for now, every time anew. */
#include "consumer/pipeline/stages/stages.h"

#include "consumer/pipeline/condition.h"

static enum verdict fail_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    const struct condition *condition = state;
    if (!condition_holds(condition, item))
        return VERDICT_PASS;
    snprintf(why, STAGE_WHY_BYTES, "%s", condition->text);
    return VERDICT_RETRY;
}

const struct stage_class stage_fail = {
    .name = "fail",
    .argument = "EXPR",
    .help = "to study failures: a record that matches EXPR fails at each attempt, until --retries is spent",
    .open = condition_open,
    .record = fail_record,
    .close = condition_close,
};
