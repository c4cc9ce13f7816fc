#include "common/options.h"
#include "common/options_complete.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <strings.h>

#include "common/exit_codes.h"
#include "common/names.h"
#include "common/options_value.h"
#include "common/streams.h"

static void *member(void *target, const struct option_def *def)
{
    return (char *)target + def->offset;
}

static size_t index_of(const struct program *program, const struct option_def *def)
{
    return (size_t)(def - program->options);
}

const struct option_def *options_find(const struct program *program, const char *name)
{
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].type != OPTION_HEADING && strcmp(program->options[i].name, name) == 0)
            return &program->options[i];
    return NULL;
}

bool options_given(const struct program *program, const void *target, const char *name)
{
    const struct option_def *def = options_find(program, name);
    return def != NULL && ((const struct option_given *)target)->by_user[index_of(program, def)];
}

/* `dashes`: before a name, as the user writes it. */
static int suggest_option(const struct program *program, const char *dashes, const char *name,
                          struct error *error)
{
    const char *candidates[OPTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < program->option_count && count < OPTIONS_MAX; i++)
        if (program->options[i].type != OPTION_HEADING && !(program->options[i].traits & OPTION_HIDDEN))
            candidates[count++] = program->options[i].name;
    const char *near = name_suggest(name, candidates, count);
    return error_set_code(error, EXIT_CODE_USAGE, "unknown option '%s%s'%s%s%s%s", dashes, name,
                          near ? "; did you mean '" : "", near ? dashes : "", near ? near : "",
                          near ? "'?" : "");
}

static int assign(const struct option_def *def, void *target, const char *value, const char *source,
                  struct error *error)
{
    if (option_value_assign(def, member(target, def), value, error) == 0)
        return 0;
    if (error != NULL)
        error->exit_code = EXIT_CODE_USAGE;
    return error_context(error, "%s", source);
}

/* What the user says replaces a default list instead of growing it. */
static int assign_by_user(const struct program *program, const struct option_def *def, void *target,
                          const char *value, const char *source, struct error *error)
{
    struct option_given *given = target;
    if (!given->by_user[index_of(program, def)])
        option_value_release(def, member(target, def));
    given->by_user[index_of(program, def)] = 1;
    return assign(def, target, value, source, error);
}

int options_set(const struct program *program, void *target, const char *name, const char *value,
                const char *source, struct error *error)
{
    const struct option_def *def = options_find(program, name);
    if (def == NULL) {
        suggest_option(program, "", name, error);
        return error_context(error, "%s", source);
    }
    return assign_by_user(program, def, target, value, source, error);
}

static int assign_default(const struct option_def *def, void *target, struct error *error)
{
    const char *environment = def->environment ? getenv(def->environment) : NULL;
    bool from_environment = environment != NULL && environment[0] != '\0';
    const char *value = from_environment ? environment : def->fallback;
    if (value == NULL)
        return 0;
    return assign(def, target, value, from_environment ? def->environment : def->name, error);
}

int options_defaults(const struct program *program, void *target, struct error *error)
{
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].type != OPTION_HEADING &&
            assign_default(&program->options[i], target, error) == -1)
            return -1;
    return 0;
}

int options_forget(const struct program *program, void *target, const char *name, struct error *error)
{
    const struct option_def *def = options_find(program, name);
    assert(def != NULL);
    ((struct option_given *)target)->by_user[index_of(program, def)] = 0;
    option_value_clear(def, member(target, def));
    return assign_default(def, target, error);
}

/* --- argv ---------------------------------------------------------------------------------------------- */

/* getopt_long's val: letters are below this, table rows above. */
enum { ROW_BASE = 1000, CHOICE_HELP = 900, CHOICE_VERSION = 901 };

struct getopt_tables {
    struct option longs[OPTIONS_MAX + 3];
    char shorts[OPTIONS_MAX * 2 + 4];
};

static void build_getopt_tables(const struct program *program, struct getopt_tables *tables)
{
    size_t rows = 0;
    size_t letters = 0;
    tables->shorts[letters++] = ':'; /* a missing value is told apart from an unknown flag */
    for (size_t i = 0; i < program->option_count; i++) {
        const struct option_def *def = &program->options[i];
        if (def->type == OPTION_HEADING)
            continue;
        bool flag = option_alone(def);
        tables->longs[rows++] = (struct option){def->name, flag ? optional_argument : required_argument, NULL,
                                                (int)(ROW_BASE + i)};
        if (def->letter != 0) {
            tables->shorts[letters++] = def->letter;
            if (!flag)
                tables->shorts[letters++] = ':';
        }
    }
    tables->longs[rows++] = (struct option){"help", no_argument, NULL, CHOICE_HELP};
    tables->longs[rows++] = (struct option){"version", no_argument, NULL, CHOICE_VERSION};
    tables->longs[rows] = (struct option){0};
    tables->shorts[letters++] = 'h';
    tables->shorts[letters] = '\0';
}

