/* A fleet that is not there: the segments of WORKERS consumers with PARTITIONS partitions each, alive, with
 * counters, latencies and offsets, for measuring who reads them. Prints a line when all are made, and removes
 * them when its standard input ends.
 *
 *   bench_fleet INSTANCE WORKERS PARTITIONS
 */
#include "common/clock.h"
#include "common/stats/create.h"
#include "common/stats/writer.h"

#define OBSERVATIONS 1000

static void fill(struct stats_writer *writer, int partitions)
{
    stats_phase(writer, PHASE_POLLING, clock_wall_us());
    stats_heartbeat(writer, clock_wall_us());
    stats_add(writer, CONSUMER_RECEIVED, 123456789);
    stats_add(writer, CONSUMER_PROCESSED, 123456789);
    for (int i = 0; i < OBSERVATIONS; i++)
        stats_observe(writer, CONSUMER_PROCESS_US, (int64_t)i * i, 1);
    for (int partition = 0; partition < partitions; partition++) {
        int slot = stats_partition_slot(writer, "payments", partition);
        stats_partition_set(writer, slot, PARTITION_ASSIGNED, 1);
        stats_partition_set(writer, slot, PARTITION_POSITION, 1000 + partition);
        stats_partition_set(writer, slot, PARTITION_COMMITTED, 1000);
        stats_partition_set(writer, slot, PARTITION_HIGH, 1100);
        stats_partition_set(writer, slot, PARTITION_WATERMARKS_AT, clock_wall_us());
        stats_partition_set(writer, slot, PARTITION_BEHIND_SINCE, clock_wall_us());
        stats_partition_publish(writer, slot);
    }
    stats_event(writer, STATS_RING_REBALANCES, clock_wall_us(), partitions, "assigned %d partitions",
                partitions);
}

static int make(const char *instance, int number, int partitions, struct error *error)
{
    struct stats_identity identity = {
        .kind = STATS_KIND_CONSUMER, .partition_capacity = (uint32_t)partitions, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "%s", instance);
    snprintf(identity.worker, sizeof identity.worker, "worker-%04d", number);
    snprintf(identity.client, sizeof identity.client, "client-%04d", number);
    snprintf(identity.group, sizeof identity.group, "group_%04d", number);
    struct stats_writer *writer;
    int fd = stats_segment_create(&identity, -1, error);
    if (fd < 0 || stats_writer_open(&writer, fd, error) != 0)
        return -1;
    fill(writer, partitions); /* stays open: the lock says that it lives */
    close(fd);
    return 0;
}

static int unlink_one(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)context;
    stats_segment_unlink(instance, worker, generation);
    return 0;
}

int main(int argc, char **argv)
{
    struct error error = ERROR_INIT;
    if (argc != 4)
        return 2;
    int workers = (int)strtol(argv[2], NULL, 10), partitions = (int)strtol(argv[3], NULL, 10);
    int result = 0;
    for (int i = 0; i < workers && result == 0; i++)
        result = make(argv[1], i, partitions, &error);
    if (result == 0) {
        puts("made");
        fflush(stdout);
        while (getchar() != EOF)
            ;
    } else {
        fprintf(stderr, "bench_fleet: %s\n", error.text);
    }
    stats_segment_scan(argv[1], unlink_one, NULL);
    return result == 0 ? 0 : 1;
}
