/* kctl: tells a running supervisor what to do. */
#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/streams.h"
#include "common/names.h"
#include "common/options.h"
#include "common/reset_spec.h"
#include "common/rpc/message.h"
#include "common/stats/events_show.h"
#include "tools/kctl/prune.h"
#include "tools/kctl/record.h"
#include "tools/kctl/request.h"
#include "tools/kctl/show.h"
#include "tools/kctl/words.h"

struct settings {
    struct option_given given;
    const char *instance;
    int64_t timeout_us;
    bool no_wait;
    bool json;
    bool follow;
    bool reopen;
    int64_t since; /* events */
    /* reset */
    const char *to;
    const char *partition;
    bool dry_run;
    bool delete_rows;
};

#define FOLLOW_EVERY_US 250000
#define ARGUMENT_BYTES  RPC_TEXT_BYTES
#define WORDS_MAX       64 /* a record may be a word a field; all else has 3 */
#define AT(field)       offsetof(struct settings, field)

static const struct option_def options[] = {
    {OPTION_STRING, "instance", 'i', "NAME", INSTANCE_DEFAULT, "KSUPERVISE_INSTANCE", AT(instance), 0, 0,
     NULL, "which supervisor", 0},
    {OPTION_DURATION, "timeout", 0, "TIME", "30s", NULL, AT(timeout_us), 0, 86400000000, NULL,
     "fail if it is not done by then; the request continues anyway", 0},
    {OPTION_FLAG, "no-wait", 0, NULL, NULL, NULL, AT(no_wait), 0, 0, NULL, "do not wait until it is done", 0},
    {OPTION_FLAG, "follow", 'f', NULL, NULL, NULL, AT(follow), 0, 0, NULL,
     "logs: follow one worker's new lines. events: follow until the instance has ended in order", 0},
    {OPTION_INTEGER, "since", 0, "N", "0", NULL, AT(since), 0, INT64_MAX, NULL,
     "events: those after number N; 0: from the oldest one kept", 0},
    {OPTION_FLAG, "reopen", 0, NULL, NULL, NULL, AT(reopen), 0, 0, NULL,
     "logs: reopen the files of --log-dir after an external rotation", 0},
    {OPTION_STRING, "to", 0, "WHERE", NULL, NULL, AT(to), 0, 0, NULL,
     "reset: earliest, latest, offset N, timestamp T (2026-02-26T09:52:20Z, or 1772099540500ms) or shift ±N",
     0},
    {OPTION_STRING, "partition", 0, "P", NULL, NULL, AT(partition), 0, 0, NULL, "reset: only this partition",
     0},
    {OPTION_FLAG, "dry-run", 0, NULL, NULL, NULL, AT(dry_run), 0, 0, NULL,
     "reset, prune, dead-letters replay: only print what would be done", 0},
    {OPTION_FLAG, "delete-rows", 0, NULL, NULL, NULL, AT(delete_rows), 0, 0, NULL,
     "reset: delete the rows in the database from there on; otherwise they are written a second time", 0},
    {OPTION_FLAG, "json", 0, NULL, NULL, NULL, AT(json), 0, 0, NULL, "print JSON", 0},
};

