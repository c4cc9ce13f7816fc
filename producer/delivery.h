/* delivery.h: a producer's state: the librdkafka handle, what is sent next, what was acknowledged, what is
 * published. deliver.c sends by it, reports.c writes down what librdkafka says of it. */
#ifndef KSUPERVISE_PRODUCER_DELIVERY_H
#define KSUPERVISE_PRODUCER_DELIVERY_H

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

/* One record whose delivery report is awaited. */
struct delivery_watch {
    uint64_t seq; /* the record's; 0: none is awaited */
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

#endif
