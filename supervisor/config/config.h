/* config.h: what the supervisor was told, from everywhere: flags, configuration file, environment, defaults.
 *
 * The first of these that says something wins, for each value on its own:
 *
 *   a flag  >  the client's or the producer's own section  >  [ksupervise]  >  environment  >  default
 *
 * Properties of librdkafka (-X, and `librdkafka.NAME = VALUE` in any section) add up in that order, the last
 * one of a name wins. Where two values exclude each other (rate, interval) or one follows from the other
 * (topic from workload), the nearer source speaks for both.
 *
 * Sections: [ksupervise] for the instance and for all workers, [producer], and [client NAME] for what differs
 * with that client. Without --clients the sections name the clients. Names in a file are the long flags
 * without their dashes; what belongs to the instance as a whole may stand in [ksupervise] only, and what is
 * about reading this file or about ending at once nowhere.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_CONFIG_H
#define KSUPERVISE_SUPERVISOR_CONFIG_CONFIG_H

#include "supervisor/config/settings.h"

/* The embedded broker takes 64 topics, four of which are the workloads'. */
#define CONFIG_TOPICS_MAX 60

struct config; /* opaque: workers keep pointers into it, so it lives as long as they do */

/* 0, or -1 with an error that begins with the flag or with FILE:LINE; nothing is left then. With
 * --explain-exits or --explain-states only the flags are read. Reads files (brokers.h), no shared state: a
 * running supervisor can load the next one beside the one that it has. */
int config_load(struct config **config, int argc, char **argv, struct error *error);
void config_free(struct config *config);

/* What holds for the instance, and for each worker without a section of its own. */
const struct settings *config_settings(const struct config *config);
/* The producer's. */
const struct settings *config_producer(const struct config *config);
/* Those of the client at `index` in config_settings()->clients. */
const struct settings *config_client(const struct config *config, size_t index);

/* Puts in front of an error about `name` (an option, or CONFIG_PROPERTY and a property) who said that for the
 * client, or for the producer (NULL): FILE:LINE and the name, or the flag. Returns -1. */
int config_blame(const struct config *config, const char *client, const char *name, struct error *error);

/* True when a worker has that option for itself: a consumer, or the producer. */
static inline bool config_concerns(const struct option_def *def, bool producer)
{
    return (def->traits & (producer ? IN_PRODUCER : IN_CLIENT)) != 0;
}

#endif
