#include "common/stats/reader_private.h"

#include <ctype.h>
#include <inttypes.h>

#include "common/exit_codes.h"
#include "common/stats/printable.h"

#define WORD_BYTES sizeof(uint64_t)

/* All arithmetic in 64 bits: the factors have 32. */
static bool fits(const struct stats_header *header, uint64_t values_offset, uint64_t offset, uint64_t count,
                 uint64_t bytes)
{
    return offset % WORD_BYTES == 0 && bytes % WORD_BYTES == 0 && offset >= values_offset &&
           offset <= header->total_bytes && count * bytes <= header->total_bytes - offset;
}

static uint64_t values_offset_of(const struct stats_header *header)
{
    return header->definitions_offset + (uint64_t)header->definition_count * header->definition_bytes;
}

static bool sections_fit(const struct stats_header *header)
{
    uint64_t from = values_offset_of(header);
    return header->header_bytes >= sizeof *header && header->definitions_offset >= header->header_bytes &&
           header->definition_count <= STATS_DEFINITIONS_MAX &&
           header->definition_bytes >= sizeof(struct stats_wire_definition) &&
           header->definition_bytes <= STATS_DEFINITION_BYTES_MAX && from <= header->total_bytes &&
           fits(header, from, header->liveness_offset, 1, sizeof(struct stats_wire_liveness)) &&
           fits(header, from, header->selectors_offset, header->selector_count, WORD_BYTES) &&
           fits(header, from, header->status_offset, 2, header->status_bytes);
}

static bool arrays_fit(const struct stats_header *header)
{
    uint64_t from = values_offset_of(header);
    return header->ring_entry_bytes >= sizeof(struct stats_wire_ring_entry) && header->ring_slots >= 2 &&
           header->ring_slots <= UINT16_MAX && header->ring_count <= UINT16_MAX &&
           fits(header, from, header->rings_offset, (uint64_t)header->ring_count * header->ring_slots,
                header->ring_entry_bytes) &&
           header->partition_capacity <= STATS_PARTITIONS_MAX &&
           header->partition_copy_bytes % WORD_BYTES == 0 &&
           header->partition_bytes >=
               sizeof(struct stats_wire_partition) + UINT64_C(2) * header->partition_copy_bytes &&
           fits(header, from, header->partitions_offset, header->partition_capacity,
                header->partition_bytes) &&
           header->selector_count == UINT64_C(2) + header->ring_count + header->partition_capacity;
}

int reader_check_header(const struct stats_header *header, int64_t object_bytes, struct error *error)
{
    if (memcmp(header->magic, STATS_MAGIC, sizeof header->magic) != 0)
        return error_set(error, "not a statistics segment");
    if (header->byte_order != STATS_BYTE_ORDER)
        return error_set(error, "a statistics segment of a machine with another byte order");
    if (header->version == 0)
        return error_set_code(error, EXIT_CODE_NOT_RUNNING, "the statistics segment is just being made");
    if (header->version != STATS_LAYOUT_VERSION)
        return error_set(error,
                         "a statistics segment of layout version %" PRIu32
                         ", this program reads version %" PRIu32 ": use the kstat that was installed with it",
                         header->version, STATS_LAYOUT_VERSION);
    if (object_bytes < 0 || header->total_bytes > (uint64_t)object_bytes)
        return error_set(error, "a truncated statistics segment: %" PRId64 " of %" PRIu64 " bytes",
                         object_bytes, header->total_bytes);
    bool known_kind = header->kind == STATS_KIND_CONSUMER || header->kind == STATS_KIND_PRODUCER;
    if (!known_kind || header->total_bytes > STATS_SEGMENT_BYTES_MAX || !sections_fit(header) ||
        !arrays_fit(header))
        return error_set(error, "a damaged statistics segment: its header contradicts itself");
    return 0;
}

static bool is_word(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_' && *c != '-')
            return false;
    return text[0] != '\0';
}

static bool value_fits(const struct stats_header *header, const struct stats_wire_definition *wire,
                       uint64_t values_offset)
{
    switch (wire->section) {
    case STATS_SECTION_COUNTERS:
        return fits(header, values_offset, wire->position, 1, WORD_BYTES);
    case STATS_SECTION_STATUS:
        return wire->position % WORD_BYTES == 0 && wire->position < header->status_bytes;
    case STATS_SECTION_PARTITION:
        return wire->position % WORD_BYTES == 0 && wire->position < header->partition_copy_bytes;
    case STATS_SECTION_HISTOGRAMS:
        return fits(header, values_offset, wire->position, 2 + (uint64_t)header->histogram_buckets,
                    WORD_BYTES);
    default: /* names have no value; a section that this build does not know is passed over */
        return true;
    }
}

int reader_check_definitions(const struct stats_header *header, struct stats_wire_definition *wire,
                             size_t count, uint64_t values_offset, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        printable(wire[i].name, sizeof wire[i].name);
        printable(wire[i].unit, sizeof wire[i].unit);
        printable(wire[i].help, sizeof wire[i].help);
        if (!is_word(wire[i].name) || !is_word(wire[i].unit) || !value_fits(header, &wire[i], values_offset))
            return error_set(error, "a damaged statistics segment: its definition %zu makes no sense", i);
    }
    return 0;
}

static bool copy_name(char *to, size_t bytes, const char *from, size_t from_bytes, const char *also_allowed)
{
    size_t length = strnlen(from, from_bytes);
    if (length == 0 || length >= bytes)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)from[i]) && strchr(also_allowed, from[i]) == NULL)
            return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

int reader_identity(const struct stats_header *header, struct stats_identity *identity, struct error *error)
{
    *identity = (struct stats_identity){.kind = header->kind,
                                        .partition_capacity = header->partition_capacity,
                                        .generation = header->generation};
    if (!copy_name(identity->instance, sizeof identity->instance, header->instance, sizeof header->instance,
                   "_-") ||
        !copy_name(identity->worker, sizeof identity->worker, header->worker, sizeof header->worker, "_-.") ||
        !copy_name(identity->client, sizeof identity->client, header->client, sizeof header->client, "_-"))
        return error_set(error, "a damaged statistics segment: its names are not valid");
    memcpy(identity->group, header->group, sizeof identity->group);
    printable(identity->group, sizeof identity->group);
    return 0;
}
