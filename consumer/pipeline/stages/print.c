/* print: each record as a line for people. */
#include "consumer/pipeline/stages/stages.h"

#include "common/log.h"
#include "common/record/text.h"

enum { LINE_BYTES = 2048 };

static enum verdict print_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    (void)why;
    char line[LINE_BYTES];
    record_line(item->record, item->number, line, sizeof line);
    log_line("%s", line);
    return VERDICT_PASS;
}

const struct stage_class stage_print = {
    .name = "print",
    .help = "prints each record",
    .record = print_record,
};
