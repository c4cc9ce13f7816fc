/* settings.h: what a producer can be told, by flags, by its supervisor, or by the environment. One table
 * (settings.c) is all of it, and a flag for every field of every schema, from the schemas' own tables.
 */
#ifndef KSUPERVISE_PRODUCER_SETTINGS_H
#define KSUPERVISE_PRODUCER_SETTINGS_H

#include "common/brokers.h"
#include "common/names.h"
#include "common/options.h"
#include "common/record/schema.h"

#define FIELD_FLAGS_MAX 32

/* A flag for one field: --user-id for user_id. */
struct field_flag {
    const char *label; /* the schemas' own */
    char flag[24];
    char help[96];
};

enum producer_mode {
    MODE_GENERATE, /* generates records until it is told to stop */
    MODE_REQUESTS, /* makes none: sends those of `kctl produce` */
    MODE_STDIN,    /* one for each JSON line */
    MODE_ONE       /* the one whose fields are given as flags */
};

struct settings {
    struct option_given given;
    /* what to send */
    const char *name;
    const char *workload;
    const char *schema_file, *schema_text;
    const char *topic;
    bool from_stdin;
    bool on_request;
    int64_t seed;
    int64_t count;                       /* 0: no end */
    const char *fields[FIELD_FLAGS_MAX]; /* by index of field_flags; NULL: not given */
    struct option_list named;            /* of any schema: NAME=VALUE */
    /* how fast */
    int64_t interval_us;
    int64_t rate;
    /* output */
    bool quiet;
    bool verbose;
    bool check; /* validate the configuration and exit */
    /* Kafka */
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    int64_t drain_timeout_us;
    const char *ledger; /* NULL: none is kept */
    /* supervision */
    bool supervised;
    bool publish;
    /* derived */
    enum producer_mode mode;
    bool paced; /* by --interval or --rate, given or by default */
    bool by_rate;
    const struct schema *schema;
    struct schema *own_schema; /* the same, when it is from a file */
    struct brokers brokers;
    /* the table itself, made at start */
    struct field_flag field_flags[FIELD_FLAGS_MAX];
    size_t field_flag_count;
    struct option_def options[OPTIONS_MAX];
    struct program program;
};

#define PRODUCER_PROGRAM "kproduce"

/* From argv, or when --supervised is there, from the supervisor's descriptor; then checks and derives. -1
 * with the error. `settings` must be zeroed. */
int settings_load(struct settings *settings, int argc, char **argv, struct error *error);
void settings_release(struct settings *settings);

/* Changes the pace that it was started with: records a second (0: as fast as possible), or with interval_us >
 * 0 the time from one to the next. */
void settings_set_pace(struct settings *settings, int64_t rate, int64_t interval_us);

#endif
