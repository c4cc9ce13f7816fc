/* loop.h: the consumer's main loop: join; turns of fill, process and commit; leave. */
#ifndef KSUPERVISE_CONSUMER_LOOP_H
#define KSUPERVISE_CONSUMER_LOOP_H

#include "consumer/consumer.h"

/* Whether librdkafka takes the settings; connects to nobody. 0, or -1 with the error of loop_open. */
int loop_check(const struct settings *settings, struct error *error);

/* Makes the handle and, unless the process is there for --reset, joins the group. 0, or -1 with the error. */
int loop_open(struct consumer *consumer, struct error *error);

/* Runs until it is asked to stop, or must. Returns the exit code. The last batch is
 * committed, and the group left or not, as worker_control_wanted says. */
int loop_run(struct consumer *consumer);

/* Closes the handle. */
void loop_close(struct consumer *consumer);

#endif
