#include "tools/kaudit/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/record/schema.h"
#include "common/text.h"

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

static bool has_all(const struct schema *schema, bool (*has)(void *context, const char *name), void *context,
                    uint64_t *fields)
{
    *fields = 0;
    for (size_t i = 0; i < schema->field_count; i++)
        if (has(context, schema->fields[i].column))
            *fields |= UINT64_C(1) << i;
        else if (!schema->fields[i].optional)
            return false;
    return true;
}

const struct schema *columns_schema(bool (*has)(void *context, const char *name), void *context,
                                    uint64_t *fields)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        if (has_all(schema, has, context, fields))
            return schema;
    *fields = 0;
    return NULL;
}

_Static_assert((size_t)RECORD_FIELDS_MAX * 2 * (SCHEMA_PATH_MAX + 16) < COLUMNS_SQL_BYTES,
               "room for all names");

void columns_sql(char sql[COLUMNS_SQL_BYTES], const struct schema *schema, uint64_t fields)
{
    size_t used = 0;
    sql[0] = '\0';
    for (size_t i = 0; schema != NULL && i < schema->field_count; i++)
        if ((fields >> i & 1) != 0)
            used = text_append(sql, COLUMNS_SQL_BYTES, used, ", \"%s\"", schema->fields[i].column);
}
