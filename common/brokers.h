/* brokers.h: which Kafka? Found without librdkafka, because the supervisor asks too.
 *
 * The first of these that says something wins:
 *   1. --bootstrap (or bootstrap.servers of --kafka-config: kafka_config.h)
 *   2. KAFKA_BOOTSTRAP in the environment
 *   3. KAFKA_HOST_IP in the environment: port 9092
 *   4. the same two in ./.env
 *   5. the broker that `make kafka` started, while it answers
 *   6. nothing: the supervisor starts an embedded broker
 */
#ifndef KSUPERVISE_COMMON_BROKERS_H
#define KSUPERVISE_COMMON_BROKERS_H

#include "common/error.h"

#define BROKERS_BYTES 512

struct brokers {
    char bootstrap[BROKERS_BYTES]; /* "" when nothing is configured */
    char source[64];               /* "--bootstrap", "KAFKA_BOOTSTRAP", ".env", "make kafka" */
};

/* `flag` is the value of --bootstrap or NULL. 0, or -1 when something is configured that cannot be an address
 * list. Reads ./.env and a file beside the program's folder; may take 200 ms when a dead development broker's
 * address has to be tried. */
int brokers_find(struct brokers *brokers, const char *flag, struct error *error);

/* What to tell a user whose broker does not answer: names the address and where it came from. */
void brokers_advice(const struct brokers *brokers, char *text, size_t bytes);

#endif
