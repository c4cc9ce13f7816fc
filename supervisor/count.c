#include "supervisor/count.h"

#include "supervisor/process/segment.h"

int64_t count_acknowledged(struct worker *worker)
{
    if (worker->kind != KIND_PRODUCER || !segment_refresh(worker))
        return 0;
    int64_t acknowledged = stats_snapshot_counter(worker->stats, "acknowledged");
    return acknowledged == STATS_UNKNOWN ? 0 : acknowledged;
}

int64_t count_remaining(struct worker *worker)
{
    int64_t sent = count_acknowledged(worker) - worker->asked -
                   (worker->count_base == STATS_UNKNOWN ? 0 : worker->count_base);
    int64_t count = worker->settings->count;
    return sent < count ? count - sent : 0;
}

bool count_is_finished(struct worker *worker)
{
    return worker->kind == KIND_PRODUCER && worker->settings->count > 0 && !worker->on_request &&
           count_remaining(worker) == 0;
}
