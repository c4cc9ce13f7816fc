/* Where the parts of a segment lie. */
#include "common/stats/layout.h"

#include <stdlib.h>

#include "common/stats/histogram.h"
#include "common/stats/writer.h"
#include "tests/support/check_main.h"

enum { PARTITIONS = 8, PARTS = 8, LINE_BYTES = 64 };

static const enum stats_kind kinds[] = {STATS_KIND_CONSUMER, STATS_KIND_PRODUCER};

struct part {
    size_t offset, bytes;
};

static size_t words(enum stats_kind kind, enum stats_section section)
{
    return stats_section_count(kind, section) * sizeof(uint64_t);
}

START_TEST(no_two_parts_overlap_and_each_begins_a_cache_line)
{
    for (size_t k = 0; k < 2; k++) {
        struct stats_header header = {0};
        stats_layout(&header, kinds[k], PARTITIONS);
        const struct part parts[PARTS] = {
            {0, header.header_bytes},
            {header.definitions_offset, header.definition_count * header.definition_bytes},
            {header.liveness_offset, sizeof(struct stats_wire_liveness)},
            {header.selectors_offset, header.selector_count * sizeof(uint64_t)},
            {stats_layout_counters(&header), words(kinds[k], STATS_SECTION_COUNTERS)},
            {header.status_offset, 2 * words(kinds[k], STATS_SECTION_STATUS)},
            {stats_layout_histograms(&header),
             stats_section_count(kinds[k], STATS_SECTION_HISTOGRAMS) * sizeof(struct stats_wire_histogram)},
            {header.rings_offset, (size_t)header.ring_count * header.ring_slots * header.ring_entry_bytes},
        };
        for (size_t i = 0; i + 1 < PARTS; i++)
            ck_assert_uint_le(parts[i].offset + parts[i].bytes, parts[i + 1].offset);
        for (size_t i = 1; i < PARTS; i++)
            ck_assert_uint_eq(parts[i].offset % LINE_BYTES, 0);
        ck_assert_uint_le(parts[PARTS - 1].offset + parts[PARTS - 1].bytes, header.partitions_offset);
        ck_assert_uint_eq(header.partitions_offset + (size_t)PARTITIONS * header.partition_bytes,
                          header.total_bytes);
    }
}
END_TEST

static uint32_t hash_of(enum stats_kind kind, struct stats_wire_definition *definitions)
{
    struct stats_header header = {0};
    stats_layout(&header, kind, PARTITIONS);
    return stats_layout_definitions(&header, definitions);
}

START_TEST(other_definitions_have_another_hash)
{
    struct stats_wire_definition *definitions = calloc(256, sizeof *definitions);
    ck_assert_ptr_nonnull(definitions);
    uint32_t consumer = hash_of(STATS_KIND_CONSUMER, definitions);
    ck_assert_uint_ne(consumer, hash_of(STATS_KIND_PRODUCER, definitions));
    ck_assert_uint_eq(consumer, hash_of(STATS_KIND_CONSUMER, definitions)); /* the same build's the same */
    free(definitions);
}
END_TEST

START_TEST(each_definition_has_a_place_of_its_own_in_its_section)
{
    struct stats_wire_definition *definitions = calloc(256, sizeof *definitions);
    for (size_t k = 0; k < 2; k++) {
        size_t count;
        const struct stats_definition *table = stats_definitions(kinds[k], &count);
        ck_assert_uint_le(count, 256);
        hash_of(kinds[k], definitions);
        for (size_t i = 0; i < count; i++) {
            ck_assert_str_eq(definitions[i].name, table[i].name);
            ck_assert_str_eq(definitions[i].unit, table[i].unit);
            ck_assert_str_eq(definitions[i].help, table[i].help);
            for (size_t j = 0; j < i; j++)
                ck_assert(definitions[i].section != definitions[j].section ||
                          definitions[i].position != definitions[j].position);
        }
    }
    free(definitions);
}
END_TEST

CHECK_MAIN("common/stats/layout", no_two_parts_overlap_and_each_begins_a_cache_line,
           other_definitions_have_another_hash, each_definition_has_a_place_of_its_own_in_its_section)
