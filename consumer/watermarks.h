/* watermarks.h: asks the brokers where partitions begin and end, on a thread of its own, because librdkafka's
 * query waits for the answer and the loop must not. What the end is: partition.h.
 *
 * The question has a second use. librdkafka before 2.2 looks whether a partition may be fetched again, after
 * its local queue was full (queued.min.messages), only when something wakes the broker's thread, or after a
 * second: a consumer that is slower than the network then stands still for most of each second (measured:
 * 0.18 M records/s instead of 2 M). Any request wakes that thread, and this one goes to every leader. So the
 * loop also asks when its queue has shrunk to half.
 */
#ifndef KSUPERVISE_CONSUMER_WATERMARKS_H
#define KSUPERVISE_CONSUMER_WATERMARKS_H

#include "common/error.h"
#include "consumer/partition.h"

struct watermarks; /* opaque */

int watermarks_open(struct watermarks **watermarks, rd_kafka_t *rk, struct error *error);
/* Waits for a question under way, at most its timeout (500 ms). NULL is fine. */
void watermarks_close(struct watermarks *watermarks);

/* Asks for the low watermarks of what is assigned now. Returns at once; does nothing while a question is
 * under way. */
void watermarks_ask(struct watermarks *watermarks, const struct partitions *partitions);
/* The same for the ends of those whose end is not known otherwise, or of all. False while a question is under
 * way. */
bool watermarks_ask_ends(struct watermarks *watermarks, struct partitions *partitions, bool all);

/* Publishes an answer that has come since the last call. */
void watermarks_publish(struct watermarks *watermarks, struct partitions *partitions);

#endif
