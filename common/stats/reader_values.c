#include "common/stats/printable.h"
#include "common/stats/reader_private.h"

static bool is_it(const struct stats_wire_definition *wire, enum stats_section section, const char *name)
{
    return wire->section == (uint32_t)section && strcmp(wire->name, name) == 0;
}

static const struct stats_wire_definition *search(const struct stats_snapshot *snapshot,
                                                  enum stats_section section, const char *name)
{
    for (size_t i = 0; i < snapshot->definition_count; i++)
        if (is_it(&snapshot->wire[i], section, name))
            return &snapshot->wire[i];
    return NULL;
}

static struct reader_lookup *lookup_of(const struct stats_snapshot *snapshot, const char *name)
{
    uint64_t hash =
        (uint64_t)(uintptr_t)name * UINT64_C(0x9e3779b97f4a7c15); /* Knuth's multiplicative hashing */
    return &snapshot->lookups[hash >> 58];
}
_Static_assert(READER_LOOKUPS == 1 << (64 - 58), "the hash's highest bits");

static const struct stats_wire_definition *find(const struct stats_snapshot *snapshot,
                                                enum stats_section section, const char *name)
{
    struct reader_lookup *lookup = lookup_of(snapshot, name);
    if (lookup->name == name && is_it(lookup->wire, section, name))
        return lookup->wire;
    const struct stats_wire_definition *wire = search(snapshot, section, name);
    if (wire != NULL)
        *lookup = (struct reader_lookup){name, wire};
    return wire;
}

static int64_t value_at(const struct stats_snapshot *snapshot, uint64_t offset)
{
    int64_t value;
    memcpy(&value, snapshot->bytes + offset, sizeof value);
    return value;
}

/* The value of a group's member in the copy that was current, unless the group was torn. */
static int64_t group_value(const struct stats_snapshot *snapshot, size_t selector,
                           const struct stats_wire_definition *wire)
{
    if (wire == NULL || snapshot->group_torn[selector])
        return STATS_UNKNOWN;
    size_t copy_bytes;
    uint64_t copies = reader_copies(snapshot, selector, &copy_bytes);
    return value_at(snapshot, copies + (snapshot->before[selector] & 1) * copy_bytes + wire->position);
}

const struct stats_definition *stats_snapshot_definition(const struct stats_snapshot *snapshot, size_t index)
{
    return index < snapshot->definition_count ? &snapshot->definitions[index] : NULL;
}

/* Nothing counts 2^63. */
static int64_t counter_value(const struct stats_snapshot *snapshot, const struct stats_wire_definition *wire)
{
    int64_t value = wire == NULL ? STATS_UNKNOWN : value_at(snapshot, wire->position);
    return value < 0 ? STATS_UNKNOWN : value;
}

static int64_t status_value(const struct stats_snapshot *snapshot, const struct stats_wire_definition *wire)
{
    return group_value(snapshot, STATS_SELECTOR_STATUS(snapshot->header.ring_count), wire);
}

static int64_t partition_value(const struct stats_snapshot *snapshot, size_t slot,
                               const struct stats_wire_definition *wire)
{
    if (slot >= snapshot->partitions)
        return STATS_UNKNOWN;
    return group_value(snapshot, STATS_SELECTOR_PARTITION(snapshot->header.ring_count) + slot, wire);
}

static const char *state_name(const struct stats_snapshot *snapshot,
                              const struct stats_wire_definition *state)
{
    int64_t value = status_value(snapshot, state);
    if (state == NULL || value < 0)
        return NULL;
    for (size_t i = 0; i < snapshot->definition_count; i++) {
        const struct stats_wire_definition *wire = &snapshot->wire[i];
        if (wire->section == STATS_SECTION_NAMES && strcmp(wire->unit, state->unit) == 0 &&
            wire->position == (uint64_t)value)
            return wire->name;
    }
    return NULL;
}

