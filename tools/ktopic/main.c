/* ktopic: topics, seen and set up. */
#include "common/options_complete.h"
#include "common/error.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/names.h"
#include "common/streams.h"
#include "tools/ktopic/verbs.h"

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct verb verbs[] = {
    {"provision", verb_provision, "create the workloads' topics, with the number of partitions asked for"},
    {"list", verb_list, "the topics, with partitions and replicas"},
    {"describe", verb_describe, "leaders, replicas, offsets and settings of a topic, or of all"},
    {"read", verb_read, "print a topic's records"},
    {"peek", verb_peek, "print one record whole, with key and headers, by its offset"},
    {"retention", verb_retention, "show or change how long a topic keeps its records"},
    {"groups", verb_groups, "the consumer groups, with members, topics and lag"},
    {"group", verb_group, "one consumer group: its members, and each partition's offsets and lag"},
    {"dlq", verb_dlq, "a topic's dead letters: count them, show them, send them back"},
    {"schema", verb_schema, "check a schema of records, or show one"},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void help(void)
{
    printf("Usage: ktopic VERB [OPTION]…\nShows and sets up the topics and consumer groups of a Kafka "
           "cluster.\n\n");
    for (size_t i = 0; i < VERBS; i++)
        printf("  %-12s %s\n", verbs[i].name, verbs[i].help);
    printf("\n'ktopic VERB --help' shows a verb's options. Exit codes: 0 done, 1 failed, 2 usage.\n");
}

static int usage(const char *word)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    const char *nearest = name_suggest(word, names, VERBS);
    if (word[0] == '-')
        fprintf(stderr, "ktopic: '%s': the verb comes first: ktopic VERB [OPTION]…\n", word);
    else
        fprintf(stderr, "ktopic: there is no verb '%s'%s%s%s\n", word, nearest ? "; is '" : "",
                nearest ? nearest : "", nearest ? "' meant?" : "");
    fprintf(stderr, "Try 'ktopic --help'.\n");
    return EXIT_CODE_USAGE;
}

/* The verb is a word like others; what stands behind it, it completes itself. */
static int complete(int count, char **words)
{
    const struct program program = {.name = "ktopic"};
    const struct completion completion = {
        .program = &program, .prefix = count > 0 ? words[0] : "", .lead = "", .stream = stdout};
    for (size_t i = 0; i < VERBS; i++) {
        if (count > 1 && strcmp(words[0], verbs[i].name) == 0) {
            words[-1] = words[0];
            words[0] = (char[]){OPTIONS_COMPLETE_FLAG};
            return verbs[i].run(count + 1, words - 1);
        }
        if (count <= 1)
            complete_add(&completion, verbs[i].name, verbs[i].help);
    }
    return streams_end("ktopic", EXIT_CODE_OK);
}

int main(int argc, char **argv)
{
    log_init();
    if (argc > 1 && strcmp(argv[1], OPTIONS_COMPLETE_FLAG) == 0)
        return complete(argc - 2, argv + 2);
    if (argc < 2) {
        fprintf(stderr, "ktopic: a verb is missing: ktopic VERB [OPTION]…\nTry 'ktopic --help'.\n");
        return EXIT_CODE_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help();
        return streams_end("ktopic", EXIT_CODE_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("ktopic (ksupervise) " KSUPERVISE_VERSION "\n");
        return streams_end("ktopic", EXIT_CODE_OK);
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0) {
            int code = verbs[i].run(argc - 1, argv + 1);
            return log_flush() == 0 ? code : EXIT_CODE_FAILED;
        }
    return usage(argv[1]);
}
