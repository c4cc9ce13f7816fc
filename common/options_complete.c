#include "common/options_complete.h"

#include <stdlib.h>

#include "common/record/schema.h"

/* --- candidates ---------------------------------------------------------------------------------------- */

void complete_add(const struct completion *completion, const char *word, const char *help)
{
    if (strncmp(word, completion->prefix, strlen(completion->prefix)) == 0)
        fprintf(completion->stream, "%s%s\t%s\n", completion->lead, word, help != NULL ? help : "");
}

void complete_files(const struct completion *completion, bool folders)
{
    fputs(folders ? ":folders\n" : ":files\n", completion->stream);
}

bool complete_wants(const struct completion *completion, const char *option)
{
    return completion->option != NULL && strcmp(completion->option->name, option) == 0;
}

static void add_flags(const struct completion *completion)
{
    const struct program *program = completion->program;
    char flag[80];
    for (size_t i = 0; i < program->option_count; i++) {
        const struct option_def *def = &program->options[i];
        snprintf(flag, sizeof flag, "--%s", def->type == OPTION_HEADING ? "" : def->name);
        if (def->type != OPTION_HEADING && !(def->traits & OPTION_HIDDEN))
            complete_add(completion, flag, def->help);
    }
    complete_add(completion, "--help", "show this and exit");
    complete_add(completion, "--version", "show the version and exit");
}

static void add_workloads(const struct completion *completion)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        complete_add(completion, schema->workload, schema->topic);
}

static bool argument_is(const struct option_def *def, const char *argument)
{
    return def->argument != NULL && strcmp(def->argument, argument) == 0;
}

/* What its row says; the rest is the program's. */
static void add_values(const struct completion *completion)
{
    const struct option_def *def = completion->option;
    for (size_t i = 0; def->choices != NULL && def->choices[i] != NULL; i++)
        complete_add(completion, def->choices[i], def->help);
    if (def->type == OPTION_FLAG) {
        complete_add(completion, "yes", def->help);
        complete_add(completion, "no", def->help);
    }
    if (argument_is(def, "FILE") || argument_is(def, "FOLDER"))
        complete_files(completion, argument_is(def, "FOLDER"));
    if (strcmp(def->name, "workload") == 0)
        add_workloads(completion);
    if (completion->program->complete != NULL)
        completion->program->complete(completion);
}

/* --- the words before it ------------------------------------------------------------------------------- */

static const struct option_def *by_letter(const struct program *program, char letter)
{
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].type != OPTION_HEADING && program->options[i].letter == letter)
            return &program->options[i];
    return NULL;
}

/* By its name of that length, or as the only one that begins so, as getopt has it. */
static const struct option_def *by_name(const struct program *program, const char *name, size_t length)
{
    const struct option_def *found = NULL;
    for (size_t i = 0; i < program->option_count; i++) {
        const struct option_def *def = &program->options[i];
        if (def->type == OPTION_HEADING || strncmp(def->name, name, length) != 0)
            continue;
        if (def->name[length] == '\0')
            return def;
        found = def;
    }
    return found;
}

/* The option whose value is the next word: -i, -qi, --instance; NULL: there is none. */
static const struct option_def *option_before(const struct program *program, const char *word)
{
    const struct option_def *def = NULL;
    if (strncmp(word, "--", 2) == 0)
        def = strchr(word, '=') == NULL ? by_name(program, word + 2, strlen(word + 2)) : NULL;
    else if (word[0] == '-')
        for (const char *letter = word + 1; *letter != '\0'; letter++) {
            def = by_letter(program, *letter);
            if (def != NULL && !option_alone(def) && letter[1] != '\0')
                return NULL; /* the rest of the word is its value */
        }
    return def != NULL && !option_alone(def) ? def : NULL;
}

/* The value of --instance in this word, or in the next; NULL: none. */
static const char *instance_in(const struct option_def *before, const char *word)
{
    static const char name[] = "--instance=";
    if (before != NULL)
        return strcmp(before->name, "instance") == 0 ? word : NULL;
    return strncmp(word, name, sizeof name - 1) == 0 ? word + sizeof name - 1 : NULL;
}

/* Takes the words before the last; `words` of the completion get those that are no flags. True behind "--".
 */
static bool take_words(struct completion *completion, int count, char **words, char **plain)
{
    bool only_words = false;
    for (int i = 0; i < count; i++) {
        const struct option_def *before = completion->option;
        const char *instance = instance_in(before, words[i]);
        completion->instance = instance != NULL ? instance : completion->instance;
        completion->option = NULL;
        if (before != NULL)
            continue;
        if (!only_words && strcmp(words[i], "--") == 0)
            only_words = true;
        else if (!only_words && words[i][0] == '-' && words[i][1] != '\0')
            completion->option = option_before(completion->program, words[i]);
        else
            plain[completion->count++] = words[i];
    }
    return only_words;
}

/* --- the word ------------------------------------------------------------------------------------------ */

/* --commit=ba */
static bool is_joined(struct completion *completion, const char *word, char *lead)
{
    const char *equals = strchr(word, '=');
    if (strncmp(word, "--", 2) != 0 || equals == NULL)
        return false;
    completion->option = by_name(completion->program, word + 2, (size_t)(equals - word) - 2);
    snprintf(lead, (size_t)(equals - word) + 2, "%s", word);
    completion->lead = lead;
    completion->prefix = equals + 1;
    return true;
}

static void complete_word(struct completion *completion, const char *word, bool only_words, char *lead)
{
    completion->prefix = word;
    if (completion->option == NULL && !only_words && is_joined(completion, word, lead)) {
        if (completion->option != NULL)
            add_values(completion);
    } else if (completion->option != NULL) {
        add_values(completion);
    } else if (!only_words && word[0] == '-') {
        add_flags(completion);
    } else if (completion->program->complete != NULL) {
        completion->program->complete(completion);
    }
}

void options_complete(const struct program *program, int count, char **words, FILE *stream)
{
    char **plain = calloc((size_t)count + 1, sizeof *plain);
    char *lead = count > 0 ? calloc(1, strlen(words[count - 1]) + 2) : NULL;
    struct completion completion = {.program = program, .words = plain, .lead = "", .stream = stream};
    if (plain != NULL && lead != NULL)
        complete_word(&completion, words[count - 1], take_words(&completion, count - 1, words, plain), lead);
    free(plain);
    free(lead);
}
