/* What publishing costs the worker, and reading the reader: nanoseconds a call, best of ROUNDS, as one JSON
 * object.
 *
 *   cc -O2 -DNDEBUG -I. -D_GNU_SOURCE tools/bench/bench_stats.c build/libcommon.a -o bench_stats
 *
 * `off` is the same call without a writer, as a worker runs it that has no segment. The best of the rounds,
 * not the mean: the noise of a busy machine only ever adds. */
#include <inttypes.h>

#include "common/stats/events.h"
#include "common/stats/create.h"
#include "common/stats/writer.h"
#include "common/stats/reader.h"

#define ROUNDS 7

struct bench {
    struct stats_writer *writer;
    struct stats_snapshot *snapshot;
    struct events_writer *events;
    int slot;
};

static void add(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++) {
        stats_add(bench->writer, CONSUMER_RECEIVED, 1);
        __asm__ volatile("" ::: "memory"); /* or the compiler adds all of them at once */
    }
}

static void observe(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++)
        stats_observe(bench->writer, CONSUMER_PROCESS_US, (int64_t)(i & 0xffff), 1);
}

static void publish_partition(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++) {
        stats_partition_set(bench->writer, bench->slot, PARTITION_POSITION, (int64_t)i);
        stats_partition_publish(bench->writer, bench->slot);
    }
}

static void publish_status(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++)
        stats_phase(bench->writer, i & 1 ? PHASE_POLLING : PHASE_PROCESSING, (int64_t)i);
}

static void heartbeat(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++)
        stats_heartbeat(bench->writer, (int64_t)i);
}

static void event(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++)
        stats_event(bench->writer, STATS_RING_REBALANCES, (int64_t)i, 3, "assigned %d partitions", 3);
}

/* The supervisor's ring: with the system call that wakes who waits; here nobody does. */
static void add_event(struct bench *bench, uint64_t calls)
{
    struct event event;
    event_init(&event, EVENT_KIND_RESUMED);
    snprintf(event.worker, sizeof event.worker, "bravo");
    for (uint64_t i = 0; i < calls; i++)
        events_add(bench->events, &event);
}

static void refresh(struct bench *bench, uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++)
        if (stats_snapshot_refresh(bench->snapshot, NULL) != 0)
            abort();
}

static const struct {
    const char *name;
    void (*run)(struct bench *bench, uint64_t calls);
    uint64_t calls;
} benches[] = {
    {"add", add, 20000000},
    {"observe", observe, 10000000},
    {"partition_publish", publish_partition, 5000000},
    {"status_publish", publish_status, 5000000},
    {"heartbeat", heartbeat, 20000000},
    {"event", event, 200000},
    {"supervisor_event", add_event, 200000},
    {"snapshot_refresh", refresh, 20000},
};

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double best_ns(size_t which, struct bench *bench)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        benches[which].run(bench, benches[which].calls);
        double each = (now_ns() - start) / (double)benches[which].calls;
        if (round == 0 || each < best)
            best = each;
    }
    return best;
}

static void run_all(struct bench *on)
{
    struct bench off = {.writer = NULL, .snapshot = on->snapshot, .slot = -1};
    printf("{\"segment_bytes_at_16_partitions\":%zu,\"ns\":{", stats_segment_bytes(STATS_KIND_CONSUMER, 16));
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++)
        printf("%s\"%s\":{\"on\":%.2f,\"off\":%.2f}", i > 0 ? "," : "", benches[i].name, best_ns(i, on),
               best_ns(i, &off));
    printf("}}\n");
}

int main(void)
{
    struct error error = ERROR_INIT;
    struct bench bench = {.writer = NULL};
    struct stats_identity identity = {.kind = STATS_KIND_CONSUMER,
                                      .partition_capacity = 16,
                                      .generation = 1,
                                      .worker = "bench",
                                      .client = "bench"};
    snprintf(identity.instance, sizeof identity.instance, "bench-%d", (int)getpid());
    int fd = stats_segment_create(&identity, -1, &error);
    int result = 1;
    if (fd < 0 || stats_writer_open(&bench.writer, fd, &error) != 0 ||
        stats_snapshot_take(&bench.snapshot, fd, &error) != 0 ||
        events_open(&bench.events, identity.instance, &error) != 0) {
        fprintf(stderr, "bench_stats: %s\n", error.text);
    } else {
        bench.slot = stats_partition_slot(bench.writer, "payments", 0);
        run_all(&bench);
        result = 0;
    }
    stats_snapshot_free(bench.snapshot);
    stats_writer_close(bench.writer);
    events_close(bench.events, true);
    if (fd >= 0) {
        close(fd);
        stats_segment_unlink(identity.instance, "bench", 1);
    }
    return result;
}
