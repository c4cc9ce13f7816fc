/* crash: to study crashes: what fulfils EXPR kills this process, as a bug would. */
#include "consumer/pipeline/stages/stages.h"

#include <inttypes.h>
#include <signal.h>

#include "common/log.h"
#include "consumer/pipeline/condition.h"

static enum verdict crash_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    const struct condition *condition = state;
    (void)why;
    if (!condition_holds(condition, item))
        return VERDICT_PASS;
    log_warning("crash: [%" PRId32 "] offset %" PRId64 " fulfils %s", item->message->partition,
                item->message->offset, condition->text);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would make an exit of it */
    raise(SIGSEGV);
    return VERDICT_PASS;
}

const struct stage_class stage_crash = {
    .name = "crash",
    .argument = "EXPR",
    .help = "to study crashes: a record that matches EXPR kills the process with SIGSEGV",
    .open = condition_open,
    .record = crash_record,
    .close = condition_close,
};
