#include "tools/kaudit/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/record/schema.h"
#include "common/text.h"

static const char *const types[FIELD_TYPES][COLUMNS_DATABASES] = {
    [FIELD_STRING] = {"TEXT", "text"},        [FIELD_CURRENCY] = {"TEXT", "text"},
    [FIELD_ENUM] = {"TEXT", "text"},          [FIELD_UUID] = {"TEXT", "uuid"},
    [FIELD_INTEGER] = {"INTEGER", "bigint"},  [FIELD_MONEY] = {"INTEGER", "bigint"},
    [FIELD_EXPONENT] = {"INTEGER", "bigint"}, [FIELD_TIME] = {"INTEGER", "bigint"},
    [FIELD_BOOLEAN] = {"INTEGER", "boolean"}, [FIELD_NUMBER] = {"REAL", "double precision"},
    [FIELD_BYTES] = {"BLOB", "bytea"},        [FIELD_ANY] = {"TEXT", "jsonb"},
};

const struct schema *columns_candidate(const struct schema *own, size_t index)
{
    return own == NULL ? schema_at(index) : index == 0 ? own : NULL;
}

static const char *wanted_for(const struct schema *given, const char *name, enum columns_database database)
{
    static const char *const own[] = {SINK_PARTITION, SINK_OFFSET, SINK_TIMESTAMP};
    const struct schema *schema;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(name, own[i]) == 0)
            return types[FIELD_INTEGER][database];
    for (size_t i = 0; (schema = columns_candidate(given, i)) != NULL; i++)
        for (size_t f = 0; f < schema->field_count; f++)
            if (strcmp(schema->fields[f].column, name) == 0)
                return types[schema->fields[f].type][database];
    return NULL;
}

void columns_look(struct altered *altered, enum columns_database database, const struct schema *own,
                  const char *name, const char *found)
{
    const char *wanted = wanted_for(own, name, database);
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

const struct schema *columns_schema(const struct schema *own, bool (*has)(void *context, const char *name),
                                    void *context, uint64_t *fields)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = columns_candidate(own, i)) != NULL; i++)
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
