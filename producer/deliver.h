/* deliver.h: the librdkafka handle: sends records, receives their delivery reports, publishes both. A record
 * counts as sent when its report says so; until then it is outstanding.
 *
 * One thread: the one that calls these also runs the callbacks, inside delivery_wait, delivery_serve and
 * delivery_drain. */
#ifndef KSUPERVISE_PRODUCER_DELIVER_H
#define KSUPERVISE_PRODUCER_DELIVER_H

#include "producer/delivery.h"

/* Whether librdkafka takes the settings; connects to nobody. 0, or -1 with the error of delivery_open. */
int delivery_check(const struct settings *settings, struct error *error);

/* `delivery` must be zeroed. Waits for a broker to answer for at most 10 s when it has no supervisor that
 * would restart it. */
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
