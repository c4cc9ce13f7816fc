#include "supervisor/process/segment.h"
#include "common/stats/create.h"

#include <errno.h>

#include "supervisor/log/report.h"
#include "supervisor/supervisor.h"

enum { REFRESH_TRIES = 20 };

static void forget(struct worker *worker)
{
    if (worker->stats == NULL)
        return;
    stats_snapshot_free(worker->stats);
    worker->stats = NULL;
    worker->supervisor->snapshots--;
}

/* A worker with more partitions than its segment has room for replaces the segment by a larger one. */
static void follow(struct worker *worker, uint64_t generation)
{
    if (worker->segment_fd == -1 || !stats_segment_is_replaced(worker->segment_fd))
        return;
    int fd = stats_segment_open(worker->supervisor->settings->instance, worker->name, generation, NULL);
    if (fd == -1)
        return;
    close(worker->segment_fd);
    worker->segment_fd = fd;
    forget(worker);
}

/* The former generation's segment: still open when this supervisor started it, by name when an earlier
 * supervisor did. */
static int open_previous(struct worker *worker)
{
    if (worker->segment_fd != -1) {
        follow(worker, worker->generation - 1);
        return dup(worker->segment_fd);
    }
    if (worker->generation < 2)
        return -1;
    return stats_segment_open(worker->supervisor->settings->instance, worker->name, worker->generation - 1,
                              NULL);
}

static void identify(const struct worker *worker, struct stats_identity *identity)
{
    *identity = (struct stats_identity){
        .kind = worker->kind == KIND_PRODUCER ? STATS_KIND_PRODUCER : STATS_KIND_CONSUMER,
        .partition_capacity = STATS_PARTITIONS_DEFAULT,
        .generation = worker->generation,
    };
    if (worker->settings->partitions > STATS_PARTITIONS_DEFAULT)
        identity->partition_capacity = (uint32_t)worker->settings->partitions;
    snprintf(identity->instance, sizeof identity->instance, "%s", worker->supervisor->settings->instance);
    snprintf(identity->worker, sizeof identity->worker, "%s", worker->name);
    snprintf(identity->client, sizeof identity->client, "%s", worker->client);
    snprintf(identity->group, sizeof identity->group, "%s", worker->group);
}

static void note_progress(struct worker *worker, int fd)
{
    struct stats_snapshot *stats = NULL;
    if (stats_snapshot_take(&stats, fd, NULL) == 0)
        progress_note(&worker->progress, stats);
    stats_snapshot_free(stats);
}

/* Under its name, where kstat finds it. A leftover of that name is from a supervisor whose directory is gone:
 * nobody writes it any more. */
static int create_named(const struct stats_identity *identity, int previous_fd, struct error *error)
{
    int fd = stats_segment_create(identity, previous_fd, error);
    if (fd != -1 || errno != EEXIST)
        return fd;
    stats_segment_unlink(identity->instance, identity->worker, identity->generation);
    return stats_segment_create(identity, previous_fd, error);
}

/* Without room in /dev/shm the worker gets one that has no name: we need it for hangs, for --exit-when-done
 * and for what was committed, and only kstat does not find it. */
static int create(const struct worker *worker, int previous_fd, struct error *error)
{
    struct stats_identity identity;
    struct error why = ERROR_INIT;
    identify(worker, &identity);
    int fd = create_named(&identity, previous_fd, &why);
    if (fd != -1)
        return fd;
    fd = stats_segment_create_unnamed(&identity, previous_fd, error);
    if (fd != -1)
        report_line(worker->supervisor,
                    "%s is not visible to kstat, and its totals end with this supervisor: %s", worker->name,
                    why.text);
    return fd;
}

int segment_next(struct worker *worker, struct error *error)
{
    int previous_fd = open_previous(worker);
    int fd = create(worker, previous_fd, error);
    if (previous_fd != -1) {
        note_progress(worker, previous_fd);
        close(previous_fd);
    }
    segment_release(worker);
    if (fd == -1)
        return -1;
    worker->segment_fd = fd;
    if (worker->generation > SEGMENT_DEAD_KEPT + 1)
        stats_segment_unlink(worker->supervisor->settings->instance, worker->name,
                             worker->generation - SEGMENT_DEAD_KEPT - 1);
    return 0;
}

bool segment_refresh(struct worker *worker)
{
    follow(worker, worker->generation);
    if (worker->stats != NULL)
        return stats_snapshot_refresh(worker->stats, NULL) == 0;
    if (worker->segment_fd == -1 || stats_snapshot_take(&worker->stats, worker->segment_fd, NULL) == -1)
        return false;
    worker->supervisor->snapshots++;
    return true;
}

void segment_cool(struct supervisor *supervisor)
{
    if (supervisor->snapshots <= SEGMENTS_WARM)
        return;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        forget(supervisor->workers[i]);
}

/* A busy worker publishes all the time: a group of values may be read in the middle of a change, and is whole
 * a moment later. */
bool segment_refresh_whole(struct worker *worker)
{
    for (int attempt = 0; attempt < REFRESH_TRIES; attempt++)
        if (segment_refresh(worker) && !stats_snapshot_torn(worker->stats))
            return true;
    return worker->stats != NULL;
}

static int unlink_one(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)context;
    stats_segment_unlink(instance, worker, generation);
    return 0;
}

void segment_unlink_all(const char *instance)
{
    stats_segment_scan(instance, unlink_one, NULL);
}

void segment_release(struct worker *worker)
{
    if (worker->segment_fd != -1)
        close(worker->segment_fd);
    worker->segment_fd = -1;
    forget(worker);
}
