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

static int take_line(struct scratch *scratch, const char *line, size_t length, int partitions,
                     struct sink *sink, struct error *error)
{
    int64_t partition, offset;
    json_t *json = json_loadb(line, length, 0, NULL);
    int result = 0;
    if (number(json, "partition", SINK_PARTITION, &partition) &&
        number(json, "offset", SINK_OFFSET, &offset) && partition >= 0 && partition < partitions)
        result = scratch_add(scratch, (int32_t)partition, (struct source_item){.offset = offset}, error) == -1
                     ? -1
                     : 0;
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
        result = error_set(error, "cannot read it: %s", strerror(errno));
    return result;
}

/* A file is of one topic, and has no outbox. */
int sink_open_ndjson(struct sink *sink, const struct sink_wish *wish, struct error *error)
{
    FILE *file = fopen(wish->where, "re");
    struct scratch *scratch = scratch_open(false, error);
    int result = -1;
    if (file == NULL)
        error_set(error, "cannot open it: %s", strerror(errno));
    else if (scratch != NULL)
        result = take_lines(scratch, file, wish->partitions, sink, error);
    if (result == 0)
        result = scratch_source(scratch, &sink->source, error);
    else
        scratch_free(scratch);
    if (file != NULL)
        fclose(file);
    return result == 0 ? 0 : error_context(error, "--ndjson %s", wish->where);
}
