#include "common/stats/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "common/stats/liveness.h"
#include "common/stats/object.h"
#include "common/stats/reader_private.h"
#include "common/stats/words.h"

/* All at once, to where they lie in the object; each is as long as its writer made it. */
static int copy_definitions(struct stats_snapshot *snapshot, struct error *error)
{
    const struct stats_header *header = &snapshot->header;
    size_t count = header->definition_count;
    snapshot->wire = calloc(count + 1, sizeof *snapshot->wire);
    snapshot->definitions = calloc(count + 1, sizeof *snapshot->definitions);
    if (snapshot->wire == NULL || snapshot->definitions == NULL)
        return error_set(error, "no memory for a snapshot");
    unsigned char *definitions = snapshot->bytes + header->definitions_offset;
    uint64_t bytes = (uint64_t)count * header->definition_bytes;
    if (!object_read(snapshot->fd, definitions, bytes, header->definitions_offset))
        return error_set(error, "a truncated statistics segment");
    for (size_t i = 0; i < count; i++)
        memcpy(&snapshot->wire[i], definitions + i * header->definition_bytes, sizeof snapshot->wire[i]);
    snapshot->values_offset = header->definitions_offset + bytes;
    if (reader_check_definitions(header, snapshot->wire, count, snapshot->values_offset, error) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct stats_wire_definition *wire = &snapshot->wire[i];
        snapshot->definitions[i] =
            (struct stats_definition){wire->section, wire->type, wire->name, wire->unit, wire->help};
    }
    snapshot->definition_count = count;
    return 0;
}

static int prepare(struct stats_snapshot *snapshot, int fd, struct error *error)
{
    struct stats_header *header = &snapshot->header;
    snapshot->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (snapshot->fd < 0)
        return error_set(error, "cannot use descriptor %d: %m", fd);
    if (!object_read(snapshot->fd, header, sizeof *header, 0))
        return error_set(error, "not a statistics segment: it is too short");
    if (reader_check_header(header, object_bytes(snapshot->fd), error) != 0 ||
        reader_identity(header, &snapshot->identity, error) != 0)
        return -1;
    snapshot->before = calloc(header->selector_count, sizeof *snapshot->before);
    snapshot->after = calloc(header->selector_count, sizeof *snapshot->after);
    snapshot->group_torn = calloc(header->selector_count, sizeof *snapshot->group_torn);
    snapshot->lookups = calloc(READER_LOOKUPS, sizeof *snapshot->lookups);
    snapshot->bytes = malloc(header->total_bytes);
    if (snapshot->before == NULL || snapshot->after == NULL || snapshot->group_torn == NULL ||
        snapshot->bytes == NULL || snapshot->lookups == NULL)
        return error_set(error, "no memory for a snapshot");
    if (copy_definitions(snapshot, error) != 0)
        return -1;
    return stats_snapshot_refresh(snapshot, error);
}

int stats_snapshot_take(struct stats_snapshot **snapshot, int fd, struct error *error)
{
    *snapshot = NULL;
    struct stats_snapshot *taken = calloc(1, sizeof *taken);
    if (taken == NULL)
        return error_set(error, "no memory for a snapshot");
    if (prepare(taken, fd, error) != 0) {
        stats_snapshot_free(taken);
        return -1;
    }
    *snapshot = taken;
    return 0;
}

int stats_snapshot_open(struct stats_snapshot **snapshot, const char *instance, const char *worker,
                        uint64_t generation, struct error *error)
{
    *snapshot = NULL;
    int fd = stats_segment_open(instance, worker, generation, error);
    if (fd < 0)
        return -1;
    int result = stats_snapshot_take(snapshot, fd, error);
    if (result != 0)
        error_context(error, "%s, generation %llu", worker, (unsigned long long)generation);
    close(fd);
    return result;
}

void stats_snapshot_free(struct stats_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    if (snapshot->fd >= 0)
        close(snapshot->fd);
    free(snapshot->wire);
    free(snapshot->definitions);
    free(snapshot->before);
    free(snapshot->after);
    free(snapshot->group_torn);
    free(snapshot->lookups);
    free(snapshot->bytes);
    free(snapshot);
}

