/* A segment with room for more partitions, replacing a full one: as the directory does, a whole new object
 * takes over the name. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/stats/layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"
#include "common/stats/writer.h"

/* What one part of the object has, here and there. */
struct part {
    uint32_t from, to;
    size_t bytes;
};

static void copy_partitions(const struct stats_header *old, const unsigned char *from,
                            const struct stats_header *layout, unsigned char *to)
{
    memcpy(to + layout->partitions_offset, from + old->partitions_offset,
           (size_t)old->partition_capacity * old->partition_bytes);
}

/* This is the only writer: nothing changes meanwhile. */
static void copy_values(const struct stats_header *old, const unsigned char *from,
                        const struct stats_header *layout, unsigned char *to)
{
    enum stats_kind kind = layout->kind;
    const struct part parts[] = {
        {old->liveness_offset, layout->liveness_offset, sizeof(struct stats_wire_liveness)},
        {old->selectors_offset, layout->selectors_offset, old->selector_count * sizeof(uint64_t)},
        {stats_layout_counters(old), stats_layout_counters(layout),
         stats_section_count(kind, STATS_SECTION_COUNTERS) * sizeof(uint64_t)},
        {old->status_offset, layout->status_offset, (size_t)2 * old->status_bytes},
        {stats_layout_histograms(old), stats_layout_histograms(layout),
         stats_section_count(kind, STATS_SECTION_HISTOGRAMS) * sizeof(struct stats_wire_histogram)},
        {old->rings_offset, layout->rings_offset,
         (size_t)old->ring_count * old->ring_slots * old->ring_entry_bytes},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        memcpy(to + parts[i].to, from + parts[i].from, parts[i].bytes);
    copy_partitions(old, from, layout, to);
}

static unsigned char *make_image(const struct stats_writer *writer, struct stats_header *layout)
{
    unsigned char *image = calloc(1, layout->total_bytes);
    if (image == NULL)
        return NULL;
    layout->definitions_hash = stats_layout_definitions(
        layout, (struct stats_wire_definition *)(void *)(image + layout->definitions_offset));
    memcpy(image, layout, sizeof *layout);
    stats_layout_fill_unknown(layout, image);
    copy_values(writer->layout, writer->base, layout, image);
    return image;
}

/* One without a name, or whose name is gone, is known to nobody by any other than its descriptor: another
 * object would not be found. */
static bool has_its_name(int fd, const char *name)
{
    struct stat opened;
    struct stat named;
    int other = object_open(name, NULL);
    bool is_it = other != -1 && fstat(fd, &opened) == 0 && fstat(other, &named) == 0 &&
                 opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
    if (other != -1)
        close(other);
    return is_it;
}

/* Completed and locked under a name that no reader looks for. */
static int make_object(const struct stats_writer *writer, struct stats_header *layout, const char *hidden)
{
    unsigned char *image = make_image(writer, layout);
    if (image == NULL)
        return -1;
    shm_unlink(hidden); /* of one that was killed here */
    int fd = object_create(hidden, image, layout->total_bytes, NULL);
    free(image);
    if (fd != -1 && liveness_lock(fd) != 0)
        fd = object_discard(fd, hidden);
    return fd;
}

static void *map(int fd, const struct stats_header *layout)
{
    void *base = mmap(NULL, layout->total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return base != MAP_FAILED ? base : NULL;
}

static int take_position(int fd, const struct stats_header *layout, const char *hidden, const char *name,
                         void **base)
{
    *base = map(fd, layout);
    if (*base == NULL)
        return -1;
    if (object_rename(hidden, name, NULL) == 0)
        return 0;
    munmap(*base, layout->total_bytes);
    return -1;
}

static bool make_room(struct stats_writer *writer, uint32_t capacity)
{
    size_t old = writer->layout->partition_capacity * writer->partition_count;
    size_t count = capacity * writer->partition_count;
    int64_t *values = realloc(writer->partitions, (count + 1) * sizeof *values);
    if (values == NULL)
        return false;
    writer->partitions = values;
    for (size_t i = old; i < count; i++)
        values[i] = STATS_UNKNOWN;
    return true;
}

static void move_to(struct stats_writer *writer, int fd, void *base, const struct stats_header *layout)
{
    munmap(writer->base, writer->layout->total_bytes);
    close(writer->fd);
    writer->fd = fd;
    writer->base = base;
    *writer->layout = *layout;
    writer_point(writer);
}

bool writer_grow(struct stats_writer *writer)
{
    char name[STATS_NAME_BYTES], hidden[STATS_NAME_BYTES + 2];
    struct stats_header layout = *writer->layout;
    uint32_t capacity = layout.partition_capacity > 0 ? 2 * layout.partition_capacity : 1;
    stats_segment_name(name, layout.instance, layout.worker, layout.generation);
    stats_segment_hidden_name(hidden, name);
    if (capacity > STATS_PARTITIONS_MAX || !has_its_name(writer->fd, name) || !make_room(writer, capacity))
        return false;
    stats_layout(&layout, layout.kind, capacity);
    int fd = make_object(writer, &layout, hidden);
    void *base;
    if (fd == -1)
        return false;
    if (take_position(fd, &layout, hidden, name, &base) != 0) {
        object_discard(fd, hidden);
        return false;
    }
    move_to(writer, fd, base, &layout);
    return true;
}
