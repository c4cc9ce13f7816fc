/* validate: the bounds that the schema gives. */
#include "consumer/pipeline/stages/stages.h"

static enum verdict validate_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    struct record_problem problem;
    if (record_validate(item->record, &problem) == 0)
        return VERDICT_PASS;
    record_problem_text(&problem, why, STAGE_WHY_BYTES);
    return VERDICT_DEAD;
}

const struct stage_class stage_validate = {
    .name = "validate",
    .help = "refuses records that break the bounds of their schema",
    .record = validate_record,
};
