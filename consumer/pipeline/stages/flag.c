/* flag: marks, counts and prints what fulfils EXPR; all goes on. A record that comes again is flagged again.
 */
#include "consumer/pipeline/stages/stages.h"

#include "common/log.h"
#include "common/record/text.h"
#include "consumer/pipeline/condition.h"

enum { LINE_BYTES = 2048 };

static enum verdict flag_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    const struct condition *condition = state;
    (void)why;
    if (condition_holds(condition, item)) {
        char line[LINE_BYTES];
        record_line(item->record, item->number, line, sizeof line);
        log_line("🚩 %s", line);
        stats_add(condition->pipeline->stats, CONSUMER_FLAGGED, 1);
    }
    return VERDICT_PASS;
}

const struct stage_class stage_flag = {
    .name = "flag",
    .argument = "EXPR",
    .help = "prints and counts records that match EXPR: 🚩 …",
    .open = condition_open,
    .record = flag_record,
    .close = condition_close,
};
