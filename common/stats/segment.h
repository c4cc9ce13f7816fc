/* segment.h: one worker generation's shared-memory object: what it is of, its name, its end. The layout is
 * drawn in README.md.
 *
 * The supervisor (or a worker that runs without one) creates it, by create.h; from then on only the worker
 * writes, through writer.h; anybody of the same user reads, through reader.h.
 */
#ifndef KSUPERVISE_COMMON_STATS_SEGMENT_H
#define KSUPERVISE_COMMON_STATS_SEGMENT_H

#include "common/error.h"
#include "common/names.h"
#include "common/stats/definitions.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STATS_PARTITIONS_DEFAULT 64
#define STATS_PARTITIONS_MAX     65536
#define STATS_NAME_BYTES         128
#define STATS_GROUP_BYTES        256
#define STATS_TOPIC_BYTES        250 /* Kafka: 249 characters */

/* What is fixed for the life of a generation, written into the header by the creator. */
struct stats_identity {
    enum stats_kind kind;
    uint32_t partition_capacity; /* to begin with: its writer replaces it by a larger one */
    uint64_t generation;
    char instance[NAME_BYTES];
    char worker[WORKER_NAME_BYTES];
    char client[NAME_BYTES];
    char group[STATS_GROUP_BYTES]; /* "" for a producer */
};

/* "/ksupervise.<uid>.<instance>.<worker>.<generation>" */
void stats_segment_name(char name[STATS_NAME_BYTES], const char *instance, const char *worker,
                        uint64_t generation);

/* "….~": where one with more room is made that takes its place. No other name of ours has a '~'. */
void stats_segment_hidden_name(char hidden[STATS_NAME_BYTES + 2], const char *name);

/* Opens one for reading, close-on-exec, or -1: EXIT_CODE_NOT_RUNNING when there is none. For `previous_fd`.
 */
int stats_segment_open(const char *instance, const char *worker, uint64_t generation, struct error *error);

/* True when another object has taken over the name of the one behind `fd`, or the name is gone: it is not
 * written any more. (One that was made without a name never had one: this is always true of it.) */
bool stats_segment_is_replaced(int fd);

/* With what was left where it was to be replaced. 0, or -1 with errno. */
int stats_segment_unlink(const char *instance, const char *worker, uint64_t generation);

/* Calls `each` for every segment object of this uid and instance (instance NULL: of all), in the order
 * worker, generation. Names that are not ours are passed over. Stops when `each` returns non-zero, and
 * returns that; -1 with errno when they cannot be listed. `each` may create and unlink segments. */
int stats_segment_scan(const char *instance,
                       int (*each)(void *context, const char *instance, const char *worker,
                                   uint64_t generation),
                       void *context);

#endif
