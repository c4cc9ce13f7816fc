#include "tests/sim/cluster.h"

#include <stdlib.h>

#include "tests/sim/client.h"
#include "tests/sim/sim.h"

#define WALL_MS  INT64_C(1772099522102) /* when a history begins */
#define MONTH_MS (30 * 24 * 3600 * INT64_C(1000))

struct sim sim;

static void make_logs(struct topic *topic, int from, int partitions)
{
    for (int i = from; i < partitions; i++)
        topic->logs[i] = (struct log){.entries = calloc(ENTRIES_MAX, sizeof(struct entry)),
                                      .open_from = -1,
                                      .committed = -1,
                                      .metadata = calloc(1, METADATA_BYTES)};
    for (int i = from; i < partitions; i++)
        topic->former[topic->incarnation % TOPIC_MAKINGS][i] = topic->logs[i].entries;
    topic->partition_count = partitions;
}

void cluster_init(void)
{
    static const char *const names[TOPICS] = {"payments", "orders", "payments.dlq"};
    sim.cluster = (struct cluster){0};
    for (int i = 0; i < TOPICS; i++)
        sim.cluster.topics[i].name = names[i];
    topic_make(TOPIC_MAIN, sim.plan->partitions);
    if (sim.plan->features & FEATURE_OTHER_TOPIC)
        topic_make(TOPIC_OTHER, sim.plan->partitions);
    group_init();
}

int64_t cluster_now_ms(void)
{
    return WALL_MS + (sim_now() - 1000 * SECOND) / MS;
}

/* One record in eight was written long ago, and copied here. */
static int64_t written_ms(int topic, int32_t partition, int64_t offset)
{
    bool is_old = random_of(sim.plan->seed, (uint64_t)(topic * 100 + partition), (uint64_t)offset) % 8 == 0;
    return cluster_now_ms() - (is_old ? MONTH_MS : 0);
}

bool cluster_away(void)
{
    return sim.cluster.away_until_us > sim_now();
}

int cluster_topic(const char *name)
{
    for (int i = 0; i < TOPICS; i++)
        if (strcmp(sim.cluster.topics[i].name, name) == 0)
            return i;
    return -1;
}

struct log *cluster_log(int topic, int32_t partition)
{
    struct topic *at = &sim.cluster.topics[topic];
    return at->exists && partition >= 0 && partition < at->partition_count ? &at->logs[partition] : NULL;
}

struct entry *cluster_entry(int topic, int32_t partition, int64_t offset, int64_t timestamp_ms)
{
    const struct topic *at = &sim.cluster.topics[topic];
    if (partition < 0 || partition >= PARTITIONS_MAX || offset < 0 || offset >= ENTRIES_MAX)
        return NULL;
    for (int i = at->incarnation; i > 0; i--) {
        struct entry *entries = at->former[i % TOPIC_MAKINGS][partition];
        if (entries != NULL && entries[offset].timestamp_ms == timestamp_ms)
            return &entries[offset];
    }
    return NULL;
}

/* --- changes ------------------------------------------------------------------------------------------- */

struct entry *log_append(int topic, int32_t partition, enum entry_kind kind)
{
    struct log *log = cluster_log(topic, partition);
    if (log == NULL || log->high >= ENTRIES_MAX)
        return NULL;
    struct entry *entry = &log->entries[log->high];
    *entry = (struct entry){.offset = log->high,
                            .timestamp_ms = written_ms(topic, partition, log->high),
                            .topic = (int8_t)topic,
                            .partition = (int8_t)partition,
                            .kind = (uint8_t)kind,
                            .fate.exempt = log->high < log->exempt_to};
    log->high++;
    client_log_grew(topic, partition);
    return entry;
}

void log_begin(int topic, int32_t partition, int count)
{
    struct log *log = cluster_log(topic, partition);
    if (log == NULL || log->open_from >= 0 || log->high + count + 1 >= ENTRIES_MAX)
        return;
    log->open_from = log->high;
    for (int i = 0; i < count; i++)
        log_append(topic, partition, ENTRY_RECORD)->aborted = true; /* until it is decided */
}

void log_decide(int topic, int32_t partition, bool abort)
{
    struct log *log = cluster_log(topic, partition);
    if (log == NULL || log->open_from < 0)
        return;
    for (int64_t i = log->open_from; i < log->high; i++)
        log->entries[i].aborted = log->entries[i].aborted && abort;
    log->open_from = -1;
    log_append(topic, partition, ENTRY_MARKER);
    world_trace("%s [%d] the transaction ends at %lld: %s", sim.cluster.topics[topic].name, (int)partition,
                (long long)log->high - 1, abort ? "aborted" : "committed");
}

void log_compact(int topic, int32_t partition, int64_t end, uint64_t salt)
{
    struct log *log = cluster_log(topic, partition);
    if (log == NULL)
        return;
    int64_t stop = log_stable(log) < end ? log_stable(log) : end;
    for (int64_t i = log->low; i < stop; i++)
        if (log->entries[i].kind != ENTRY_MARKER && random_of(salt, (uint64_t)i, 1) % 3 != 0)
            log->entries[i].compacted = true;
    world_trace("%s [%d] is compacted before %lld", sim.cluster.topics[topic].name, (int)partition,
                (long long)stop);
}

void log_retain(int topic, int32_t partition, int64_t low)
{
    struct log *log = cluster_log(topic, partition);
    if (log == NULL || low > log_stable(log) || low <= log->low)
        return;
    log->low = low;
    oracle_retained(topic, partition);
    world_trace("%s [%d] begins at %lld now: retention", sim.cluster.topics[topic].name, (int)partition,
                (long long)low);
}

void topic_make(int topic, int partitions)
{
    struct topic *made = &sim.cluster.topics[topic];
    made->exists = true;
    made->incarnation++;
    make_logs(made, 0, partitions);
    world_trace("topic %s is made with %d partitions", made->name, partitions);
    if (made->incarnation > 1)
        client_topic_changed(topic);
}

/* Kafka deletes a group's offsets with the topic. */
void topic_delete(int topic)
{
    sim.cluster.topics[topic].exists = false;
    world_trace("topic %s is deleted", sim.cluster.topics[topic].name);
    for (int32_t i = 0; i < sim.cluster.topics[topic].partition_count; i++)
        client_log_grew(topic, i);
    client_topic_changed(topic);
}

void topic_add_partition(int topic)
{
    struct topic *grown = &sim.cluster.topics[topic];
    if (!grown->exists || grown->partition_count == PARTITIONS_MAX)
        return;
    make_logs(grown, grown->partition_count, grown->partition_count + 1);
    bool begun = false; /* the group has offsets: what is new to it begins at its first record */
    for (int i = 0; i < grown->partition_count - 1; i++)
        begun = begun || grown->logs[i].committed >= 0;
    grown->logs[grown->partition_count - 1].added = begun;
    world_trace("topic %s has %d partitions now", grown->name, grown->partition_count);
    client_topic_changed(topic);
}
