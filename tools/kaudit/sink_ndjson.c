#include <errno.h>
#include <jansson.h>

#include "tools/kaudit/scratch.h"
#include "tools/kaudit/sink.h"

static bool number(const json_t *object, const char *name, const char *other, int64_t *value)
{
    const json_t *found = json_object_get(object, name);
    if (found == NULL)
        found = json_object_get(object, other);
    *value = json_integer_value(found);
    return json_is_integer(found);
}

static bool has_member(void *context, const char *name)
{
    for (size_t i = 0;; i++) {
        const struct schema *schema = schema_at(i);
        int field = schema != NULL ? schema_field_index(schema, name, strlen(name)) : -1;
        if (schema == NULL)
            return false;
        if (field != -1 && (schema->fields[field].type == FIELD_EXPONENT ||
                            json_object_get(context, schema->fields[field].label) != NULL))
            return true;
    }
}

/* All lines are of one topic: the first tells the schema. */
static int add(struct scratch *scratch, int32_t partition, int64_t offset, json_t *json, struct sink *sink,
               struct error *error)
{
    struct source_item item = {.offset = offset};
    uint64_t fields;
    if (sink->schema == NULL)
        sink->schema = columns_schema(NULL, has_member, json, &fields);
    if (sink->schema != NULL)
        content_of_json(&item.content, sink->schema, json);
    return scratch_add(scratch, partition, item, error) == -1 ? -1 : 0;
}

static int take_line(struct scratch *scratch, const char *line, size_t length, int partitions,
                     struct sink *sink, struct error *error)
{
    int64_t partition, offset;
    json_t *json = json_loadb(line, length, JSON_ALLOW_NUL, NULL); /* a text may have a zero byte */
    int result = 0;
    if (number(json, "partition", SINK_PARTITION, &partition) &&
        number(json, "offset", SINK_OFFSET, &offset) && partition >= 0 && partition < partitions)
        result = add(scratch, (int32_t)partition, offset, json, sink, error);
    else
        sink->elsewhere++;
    json_decref(json);
    return result;
}

/* A last line without its newline was torn by a kill: its batch comes again. */
static int take_lines(struct scratch *scratch, FILE *file, int partitions, struct sink *sink,
                      struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int result = 0;
    while (result == 0 && (length = getline(&line, &capacity, file)) > 0)
        if (line[length - 1] == '\n')
            result = take_line(scratch, line, (size_t)length, partitions, sink, error);
    free(line);
    if (result == 0 && ferror(file))
        result = error_set(error, "cannot read it: %m");
    return result;
}

/* A file is of one topic, and has no outbox. */
int sink_open_ndjson(struct sink *sink, const struct sink_spec *spec, struct error *error)
{
    FILE *file = fopen(spec->where, "re");
    struct scratch *scratch = scratch_open(false, error);
    int result = -1;
    sink->form = CONTENT_JSON;
    sink->schema = spec->schema;
    if (file == NULL)
        error_set(error, "cannot open it: %m");
    else if (scratch != NULL)
        result = take_lines(scratch, file, spec->partitions, sink, error);
    if (result == 0)
        result = scratch_source(scratch, &sink->source, error);
    else
        scratch_free(scratch);
    if (file != NULL)
        fclose(file);
    return result == 0 ? 0 : error_context(error, "--ndjson %s", spec->where);
}
