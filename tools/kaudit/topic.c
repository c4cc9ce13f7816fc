#include "tools/kaudit/topic.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/decimal.h"
#include "common/kafka_header.h"
#include "common/record/schema.h"

#define BATCH      1000
#define POLL_MS    200
#define STALLED_US (30 * US_PER_SECOND)

/* A partition with a queue of its own, so that each can be asked for its next record. */
struct lane {
    rd_kafka_queue_t *queue;
    rd_kafka_message_t **messages; /* BATCH */
    size_t at, count;
    int64_t end;
    bool started, done;
    struct topic_record head; /* while it is not done */
};

struct topic_reader {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    const char *name;
    struct lane *lanes;
    int lane_count;
    int *heap; /* lanes by their heads, the smallest first */
    int heap_count;
    bool taken; /* the head of heap[0] was handed out */
};

/* --- heads --------------------------------------------------------------------------------------------- */

static void fill_head(struct topic_record *head, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(message, &type);
    *head = (struct topic_record){.message = message,
                                  .seq = -1,
                                  .timestamp_ms = timestamp > 0 ? timestamp : 0,
                                  .broker_stamped = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME};
    if (rd_kafka_message_headers(message, &head->headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    struct kafka_header seq = kafka_header_find(head->headers, HEADER_SEQ);
    struct kafka_header producer = kafka_header_find(head->headers, HEADER_PRODUCER);
    decimal_parse(seq.data, seq.length, INT64_MAX, &head->seq);
    head->producer = producer.data;
    head->producer_length = producer.length;
}

/* One of the queue's: a record is a head, the end of the partition ends the lane. 1 when the lane has a head
 * or is done, 0 when the next must be looked at. */
static int take(const struct topic_reader *reader, struct lane *lane, const rd_kafka_message_t *message,
                struct error *error)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        lane->done = message->offset >= lane->end;
        return lane->done;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "reading topic %s, partition %" PRId32 ": %s", reader->name,
                         message->partition, rd_kafka_message_errstr(message));
    lane->done = message->offset >= lane->end; /* it came after we began */
    if (!lane->done)
        fill_head(&lane->head, message);
    return 1;
}

static int fetch(const struct topic_reader *reader, struct lane *lane, int64_t began_us, struct error *error)
{
    for (size_t i = 0; i < lane->count; i++)
        rd_kafka_message_destroy(lane->messages[i]);
    lane->at = lane->count = 0;
    /* A batch alone would be waited for until it is full: the first is waited for, the others taken along. */
    lane->messages[0] = rd_kafka_consume_queue(lane->queue, POLL_MS);
    if (lane->messages[0] != NULL) {
        ssize_t more = rd_kafka_consume_batch_queue(lane->queue, 0, lane->messages + 1, BATCH - 1);
        lane->count = 1 + (more > 0 ? (size_t)more : 0);
    }
    if (lane->count == 0 && clock_monotonic_us() - began_us > STALLED_US)
        return error_set(error,
                         "topic %s: no record of partition %d for 30 s, and it is not at its end: does it "
                         "have a leader ('ktopic describe %s')?",
                         reader->name, (int)(lane - reader->lanes), reader->name);
    return 0;
}

static int advance(const struct topic_reader *reader, struct lane *lane, struct error *error)
{
    int64_t began_us = clock_monotonic_us();
    while (!lane->done) {
        if (lane->at == lane->count) {
            if (fetch(reader, lane, began_us, error) == -1)
                return -1;
            continue;
        }
        int answer = take(reader, lane, lane->messages[lane->at++], error);
        if (answer != 0)
            return answer == -1 ? -1 : 0;
    }
    return 0;
}

/* --- the smallest head --------------------------------------------------------------------------------- */

static bool precedes(const struct topic_reader *reader, int left, int right)
{
    const struct topic_record *a = &reader->lanes[reader->heap[left]].head;
    const struct topic_record *b = &reader->lanes[reader->heap[right]].head;
    if (a->timestamp_ms != b->timestamp_ms)
        return a->timestamp_ms < b->timestamp_ms;
    return a->seq < b->seq;
}