int64_t stats_snapshot_value(const struct stats_snapshot *snapshot, size_t index, size_t slot)
{
    if (index >= snapshot->definition_count)
        return STATS_UNKNOWN;
    const struct stats_wire_definition *wire = &snapshot->wire[index];
    switch (wire->section) {
    case STATS_SECTION_COUNTERS:
        return counter_value(snapshot, wire);
    case STATS_SECTION_STATUS:
        return status_value(snapshot, wire);
    case STATS_SECTION_PARTITION:
        return partition_value(snapshot, slot, wire);
    default:
        return STATS_UNKNOWN;
    }
}

const char *stats_snapshot_state_at(const struct stats_snapshot *snapshot, size_t index)
{
    bool is_state = index < snapshot->definition_count &&
                    snapshot->wire[index].section == STATS_SECTION_STATUS &&
                    snapshot->wire[index].type == STATS_STATE;
    return is_state ? state_name(snapshot, &snapshot->wire[index]) : NULL;
}

int64_t stats_snapshot_counter(const struct stats_snapshot *snapshot, const char *name)
{
    return counter_value(snapshot, find(snapshot, STATS_SECTION_COUNTERS, name));
}

int64_t stats_snapshot_status(const struct stats_snapshot *snapshot, const char *name)
{
    return status_value(snapshot, find(snapshot, STATS_SECTION_STATUS, name));
}

const char *stats_snapshot_state(const struct stats_snapshot *snapshot, const char *name)
{
    return state_name(snapshot, find(snapshot, STATS_SECTION_STATUS, name));
}

size_t stats_snapshot_partitions(const struct stats_snapshot *snapshot)
{
    return snapshot->partitions;
}

const char *stats_snapshot_partition_topic(const struct stats_snapshot *snapshot, size_t index,
                                           int32_t *partition)
{
    if (index >= snapshot->partitions)
        return NULL;
    struct stats_wire_partition *head = (void *)(snapshot->bytes + snapshot->header.partitions_offset +
                                                 index * snapshot->header.partition_bytes);
    printable(head->topic, sizeof head->topic);
    *partition = head->partition;
    return head->topic;
}

size_t stats_snapshot_find(const struct stats_snapshot *snapshot, const char *topic, int32_t partition,
                           size_t begin)
{
    for (size_t i = 0; i < snapshot->partitions; i++) {
        size_t index = (begin + i) % snapshot->partitions;
        int32_t number;
        if (strcmp(stats_snapshot_partition_topic(snapshot, index, &number), topic) == 0 &&
            number == partition)
            return index;
    }
    return snapshot->partitions;
}

int64_t stats_snapshot_partition(const struct stats_snapshot *snapshot, size_t index, const char *name)
{
    return partition_value(snapshot, index, find(snapshot, STATS_SECTION_PARTITION, name));
}

/* In the middle of a rebalance the two numbers may be of different moments. */
static uint64_t untracked_by_consumer(const struct stats_snapshot *snapshot)
{
    int64_t assigned = stats_snapshot_status(snapshot, "assigned_partitions");
    for (size_t i = 0; assigned > 0 && i < snapshot->partitions; i++)
        assigned -= stats_snapshot_partition(snapshot, i, "assigned") == 1;
    return assigned > 0 ? (uint64_t)assigned : 0;
}

uint64_t stats_snapshot_untracked(const struct stats_snapshot *snapshot)
{
    if (snapshot->identity.kind == STATS_KIND_CONSUMER)
        return untracked_by_consumer(snapshot);
    int64_t untracked = stats_snapshot_counter(snapshot, "untracked_partitions");
    return untracked > 0 ? (uint64_t)untracked : 0;
}

static int64_t clamped(uint64_t value)
{
    return value <= INT64_MAX ? (int64_t)value : INT64_MAX;
}

/* NULL: this segment does not have it. Another division into buckets could be read, but none exists. */
static const struct stats_wire_histogram *histogram_of(const struct stats_snapshot *snapshot,
                                                       const char *name)
{
    const struct stats_wire_definition *wire = find(snapshot, STATS_SECTION_HISTOGRAMS, name);
    bool divided_so = snapshot->header.histogram_steps == HISTOGRAM_STEPS &&
                      snapshot->header.histogram_buckets == HISTOGRAM_BUCKETS;
    return wire == NULL || !divided_so ? NULL : (const void *)(snapshot->bytes + wire->position);
}

