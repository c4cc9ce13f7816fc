/* settings.h: what ksupervise can be told. One table (settings.c). Much of it is the workers' own business
 * and is handed on to them, as worker_config.h says. */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_SETTINGS_H
#define KSUPERVISE_SUPERVISOR_CONFIG_SETTINGS_H

#include "common/brokers.h"
#include "common/names.h"
#include "common/options.h"
#include "common/record/schema.h"
#include "common/stats/directory.h"

/* In the order of --log-format's choices. */
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct settings {
    struct option_given given;
    /* who */
    const char *config;
    bool check;
    struct option_list clients;
    const char *group;
    const char *workload;
    const char *schema_file, *schema_text;
    const char *topic;
    int64_t partitions;
    bool no_producer;
    /* handed on to the consumers */
    int from;
    int on_offset_loss;
    int64_t batch_size;
    int64_t batch_wait_us;
    const char *pipeline;
    int commit;
    int64_t max_unacknowledged;
    int64_t retries;
    int64_t retry_delay_us;
    const char *dead_letters;
    int tombstones;
    bool print;
    int64_t statistics_every;
    int64_t session_timeout_us;
    /* handed on to the producer */
    int64_t rate;
    int64_t interval_us;
    int64_t count;
    int64_t seed;
    const char *ledger;
    /* to all */
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    bool quiet;
    bool verbose;
    /* supervision */
    const char *instance;
    bool exit_when_done;
    bool keep;
    int64_t start_timeout_us;
    int64_t stop_timeout_us;
    int64_t hang_after_us;
    int64_t max_lag;
    int restart; /* enum restart_mode */
    int64_t restart_delay_us;
    int64_t restart_delay_max_us;
    int64_t deaths_max;
    int64_t healthy_us;
    /* browser */
    const char *http; /* NULL: no kweb */
    bool http_read_only;
    const char *http_behind; /* origins.h; NULL: no proxy stands in front */
    /* logs */
    int log_format; /* enum log_format */
    const char *log_dir;
    int64_t log_size_bytes;
    int64_t log_files;
    /* explanations */
    bool explain_exits;
    bool explain_states;
    /* derived */
    const struct schema *schema;
    struct schema *own_schema; /* the same, when it is from a file */
    struct brokers brokers;    /* of the whole instance's settings only */
};

/* What else a row of the table says of its option (traits, common/options.h): where in a configuration file
 * it may stand, which worker's program has it under the same name, and what follows when a reload changes it.
 * What a row does not say is refused. */
enum settings_trait {
    IN_INSTANCE = OPTION_OWN,       /* [ksupervise] */
    IN_PRODUCER = OPTION_OWN << 1,  /* [producer] */
    IN_CLIENT = OPTION_OWN << 2,    /* [client NAME] */
    TO_CONSUMER = OPTION_OWN << 3,  /* handed on to kconsume, when the user has said it */
    TO_PRODUCER = OPTION_OWN << 4,  /* to kproduce */
    TO_PROVISION = OPTION_OWN << 5, /* to ktopic provision */
    TO_WEB = OPTION_OWN << 6,       /* to kweb */
    ALWAYS = OPTION_OWN << 7,       /* handed on with its default, too */
    RESTARTS = OPTION_OWN << 8,     /* told to the worker in another way: another value is a new process */
    FIXED = OPTION_OWN << 9,        /* does not change while the instance runs */
    SHOWN = OPTION_OWN << 10        /* a worker's line of --check says it in words of its own */
};
#define IN_ANY_SECTION ((unsigned)IN_INSTANCE | IN_PRODUCER | IN_CLIENT)
#define OF_CONSUMERS   ((unsigned)IN_INSTANCE | IN_CLIENT | TO_CONSUMER)
#define OF_PRODUCER    ((unsigned)IN_INSTANCE | IN_PRODUCER | TO_PRODUCER)
#define OF_WORKERS     (IN_ANY_SECTION | TO_CONSUMER | TO_PRODUCER)

extern const struct program supervisor_program;

/* What a property's name begins with in a file. */
#define CONFIG_PROPERTY "librdkafka."

/* The directory has a place for each worker, and one is the producer's. */
#define SETTINGS_CLIENTS_MAX (DIRECTORY_CAPACITY_MAX - 1)

/* Who uses the name in lines and log files, so that no client may have it: "producer"; "all" is kctl's. NULL:
 * it is free. */
const char *settings_owner_of(const char *name);

/* Checks what no single value can tell, whether it came from flags or from a file, and fills what is derived.
 * -1 with the text; then *culprit is the option that is to blame, or NULL. */
int settings_check(struct settings *settings, const char **culprit, struct error *error);
/* A value as people read it: a duration in its largest whole unit, secrets masked, "…" where it was cut.
 * False when there is none. */
bool settings_render(const struct option_def *def, const struct settings *settings, char *text, size_t bytes);

/* The group that a client with these settings is in. */
void settings_group(const struct settings *settings, const char *client, char *group, size_t bytes);

void settings_release(struct settings *settings);

/* No broker is configured: kbroker takes its place. */
static inline bool settings_embedded(const struct settings *settings)
{
    return settings->brokers.bootstrap[0] == '\0';
}

#endif
