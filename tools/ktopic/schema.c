/* ktopic schema: what records are, as texts. */
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/names.h"
#include "common/schema_file.h"
#include "tools/ktopic/complete.h"
#include "tools/ktopic/verbs.h"

struct settings {
    struct option_given given;
};

static void complete(const struct completion *completion)
{
    const struct schema *schema;
    if (completion->count == 0) {
        complete_add(completion, "check", "check that a file is a schema");
        complete_add(completion, "show", "a workload's schema, or a file's");
    }
    for (size_t i = 0; completion->count == 1 && (schema = schema_at(i)) != NULL; i++)
        complete_add(completion, schema->workload, schema->name);
}

static const struct program program = {
    .name = "ktopic schema",
    .synopsis = "check FILE… | show WORKLOAD|FILE",
    .about = "A schema describes the records of a topic, one line per field. 'check' says what is wrong with "
             "one, and where;\n'show' prints one: a workload's schema is a start for your own.",
    .epilogue = "Example:\n  ktopic schema show payments > mine.schema\n\nAll programs take a schema as "
                "--schema FILE.\n",
    .complete = complete,
    .operands_min = 2,
    .operands_max = -1,
};

static int check(const struct operands *operands, struct error *error)
{
    for (int i = 1; i < operands->count; i++) {
        struct schema *schema = schema_file_read(operands->items[i], error);
        if (schema == NULL)
            return -1;
        printf("%s: %s/%d, %zu fields, topic %s, key %s\n", operands->items[i], schema->name, schema->major,
               schema->field_count, schema->topic,
               schema_has_key(schema) ? schema->fields[schema->key_field].label : "none");
        schema_free(schema);
    }
    return 0;
}

static int show(const struct operands *operands, struct error *error)
{
    for (int i = 1; i < operands->count; i++) {
        const struct schema *known = schema_by_workload(operands->items[i]);
        struct schema *own = NULL;
        if (known == NULL)
            known = own = schema_file_read(operands->items[i], error);
        if (known == NULL)
            return -1;
        fwrite(known->text, 1, known->text_length, stdout);
        schema_free(own);
    }
    return 0;
}

static int run(void *settings, const struct operands *operands, struct error *error)
{
    (void)settings;
    static const char *const words[] = {"check", "show"};
    const char *word = operands->items[0];
    if (strcmp(word, "check") == 0)
        return check(operands, error);
    if (strcmp(word, "show") == 0)
        return show(operands, error);
    const char *near = name_suggest(word, words, 2);
    return error_set_code(error, EXIT_CODE_USAGE, "'%.40s': check or show%s%s%s", word,
                          near != NULL ? "; is '" : "", near != NULL ? near : "",
                          near != NULL ? "' meant?" : "");
}

int verb_schema(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, run, argc, argv);
}
