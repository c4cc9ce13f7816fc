/* What could stand at the end of a command line. */
#include "common/options_complete.h"

#include <stdlib.h>

#include "tests/support/check_main.h"

struct target {
    bool flag;
    int choice;
    int64_t number;
    const char *file, *folder, *instance, *workload;
    struct option_list list;
};
#define AT(field) offsetof(struct target, field)

static const char *const colours[] = {"red", "green", "grey", NULL};
static const struct option_def options[] = {
    {.type = OPTION_HEADING, .help = "A heading"},
    {.type = OPTION_FLAG, .name = "quiet", .letter = 'q', .offset = AT(flag), .help = "say less"},
    {.type = OPTION_CHOICE,
     .name = "colour",
     .letter = 'c',
     .argument = "C",
     .choices = colours,
     .offset = AT(choice),
     .help = "which"},
    {.type = OPTION_STRING, .name = "config", .argument = "FILE", .offset = AT(file), .help = "a file"},
    {.type = OPTION_STRING,
     .name = "log-dir",
     .argument = "FOLDER",
     .offset = AT(folder),
     .help = "a folder"},
    {.type = OPTION_STRING,
     .name = "instance",
     .letter = 'i',
     .argument = "NAME",
     .offset = AT(instance),
     .help = "who"},
    {.type = OPTION_STRING, .name = "workload", .argument = "NAME", .offset = AT(workload), .help = "what"},
    {.type = OPTION_FLAG, .name = "supervised", .offset = AT(flag), .traits = OPTION_HIDDEN, .help = "ours"},
};

static char *text;

/* What the program is asked, as text. */
static void add_question(const struct completion *completion)
{
    fprintf(completion->stream, "? %s %d %s %s\n",
            completion->option != NULL ? completion->option->name : "-", completion->count,
            completion->count > 0 ? completion->words[completion->count - 1] : "-",
            completion->instance != NULL ? completion->instance : "-");
    complete_add(completion, "bravo", "a worker");
    complete_add(completion, "zulu", NULL);
}

static const struct program program = {.name = "sample",
                                       .options = options,
                                       .option_count = sizeof options / sizeof options[0],
                                       .operands_max = -1,
                                       .complete = add_question};

static void tear_down(void)
{
    free(text);
}

static const char *completed(int count, const char *const *words)
{
    size_t length;
    free(text);
    FILE *stream = open_memstream(&text, &length);
    options_complete(&program, count, (char **)(uintptr_t)words, stream);
    fclose(stream);
    return text;
}

#define COMPLETED(...)                                                                                       \
    completed((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

START_TEST(flags_come_from_the_table_with_their_help_but_for_hidden_ones)
{
    ck_assert_str_eq(
        COMPLETED("-"),
        "--quiet\tsay less\n--colour\twhich\n--config\ta file\n--log-dir\ta folder\n--instance\twho\n"
        "--workload\twhat\n--help\tshow this and exit\n--version\tshow the version and exit\n");
    ck_assert_str_eq(COMPLETED("bravo", "--co"), "--colour\twhich\n--config\ta file\n");
    ck_assert_str_eq(COMPLETED("--sup"), "");
}
END_TEST

START_TEST(values_are_choices_files_folders_and_workloads)
{
    ck_assert_str_eq(COMPLETED("--colour", "g"), "green\twhich\ngrey\twhich\n? colour 0 - -\n");
    ck_assert_str_eq(COMPLETED("-qc", "r"), "red\twhich\n? colour 0 - -\n");
    ck_assert_str_eq(COMPLETED("--colour=gre"),
                     "--colour=green\twhich\n--colour=grey\twhich\n? colour 0 - -\n");
    ck_assert_str_eq(COMPLETED("--quiet=y"), "--quiet=yes\tsay less\n? quiet 0 - -\n");
    ck_assert_ptr_nonnull(strstr(COMPLETED("--config", ""), ":files\n"));
    ck_assert_ptr_nonnull(strstr(COMPLETED("--log", ""), ":folders\n")); /* short for it */
    ck_assert_str_eq(COMPLETED("--workload", "pay"), "payments\tpayments\n? workload 0 - -\n");
    ck_assert_str_eq(COMPLETED("--none=x"), "");
}
END_TEST

START_TEST(words_are_the_programs_which_knows_those_before_and_the_instance)
{
    ck_assert_str_eq(COMPLETED(""), "? - 0 - -\nbravo\ta worker\nzulu\t\n");
    ck_assert_str_eq(COMPLETED("-i", "two", "pause", "-q", "z"), "? - 1 pause two\nzulu\t\n");
    ck_assert_str_eq(COMPLETED("--instance=two", "pause", "bravo", "--colour", "red", "b"),
                     "? - 2 bravo two\nbravo\ta worker\n");
    ck_assert_str_eq(COMPLETED("-itwo", "--", "--quiet", "-"),
                     "? - 1 --quiet -\n"); /* behind -- all are words */
}
END_TEST

START_TEST(whatever_the_words_are_it_ends)
{
    ck_assert_str_eq(completed(0, NULL), "");
    COMPLETED("=", "--", "--", "-=", "--=", "-");
    COMPLETED("-cccccc", "--colour", "--colour", "--", "-qqq");
    COMPLETED("--", "-i");
}
END_TEST

CHECK_MAIN_WITH("common/options_complete", NULL, tear_down,
                flags_come_from_the_table_with_their_help_but_for_hidden_ones,
                values_are_choices_files_folders_and_workloads,
                words_are_the_programs_which_knows_those_before_and_the_instance,
                whatever_the_words_are_it_ends)
