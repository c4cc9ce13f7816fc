#include "common/worker/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "common/stats/reader.h"
#include "common/worker/config.h"

enum { DEAD_KEPT = 2, NAMES_TRIED = 1000 };

/* The generations of one worker that are still there. */
struct generations {
    const char *worker;
    uint64_t newest; /* 0: none */
};

static int note_newest(void *context, const char *instance, const char *worker, uint64_t generation)
{
    struct generations *found = context;
    (void)instance;
    if (strcmp(worker, found->worker) == 0 && generation > found->newest)
        found->newest = generation;
    return 0;
}

static bool is_alive(const char *worker, uint64_t generation)
{
    struct stats_snapshot *snapshot;
    if (stats_snapshot_open(&snapshot, INSTANCE_SOLO, worker, generation, NULL) == -1)
        return false;
    struct stats_liveness liveness;
    stats_snapshot_liveness(snapshot, &liveness);
    stats_snapshot_free(snapshot);
    return liveness.alive;
}

static int create(struct worker_publication *publication, const struct stats_identity *identity,
                  uint64_t previous, struct error *error)
{
    int previous_fd = -1;
    if (previous > 0) {
        char name[STATS_NAME_BYTES];
        stats_segment_name(name, identity->instance, identity->worker, previous);
        previous_fd = shm_open(name, O_RDONLY | O_CLOEXEC, 0);
    }
    int fd = stats_segment_create(identity, previous_fd, error);
    int saved_errno = errno;
    if (previous_fd != -1)
        close(previous_fd);
    if (fd == -1) {
        errno = saved_errno;
        return -1;
    }
    int result = stats_writer_open(&publication->writer, fd, error);
    close(fd);
    return result;
}

static void unlink_beyond_quota(const char *worker, uint64_t generation)
{
    for (uint64_t old = generation > DEAD_KEPT + 1 ? generation - DEAD_KEPT - 1 : 0; old > 0; old--)
        if (stats_segment_unlink(INSTANCE_SOLO, worker, old) == -1)
            break; /* the older ones went earlier */
}

/* Takes the first of bravo, bravo.2, … that no living process publishes as. */
static int publish_solo(struct worker_publication *publication, struct stats_identity *identity,
                        struct error *error)
{
    for (unsigned index = 1; index <= NAMES_TRIED; index++) {
        name_worker(identity->worker, identity->client, index);
        struct generations found = {identity->worker, 0};
        stats_segment_scan(INSTANCE_SOLO, note_newest, &found);
        if (found.newest > 0 && is_alive(identity->worker, found.newest))
            continue;
        identity->generation = found.newest + 1;
        if (create(publication, identity, found.newest, error) == 0) {
            snprintf(publication->worker, sizeof publication->worker, "%s", identity->worker);
            publication->generation = identity->generation;
            publication->own = true;
            unlink_beyond_quota(identity->worker, identity->generation);
            return 0;
        }
        if (errno != EEXIST) /* somebody was quicker: the next name */
            return -1;
    }
    return error_set(error, "%d workers named '%s' are running already", NAMES_TRIED, identity->client);
}

int worker_publish(struct worker_publication *publication, bool supervised, enum stats_kind kind,
                   const char *client, const char *group, struct error *error)
{
    *publication = (struct worker_publication){0};
    if (supervised)
        return stats_writer_open(&publication->writer, WORKER_SEGMENT_FD, error);
    struct stats_identity identity = {.kind = kind, .partition_capacity = STATS_PARTITIONS_DEFAULT};
    snprintf(identity.instance, sizeof identity.instance, "%s", INSTANCE_SOLO);
    snprintf(identity.client, sizeof identity.client, "%s", client);
    snprintf(identity.group, sizeof identity.group, "%s", group);
    snprintf(publication->instance, sizeof publication->instance, "%s", INSTANCE_SOLO);
    return publish_solo(publication, &identity, error);
}

void worker_unpublish(struct worker_publication *publication, bool clean)
{
    stats_writer_close(publication->writer);
    publication->writer = NULL;
    if (clean && publication->own) {
        stats_segment_unlink(publication->instance, publication->worker, publication->generation);
        unlink_beyond_quota(publication->worker, publication->generation + DEAD_KEPT + 1);
    }
}