uint64_t reader_copies(const struct stats_snapshot *snapshot, size_t selector, size_t *copy_bytes)
{
    const struct stats_header *header = &snapshot->header;
    size_t first = STATS_SELECTOR_PARTITION(header->ring_count);
    bool is_status = selector < first;
    *copy_bytes = is_status ? header->status_bytes : header->partition_copy_bytes;
    return is_status ? header->status_offset
                     : header->partitions_offset + (uint64_t)(selector - first) * header->partition_bytes +
                           sizeof(struct stats_wire_partition);
}

/* One group by itself. False: it was torn each time. */
static bool reread(struct stats_snapshot *snapshot, size_t selector)
{
    size_t copy_bytes;
    uint64_t copies = reader_copies(snapshot, selector, &copy_bytes);
    return object_read_group(snapshot->fd, snapshot->header.selectors_offset + selector * sizeof(uint64_t),
                             copies, copy_bytes, snapshot->bytes + copies, &snapshot->before[selector]);
}

static bool read_selectors(const struct stats_snapshot *snapshot, uint64_t *to)
{
    bool whole = object_read(snapshot->fd, to, snapshot->header.selector_count * sizeof *to,
                             snapshot->header.selectors_offset);
    fence_acquire();
    return whole;
}

static bool read_values(const struct stats_snapshot *snapshot)
{
    uint64_t from = snapshot->values_offset;
    bool whole = object_read(snapshot->fd, snapshot->bytes + from, snapshot->header.total_bytes - from, from);
    fence_acquire();
    return whole;
}

int stats_snapshot_refresh(struct stats_snapshot *snapshot, struct error *error)
{
    const struct stats_header *header = &snapshot->header;
    if (!read_selectors(snapshot, snapshot->before) || !read_values(snapshot) ||
        !read_selectors(snapshot, snapshot->after))
        return error_set(error, "a truncated statistics segment");
    uint64_t used = snapshot->before[STATS_SELECTOR_USED];
    snapshot->partitions = used < header->partition_capacity ? (size_t)used : header->partition_capacity;
    snapshot->torn = false;
    size_t status = STATS_SELECTOR_STATUS(header->ring_count);
    for (size_t i = status; i <= status + snapshot->partitions; i++) {
        snapshot->group_torn[i] = snapshot->before[i] != snapshot->after[i] && !reread(snapshot, i);
        snapshot->torn |= snapshot->group_torn[i];
    }
    return 0;
}

const struct stats_identity *stats_snapshot_identity(const struct stats_snapshot *snapshot)
{
    return &snapshot->identity;
}

int64_t stats_snapshot_created_us(const struct stats_snapshot *snapshot)
{
    return snapshot->header.created_us;
}

bool stats_snapshot_torn(const struct stats_snapshot *snapshot)
{
    return snapshot->torn;
}

bool stats_snapshot_is_replaced(const struct stats_snapshot *snapshot)
{
    return stats_segment_is_replaced(snapshot->fd);
}

void stats_snapshot_mark_torn(struct stats_snapshot *snapshot)
{
    snapshot->torn = true;
}

void stats_snapshot_liveness(const struct stats_snapshot *snapshot, struct stats_liveness *liveness)
{
    struct stats_wire_liveness wire;
    memcpy(&wire, snapshot->bytes + snapshot->header.liveness_offset, sizeof wire);
    liveness->pid = wire.pid <= INT_MAX ? (pid_t)wire.pid : 0;
    liveness->start_ticks = wire.start_ticks;
    liveness->heartbeat_tick = wire.heartbeat_tick;
    liveness->heartbeat_us = (int64_t)wire.heartbeat_us;
    liveness->elsewhere = liveness_elsewhere(snapshot->header.pid_namespace);
    liveness->alive =
        liveness_alive(snapshot->fd, liveness->pid, liveness->start_ticks, snapshot->header.pid_namespace);
}