static const struct program program = {
    .complete = words_complete,
    .name = "kctl",
    .synopsis = "[OPTION]… VERB [CLIENT|WORKER|all] [ARGUMENT]",
    .about = "Drives a running ksupervise. Every verb returns when it is done, or says why it is not.",
    .epilogue =
        "Verbs:\n"
        "  status                     show the state of every worker\n"
        "  start bravo                start what is down, held or done\n"
        "  stop bravo                 finish, commit, leave the group, and stay down\n"
        "  restart bravo              a new process; the group membership is kept: no rebalance\n"
        "  rolling-restart all [N]    restart consumers one after the other, the next when the previous has\n"
        "                             at most N records to catch up with (its --max-lag), or no more\n"
        "                             than it had\n"
        "  reload                     read the configuration file again and apply what changed\n"
        "  kill bravo [SIGNAL]        send a signal: TERM by default\n"
        "  pause bravo, resume bravo  stop taking records, keep the partitions; take them again\n"
        "  scale bravo 4              set the number of bravo's workers: bravo, bravo.2 … bravo.4; those\n"
        "                             that were stopped are started\n"
        "  add-client yank [group=G] [like=bravo]  add a client, in group G, with bravo's settings;\n"
        "                             by default in its own group, with the common settings; a reload\n"
        "                             keeps it, until the instance ends\n"
        "  remove-client yank         remove a client that was added: finish, commit, leave the group\n"
        "  rate 500/s                 set the producer's pace: records a second (0: as fast as possible),\n"
        "                             or the time from one to the next, such as 2s\n"
        "  produce RECORD             send one record, print its partition and offset: a JSON object,\n"
        "                             field=value …, or - for standard input\n"
        "  peek TOPIC PARTITION OFFSET [N]  show that record, or N from there on, a JSON line each\n"
        "  dead-letters TOPIC list | show [N] | replay [--dry-run]  count them by reason, show the last N\n"
        "                             (50), send them back, each once: JSON\n"
        "  ack bravo 3:41             acknowledge a record (--commit manual): also 3:41-60, all, 0:7,1:9\n"
        "  reset bravo --to WHERE     set the offsets of its group: by its members, or when it is stopped\n"
        "  release bravo              let a held worker start again\n"
        "  logs bravo [N] [-f]        show its last lines (20)\n"
        "  logs --reopen              reopen the files of --log-dir after an external rotation\n"
        "  events [bravo] [-f]        show the last 4096 events, also those of a supervisor\n"
        "                             that died\n"
        "  prune                      remove what dead instances left in shared memory; with -i that one's\n"
        "  shutdown                   end the instance in order\n\n"
        "Exit codes: 0 done; 1 not done, reason on stderr; 2 usage; 3 no such instance is running.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = WORDS_MAX,
};

/* Asks again and again for what came after the last line that was shown; ends when the supervisor does, or by
 * Ctrl-C. */
static int follow(const struct settings *settings, const char *target, const char *first, struct error *error)
{
    char argument[ARGUMENT_BYTES];
    snprintf(argument, sizeof argument, "%s", first[0] != '\0' ? first : "20");
    for (;;) {
        struct answer answer = {0};
        int64_t last = 0;
        int result = request_send(settings->instance, "logs", target, argument,
                                  settings->timeout_us / US_PER_MS, true, &answer, error);
        if (result == 0 && (!show_lines(answer.result, stdout) || !show_number(answer.result, "last", &last)))
            result = error_set(error, "the supervisor's answer cannot be read");
        answer_release(&answer);
        if (result == -1 || log_flush() == -1)
            return result;
        snprintf(argument, sizeof argument, "+%" PRId64, last);
        usleep(FOLLOW_EVERY_US);
        if (!stream_is_read(stdout))
            return error_set(error, "cannot write the lines: nobody reads them any more");
    }
}

/* What reset_spec.h reads. */
static int reset_argument(const struct settings *settings, char argument[ARGUMENT_BYTES], struct error *error)
{
    struct reset_spec spec;
    if (settings->to == NULL)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "reset: where? --to earliest, latest, offset N, timestamp T or shift ±N");
    int length =
        snprintf(argument, ARGUMENT_BYTES, "%s%s%s%s%s", settings->to,
                 settings->partition ? ",partition=" : "", settings->partition ? settings->partition : "",
                 settings->dry_run ? ",dry-run" : "", settings->delete_rows ? ",delete-rows" : "");
    if (length >= ARGUMENT_BYTES)
        return error_set_code(error, EXIT_CODE_USAGE, "reset: --to and --partition are too long");
    return reset_spec_parse(&spec, argument, error);
}

