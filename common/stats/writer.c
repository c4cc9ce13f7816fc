#include "common/stats/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/stats/layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"

_Static_assert(STATS_CONSUMER_STATUS_COUNT <= STATS_STATUS_WORDS_MAX, "raise STATS_STATUS_WORDS_MAX");
_Static_assert(STATS_PRODUCER_STATUS_COUNT <= STATS_STATUS_WORDS_MAX, "raise STATS_STATUS_WORDS_MAX");
_Static_assert(STATS_RING_TEXT_BYTES == sizeof(((struct stats_wire_ring_entry *)0)->text),
               "one size of ring texts");
/* stats_phase needs them at the same place in both kinds. */
_Static_assert((int)CONSUMER_PHASE == (int)PRODUCER_PHASE, "phase");
_Static_assert((int)CONSUMER_PHASE_SINCE == (int)PRODUCER_PHASE_SINCE, "phase since");

static stats_word *word_at(const struct stats_writer *writer, size_t offset)
{
    return (stats_word *)(void *)(writer->base + offset);
}

/* A segment that another build made has other definitions: its words must not be written by this build's ids.
 */
static int check_layout(const struct stats_header *header, int64_t bytes, struct error *error)
{
    if (memcmp(header->magic, STATS_MAGIC, sizeof header->magic) != 0 ||
        (header->kind != STATS_KIND_CONSUMER && header->kind != STATS_KIND_PRODUCER) ||
        header->partition_capacity > STATS_PARTITIONS_MAX)
        return error_set(error, "the descriptor is not a statistics segment");
    struct stats_header own = *header;
    stats_layout(&own, header->kind, header->partition_capacity);
    struct stats_wire_definition *definitions = calloc(own.definition_count, sizeof *definitions);
    if (definitions == NULL)
        return error_set(error, "no memory to check the statistics segment");
    own.definitions_hash = stats_layout_definitions(&own, definitions);
    own.version = STATS_LAYOUT_VERSION;
    free(definitions);
    if (memcmp(header, &own, sizeof own) != 0 || bytes < (int64_t)own.total_bytes)
        return error_set(
            error, "the statistics segment was made by another build of ksupervise: install its programs "
                   "together");
    return 0;
}

void writer_point(struct stats_writer *writer)
{
    const struct stats_header *layout = writer->layout;
    enum stats_kind kind = layout->kind;
    writer->selectors = word_at(writer, layout->selectors_offset);
    writer->counters = word_at(writer, stats_layout_counters(layout));
    writer->tick = word_at(writer, writer->layout->liveness_offset +
                                       offsetof(struct stats_wire_liveness, heartbeat_tick));
    writer->histograms_offset = stats_layout_histograms(layout);
    writer->counter_count = stats_section_count(kind, STATS_SECTION_COUNTERS);
    writer->status_count = stats_section_count(kind, STATS_SECTION_STATUS);
    writer->partition_count = stats_section_count(kind, STATS_SECTION_PARTITION);
    writer->histogram_count = stats_section_count(kind, STATS_SECTION_HISTOGRAMS);
}

static void know_nothing(struct stats_writer *writer)
{
    for (size_t i = 0; i < STATS_STATUS_WORDS_MAX; i++)
        writer->status[i] = STATS_UNKNOWN;
    for (size_t i = 0; i < writer->layout->partition_capacity * writer->partition_count; i++)
        writer->partitions[i] = STATS_UNKNOWN;
}

static void announce(struct stats_writer *writer)
{
    struct stats_wire_liveness *liveness = (void *)(writer->base + writer->layout->liveness_offset);
    pid_t pid = getpid();
    word_store((stats_word *)&liveness->start_ticks, liveness_start_ticks(pid));
    word_release((stats_word *)&liveness->pid, (uint64_t)pid);
}

/* Fills a zeroed writer; what it got is released by stats_writer_close. */
static int attach(struct stats_writer *writer, int fd, struct error *error)
{
    writer->fd = liveness_reopen(fd, O_RDWR);
    if (writer->fd < 0)
        return error_set(error, "cannot open the statistics segment behind descriptor %d: %m", fd);
    struct stats_header header;
    if (!object_read(writer->fd, &header, sizeof header, 0))
        return error_set(error, "the descriptor is not a statistics segment: it is too short");
    if (check_layout(&header, object_bytes(writer->fd), error) != 0)
        return -1;
    if (liveness_lock(writer->fd) != 0)
        return error_set(error, errno == EAGAIN ? "the statistics segment has a writer already"
                                                : "cannot lock the statistics segment: %m");
    struct stats_header *layout = malloc(sizeof *layout);
    writer->layout = layout;
    size_t values = header.partition_capacity * stats_section_count(header.kind, STATS_SECTION_PARTITION);
    writer->partitions = calloc(values + 1, sizeof *writer->partitions);
    if (layout == NULL || writer->partitions == NULL)
        return error_set(error, "no memory for the statistics");
    *layout = header;
    void *base = mmap(NULL, header.total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, writer->fd, 0);
    if (base == MAP_FAILED)
        return error_set(error, "cannot map the statistics segment: %m");
    writer->base = base;
    writer_point(writer);
    know_nothing(writer);
    announce(writer);
    return 0;
}

int stats_writer_open(struct stats_writer **writer, int fd, struct error *error)
{
    *writer = NULL;
    struct stats_writer *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return error_set(error, "no memory for the statistics");
    if (attach(opened, fd, error) != 0) {
        stats_writer_close(opened);
        return -1;
    }
    *writer = opened;
    return 0;
}

void stats_writer_close(struct stats_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->base != NULL)
        munmap(writer->base, writer->layout->total_bytes);
    if (writer->fd >= 0)
        close(writer->fd);
    free(writer->partitions);
    free(writer->layout);
    free(writer);
}

