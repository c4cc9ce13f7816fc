#include "tools/ktopic/dlq/scan.h"

#include "common/clock.h"

#define POLL_MS    200
#define STALLED_US (30 * US_PER_SECOND)

struct progress {
    bool *done; /* by partition */
    int remaining;
    int64_t moved_us;
};

static int assign(const struct scan *scan, struct progress *progress, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(scan->partitions);
    for (int i = 0; i < scan->partitions; i++) {
        progress->done[i] = scan->from[i] >= scan->to[i];
        if (progress->done[i])
            continue;
        rd_kafka_topic_partition_list_add(list, scan->topic, i)->offset = scan->from[i];
        progress->remaining++;
    }
    rd_kafka_resp_err_t err = rd_kafka_assign(scan->cluster->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : error_set(error, "cannot read topic %s: %s", scan->topic, rd_kafka_err2str(err));
}

static void finish(struct progress *progress, int32_t partition)
{
    progress->remaining -= !progress->done[partition];
    progress->done[partition] = true;
}

static int take_message(const struct scan *scan, struct progress *progress, const rd_kafka_message_t *message,
                        scan_function take, void *context, struct error *error)
{
    bool ends = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !ends)
        return error_set(error, "reading topic %s: %s", scan->topic, rd_kafka_message_errstr(message));
    int32_t partition = message->partition;
    if (partition < 0 || partition >= scan->partitions || progress->done[partition])
        return 0;
    progress->moved_us = clock_monotonic_us();
    int result = ends || message->offset >= scan->to[partition] ? 0 : take(context, message, error);
    if (message->offset >= scan->to[partition] - (ends ? 0 : 1))
        finish(progress, partition);
    return result;
}

static int run(const struct scan *scan, struct progress *progress, scan_function take, void *context,
               struct error *error)
{
    while (progress->remaining > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(scan->cluster->rk, POLL_MS);
        if (message == NULL && clock_monotonic_us() - progress->moved_us > STALLED_US)
            return error_set(error,
                             "topic %s: no record for 30 s, and %d of its partitions are not at their end: "
                             "do they have a leader ('ktopic describe %s')?",
                             scan->topic, progress->remaining, scan->topic);
        if (message == NULL)
            continue;
        int result = take_message(scan, progress, message, take, context, error);
        rd_kafka_message_destroy(message);
        if (result == -1)
            return -1;
    }
    return 0;
}

int scan_run(const struct scan *scan, scan_function take, void *context, struct error *error)
{
    struct progress progress = {.done = calloc((size_t)scan->partitions + 1, sizeof *progress.done),
                                .moved_us = clock_monotonic_us()};
    if (progress.done == NULL)
        return error_set(error, "out of memory");
    rd_kafka_poll_set_consumer(scan->cluster->rk);
    int result = assign(scan, &progress, error);
    if (result == 0)
        result = run(scan, &progress, take, context, error);
    rd_kafka_assign(scan->cluster->rk, NULL);
    free(progress.done);
    return result;
}
