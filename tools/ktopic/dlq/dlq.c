/* ktopic dlq */
#include "tools/ktopic/dlq/dlq.h"

#include "common/exit_codes.h"
#include "common/log.h"
#include "common/names.h"
#include "common/worker/config.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

#define AT(member) offsetof(struct dlq_settings, member)

static const struct option_def options[] = {
    {.type = OPTION_STRING,
     .name = "where",
     .argument = "EXPR",
     .offset = AT(where),
     .help = "only those whose record matches EXPR: amount > 1000 and currency == 'PLN'; partition and "
             "offset are those of the record"},
    {.type = OPTION_STRING,
     .name = "group",
     .letter = 'g',
     .argument = "NAME",
     .offset = AT(group),
     .help = "only the letters of this consumer group"},
    {.type = OPTION_STRING,
     .name = "workload",
     .letter = 'w',
     .argument = "NAME",
     .offset = AT(workload),
     .help =
         "decode records without a schema header as this workload's (default: the one whose topic it is)"},
    {.type = OPTION_STRING,
     .name = "schema",
     .argument = "FILE",
     .offset = AT(schema_file),
     .help = "decode records by this schema"},
    {.type = OPTION_STRING,
     .name = "dlq-topic",
     .argument = "TOPIC",
     .offset = AT(dlq_topic),
     .help = "the topic of the dead letters (default: TOPIC.dlq)"},
    {.type = OPTION_FLAG,
     .name = "dry-run",
     .offset = AT(dry_run),
     .help = "replay: say what would be sent back, and send nothing"},
    {.type = OPTION_INTEGER,
     .name = "limit",
     .argument = "N",
     .offset = AT(limit),
     .minimum = 1,
     .maximum = LETTERS_LIMIT_MAX,
     .help = "show: only the last N (default: all)"},
    {.type = OPTION_FLAG,
     .name = "json",
     .offset = AT(json),
     .help = "list, replay: an object; show: one a line"},
    KAFKA_OPTIONS(struct dlq_settings),
    WORKER_OPTION(struct dlq_settings),
};

static const struct program program = {
    .complete = complete_dlq,
    .name = "ktopic dlq",
    .synopsis = "list | show | replay [OPTION]… TOPIC",
    .about = "The dead letters of a topic: records that a consumer could not process, in the topic "
             "TOPIC.dlq, with the reason.\nlist counts them by reason, show prints them, replay sends them "
             "back to TOPIC, each once: it continues where an\nearlier one ended, even one that was killed.",
    .epilogue =
        "A record that is sent back has its key, value and headers, and the header dlq.replayed with the "
        "letter's id. All groups\n"
        "that read TOPIC get it again. What was sent back is kept as the offsets of the group "
        "TOPIC.dlq.replay.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 2,
    .operands_max = 2,
};

struct action {
    const char *name;
    int (*run)(struct letters *letters, struct error *error);
};

static const struct action actions[] = {{"list", dlq_list}, {"show", dlq_show}, {"replay", dlq_replay}};
enum { ACTIONS = sizeof actions / sizeof actions[0] };

static const struct action *find_action(const char *word, struct error *error)
{
    const char *names[ACTIONS];
    for (size_t i = 0; i < ACTIONS; i++) {
        if (strcmp(actions[i].name, word) == 0)
            return &actions[i];
        names[i] = actions[i].name;
    }
    const char *nearest = name_suggest(word, names, ACTIONS);
    error_set_code(error, EXIT_CODE_USAGE, "'%s' is not list, show or replay%s%s%s", word,
                   nearest ? "; is '" : "", nearest ? nearest : "", nearest ? "' meant?" : "");
    return NULL;
}

static int act(void *given, const struct operands *operands, struct error *error)
{
    struct dlq_settings *settings = given;
    struct letters letters = {0};
    const struct action *action = find_action(operands->items[0], error);
    if (action == NULL)
        return -1;
    if (settings->dry_run && action->run != dlq_replay)
        return error_set_code(error, EXIT_CODE_USAGE, "--dry-run: only with replay");
    if (settings->limit != 0 && action->run != dlq_show)
        return error_set_code(error, EXIT_CODE_USAGE, "--limit: only with show");
    if (settings->supervised && worker_config_read(WORKER_CONFIG_FD, &program, settings, error) == -1)
        return -1;
    int result = letters_open(&letters, settings, operands->items[1], error);
    if (result == 0)
        result = action->run(&letters, error);
    letters_close(&letters);
    return result;
}

int verb_dlq(int argc, char **argv)
{
    struct dlq_settings settings = {0};
    return verb_run(&program, &settings, act, argc, argv);
}
