/* deliver.h: the librdkafka handle: sends records, receives their delivery reports, publishes both. A record
 * counts as sent when its report says so; until then it is outstanding.
 *
 * One thread: the one that calls these also runs the callbacks, inside delivery_wait, delivery_serve and
 * delivery_drain. */
#ifndef KSUPERVISE_PRODUCER_DELIVER_H
#define KSUPERVISE_PRODUCER_DELIVER_H

#include "common/kafka.h"
#include "common/record/text.h"
#include "common/stats/writer.h"
#include "common/worker/control.h"
#include "producer/ledger.h"
#include "producer/lines.h"
#include "producer/settings.h"

struct delivered_partition {
    int slot;       /* in the segment; -1: no room for it there */
    bool known;     /* slot is set */
    bool moved;     /* not published since */
    int64_t offset; /* acknowledged last */
};

#define DELIVERY_VUS 8

/* One record whose report somebody waits for. */
struct delivery_watch {
    uint64_t seq; /* its; 0: nobody waits */
    bool over;    /* the rest is known */
    rd_kafka_resp_err_t err;
    bool possibly_stored; /* though there is an err */
    int32_t partition;
    int64_t offset;
};

struct delivery {
    const struct settings *settings;
    struct worker_control *control;
    struct stats_writer *stats; /* NULL: not published */
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue; /* the handle's callbacks */
    int wake_fd;             /* readable: callbacks wait, or the control thread has news */
    struct ledger *ledger;   /* NULL: none is kept */
    struct lines lines;
    struct kafka_outage outage;
    /* sending */
    char schema_header[SCHEMA_HEADER_BYTES];
    size_t schema_header_bytes;
    uint64_t seq; /* of the next record */
    rd_kafka_vu_t vus[DELIVERY_VUS];
    /* What the vus point at; not on the stack: 64 KiB there would be zeroed for each record. */
    char value[RECORD_ENCODED_MAX];
    char key[RECORD_KEY_BYTES];
    char seq_text[INTEGER_TEXT_BYTES];
    uint64_t produced, acknowledged, failed, possibly_stored;
    struct delivery_watch watch;
    /* publishing */
    struct delivered_partition *partitions;
    size_t partition_count;
    int64_t published_us; /* monotonic */
    bool ready_said;
    /* the end */
    int exit_code; /* why it must end; EXIT_CODE_OK while it need not */
    bool purged;   /* what is outstanding was given up */
};

/* Whether librdkafka takes the settings; connects to nobody. 0, or -1 with the error of delivery_open. */
int delivery_check(const struct settings *settings, struct error *error);

/* `delivery` must be zeroed. Waits for a broker to answer for at most 10 s when no supervisor would start it
 * again. */
int delivery_open(struct delivery *delivery, const struct settings *settings, struct worker_control *control,
                  struct stats_writer *stats, struct error *error);
void delivery_close(struct delivery *delivery);

enum delivery_answer {
    DELIVERY_QUEUED,
    DELIVERY_FULL,   /* librdkafka's queue: wait and try the same again */
    DELIVERY_REFUSED /* this record: counted and told */
};
enum delivery_answer delivery_send(struct delivery *delivery, const struct record *record);
/* The same, and delivery->watch tells what becomes of it: at once where it is refused. One at a time. */
enum delivery_answer delivery_send_watched(struct delivery *delivery, const struct record *record);

/* Runs what callbacks there are, and publishes when it is time; never waits. */
void delivery_serve(struct delivery *delivery);
/* The same, after waiting for at most `wait_us` for something to happen: a callback, a request of the control
 * thread, or `fd` (-1: none) becoming readable. */
void delivery_wait(struct delivery *delivery, int64_t wait_us, int fd);

/* Waits a moment for what is outstanding. False when there is nothing. */
bool delivery_flush(struct delivery *delivery);

/* Waits for what is outstanding, for at most `timeout_us`; then gives it up, and says how much that was. */
void delivery_drain(struct delivery *delivery, int64_t timeout_us);

#endif
