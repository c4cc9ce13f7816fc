/* hang and spin: to study hangs: at a record that fulfils EXPR the stage never returns, asleep or awake. */
#include "consumer/pipeline/stages/stages.h"

#include <inttypes.h>
#include <unistd.h>

#include "common/log.h"
#include "consumer/pipeline/condition.h"

static bool comes(const struct condition *condition, const struct item *item, const char *what)
{
    if (!condition_holds(condition, item))
        return false;
    log_warning("%s: [%" PRId32 "] offset %" PRId64 " fulfils %s", what, item->message->partition,
                item->message->offset, condition->text);
    log_flush();
    return true;
}

static enum verdict hang_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)why;
    if (comes(state, item, "hang"))
        for (;;)
            pause();
    return VERDICT_PASS;
}

static enum verdict spin_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)why;
    if (comes(state, item, "spin"))
        for (volatile unsigned turns = 0;; turns++)
            continue;
    return VERDICT_PASS;
}

const struct stage_class stage_hang = {
    .name = "hang",
    .argument = "EXPR",
    .help = "to study hangs: at a record that matches EXPR the process sleeps for ever",
    .open = condition_open,
    .record = hang_record,
    .close = condition_close,
};

const struct stage_class stage_spin = {
    .name = "spin",
    .argument = "EXPR",
    .help = "the same, but in an endless loop",
    .open = condition_open,
    .record = spin_record,
    .close = condition_close,
};
