/* reader_private.h: a snapshot's insides, shared by the files that take it (reader.c), check it
 * (reader_check.c) and look values up in it (reader_values.c). Nobody else includes this. */
#ifndef KSUPERVISE_COMMON_STATS_READER_PRIVATE_H
#define KSUPERVISE_COMMON_STATS_READER_PRIVATE_H

#include "common/stats/layout.h"
#include "common/stats/reader.h"

#define STATS_SEGMENT_BYTES_MAX    (UINT64_C(64) * 1024 * 1024)
#define STATS_DEFINITIONS_MAX      1024
#define STATS_DEFINITION_BYTES_MAX 4096

/* Where a name was found last: names are literals, asked for again and again. */
#define READER_LOOKUPS 64
struct reader_lookup {
    const char *name; /* as it was asked for; what it points to is compared again */
    const struct stats_wire_definition *wire;
};

struct stats_snapshot {
    int fd;
    struct stats_header header; /* checked: every offset and count may be used */
    struct stats_identity identity;
    size_t definition_count;
    struct stats_wire_definition *wire;   /* checked, own copy; texts end with a NUL */
    struct stats_definition *definitions; /* the same for callers; point into `wire` */
    uint64_t *before, *after;             /* selectors around the read of the values */
    bool *group_torn;                     /* by selector */
    unsigned char *bytes;                 /* the object; only what follows the definitions is filled */
    uint64_t values_offset;
    struct reader_lookup *lookups; /* READER_LOOKUPS, by a hash of the name's address */
    size_t partitions;
    bool torn;
};

/* Is this header one that this build can read, in an object of `object_bytes`? 0 or -1. */
int reader_check_header(const struct stats_header *header, int64_t object_bytes, struct error *error);

/* Is each of the copied definitions one whose value lies within the segment? Makes texts end. 0 or -1. */
int reader_check_definitions(const struct stats_header *header, struct stats_wire_definition *wire,
                             size_t count, uint64_t values_offset, struct error *error);

/* The identity, when its names are names. 0 or -1. */
int reader_identity(const struct stats_header *header, struct stats_identity *identity, struct error *error);

/* Where the two copies of a selector's group are: the status, or a partition's values. */
uint64_t reader_copies(const struct stats_snapshot *snapshot, size_t selector, size_t *copy_bytes);

/* The entries of a ring that were read whole: from `*first` up to what is returned; none when that is less.
 * At most ring_slots − 1. */
uint64_t reader_ring(const struct stats_snapshot *snapshot, uint32_t ring, uint64_t *first);
/* Where the entry-th of all that were ever written to a ring is, or was. */
uint64_t reader_ring_entry(const struct stats_header *header, uint32_t ring, uint64_t entry);

#endif
