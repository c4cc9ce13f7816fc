#include "tools/kstat/settings.h"

#include <ctype.h>

#include "common/complete_names.h"
#include "common/clock.h"
#include "common/exit_codes.h"

#define INTERVAL_MIN_US (10 * US_PER_MS)
#define INTERVAL_MAX_US (24 * 3600 * US_PER_SECOND)
#define COUNT_MAX       INT64_C(1000000000)

/* By enum json_form. */
static const char *const json_forms[] = {"no", "1", "2", "yes", NULL};

static const struct option_def options[] = {
    {.type = OPTION_STRING,
     .name = "instance",
     .letter = 'i',
     .argument = "NAME",
     .environment = "KSUPERVISE_INSTANCE",
     .offset = offsetof(struct settings, instance),
     .help = "which instance (by default the only one alive, else 'default', else the only one there is; "
             "'solo' "
             "is that of workers without a supervisor)"},
    {.type = OPTION_HEADING, .help = "Forms"},
    {.type = OPTION_CHOICE,
     .name = "json",
     .argument = "VERSION",
     .fallback = "no",
     .choices = json_forms,
     .offset = offsetof(struct settings, json),
     .help = "print JSON, version 2, one object a line (kstat.schema.json); --json=1: the former version"},
    {.type = OPTION_FLAG,
     .name = "values",
     .letter = 'p',
     .offset = offsetof(struct settings, values),
     .help = "print every value as a line: its name and the value, ? when it is unknown"},
    {.type = OPTION_HEADING, .help = "Waiting for a condition"},
    {.type = OPTION_LIST,
     .name = "until",
     .argument = "CONDITION",
     .offset = offsetof(struct settings, until),
     .help = "wait until a condition holds, as in 'bravo.lag == 0' or '*.state == ready'; given several "
             "times: until all hold at once"},
    {.type = OPTION_DURATION,
     .name = "timeout",
     .argument = "TIME",
     .fallback = "0",
     .offset = offsetof(struct settings, timeout_us),
     .help = "how long --until waits (0: forever)"},
    {.type = OPTION_HEADING, .help = "Captures"},
    {.type = OPTION_STRING,
     .name = "dump",
     .argument = "FILE",
     .offset = offsetof(struct settings, dump),
     .help = "write a capture of the present state, with an interval one after another; appends to a FILE "
             "that is a capture"},
    {.type = OPTION_STRING,
     .name = "file",
     .letter = 'f',
     .argument = "FILE",
     .offset = offsetof(struct settings, file),
     .help = "show the last moment of a capture, in any form; with an interval page through it on a "
             "terminal, else show all its moments"},
    {.type = OPTION_STRING,
     .name = "at",
     .argument = "WHEN",
     .offset = offsetof(struct settings, at),
     .help = "with --file: the moment to show, by number from 1, or by time (2026-02-26T09:52:20Z)"},
    {.type = OPTION_STRING,
     .name = "report",
     .argument = "FILE",
     .offset = offsetof(struct settings, report),
     .help = "write a page for a browser, in one file that needs no server: the present state, or with "
             "--file all moments of a capture"},
    {.type = OPTION_FLAG,
     .name = "diff",
     .offset = offsetof(struct settings, diff),
     .help = "kstat --diff A [B]: what moved, stalled and died from capture A to capture B, or to now"},
    {.type = OPTION_HEADING, .help = "One worker"},
    {.type = OPTION_INTEGER,
     .name = "generation",
     .argument = "N",
     .fallback = "0",
     .maximum = INT64_MAX,
     .offset = offsetof(struct settings, generation),
     .help = "show generation N of the worker, dead or alive, as it is or was (0: the present one)"},
    {.type = OPTION_FLAG,
     .name = "pid",
     .offset = offsetof(struct settings, pid),
     .help = "print only the worker's pid: kill -9 $(kstat --pid bravo)"},
    {.type = OPTION_FLAG,
     .name = "postmortem",
     .offset = offsetof(struct settings, postmortem),
     .help = "show the last generation of the worker that died, as it was when it died"},
    {.type = OPTION_FLAG,
     .name = "why",
     .offset = offsetof(struct settings, why),
     .help = "say in a sentence why a worker does not move"},
    {.type = OPTION_HEADING, .help = "What happened, and what can be shown"},
    {.type = OPTION_FLAG,
     .name = "events",
     .offset = offsetof(struct settings, events),
     .help = "show the last 4096 events; with an interval also new ones"},
    {.type = OPTION_FLAG,
     .name = "list",
     .offset = offsetof(struct settings, list),
     .help = "list every value that can be shown, with its meaning"},
};