static void sift_down(struct topic_reader *reader, int at)
{
    for (;;) {
        int least = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < reader->heap_count; child++)
            if (precedes(reader, child, least))
                least = child;
        if (least == at)
            return;
        int moved = reader->heap[at];
        reader->heap[at] = reader->heap[least];
        reader->heap[least] = moved;
        at = least;
    }
}

int topic_next(struct topic_reader *reader, struct topic_record *record, struct error *error)
{
    if (reader->taken) {
        struct lane *lane = &reader->lanes[reader->heap[0]];
        if (advance(reader, lane, error) == -1)
            return -1;
        if (lane->done)
            reader->heap[0] = reader->heap[--reader->heap_count];
        sift_down(reader, 0);
    }
    reader->taken = reader->heap_count > 0;
    if (!reader->taken)
        return 0;
    *record = reader->lanes[reader->heap[0]].head;
    return 1;
}

/* --- opening ------------------------------------------------------------------------------------------- */

static int start_lane(struct topic_reader *reader, int partition, const struct kafka_watermarks *extent,
                      struct error *error)
{
    struct lane *lane = &reader->lanes[partition];
    lane->end = extent->high;
    lane->done = extent->low >= extent->high;
    if (lane->done)
        return 0;
    lane->queue = rd_kafka_queue_new(reader->rk);
    lane->messages = calloc(BATCH, sizeof(rd_kafka_message_t *));
    if (lane->messages == NULL)
        return error_set(error, "out of memory");
    if (rd_kafka_consume_start_queue(reader->topic, partition, extent->low, lane->queue) == -1)
        return error_set(error, "cannot read topic %s, partition %d: %s", reader->name, partition,
                         rd_kafka_err2str(rd_kafka_last_error()));
    lane->started = true;
    return 0;
}

static int start(struct topic_reader *reader, const struct kafka_watermarks *extents, struct error *error)
{
    for (int i = 0; i < reader->lane_count; i++)
        if (start_lane(reader, i, &extents[i], error) == -1)
            return -1;
    for (int i = 0; i < reader->lane_count; i++) {
        if (advance(reader, &reader->lanes[i], error) == -1)
            return -1;
        if (!reader->lanes[i].done)
            reader->heap[reader->heap_count++] = i;
    }
    for (int i = reader->heap_count / 2; i >= 0; i--)
        sift_down(reader, i);
    return 0;
}

/* Offsets that are gone by the time they are read (retention goes on) are an error, not skipped. */
static rd_kafka_topic_conf_t *topic_conf(void)
{
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", NULL, 0);
    return conf;
}

int topic_open(struct topic_reader **reader, const struct cluster *cluster, const char *topic,
               const struct kafka_watermarks *extents, int partitions, struct error *error)
{
    struct topic_reader *r = calloc(1, sizeof *r);
    *reader = NULL;
    if (r == NULL)
        return error_set(error, "out of memory");
    *r = (struct topic_reader){.rk = cluster->kafka.rk, .name = topic, .lane_count = partitions};
    r->lanes = calloc((size_t)partitions + 1, sizeof *r->lanes);
    r->heap = calloc((size_t)partitions + 1, sizeof *r->heap);
    r->topic = rd_kafka_topic_new(cluster->kafka.rk, topic, topic_conf());
    if (r->lanes == NULL || r->heap == NULL || r->topic == NULL)
        error_set(error, "cannot read topic %s: out of memory", topic);
    else if (start(r, extents, error) == 0) {
        *reader = r;
        return 0;
    }
    topic_close(r);
    return -1;
}

void topic_close(struct topic_reader *reader)
{
    if (reader == NULL)
        return;
    for (int i = 0; reader->lanes != NULL && i < reader->lane_count; i++) {
        struct lane *lane = &reader->lanes[i];
        for (size_t j = 0; j < lane->count; j++)
            rd_kafka_message_destroy(lane->messages[j]);
        if (lane->started)
            rd_kafka_consume_stop(reader->topic, i);
        if (lane->queue != NULL)
            rd_kafka_queue_destroy(lane->queue);
        free(lane->messages);
    }
    if (reader->topic != NULL)
        rd_kafka_topic_destroy(reader->topic);
    free(reader->lanes);
    free(reader->heap);
    free(reader);
}
