/* Arbitrary bytes as a segment and as a directory: the readers must neither crash nor read outside their own
 * memory, and must look at everything that they accept. The corpus holds one good object of each kind. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "common/stats/directory.h"
#include "common/stats/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_partitions(const struct stats_snapshot *snapshot,
                               const struct stats_definition *definition)
{
    int32_t partition;
    for (size_t i = 0; i < stats_snapshot_partitions(snapshot) && i < 64; i++) {
        stats_snapshot_partition(snapshot, i, definition->name);
        stats_snapshot_partition_topic(snapshot, i, &partition);
    }
}

static void look_at_segment(int fd)
{
    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    if (stats_snapshot_take(&snapshot, fd, NULL) != 0)
        return;
    stats_snapshot_liveness(snapshot, &liveness);
    const struct stats_definition *definition;
    for (size_t i = 0; (definition = stats_snapshot_definition(snapshot, i)) != NULL; i++) {
        static const uint64_t bounds[] = {255, 1023, UINT64_MAX};
        struct stats_summary summary;
        struct stats_distribution distribution;
        stats_snapshot_counter(snapshot, definition->name);
        stats_snapshot_state(snapshot, definition->name);
        stats_snapshot_histogram(snapshot, definition->name, &summary);
        stats_snapshot_distribution(snapshot, definition->name, bounds, 3, &distribution);
        look_at_partitions(snapshot, definition);
    }
    stats_snapshot_ring(snapshot, STATS_RING_REBALANCES, entries);
    stats_snapshot_ring(snapshot, STATS_RING_ERRORS, entries);
    stats_snapshot_refresh(snapshot, NULL);
    stats_snapshot_free(snapshot);
}

static void look_at_directory(int fd)
{
    struct directory *directory;
    struct directory_worker worker;
    if (directory_take(&directory, fd, NULL) != 0)
        return;
    for (size_t i = 0; i <= directory_count(directory); i++)
        directory_worker(directory, i, &worker);
    directory_alive(directory);
    directory_refresh(directory, NULL);
    directory_free(directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    look_at_segment(fd);
    look_at_directory(fd);
    close(fd);
    return 0;
}
