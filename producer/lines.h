/* lines.h: what the producer tells of its deliveries: each one, or a summary a second. */
#ifndef KSUPERVISE_PRODUCER_LINES_H
#define KSUPERVISE_PRODUCER_LINES_H

#include "common/kafka.h"
#include "common/record/schema.h"
#include "producer/settings.h"

struct lines {
    enum {
        LINES_NONE,
        LINES_SENT,      /* ✅ Sent payment: <uuid> */
        LINES_DELIVERED, /* Delivered to payments : partition 0 : at offset 2 */
        LINES_SUMMARY    /* a line a second */
    } style;
    const struct schema *schema;
    uint64_t acknowledged;  /* since the last summary */
    int64_t since_us;       /* monotonic */
    unsigned failures_said; /* in this second */
    uint64_t failures_kept; /* not said */
};

/* Chooses the style: paced play tells each record, a fast stream a summary. */
void lines_init(struct lines *lines, const struct settings *settings, int64_t now_us);

/* Chooses it again, after the pace has changed. */
void lines_choose_style(struct lines *lines, const struct settings *settings);

/* The broker confirmed it. `topic` is the topic's name. */
void lines_delivered(struct lines *lines, const char *topic, const rd_kafka_message_t *message);

/* It was not delivered. A few a second are printed, the others counted. */
void lines_failed(struct lines *lines, const rd_kafka_message_t *message);

/* Prints the summary of a second; `end`: of what is left. */
void lines_tick(struct lines *lines, int64_t now_us, size_t waiting, bool end);

#endif