/* `--to offset 41`, `--to shift -3`: the number belongs to the target, and is not an option. Joined as
 * `offset:41`. */
static int join_place(int argc, char **argv, char joined[ARGUMENT_BYTES])
{
    static const char *const targets[] = {"offset", "timestamp", "shift"};
    for (int i = 2; i + 1 < argc; i++)
        for (size_t p = 0; p < sizeof targets / sizeof targets[0]; p++) {
            if (strcmp(argv[i - 1], "--to") != 0 || strcmp(argv[i], targets[p]) != 0)
                continue;
            snprintf(joined, ARGUMENT_BYTES, "%s:%s", argv[i], argv[i + 1]);
            argv[i] = joined;
            memmove(&argv[i + 1], &argv[i + 2], (size_t)(argc - i - 1) * sizeof *argv);
            return argc - 1;
        }
    return argc;
}

static int ask(const struct settings *settings, const char *verb, const char *target, const char *argument,
               struct error *error)
{
    struct answer answer = {0};
    int result = request_send(settings->instance, verb, target, argument, settings->timeout_us / US_PER_MS,
                              !settings->no_wait, &answer, error);
    if (result == 0 &&
        !(settings->json ? show_json(answer.result, stdout) : show_lines(answer.result, stdout)))
        result = error_set(error, "the supervisor's answer cannot be read");
    answer_release(&answer);
    return result;
}

static int reopen(const struct settings *settings, const struct operands *operands, struct error *error)
{
    if (strcmp(operands->items[0], "logs") != 0 || operands->count > 1 || settings->follow)
        return error_set_code(error, EXIT_CODE_USAGE, "--reopen goes with: kctl logs");
    return ask(settings, "reopen-logs", "", "", error);
}

/* From shared memory: there is nothing to ask, and perhaps nobody to answer. */
static int show_events(const struct settings *settings, const struct operands *operands, struct error *error)
{
    const char *worker = operands->count > 1 ? operands->items[1] : "";
    const struct events_spec spec = {.instance = settings->instance,
                                     .worker = strcmp(worker, "all") == 0 ? "" : worker,
                                     .since = (uint64_t)settings->since,
                                     .follow = settings->follow,
                                     .json = settings->json};
    return operands->count > 2
               ? error_set_code(error, EXIT_CODE_USAGE, "events: of one worker or client, or of all")
               : events_show(&spec, stdout, error);
}

static int produce(const struct settings *settings, const struct operands *operands, struct error *error)
{
    const struct operands words = {operands->items + 1, operands->count - 1};
    const char *target;
    char record[RPC_TEXT_BYTES];
    return record_words(&words, &target, record, error) == -1
               ? -1
               : ask(settings, operands->items[0], target, record, error);
}

/* Verbs that ktopic carries out, on a topic. What they answer are lines of JSON, whatever is wanted. */
static const struct topic_verb {
    const char *name;
    int words_min, words_max; /* with the verb and the topic */
    const char *usage;
} topic_verbs[] = {
    {"peek", 4, 5, "peek: usage: kctl peek TOPIC PARTITION OFFSET [N]"},
    {"dead-letters", 3, 4,
     "dead-letters: usage: kctl dead-letters TOPIC list | show [N] | replay [--dry-run]"},
};

static const struct topic_verb *find_topic_verb(const char *name)
{
    for (size_t i = 0; i < sizeof topic_verbs / sizeof topic_verbs[0]; i++)
        if (strcmp(topic_verbs[i].name, name) == 0)
            return &topic_verbs[i];
    return NULL;
}

