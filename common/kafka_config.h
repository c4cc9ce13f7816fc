/* kafka_config.h: one source of a cluster's properties: a file of lines NAME=VALUE, as Kafka's own tools read
 * it (`--command-config`), with librdkafka's names. Read without librdkafka, because the supervisor hands it
 * to its workers, who do not read it again.
 *
 *   bootstrap.servers=kafka1:9093,kafka2:9093
 *   security.protocol=SASL_SSL
 *   sasl.password=@/run/secrets/kafka
 *
 * # and ! begin a comment; blanks around a name and a value do not count. The file is the first of these:
 * --kafka-config, KAFKA_CONFIG in the environment, KAFKA_CONFIG in ./.env. The user's -X come after it, and
 * override it; a property of consumers in a producer is not an error, librdkafka ignores it.
 */
#ifndef KSUPERVISE_COMMON_KAFKA_CONFIG_H
#define KSUPERVISE_COMMON_KAFKA_CONFIG_H

#include "common/brokers.h"
#include "common/options.h"

/* What the user said: the flags --bootstrap and --kafka-config (NULL: not given). */
struct kafka_source {
    const char *bootstrap, *config;
};

/* Puts the file's properties before those in `properties`, which then owns them, and finds the brokers:
 * --bootstrap, then bootstrap.servers of the file, then as brokers.h has it. -1 with EXIT_CODE_CONFIG and
 * FILE:LINE when there is something wrong in the file. */
int kafka_config_find(struct brokers *brokers, const struct kafka_source *source,
                      struct option_list *properties, struct error *error);

/* The same for a program that cannot go on without a broker: the advice of brokers.h when none is configured.
 */
int kafka_config_require(struct brokers *brokers, const struct kafka_source *source,
                         struct option_list *properties, struct error *error);

/* Of a file alone: as kafka_config_find, for one more list. */
int kafka_config_prepend(const struct kafka_source *source, struct option_list *properties,
                         struct error *error);

#endif
