#include "supervisor/control/lag.h"

#include "supervisor/process/segment.h"

int64_t lag_of(struct worker *worker)
{
    int64_t sum = 0;
    if (!segment_refresh_whole(worker) || stats_snapshot_untracked(worker->stats) > 0)
        return STATS_UNKNOWN;
    for (size_t i = 0; i < stats_snapshot_partitions(worker->stats); i++) {
        if (stats_snapshot_partition(worker->stats, i, "assigned") != 1)
            continue;
        int64_t from = stats_lag_from(stats_snapshot_partition(worker->stats, i, "committed"),
                                      stats_snapshot_partition(worker->stats, i, "low"));
        int64_t lag = stats_lag(from, stats_snapshot_partition(worker->stats, i, "high"));
        if (lag == STATS_UNKNOWN || __builtin_add_overflow(sum, lag, &sum))
            return STATS_UNKNOWN;
    }
    return sum;
}
