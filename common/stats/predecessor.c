#include "common/stats/predecessor.h"

#include "common/stats/layout.h"

struct stats_snapshot *stats_writer_predecessor(const struct stats_writer *writer)
{
    struct stats_snapshot *snapshot = NULL;
    if (writer == NULL || writer->layout->generation < 2 ||
        stats_snapshot_open(&snapshot, writer->layout->instance, writer->layout->worker,
                            writer->layout->generation - 1, NULL) != 0)
        return NULL;
    const struct stats_identity *identity = stats_snapshot_identity(snapshot);
    if (identity->kind == (enum stats_kind)writer->layout->kind &&
        strcmp(identity->group, writer->layout->group) == 0)
        return snapshot;
    stats_snapshot_free(snapshot);
    return NULL;
}
