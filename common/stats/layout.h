/* layout.h: what stands where in a segment, byte by byte; drawn in README.md. Only common/stats includes
 * this.
 *
 * All numbers are in the byte order of the machine (shared memory does not travel); `byte_order` tells a file
 * that was copied from elsewhere. Offsets are from the start of the object, multiples of 8. A reader takes
 * every offset, stride and count from the header and the definitions of the segment that it reads, after
 * checking them: it may be of another build.
 */
#ifndef KSUPERVISE_COMMON_STATS_LAYOUT_H
#define KSUPERVISE_COMMON_STATS_LAYOUT_H

#include "common/stats/histogram.h"
#include "common/stats/segment.h"

#define STATS_MAGIC          "KSUPSTAT"
#define STATS_BYTE_ORDER     UINT32_C(0x01020304)
#define STATS_LAYOUT_VERSION UINT32_C(1) /* changes when a reader of the former one would misread */

struct stats_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version; /* stored last: 0 while the segment is being made */
    uint64_t total_bytes;
    uint32_t kind; /* enum stats_kind */
    uint32_t header_bytes;
    uint64_t generation;
    int64_t created_us;
    uint32_t definitions_offset;
    uint32_t definition_bytes; /* stride */
    uint32_t definition_count;
    uint32_t definitions_hash; /* the writer must be of the creator's build: FNV-1a over the definitions */
    uint32_t liveness_offset;
    uint32_t selectors_offset;
    uint32_t selector_count; /* 1 + ring_count + 1 + partition_capacity */
    uint32_t ring_count;
    uint32_t rings_offset;
    uint32_t ring_entry_bytes;
    uint32_t ring_slots; /* one more than a reader may see: the one that is being written */
    uint32_t status_offset;
    uint32_t status_bytes; /* of one copy; the second follows */
    uint32_t partitions_offset;
    uint32_t partition_bytes; /* stride */
    uint32_t partition_capacity;
    uint32_t partition_copy_bytes;
    uint32_t histogram_steps;   /* an octave */
    uint32_t histogram_buckets; /* of each histogram */
    uint32_t pid_namespace;     /* where its pids are numbers, liveness.h; 0: not known */
    char instance[40];
    char worker[48];
    char client[40];
    char group[256];
};

struct stats_wire_definition {
    char name[STATS_DEFINITION_NAME_BYTES];
    char unit[STATS_DEFINITION_UNIT_BYTES];
    char help[STATS_DEFINITION_HELP_BYTES];
    uint32_t type;     /* enum stats_type */
    uint32_t section;  /* enum stats_section */
    uint64_t position; /* counters, histograms: offset in the segment; status, partition: in a copy; names:
                          index */
};

struct stats_wire_liveness {
    uint64_t pid;
    uint64_t start_ticks;
    uint64_t heartbeat_tick;
    uint64_t heartbeat_us;
};

/* The selectors: one word for each thing that is published. In this order: partition slots in use, ring heads
 * (entries ever written), status, partitions. Those of the last two count publications; the lowest bit says
 * which copy is current. */
#define STATS_SELECTOR_USED             0U
#define STATS_SELECTOR_RING(ring)       (1U + (ring))
#define STATS_SELECTOR_STATUS(rings)    (1U + (rings))
#define STATS_SELECTOR_PARTITION(rings) (2U + (rings)) /* of the first */

struct stats_wire_histogram {
    uint64_t sum;
    uint64_t max;
    uint64_t counts[HISTOGRAM_BUCKETS];
};

struct stats_wire_ring_entry {
    int64_t time_us;
    int64_t number;
    char text[112];
};

struct stats_wire_partition {
    char topic[252];
    int32_t partition;
    /* two copies of partition_copy_bytes follow */
};

#define AT(type, member, offset)                                                                             \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member " moved")
AT(stats_header, magic, 0);
AT(stats_header, byte_order, 8);
AT(stats_header, version, 12);
AT(stats_header, total_bytes, 16);
AT(stats_header, kind, 24);
AT(stats_header, header_bytes, 28);
AT(stats_header, generation, 32);
AT(stats_header, created_us, 40);
AT(stats_header, definitions_offset, 48);
AT(stats_header, definition_bytes, 52);
AT(stats_header, definition_count, 56);
AT(stats_header, definitions_hash, 60);
AT(stats_header, liveness_offset, 64);
AT(stats_header, selectors_offset, 68);
AT(stats_header, selector_count, 72);
AT(stats_header, ring_count, 76);
AT(stats_header, rings_offset, 80);
AT(stats_header, ring_entry_bytes, 84);
AT(stats_header, ring_slots, 88);
AT(stats_header, status_offset, 92);
AT(stats_header, status_bytes, 96);
AT(stats_header, partitions_offset, 100);
AT(stats_header, partition_bytes, 104);
AT(stats_header, partition_capacity, 108);
AT(stats_header, partition_copy_bytes, 112);
AT(stats_header, histogram_steps, 116);
AT(stats_header, histogram_buckets, 120);
AT(stats_header, pid_namespace, 124);
AT(stats_header, instance, 128);
AT(stats_header, worker, 168);
AT(stats_header, client, 216);
AT(stats_header, group, 256);
_Static_assert(sizeof(struct stats_header) == 512, "header size");
AT(stats_wire_definition, name, 0);
AT(stats_wire_definition, unit, 40);
AT(stats_wire_definition, help, 56);
AT(stats_wire_definition, type, 168);
AT(stats_wire_definition, section, 172);
AT(stats_wire_definition, position, 176);
_Static_assert(sizeof(struct stats_wire_definition) == 184, "definition size");
AT(stats_wire_liveness, pid, 0);
AT(stats_wire_liveness, start_ticks, 8);
AT(stats_wire_liveness, heartbeat_tick, 16);
AT(stats_wire_liveness, heartbeat_us, 24);
_Static_assert(sizeof(struct stats_wire_liveness) == 32, "liveness size");
AT(stats_wire_histogram, sum, 0);
AT(stats_wire_histogram, max, 8);
AT(stats_wire_histogram, counts, 16);
_Static_assert(sizeof(struct stats_wire_histogram) == 16 + 8 * 592, "histogram size");
AT(stats_wire_ring_entry, time_us, 0);
AT(stats_wire_ring_entry, number, 8);
AT(stats_wire_ring_entry, text, 16);
_Static_assert(sizeof(struct stats_wire_ring_entry) == 128, "ring entry size");
AT(stats_wire_partition, topic, 0);
AT(stats_wire_partition, partition, 252);
_Static_assert(sizeof(struct stats_wire_partition) == 256, "partition head size");
#undef AT

/* Fills everything of the header that follows from kind and capacity (not: version, generation, created_us,
 * names, hash). */
void stats_layout(struct stats_header *header, enum stats_kind kind, uint32_t partition_capacity);

/* Writes this build's definitions at `definitions` (header->definition_count of them) and returns their hash.
 */
uint32_t stats_layout_definitions(const struct stats_header *header,
                                  struct stats_wire_definition *definitions);

/* What nobody has said yet is unknown, in a whole object at `image`. */
void stats_layout_fill_unknown(const struct stats_header *header, unsigned char *image);

/* Offset of this build's first counter: the others follow, then the histograms, each in the table's order. */
uint32_t stats_layout_counters(const struct stats_header *header);
uint32_t stats_layout_histograms(const struct stats_header *header);

#endif