static const struct option_def *by_letter(const struct program *program, int letter)
{
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].type != OPTION_HEADING && program->options[i].letter == letter)
            return &program->options[i];
    return NULL;
}

/* `word` is the one that getopt has just passed. It leaves a letter in optopt; for a long one 0, or its val
 * when only the value was too much (--help=me). */
static int unknown_flag(const struct program *program, const char *word, struct error *error)
{
    if (optopt > 0 && optopt < CHOICE_HELP)
        return error_set_code(error, EXIT_CODE_USAGE, "unknown option '-%c'", optopt);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    if (optopt != 0)
        return error_set_code(error, EXIT_CODE_USAGE, "--%s takes no value", name);
    return suggest_option(program, "--", name, error);
}

static int take_flag(const struct program *program, void *target, int choice, struct error *error)
{
    const struct option_def *def =
        choice >= ROW_BASE ? &program->options[choice - ROW_BASE] : by_letter(program, choice);
    char source[80];
    snprintf(source, sizeof source, "--%s", def->name);
    return assign_by_user(program, def, target, optarg != NULL ? optarg : "yes", source, error);
}

static int check_operands(const struct program *program, const struct operands *operands, struct error *error)
{
    if (operands->count < program->operands_min)
        return error_set_code(error, EXIT_CODE_USAGE, "an argument is missing: usage: %s %s", program->name,
                              program->synopsis);
    if (program->operands_max >= 0 && operands->count > program->operands_max)
        return error_set_code(error, EXIT_CODE_USAGE, "unexpected word '%s'",
                              operands->items[program->operands_max]);
    return 0;
}

static int parse_argv(const struct program *program, void *target, int argc, char **argv, struct error *error)
{
    struct getopt_tables tables;
    if (argc > 1 && strcmp(argv[1], OPTIONS_COMPLETE_FLAG) == 0) {
        options_complete(program, argc - 2, argv + 2, stdout);
        exit(streams_end(program->name, EXIT_CODE_OK));
    }
    build_getopt_tables(program, &tables);
    optind = 0; /* glibc: start over, so that a program (and a test) may parse twice */
    opterr = 0;
    for (;;) {
        int choice = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (choice == -1)
            return 0;
        if (choice == CHOICE_HELP || choice == 'h') {
            options_help(program, stdout);
            exit(streams_end(program->name, EXIT_CODE_OK));
        }
        if (choice == CHOICE_VERSION) {
            printf("%s (ksupervise) " KSUPERVISE_VERSION "\n", program->name);
            exit(streams_end(program->name, EXIT_CODE_OK));
        }
        if (choice == ':')
            return error_set_code(error, EXIT_CODE_USAGE, "%s needs a value", argv[optind - 1]);
        if (choice == '?')
            return unknown_flag(program, argv[optind - 1], error);
        if (take_flag(program, target, choice, error) == -1)
            return -1;
    }
}

int options_parse(const struct program *program, void *target, int argc, char **argv,
                  struct operands *operands, struct error *error)
{
    if (options_defaults(program, target, error) == -1)
        return -1;
    return options_flags(program, target, argc, argv, operands, error);
}

int options_flags(const struct program *program, void *target, int argc, char **argv,
                  struct operands *operands, struct error *error)
{
    struct operands ignored;
    if (operands == NULL)
        operands = &ignored;
    if (parse_argv(program, target, argc, argv, error) == -1)
        return -1;
    operands->items = argv + optind;
    operands->count = argc - optind;
    return check_operands(program, operands, error);
}

void options_release(const struct program *program, void *target)
{
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].type != OPTION_HEADING)
            option_value_release(&program->options[i], member(target, &program->options[i]));
}

int program_fail(const char *program, const struct error *error)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", program, error->text);
    if (error->exit_code == EXIT_CODE_USAGE)
        fprintf(stderr, "Try '%s --help'.\n", program);
    return error->exit_code;
}
