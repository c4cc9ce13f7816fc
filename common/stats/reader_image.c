/* A snapshot as an object of its own, for captures. */
#include "common/stats/reader_private.h"

static void put_selectors(const struct stats_snapshot *snapshot, unsigned char *image)
{
    const struct stats_header *header = &snapshot->header;
    uint64_t used = snapshot->partitions;
    memcpy(image + header->selectors_offset, snapshot->before,
           header->selector_count * sizeof *snapshot->before);
    memcpy(image + header->selectors_offset, &used, sizeof used);
}

/* A group that was caught in the middle of its change each time: its values are unknown here too. */
static void forget_torn(const struct stats_snapshot *snapshot, unsigned char *image)
{
    size_t status = STATS_SELECTOR_STATUS(snapshot->header.ring_count);
    const int64_t unknown = STATS_UNKNOWN;
    for (size_t i = status; i <= status + snapshot->partitions; i++) {
        size_t copy_bytes;
        uint64_t copies = reader_copies(snapshot, i, &copy_bytes);
        for (size_t at = 0; snapshot->group_torn[i] && at < 2 * copy_bytes; at += sizeof unknown)
            memcpy(image + copies + at, &unknown, sizeof unknown);
    }
}

/* From its first slot on: what the writer overtook while the values were read is no entry any more. */
static void put_ring(const struct stats_snapshot *snapshot, unsigned char *image, uint32_t ring)
{
    const struct stats_header *header = &snapshot->header;
    uint64_t first, head = reader_ring(snapshot, ring, &first), count = 0;
    memset(image + reader_ring_entry(header, ring, 0), 0,
           (size_t)header->ring_slots * header->ring_entry_bytes);
    for (uint64_t i = first; i < head; i++, count++)
        memcpy(image + reader_ring_entry(header, ring, count),
               snapshot->bytes + reader_ring_entry(header, ring, i), header->ring_entry_bytes);
    memcpy(image + header->selectors_offset + STATS_SELECTOR_RING(ring) * sizeof count, &count, sizeof count);
}

void *stats_snapshot_image(const struct stats_snapshot *snapshot, size_t *bytes)
{
    const struct stats_header *header = &snapshot->header;
    unsigned char *image = calloc(1, header->total_bytes);
    if (image == NULL)
        return NULL;
    memcpy(image, header, sizeof *header);
    memcpy(image + header->definitions_offset, snapshot->bytes + header->definitions_offset,
           header->total_bytes - header->definitions_offset);
    put_selectors(snapshot, image);
    forget_torn(snapshot, image);
    for (uint32_t ring = 0; ring < header->ring_count; ring++)
        put_ring(snapshot, image, ring);
    *bytes = header->total_bytes;
    return image;
}