void stats_snapshot_histogram(const struct stats_snapshot *snapshot, const char *name,
                              struct stats_summary *summary)
{
    *summary = (struct stats_summary){
        0, STATS_UNKNOWN, STATS_UNKNOWN, STATS_UNKNOWN, STATS_UNKNOWN, STATS_UNKNOWN, STATS_UNKNOWN};
    const struct stats_wire_histogram *histogram = histogram_of(snapshot, name);
    if (histogram == NULL)
        return;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        summary->count += histogram->counts[i];
    if (summary->count == 0)
        return;
    summary->sum = clamped(histogram->sum);
    summary->max = clamped(histogram->max);
    int64_t *const quantiles[] = {&summary->p50, &summary->p90, &summary->p99, &summary->p99_9};
    static const double ranks[] = {0.50, 0.90, 0.99, 0.999};
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        int64_t value = clamped(histogram_quantile(histogram->counts, summary->count, ranks[i]));
        *quantiles[i] = value < summary->max ? value : summary->max;
    }
}

bool stats_snapshot_distribution(const struct stats_snapshot *snapshot, const char *name,
                                 const uint64_t *bounds, size_t count,
                                 struct stats_distribution *distribution)
{
    const struct stats_wire_histogram *histogram = histogram_of(snapshot, name);
    if (histogram == NULL)
        return false;
    uint64_t sum = 0;
    size_t bucket = 0;
    for (size_t i = 0; i < count; i++) {
        for (; bucket <= histogram_bucket(bounds[i]); bucket++)
            sum += histogram->counts[bucket];
        distribution->at_most[i] = clamped(sum);
    }
    for (; bucket < HISTOGRAM_BUCKETS; bucket++)
        sum += histogram->counts[bucket];
    distribution->count = clamped(sum);
    distribution->sum = clamped(histogram->sum);
    return true;
}

uint64_t reader_ring_entry(const struct stats_header *header, uint32_t ring, uint64_t entry)
{
    return header->rings_offset +
           ((uint64_t)ring * header->ring_slots + entry % header->ring_slots) * header->ring_entry_bytes;
}

uint64_t reader_ring(const struct stats_snapshot *snapshot, uint32_t ring, uint64_t *first)
{
    uint64_t head = snapshot->before[STATS_SELECTOR_RING(ring)];
    uint64_t later = snapshot->after[STATS_SELECTOR_RING(ring)];
    uint64_t kept = snapshot->header.ring_slots - 1;
    if (later < head)
        later = head;
    /* While the values were read the writer was at most at `later`, whose slot may be half written. */
    *first = later > kept ? later - kept : 0;
    return head;
}

size_t stats_snapshot_ring(const struct stats_snapshot *snapshot, enum stats_ring ring,
                           struct stats_ring_entry entries[STATS_RING_ENTRIES])
{
    if ((uint32_t)ring >= snapshot->header.ring_count)
        return 0;
    uint64_t first, head = reader_ring(snapshot, (uint32_t)ring, &first);
    if (head > STATS_RING_ENTRIES && first < head - STATS_RING_ENTRIES)
        first = head - STATS_RING_ENTRIES;
    size_t count = 0;
    for (uint64_t i = first; i < head && count < STATS_RING_ENTRIES; i++) {
        const struct stats_wire_ring_entry *wire =
            (const void *)(snapshot->bytes + reader_ring_entry(&snapshot->header, (uint32_t)ring, i));
        struct stats_ring_entry *entry = &entries[count++];
        *entry = (struct stats_ring_entry){.time_us = wire->time_us, .number = wire->number};
        memcpy(entry->text, wire->text, sizeof entry->text);
        printable(entry->text, sizeof entry->text);
    }
    return count;
}

int64_t stats_lag_from(int64_t committed, int64_t low)
{
    return committed != STATS_UNKNOWN && low != STATS_UNKNOWN && low > committed ? low : committed;
}

int64_t stats_lag(int64_t committed, int64_t high)
{
    int64_t lag;
    if (committed == STATS_UNKNOWN || high == STATS_UNKNOWN || __builtin_sub_overflow(high, committed, &lag))
        return STATS_UNKNOWN;
    return lag > 0 ? lag : 0;
}
