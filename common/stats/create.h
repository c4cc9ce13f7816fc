/* create.h: makes a segment (segment.h): its header, its definitions, and the counters of the generation
 * before.
 */
#ifndef KSUPERVISE_COMMON_STATS_CREATE_H
#define KSUPERVISE_COMMON_STATS_CREATE_H

#include "common/stats/segment.h"

/* Creates it (O_EXCL, 0600, posix_fallocate) with header and definitions, counters carried over from
 * `previous_fd` (a segment of the former generation, read by definition; -1 for none). Returns a descriptor,
 * close-on-exec, or -1; errno EEXIST when the name is taken. On a full /dev/shm the error says so and nothing
 * is left behind. */
int stats_segment_create(const struct stats_identity *identity, int previous_fd, struct error *error);

/* The same without a name: when /dev/shm has no room, for the worker and the supervisor that hold it. Nobody
 * else finds it, and it ends with them. */
int stats_segment_create_unnamed(const struct stats_identity *identity, int previous_fd, struct error *error);

/* Bytes that a segment of this kind and capacity has. */
size_t stats_segment_bytes(enum stats_kind kind, uint32_t partition_capacity);

#endif
