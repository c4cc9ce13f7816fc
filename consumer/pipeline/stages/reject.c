/* reject: a rule of the user's own: what fulfils EXPR can never be processed. */
#include "consumer/pipeline/stages/stages.h"

#include "consumer/pipeline/condition.h"

static enum verdict reject_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    const struct condition *condition = state;
    if (!condition_holds(condition, item))
        return VERDICT_PASS;
    snprintf(why, STAGE_WHY_BYTES, "%s", condition->text);
    return VERDICT_DEAD;
}

const struct stage_class stage_reject = {
    .name = "reject",
    .argument = "EXPR",
    .help = "refuses records that match EXPR for good: they become dead letters",
    .open = condition_open,
    .record = reject_record,
    .close = condition_close,
};
