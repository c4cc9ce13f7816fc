/* destroy.h: the end of a handle, which may not come: a broker may not answer (closing), and librdkafka 2.0.2
 * waits in rd_kafka_destroy for a broker's thread that does not end, when the topic was recreated while it
 * was fetched. By then everything is committed that can be: nothing is lost by not waiting.
 */
#ifndef KSUPERVISE_CONSUMER_DESTROY_H
#define KSUPERVISE_CONSUMER_DESTROY_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* Closes a consumer's handle; its callbacks run meanwhile, in this thread. rd_kafka_consumer_close waits for
 * a coordinator that does not answer, a minute and longer. False: librdkafka has done nothing for
 * `timeout_us`, and the group may not have been left. Then the handle is not to be destroyed, which would
 * wait, too: its threads run on, as below. */
bool close_handle(rd_kafka_t *rk, int64_t timeout_us);

/* After close_handle. Destroys the handle in a thread of its own. False: that has not ended in
 * `timeout_us`. Then librdkafka's threads run on, and may call what they were told to call: all of that has
 * to live until the process ends, which is to be by _exit. */
bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us);

#endif