uint64_t stats_get(const struct stats_writer *writer, int id)
{
    if (writer == NULL)
        return 0;
    assert(id >= 0 && (size_t)id < writer->counter_count);
    return word_load(&writer->counters[id]);
}

void stats_status_set(struct stats_writer *writer, int id, int64_t value)
{
    if (writer == NULL)
        return;
    assert(id >= 0 && (size_t)id < writer->status_count);
    writer->status[id] = value;
}

void stats_status_publish(struct stats_writer *writer)
{
    if (writer == NULL)
        return;
    words_publish(&writer->selectors[STATS_SELECTOR_STATUS(STATS_RING_COUNT)],
                  word_at(writer, writer->layout->status_offset), (const uint64_t *)writer->status,
                  writer->status_count);
}

void stats_phase(struct stats_writer *writer, enum stats_phase phase, int64_t wall_us)
{
    if (writer == NULL || writer->status[CONSUMER_PHASE] == (int64_t)phase)
        return;
    writer->status[CONSUMER_PHASE] = phase;
    writer->status[CONSUMER_PHASE_SINCE] = wall_us;
    stats_status_publish(writer);
}

void stats_heartbeat(struct stats_writer *writer, int64_t wall_us)
{
    if (writer == NULL)
        return;
    stats_tick(writer);
    word_store(
        word_at(writer, writer->layout->liveness_offset + offsetof(struct stats_wire_liveness, heartbeat_us)),
        (uint64_t)wall_us);
}

static struct stats_wire_partition *partition_at(const struct stats_writer *writer, size_t slot)
{
    return (void *)(writer->base + writer->layout->partitions_offset +
                    slot * writer->layout->partition_bytes);
}

int stats_partition_slot(struct stats_writer *writer, const char *topic, int32_t partition)
{
    if (writer == NULL)
        return -1;
    for (size_t slot = 0; slot < writer->slots_used; slot++) {
        const struct stats_wire_partition *taken = partition_at(writer, slot);
        if (taken->partition == partition && strncmp(taken->topic, topic, sizeof taken->topic) == 0)
            return (int)slot;
    }
    if (writer->slots_used == writer->layout->partition_capacity && !writer_grow(writer))
        return -1;
    struct stats_wire_partition *fresh = partition_at(writer, writer->slots_used);
    snprintf(fresh->topic, sizeof fresh->topic, "%s", topic);
    fresh->partition = partition;
    /* No reader uses the slot before the count includes it, and from then on its name does not change. */
    word_release(&writer->selectors[STATS_SELECTOR_USED], writer->slots_used + 1);
    return (int)writer->slots_used++;
}

static int64_t *partition_value(const struct stats_writer *writer, int slot, int id)
{
    assert((size_t)slot < writer->slots_used && id >= 0 && (size_t)id < writer->partition_count);
    return &writer->partitions[(size_t)slot * writer->partition_count + (size_t)id];
}

void stats_partition_set(struct stats_writer *writer, int slot, int id, int64_t value)
{
    if (writer != NULL && slot >= 0)
        *partition_value(writer, slot, id) = value;
}

int64_t stats_partition_get(const struct stats_writer *writer, int slot, int id)
{
    return writer != NULL && slot >= 0 ? *partition_value(writer, slot, id) : STATS_UNKNOWN;
}

void stats_partition_publish(struct stats_writer *writer, int slot)
{
    if (writer == NULL || slot < 0)
        return;
    words_publish(&writer->selectors[STATS_SELECTOR_PARTITION(STATS_RING_COUNT) + (size_t)slot],
                  (stats_word *)(void *)(partition_at(writer, (size_t)slot) + 1),
                  (const uint64_t *)partition_value(writer, slot, 0), writer->partition_count);
}

/* Each word stands alone: a reader counts the observations by adding up the buckets, so a kill between two
 * stores costs the last value in the sum and nothing else. */
void stats_observe(struct stats_writer *writer, int histogram_id, int64_t value_us, uint64_t n)
{
    if (writer == NULL)
        return;
    assert(histogram_id >= 0 && (size_t)histogram_id < writer->histogram_count);
    uint64_t value = value_us < 0 ? 0 : (uint64_t)value_us;
    stats_word *words = word_at(writer, writer->histograms_offset +
                                            (size_t)histogram_id * sizeof(struct stats_wire_histogram));
    stats_word *sum = &words[0], *max = &words[1], *count = &words[2 + histogram_bucket(value)];
    word_store(count, word_load(count) + n);
    word_store(sum, word_load(sum) + value * n);
    if (value > word_load(max))
        word_store(max, value);
}

/* The slot after the newest is never shown (ring_slots is one more than the entries that a reader takes), so
 * it can be written at leisure; then the head moves. A kill in between leaves the former head. */
void stats_event(struct stats_writer *writer, enum stats_ring ring, int64_t wall_us, int64_t number,
                 const char *format, ...)
{
    if (writer == NULL)
        return;
    struct stats_wire_ring_entry entry = {.time_us = wall_us, .number = number};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(entry.text, sizeof entry.text, format, arguments);
    va_end(arguments);
    uint64_t words[sizeof entry / sizeof(uint64_t)];
    memcpy(words, &entry, sizeof entry);
    stats_word *head = &writer->selectors[STATS_SELECTOR_RING(ring)];
    uint64_t written = word_load(head);
    size_t slot = (size_t)ring * writer->layout->ring_slots + written % writer->layout->ring_slots;
    words_store_after(word_at(writer, writer->layout->rings_offset + slot * sizeof entry), words,
                      sizeof words / sizeof words[0]);
    word_release(head, written + 1);
}
