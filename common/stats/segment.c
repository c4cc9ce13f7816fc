#include "common/stats/segment.h"

#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/stats/object.h"

_Static_assert(STATS_NAME_BYTES == OBJECT_NAME_BYTES, "a segment's name is an object's");

void stats_segment_name(char name[STATS_NAME_BYTES], const char *instance, const char *worker,
                        uint64_t generation)
{
    snprintf(name, STATS_NAME_BYTES, "/ksupervise.%u.%.*s.%.*s.%" PRIu64, (unsigned)geteuid(),
             NAME_LENGTH_MAX, instance, WORKER_NAME_BYTES - 1, worker, generation);
}

void stats_segment_hidden_name(char hidden[STATS_NAME_BYTES + 2], const char *name)
{
    snprintf(hidden, STATS_NAME_BYTES + 2, "%s.~", name);
}

int stats_segment_open(const char *instance, const char *worker, uint64_t generation, struct error *error)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, instance, worker, generation);
    return object_open(name, error);
}

int stats_segment_unlink(const char *instance, const char *worker, uint64_t generation)
{
    char name[STATS_NAME_BYTES], hidden[STATS_NAME_BYTES + 2];
    stats_segment_name(name, instance, worker, generation);
    stats_segment_hidden_name(hidden, name);
    shm_unlink(hidden);
    return shm_unlink(name);
}

bool stats_segment_is_replaced(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_nlink == 0;
}
