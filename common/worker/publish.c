#include "common/worker/publish.h"
#include "common/stats/create.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/stats/reader.h"
#include "common/worker/config.h"

#define SHM_FOLDER "/dev/shm" /* shm_overview(7) */

enum { DEAD_KEPT = 2, NAMES_TRIED = 1000, LOCK_TRIES = 1000, LOCK_PAUSE_US = 1000 };

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
    int previous_fd =
        previous > 0 ? stats_segment_open(identity->instance, identity->worker, previous, NULL) : -1;
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

/* This generation and those before it. */
static void unlink_from(const char *worker, uint64_t newest)
{
    for (uint64_t old = newest; old > 0; old--)
        if (stats_segment_unlink(INSTANCE_SOLO, worker, old) == -1)
            break; /* the older ones went earlier */
}

/* Choosing a name and living under it are several steps: of two processes that start together, the second
 * would take the first one's segment, not opened yet, for a dead one's, and the name with it. So they choose
 * one after the other, under a lock that needs no file of its own. Another user can hold it as well: after a
 * second we go on without. */
static int lock_names(void)
{
    int fd = open(SHM_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd != -1 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) == -1; i++)
        usleep(LOCK_PAUSE_US);
    return fd;
}

/* Takes the first of bravo, bravo.2, … that no living process publishes as. */
static int choose_name(struct worker_publication *publication, struct stats_identity *identity,
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
            if (identity->generation > DEAD_KEPT + 1)
                unlink_from(identity->worker, identity->generation - DEAD_KEPT - 1);
            return 0;
        }
        if (errno != EEXIST) /* somebody was quicker: the next name */
            return -1;
    }
    return error_set(error, "%d workers named '%s' are running already", NAMES_TRIED, identity->client);
}

static int publish_solo(struct worker_publication *publication, struct stats_identity *identity,
                        struct error *error)
{
    int lock = lock_names();
    int result = choose_name(publication, identity, error);
    if (lock != -1)
        close(lock);
    return result;
}

/* Its last lines stay in its segment, for a post-mortem. */
static void note_line(void *context, const char *line)
{
    stats_event(context, STATS_RING_LINES, clock_wall_us(), 0, "%s", line);
}

static int open_segment(struct worker_publication *publication, bool supervised, enum stats_kind kind,
                        const char *client, const char *group, struct error *error)
{
    if (supervised)
        return stats_writer_open(&publication->writer, WORKER_SEGMENT_FD, error);
    struct stats_identity identity = {.kind = kind, .partition_capacity = STATS_PARTITIONS_DEFAULT};
    snprintf(identity.instance, sizeof identity.instance, "%s", INSTANCE_SOLO);
    snprintf(identity.client, sizeof identity.client, "%s", client);
    snprintf(identity.group, sizeof identity.group, "%s", group);
    snprintf(publication->instance, sizeof publication->instance, "%s", INSTANCE_SOLO);
    return publish_solo(publication, &identity, error);
}

int worker_publish(struct worker_publication *publication, bool supervised, enum stats_kind kind,
                   const char *client, const char *group, struct error *error)
{
    *publication = (struct worker_publication){0};
    if (open_segment(publication, supervised, kind, client, group, error) == -1)
        return -1;
    log_set_listener(note_line, publication->writer);
    return 0;
}

void worker_unpublish(struct worker_publication *publication, bool clean)
{
    log_set_listener(NULL, NULL);
    stats_writer_close(publication->writer);
    publication->writer = NULL;
    if (clean && publication->own)
        unlink_from(publication->worker, publication->generation);
}
