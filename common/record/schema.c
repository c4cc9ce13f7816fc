#include "common/record/schema.h"

#include "common/exit_codes.h"

const struct schema *schema_by_workload(const char *workload)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        if (strcmp(schema->workload, workload) == 0)
            return schema;
    return NULL;
}

const struct schema *schema_require(const char *workload, struct error *error)
{
    const struct schema *schema = schema_by_workload(workload);
    char list[256] = "";
    size_t used = 0;
    const struct schema *known;
    for (size_t i = 0; schema == NULL && (known = schema_at(i)) != NULL; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i == 0                     ? ""
                                 : schema_at(i + 1) == NULL ? " or "
                                                            : ", ",
                                 known->workload);
    if (schema == NULL)
        error_set_code(error, EXIT_CODE_USAGE, "'%s' is not %s", workload, list);
    return schema;
}

static bool same(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

const struct schema *schema_by_name(const char *name, size_t length)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
        if (same(schema->name, name, length))
            return schema;
    return NULL;
}

bool schema_same(const struct schema *one, const struct schema *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one->text, other->text) == 0);
}

int schema_field_index(const struct schema *schema, const char *name, size_t length)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (same(schema->fields[i].name, name, length))
            return (int)i;
    return -1;
}

int schema_label_index(const struct schema *schema, const char *label, size_t length)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (same(schema->fields[i].label, label, length))
            return (int)i;
    return -1;
}

int schema_type_index(const struct schema *schema, enum field_type type)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].type == type)
            return (int)i;
    return -1;
}

bool schema_label_scales_money(const struct schema *schema, const char *label)
{
    int index = schema_label_index(schema, label, strlen(label));
    bool scales = index >= 0 && (schema->fields[index].type == FIELD_CURRENCY ||
                                 schema->fields[index].type == FIELD_EXPONENT);
    for (size_t i = 0; scales && i < schema->field_count; i++)
        if (schema->fields[i].type == FIELD_MONEY && schema->fields[i].digits < 0)
            return true;
    return false;
}

size_t schema_header(const struct schema *schema, char header[SCHEMA_HEADER_BYTES])
{
    int length = snprintf(header, SCHEMA_HEADER_BYTES, "%s/%d", schema->name, schema->major);
    return (size_t)length;
}

enum schema_match schema_from_header(const void *value, size_t length, const struct schema *ours,
                                     const struct schema **schema)
{
    const char *text = value;
    const char *slash = length == 0 ? NULL : memchr(text, '/', length);
    if (slash == NULL || slash == text)
        return SCHEMA_MALFORMED;
    size_t digits = length - (size_t)(slash + 1 - text);
    int major = 0;
    for (size_t i = 0; i < digits; i++) {
        if (slash[1 + i] < '0' || slash[1 + i] > '9' || digits > 6)
            return SCHEMA_MALFORMED;
        major = major * 10 + (slash[1 + i] - '0');
    }
    if (major == 0)
        return SCHEMA_MALFORMED;
    size_t name = (size_t)(slash - text);
    const struct schema *found =
        ours != NULL && same(ours->name, text, name) ? ours : schema_by_name(text, name);
    if (found == NULL)
        return SCHEMA_UNKNOWN_NAME;
    *schema = found;
    return found->major == major ? SCHEMA_KNOWN : SCHEMA_UNKNOWN_MAJOR;
}

size_t schema_labels(const struct schema *schema, const char **names)
{
    for (size_t i = 0; i < schema->field_count; i++)
        names[i] = schema->fields[i].label;
    return schema->field_count;
}
