#include "common/stats/layout.h"

#include "common/hash.h"
#define CACHE_LINE_BYTES 64
#define WORD_BYTES       sizeof(uint64_t)

static uint32_t reserve(uint32_t *end, size_t bytes)
{
    uint32_t offset = (*end + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    *end = offset + (uint32_t)bytes;
    return offset;
}

void stats_layout(struct stats_header *header, enum stats_kind kind, uint32_t partition_capacity)
{
    size_t definitions;
    stats_definitions(kind, &definitions);
    memcpy(header->magic, STATS_MAGIC, sizeof header->magic);
    header->byte_order = STATS_BYTE_ORDER;
    header->kind = kind;
    header->header_bytes = sizeof *header;
    header->definition_bytes = sizeof(struct stats_wire_definition);
    header->definition_count = (uint32_t)definitions;
    header->ring_count = STATS_RING_COUNT;
    header->ring_entry_bytes = sizeof(struct stats_wire_ring_entry);
    header->ring_slots = STATS_RING_ENTRIES + 1;
    header->selector_count = STATS_SELECTOR_PARTITION(STATS_RING_COUNT) + partition_capacity;
    header->status_bytes = (uint32_t)(stats_section_count(kind, STATS_SECTION_STATUS) * WORD_BYTES);
    header->partition_copy_bytes =
        (uint32_t)(stats_section_count(kind, STATS_SECTION_PARTITION) * WORD_BYTES);
    header->partition_bytes =
        (uint32_t)sizeof(struct stats_wire_partition) + 2 * header->partition_copy_bytes;
    header->partition_capacity = partition_capacity;
    header->histogram_steps = HISTOGRAM_STEPS;
    header->histogram_buckets = HISTOGRAM_BUCKETS;

    uint32_t end = header->header_bytes;
    header->definitions_offset = reserve(&end, definitions * sizeof(struct stats_wire_definition));
    header->liveness_offset = reserve(&end, sizeof(struct stats_wire_liveness));
    header->selectors_offset = reserve(&end, header->selector_count * WORD_BYTES);
    reserve(&end, stats_section_count(kind, STATS_SECTION_COUNTERS) * WORD_BYTES);
    header->status_offset = reserve(&end, (size_t)2 * header->status_bytes);
    reserve(&end, stats_section_count(kind, STATS_SECTION_HISTOGRAMS) * sizeof(struct stats_wire_histogram));
    header->rings_offset =
        reserve(&end, (size_t)header->ring_count * header->ring_slots * header->ring_entry_bytes);
    header->partitions_offset = reserve(&end, (size_t)partition_capacity * header->partition_bytes);
    header->total_bytes = end;
}

uint32_t stats_layout_counters(const struct stats_header *header)
{
    uint32_t end = header->selectors_offset + header->selector_count * (uint32_t)WORD_BYTES;
    return reserve(&end, 0);
}

uint32_t stats_layout_histograms(const struct stats_header *header)
{
    uint32_t end = header->status_offset + 2 * header->status_bytes;
    return reserve(&end, 0);
}

uint32_t stats_layout_definitions(const struct stats_header *header,
                                  struct stats_wire_definition *definitions)
{
    size_t count;
    const struct stats_definition *table = stats_definitions(header->kind, &count);
    uint64_t next[] = {
        [STATS_SECTION_COUNTERS] = stats_layout_counters(header),
        [STATS_SECTION_STATUS] = 0,
        [STATS_SECTION_PARTITION] = 0,
        [STATS_SECTION_HISTOGRAMS] = stats_layout_histograms(header),
        [STATS_SECTION_NAMES] = 0,
    };
    static const uint64_t step[] = {
        [STATS_SECTION_COUNTERS] = WORD_BYTES,
        [STATS_SECTION_STATUS] = WORD_BYTES,
        [STATS_SECTION_PARTITION] = WORD_BYTES,
        [STATS_SECTION_HISTOGRAMS] = sizeof(struct stats_wire_histogram),
        [STATS_SECTION_NAMES] = 1,
    };
    for (size_t i = 0; i < count; i++) {
        struct stats_wire_definition *wire = &definitions[i];
        memset(wire, 0, sizeof *wire);
        snprintf(wire->name, sizeof wire->name, "%s", table[i].name);
        snprintf(wire->unit, sizeof wire->unit, "%s", table[i].unit);
        snprintf(wire->help, sizeof wire->help, "%s", table[i].help);
        wire->type = table[i].type;
        wire->section = table[i].section;
        wire->position = next[table[i].section];
        next[table[i].section] += step[table[i].section];
    }
    return hash_32(HASH_32_START, definitions, count * sizeof *definitions);
}

/* Every gauge, offset and time begins unknown. Copies that were never published must say so too: the selector
 * begins at 0 and names copy 0. */
static void fill_unknown(unsigned char *at, size_t bytes)
{
    const int64_t unknown = STATS_UNKNOWN;
    for (size_t i = 0; i + sizeof unknown <= bytes; i += sizeof unknown)
        memcpy(at + i, &unknown, sizeof unknown);
}

void stats_layout_fill_unknown(const struct stats_header *header, unsigned char *image)
{
    fill_unknown(image + header->status_offset, (size_t)2 * header->status_bytes);
    for (uint32_t slot = 0; slot < header->partition_capacity; slot++)
        fill_unknown(image + header->partitions_offset + (size_t)slot * header->partition_bytes +
                         sizeof(struct stats_wire_partition),
                     (size_t)2 * header->partition_copy_bytes);
    fill_unknown(image + header->liveness_offset + offsetof(struct stats_wire_liveness, heartbeat_us),
                 sizeof(int64_t));
}
