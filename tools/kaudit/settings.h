/* settings.h: what kaudit can be told. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SETTINGS_H
#define KSUPERVISE_TOOLS_KAUDIT_SETTINGS_H

#include "common/options.h"
#include "tools/kaudit/sink.h"

typedef int (*sink_opener)(struct sink *sink, const struct sink_spec *spec, struct error *error);

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    const char *group;
    const char *sqlite, *postgres, *kafka, *ndjson;
    const char *table;
    const char *schema_file;
    bool dead_letters;
    const char *dead_letter_topic;
    struct option_list ledgers;
    bool json;
    /* derived */
    const char *topic;
    sink_opener open_sink; /* NULL: none */
    const char *sink_where;
    struct schema *schema; /* of schema_file; NULL: none was given */
};

#define AUDIT_PROGRAM "kaudit"

/* `settings` must be zeroed. */
int settings_load(struct settings *settings, int argc, char **argv, struct error *error);
void settings_release(struct settings *settings);

#endif
