/* settings.h: what a consumer can be told, by flags, by its supervisor, or by the environment. One table
 * (settings.c) is all of it. */
#ifndef KSUPERVISE_CONSUMER_SETTINGS_H
#define KSUPERVISE_CONSUMER_SETTINGS_H

#include "common/brokers.h"
#include "common/names.h"
#include "common/options.h"
#include "common/record/schema.h"
#include "common/worker/options.h"

struct settings {
    struct option_given given;
    /* what to read */
    const char *client;
    const char *group;
    const char *workload;
    const char *schema_file, *schema_text;
    const char *topic;
    int from;
    int on_offset_loss;
    /* batches */
    int64_t batch_size;
    int64_t batch_wait_us;
    /* what is done with a record */
    const char *pipeline; /* NULL: the default one */
    int64_t retries;
    int64_t retry_delay_us;
    int commit;
    int64_t max_unacknowledged;
    const char *reset;      /* reset_spec.h; NULL: it is there to consume */
    const char *quarantine; /* records that are not to be decoded: candidates.h */
    const char *candidates;
    const char *dead_letters; /* a topic, "off", or NULL: the topic's name and .dlq */
    int tombstones;
    /* output */
    bool print;
    bool quiet;
    bool verbose;
    int64_t statistics_every;
    bool list_stages;
    bool explain_partitions;
    bool check; /* look whether all is right, open nothing, and end */
    int64_t count;
    /* Kafka */
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    const char *instance_id;
    bool take_over;
    int64_t session_timeout_us;
    /* supervision */
    bool supervised;
    bool publish;
    /* derived by settings_resolve */
    const struct schema *schema;
    struct schema *own_schema; /* the same, when it is from a file */
    struct brokers brokers;
    char group_name[256];
};

extern const struct program consumer_program;

/* From argv, or when --supervised is there, from the supervisor's descriptor; then checks and derives. -1
 * with the error. `settings` must be zeroed. With list_stages or explain_partitions nothing is derived. */
int settings_load(struct settings *settings, int argc, char **argv, struct error *error);
void settings_release(struct settings *settings);

#endif
