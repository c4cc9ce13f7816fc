/* filter: what does not fulfil EXPR is done with. */
#include "consumer/pipeline/stages/stages.h"

#include "consumer/pipeline/condition.h"

static enum verdict filter_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)why;
    return condition_holds(state, item) ? VERDICT_PASS : VERDICT_DROP;
}

const struct stage_class stage_filter = {
    .name = "filter",
    .argument = "EXPR",
    .help = "keeps only records that match EXPR: amount > 1000 and currency == 'PLN'",
    .open = condition_open,
    .record = filter_record,
    .close = condition_close,
};