static void complete(const struct completion *completion)
{
    if (completion->option == NULL)
        complete_workers(completion);
    else
        complete_known_options(completion);
}

const struct program kstat_program = {
    .complete = complete,
    .name = "kstat",
    .synopsis = "[OPTION]… [WORKER|CLIENT] [PATTERN]… [SECONDS [COUNT]]",
    .about =
        "Shows what the workers of an instance are doing: from shared memory, without asking them or the "
        "brokers.",
    .epilogue =
        "Examples:\n"
        "  kstat                  all workers and partitions, once\n"
        "  kstat bravo            everything about bravo: latencies, rebalances, errors, last death\n"
        "  kstat 1                a live screen on a terminal (? lists its keys), else a look a second, with "
        "rates\n"
        "  kstat bravo 500ms 10   ten times, every half second\n"
        "  kstat --postmortem bravo\n"
        "  kstat --events bravo   its starts, deaths, rebalances, resets …, also of an instance that died\n"
        "  kstat --json | jq '.workers[].counters'\n"
        "  kstat 'bravo/payments/3/lag' '*.lag'     these values; -p: all of them\n"
        "  kstat --until 'bravo.lag == 0' --timeout 60s\n"
        "  kstat -f night.cap --report night.html   a page for a browser, that needs no server\n"
        "  kstat --dump night.cap 1s                a capture every second; kstat -f night.cap --at 120\n"
        "  kstat --diff before.cap after.cap\n"
        "\n"
        "Exit codes: 0 found, or true; 1 failed; 2 usage; 3 nothing is running under that name;\n"
        "--until: 4 not true in time, 5 it cannot become true any more.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = -1,
};

static bool is_number(const char *word)
{
    return word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

/* Bare numbers are seconds, as in vmstat and iostat; else a duration. False when it is neither. */
static bool parse_interval(const char *word, int64_t *microseconds)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%ss", word);
    return isdigit((unsigned char)word[0]) &&
           option_parse_duration(is_number(word) ? seconds : word, microseconds, NULL) == 0;
}

static int take_pattern(struct settings *settings, const char *word, struct error *error)
{
    if (settings->pattern_count == SETTINGS_PATTERNS_MAX)
        return error_set_code(error, EXIT_CODE_USAGE, "at most %d patterns", SETTINGS_PATTERNS_MAX);
    settings->patterns[settings->pattern_count++] = word;
    return 0;
}

static int take_word(struct settings *settings, const char *word, struct error *error)
{
    int64_t interval_us;
    if (flat_is_pattern(word))
        return take_pattern(settings, word, error);
    if (settings->interval_us != 0) {
        if (option_parse_integer(word, 1, COUNT_MAX, &settings->count, NULL) != 0)
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "'%s' is not a valid count: how many times, 1 or more", word);
        return 0;
    }
    if (parse_interval(word, &interval_us)) {
        if (interval_us < INTERVAL_MIN_US || interval_us > INTERVAL_MAX_US)
            return error_set_code(error, EXIT_CODE_USAGE, "interval '%s' is out of range: 10ms to 24h", word);
        settings->interval_us = interval_us;
        return 0;
    }
    if (settings->worker != NULL)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "'%s' is not a valid interval: seconds, or a duration such as 500ms", word);
    settings->worker = word;
    return 0;
}

static int take_files(struct settings *settings, const struct operands *operands, struct error *error)
{
    if (operands->count < 1 || operands->count > 2)
        return error_set_code(error, EXIT_CODE_USAGE, "--diff: of which captures? kstat --diff A [B]");
    settings->before = operands->items[0];
    settings->after = operands->count == 2 ? operands->items[1] : NULL;
    return 0;
}

