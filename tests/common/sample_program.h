/* sample_program.h: a program with an option of every type, for the tests of the options table. */
#ifndef KSUPERVISE_TESTS_COMMON_SAMPLE_PROGRAM_H
#define KSUPERVISE_TESTS_COMMON_SAMPLE_PROGRAM_H

#include "common/options.h"

#define SAMPLE_VARIABLE "KSUPERVISE_CHECK_GROUP"

struct sample {
    struct option_given given;
    bool verbose;
    bool publish;
    const char *group;
    int64_t rate;
    int64_t wait_us;
    int64_t limit_bytes;
    int from;
    struct option_list properties;
    struct option_list clients;
    bool supervised;
};

#define SAMPLE_AT(field) offsetof(struct sample, field)

static const char *const sample_from[] = {"earliest", "latest", NULL};

static const struct option_def sample_options[] = {
    {.type = OPTION_HEADING, .help = "What to read"},
    {OPTION_FLAG, "verbose", 'v', NULL, NULL, NULL, SAMPLE_AT(verbose), 0, 0, NULL, "say more", 0},
    {OPTION_FLAG, "publish", 0, NULL, "yes", NULL, SAMPLE_AT(publish), 0, 0, NULL, "publish", 0},
    {OPTION_STRING, "group", 'g', "NAME", "everybody", SAMPLE_VARIABLE, SAMPLE_AT(group), 0, 0, NULL,
     "consumer group", 0},
    {OPTION_INTEGER, "rate", 'r', "N", NULL, NULL, SAMPLE_AT(rate), -5, 1000, NULL, "records a second", 0},
    {OPTION_DURATION, "batch-wait", 0, "TIME", "100ms", NULL, SAMPLE_AT(wait_us), 0, 3600000000, NULL,
     "or so long after its first record, which is a text that is long enough to be wrapped once at least", 0},
    {OPTION_SIZE, "limit", 0, "SIZE", NULL, NULL, SAMPLE_AT(limit_bytes), 0, 0, NULL, "memory", 0},
    {OPTION_CHOICE, "from", 0, "WHERE", "earliest", NULL, SAMPLE_AT(from), 0, 0, sample_from,
     "where to begin", 0},
    {OPTION_LIST, "property", 'X', "NAME=VALUE", NULL, NULL, SAMPLE_AT(properties), 0, 0, NULL,
     "any property", 0},
    {OPTION_NAMES, "clients", 'c', "A,B,…", "alpha,beta", NULL, SAMPLE_AT(clients), 0, 0, NULL, "consumers",
     0},
    {OPTION_FLAG, "supervised", 0, NULL, NULL, NULL, SAMPLE_AT(supervised), 0, 0, NULL, "not shown",
     OPTION_HIDDEN},
};

static const struct program sample_program = {
    .name = "sample",
    .synopsis = "[OPTION]… [TOPIC]",
    .about = "Shows every type of option.",
    .epilogue = "Exit codes: 0 done.\n",
    .options = sample_options,
    .option_count = sizeof sample_options / sizeof sample_options[0],
    .operands_max = 1,
};

#endif
