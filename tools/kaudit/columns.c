#include "tools/kaudit/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/record/schema.h"
#include "tools/kaudit/sink.h"

enum kind { NUMBER, TEXT, UUID, KINDS };

static const char *const types[KINDS][COLUMNS_DATABASES] = {
    [NUMBER] = {"INTEGER", "bigint"},
    [TEXT] = {"TEXT", "text"},
    [UUID] = {"TEXT", "uuid"},
};

static enum kind kind_of(const struct field *field)
{
    if (field->type == FIELD_UUID)
        return UUID;
    return field_is_text(field) ? TEXT : NUMBER;
}

static const char *wanted_for(const char *name, enum columns_database database)
{
    static const char *const own[] = {SINK_PARTITION, SINK_OFFSET, SINK_TIMESTAMP};
    const struct schema *schema;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(name, own[i]) == 0)
            return types[NUMBER][database];
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
        int field = schema_field_index(schema, name, strlen(name));
        if (field != -1)
            return types[kind_of(&schema->fields[field])][database];
    }
    return NULL;
}

void columns_look(struct altered *altered, enum columns_database database, const char *name,
                  const char *found)
{
    const char *wanted = wanted_for(name, database);
    if (wanted == NULL || strcasecmp(found, wanted) == 0)
        return;
    if (altered->count < ALTERED_MAX) {
        struct altered_column *column = &altered->columns[altered->count];
        snprintf(column->name, sizeof column->name, "%s", name);
        snprintf(column->found, sizeof column->found, "%s", found);
        column->wanted = wanted;
    }
    altered->count++;
}
