/* destroy.h: the end of a handle, which may not come. librdkafka 2.0.2 waits in rd_kafka_destroy for a
 * broker's thread that does not end, when the topic was made anew while it was fetched. By then everything is
 * committed, and the group has been left: nothing is lost by not waiting.
 */
#ifndef KSUPERVISE_CONSUMER_DESTROY_H
#define KSUPERVISE_CONSUMER_DESTROY_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* After rd_kafka_consumer_close. Destroys the handle in a thread of its own. False: that has not ended in
 * `timeout_us`. Then librdkafka's threads run on, and may call what they were told to call: all of that has
 * to live until the process ends, which is to be by _exit. */
bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us);

#endif
