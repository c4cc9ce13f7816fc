#include "consumer/lines.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"

enum { LINES_A_SECOND = 20 };

void lines_flush(struct lines *lines, int64_t now_us, bool end)
{
    if (!end && now_us - lines->second_began_us < US_PER_SECOND)
        return;
    if (lines->gathered_batches > 0)
        log_line("Received %" PRIu64 " %s in %" PRIu64 " batches", lines->gathered_records, lines->noun,
                 lines->gathered_batches);
    lines->gathered_records = lines->gathered_batches = 0;
    lines->second_began_us = now_us;
    lines->said = 0;
}

void lines_batch(struct lines *lines, uint64_t records, int64_t now_us)
{
    lines_flush(lines, now_us, false);
    if (lines->said < LINES_A_SECOND) {
        lines->said++;
        log_line("Received batch of %" PRIu64 " %.*s", records, (int)(strlen(lines->noun) - (records == 1)),
                 lines->noun);
        return;
    }
    lines->gathered_records += records;
    lines->gathered_batches++;
}
