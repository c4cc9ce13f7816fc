#include "consumer/pipeline/stage_list.h"

#include "common/exit_codes.h"
#include "consumer/pipeline/stages/stages.h"

static const struct stage_class *const classes[] = {
#define X(id) &stage_##id,
    STAGES(X)
#undef X
};
enum { CLASS_COUNT = sizeof classes / sizeof classes[0] };

static const struct stage_class *find(const char *name)
{
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (strcmp(classes[i]->name, name) == 0)
            return classes[i];
    return NULL;
}

void stage_list_print(FILE *stream)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        const struct stage_class *class = classes[i];
        char usage[64];
        snprintf(usage, sizeof usage, "%s%s%s%s%s", class->name, class->argument_optional ? "[" : "",
                 class->argument ? ":" : "", class->argument ? class->argument : "",
                 class->argument_optional ? "]" : "");
        fprintf(stream, "  %-22s %s\n", usage, class->help);
    }
}

/* --- the text ------------------------------------------------------------------------------------------ */

/* The comma that ends the stage at `at`, or the end of the text. */
static char *stage_end(char *at)
{
    int depth = 0;
    char quote = '\0';
    for (; *at != '\0' && !(*at == ',' && depth <= 0 && quote == '\0'); at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        else
            depth += (*at == '(') - (*at == ')');
    }
    return at;
}

static char *trim(char *from, char *end)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    return from;
}

static int unknown(const char *name, int column, struct error *error)
{
    const char *names[CLASS_COUNT];
    for (size_t i = 0; i < CLASS_COUNT; i++)
        names[i] = classes[i]->name;
    const char *near = name_suggest(name, names, CLASS_COUNT);
    return error_set_code(
        error, EXIT_CODE_USAGE,
        "--pipeline: column %d: there is no stage '%.32s'%s%s%s; kconsume --stages lists them", column, name,
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int add(struct stage_list *list, char *word, struct error *error)
{
    int column = (int)(word - list->text) + 1;
    if (word[0] == '\0')
        return error_set_code(error, EXIT_CODE_USAGE, "--pipeline: column %d: a stage is missing", column);
    char *colon = strchr(word, ':');
    char *argument = NULL;
    if (colon != NULL) {
        argument = trim(colon + 1, colon + 1 + strlen(colon + 1));
        word = trim(word, colon);
    }
    const struct stage_class *class = find(word);
    if (class == NULL)
        return unknown(word, column, error);
    if (argument != NULL && class->argument == NULL)
        return error_set_code(error, EXIT_CODE_USAGE, "--pipeline: column %d: %s takes no argument", column,
                              class->name);
    if ((argument == NULL || argument[0] == '\0') && class->argument != NULL && !class->argument_optional)
        return error_set_code(error, EXIT_CODE_USAGE, "--pipeline: column %d: write %s:%s", column,
                              class->name, class->argument);
    if (list->count == PIPELINE_STAGES_MAX)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--pipeline: column %d: a pipeline has at most %d stages", column,
                              PIPELINE_STAGES_MAX);
    list->stages[list->count++] = (struct stage_text){class, argument};
    return 0;
}

int stage_list_parse(struct stage_list *list, const char *text, struct error *error)
{
    *list = (struct stage_list){.text = strdup(text)};
    if (list->text == NULL)
        return error_set(error, "out of memory");
    for (char *at = list->text;; at++) {
        char *end = stage_end(at);
        bool last = *end == '\0';
        char *word = trim(at, end);
        if (word[0] == '\0' && last && list->count == 0)
            return 0;
        if (add(list, word, error) == -1) {
            stage_list_release(list);
            return -1;
        }
        if (last)
            return 0;
        at = end;
    }
}

void stage_list_release(struct stage_list *list)
{
    free(list->text);
    *list = (struct stage_list){0};
}