int settings_operands(struct settings *settings, const struct operands *operands, struct error *error)
{
    if (settings->diff)
        return take_files(settings, operands, error);
    for (int i = 0; i < operands->count; i++)
        if (take_word(settings, operands->items[i], error) != 0)
            return -1;
    return 0;
}

static int parse_conditions(struct settings *settings, struct error *error)
{
    if (settings->until.count > UNTIL_MAX)
        return error_set_code(error, EXIT_CODE_USAGE, "--until: at most %d conditions", UNTIL_MAX);
    for (size_t i = 0; i < settings->until.count; i++)
        if (condition_parse(&settings->conditions[i], settings->until.items[i], error) != 0)
            return -1;
    if (settings->timeout_us > 0 && settings->until.count == 0)
        return error_set_code(error, EXIT_CODE_USAGE, "--timeout: of what? It goes with --until");
    return 0;
}

/* What makes no sense together: the two, and what to say. */
static const struct {
    const char *one, *other, *why;
} exclusive[] = {
    {"file", "instance", "a capture has its instance in it"},
    {"file", "until", "nothing changes in a capture"},
    {"file", "pid", "the processes of a capture may be gone"},
    {"file", "dump", "copy the file"},
    {"dump", "until", "use two of them"},
    {"dump", "json", "kstat --file FILE --json shows it"},
    {"diff", "file", "name both as words: kstat --diff A B"},
    {"diff", "dump", "first the one, then the other"},
    {"diff", "json", "take both as --json"},
    {"generation", "postmortem", "the last that died, or that one"},
    {"events", "dump", "a capture has them: kstat --file FILE --events"},
    {"events", "diff", "kstat --file FILE --events shows those of each"},
    {"why", "json", "it is a sentence for people"},
    {"why", "values", "first the one, then the other"},
    {"why", "events", "first the one, then the other"},
    {"why", "until", "--until says itself why it is not true"},
    {"why", "dump", "kstat --file FILE --why says it"},
    {"why", "diff", "first the one, then the other"},
    {"why", "pid", "first the one, then the other"},
    {"report", "dump", "first the one, then the other: kstat --file FILE --report PAGE"},
    {"report", "until", "first the one, then the other"},
    {"report", "json", "first the one, then the other"},
    {"report", "events", "it has them"},
    {"report", "diff", "it is of one capture"},
    {"events", "until", "conditions are of values"},
    {"events", "pid", "first the one, then the other"},
};

static int check_exclusive(const struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < sizeof exclusive / sizeof exclusive[0]; i++)
        if (options_given(&kstat_program, settings, exclusive[i].one) &&
            options_given(&kstat_program, settings, exclusive[i].other))
            return error_set_code(error, EXIT_CODE_USAGE, "--%s and --%s exclude each other: %s",
                                  exclusive[i].one, exclusive[i].other, exclusive[i].why);
    if (settings->at != NULL && settings->file == NULL)
        return error_set_code(error, EXIT_CODE_USAGE, "--at: of which capture? It goes with --file");
    return 0;
}

int settings_parse(struct settings *settings, int argc, char **argv, struct error *error)
{
    struct operands operands;
    if (options_parse(&kstat_program, settings, argc, argv, &operands, error) != 0 ||
        settings_operands(settings, &operands, error) != 0 || parse_conditions(settings, error) != 0 ||
        check_exclusive(settings, error) != 0)
        return -1;
    if (settings->instance != NULL && name_check(settings->instance, "instance", error) != 0)
        return -1;
    if (settings->pid && settings->worker == NULL)
        return error_set_code(error, EXIT_CODE_USAGE, "--pid needs a worker: kstat --pid bravo");
    if ((settings->generation > 0 || settings->postmortem) && settings->worker == NULL)
        return error_set_code(error, EXIT_CODE_USAGE, "--%s: of which worker? Name it: kstat --%s%s bravo",
                              settings->postmortem ? "postmortem" : "generation",
                              settings->postmortem ? "postmortem" : "generation",
                              settings->postmortem ? "" : " 2");
    return 0;
}