static int ask_topic(const struct settings *settings, const struct topic_verb *verb,
                     const struct operands *operands, struct error *error)
{
    struct settings lines = *settings;
    char argument[ARGUMENT_BYTES] = "";
    size_t used = 0;
    if (operands->count < verb->words_min || operands->count > verb->words_max)
        return error_set_code(error, EXIT_CODE_USAGE, "%s", verb->usage);
    for (int i = 2; i < operands->count && used < sizeof argument; i++)
        used += (size_t)snprintf(argument + used, sizeof argument - used, "%s ", operands->items[i]);
    if (settings->dry_run && used < sizeof argument)
        used += (size_t)snprintf(argument + used, sizeof argument - used, "dry-run");
    lines.json = false;
    return used < sizeof argument ? ask(&lines, verb->name, operands->items[1], argument, error)
                                  : error_set_code(error, EXIT_CODE_USAGE, "%s", verb->usage);
}

static bool is_word_of_add(const char *word)
{
    return strncmp(word, "group=", strlen("group=")) == 0 || strncmp(word, "like=", strlen("like=")) == 0;
}

/* group=GROUP and like=CLIENT go as one text. */
static int add_client(const struct settings *settings, const struct operands *operands, struct error *error)
{
    const bool two = operands->count == 4;
    char words[ARGUMENT_BYTES] = "";
    bool clear = operands->count >= 2 && operands->count <= 4;
    for (int i = 2; clear && i < operands->count; i++)
        clear = is_word_of_add(operands->items[i]);
    if (!clear)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "add-client: usage: kctl add-client NAME [group=GROUP] [like=CLIENT]");
    if (operands->count > 2)
        snprintf(words, sizeof words, "%s%s%s", operands->items[2], two ? " " : "",
                 two ? operands->items[3] : "");
    return ask(settings, operands->items[0], operands->items[1], words, error);
}

static int run(const struct settings *settings, const struct operands *operands, struct error *error)
{
    const struct topic_verb *topic_verb = find_topic_verb(operands->items[0]);
    if (topic_verb != NULL)
        return ask_topic(settings, topic_verb, operands, error);
    if (strcmp(operands->items[0], "produce") == 0)
        return produce(settings, operands, error);
    if (strcmp(operands->items[0], "add-client") == 0)
        return add_client(settings, operands, error);
    if (operands->count > 3)
        return error_set_code(error, EXIT_CODE_USAGE, "unexpected word '%s'", operands->items[3]);
    const char *target = operands->count > 1 ? operands->items[1] : "";
    const char *argument = operands->count > 2 ? operands->items[2] : "";
    char reset[ARGUMENT_BYTES] = "";
    if (strcmp(operands->items[0], "prune") == 0)
        return prune(options_given(&program, settings, "instance") ? settings->instance : NULL,
                     settings->dry_run, stdout, error);
    if (strcmp(operands->items[0], "events") == 0)
        return show_events(settings, operands, error);
    if (strcmp(operands->items[0], "reset") == 0) {
        if (reset_argument(settings, reset, error) == -1)
            return -1;
        argument = reset;
    }
    if (settings->reopen)
        return reopen(settings, operands, error);
    if (settings->follow) {
        if (strcmp(operands->items[0], "logs") != 0 || operands->count < 2)
            return error_set_code(error, EXIT_CODE_USAGE, "--follow goes with: kctl logs WORKER");
        return follow(settings, target, argument, error);
    }
    if (strlen(argument) >= ARGUMENT_BYTES)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "%s: %zu bytes, and one request carries at most %d: split it",
                              operands->items[0], strlen(argument), ARGUMENT_BYTES - 1);
    return ask(settings, operands->items[0], target, argument, error);
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct operands operands;
    struct error error = ERROR_INIT;
    char joined[ARGUMENT_BYTES];
    log_init();
    argc = join_place(argc, argv, joined);
    int exit_code = EXIT_CODE_OK;
    if (options_parse(&program, &settings, argc, argv, &operands, &error) == -1 ||
        name_check(settings.instance, "instance", &error) == -1 || run(&settings, &operands, &error) == -1)
        exit_code = program_fail(program.name, &error);
    options_release(&program, &settings);
    if (log_flush() == -1 && exit_code == EXIT_CODE_OK)
        exit_code = EXIT_CODE_FAILED;
    return exit_code;
}
