/* Where a field stands: paths become slots, names get their bytes on the wire, columns are told apart. */
#include <strings.h>

#include "common/record/schema_private.h"
#include "common/record/text.h"

/* --- a path -------------------------------------------------------------------------------------------- */

struct path {
    const char *parts[SCHEMA_DEPTH_MAX];
    size_t lengths[SCHEMA_DEPTH_MAX];
    size_t count;
};

static void path_init(struct path *path)
{
    path->count = 0;
    for (size_t i = 0; i < SCHEMA_DEPTH_MAX; i++) {
        path->parts[i] = "";
        path->lengths[i] = 0;
    }
}

/* to.city is two names, to."post code" too, "to.city" is one. Copies a part, without its quotes. */
static int take_part(struct schema_parser *p, const struct word *word, const char **at, struct path *path)
{
    const char *end = word->source + word->source_length;
    char *part = words_keep(&p->words, (size_t)(end - *at) + 1, 1);
    if (part == NULL)
        return -1;
    size_t length = 0;
    for (bool quoted = false; *at < end && (quoted || **at != '.'); (*at)++) {
        if (**at == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && **at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
            (*at)++;
        part[length++] = **at;
    }
    part[length] = '\0';
    if (length == 0 || length > SCHEMA_NAME_MAX)
        return words_error(&p->words, word,
                           length == 0 ? "a part of the name is empty" : "a name has at most %d bytes",
                           SCHEMA_NAME_MAX);
    path->parts[path->count] = part;
    path->lengths[path->count++] = length;
    return 0;
}

static int take_path(struct schema_parser *p, const struct word *word, struct path *path)
{
    const char *at = word->source;
    if (word->length > SCHEMA_PATH_MAX)
        return words_error(&p->words, word, "a path has at most %d bytes", SCHEMA_PATH_MAX);
    for (path->count = 0;; at++) {
        if (path->count == SCHEMA_DEPTH_MAX)
            return words_error(&p->words, word, "maps may stand in each other %d deep", SCHEMA_DEPTH_MAX - 1);
        if (take_part(p, word, &at, path) == -1)
            return -1;
        if (at >= word->source + word->source_length)
            return 0;
    }
}

/* --- slots --------------------------------------------------------------------------------------------- */

static void set_key_bytes(struct schema_slot *key, const char *name, size_t length, uint8_t *wire)
{
    size_t header = length < 32 ? 1 : 2;
    wire[0] = header == 1 ? (uint8_t)(0xa0 | length) : 0xd9;
    wire[1] = (uint8_t)length;
    memcpy(wire + header, name, length);
    key->bytes = (uint16_t)(header + length);
    uint8_t mask[FIELD_KEY_BYTES] = {0};
    size_t first = key->bytes < FIELD_KEY_BYTES ? key->bytes : FIELD_KEY_BYTES;
    memcpy(key->first, wire, first);
    memset(mask, 0xff, first);
    memcpy(key->mask, mask, sizeof mask);
    key->rest = wire + FIELD_KEY_BYTES;
}

/* `"name":` */
static int set_name(struct schema_parser *p, size_t slot, const char *wire_name, const char *shown)
{
    size_t length = strlen(shown);
    size_t used = 0;
    size_t bytes = 6 * length + 8;
    uint8_t *wire = words_keep(&p->words, strlen(wire_name) + 2 + FIELD_KEY_BYTES, 1);
    char *json = words_keep(&p->words, bytes, 1);
    if (wire == NULL || json == NULL)
        return -1;
    set_key_bytes(&p->slots[slot], wire_name, strlen(wire_name), wire);
    text_json(json, bytes, &used, shown, length);
    json[used++] = ':';
    json[used] = '\0';
    p->words.memory = json + used + 1; /* the rest was for escapes */
    p->names[slot] = (struct schema_slot_name){shown, json, length, used};
    return 0;
}

static int add_slot(struct schema_parser *p, const struct word *word, const char *wire_name,
                    const char *shown)
{
    struct schema *schema = p->schema;
    if (schema->slot_count == RECORD_FIELDS_MAX)
        return words_error(&p->words, word, "a record has at most %d fields, the maps around them counted",
                           RECORD_FIELDS_MAX);
    size_t slot = schema->slot_count++;
    p->slots[slot].field = (uint8_t)schema->field_count;
    p->slots[slot].end = (uint8_t)(slot + 1);
    return set_name(p, slot, wire_name, shown);
}

static void close_maps(struct schema_parser *p, size_t depth)
{
    while (p->open_count > depth)
        p->slots[p->open[--p->open_count]].end = (uint8_t)p->schema->slot_count;
}

/* Nothing of that name beside it. */
static int check_siblings(struct schema_parser *p, const struct word *word, const char *name, size_t length,
                          bool is_map)
{
    size_t at = p->open_count == 0 ? 0 : p->open[p->open_count - 1] + 1;
    for (; at < p->schema->slot_count; at = p->slots[at].end) {
        if (!slot_is_named(&p->slots[at], name, length))
            continue;
        bool was_map = p->slots[at].form == FORM_MAP;
        if (was_map && is_map)
            return words_error(&p->words, word, "the fields inside %s have to stand one behind the other",
                               name);
        return words_error(&p->words, word,
                           was_map == is_map ? "%s is there twice" : "%s is a field and a map", name);
    }
    return 0;
}

static int open_map(struct schema_parser *p, const struct word *word, const char *name, size_t length)
{
    size_t slot = p->schema->slot_count;
    if (check_siblings(p, word, name, length, true) == -1 || add_slot(p, word, name, name) == -1)
        return -1;
    p->slots[slot].form = FORM_MAP;
    p->slots[slot].bit = UINT64_C(1) << (63 - p->maps++);
    p->open[p->open_count++] = slot;
    return 0;
}

/* The maps of the path, those that are open already staying so. */
static int open_maps(struct schema_parser *p, const struct word *word, const struct path *path)
{
    size_t same = 0;
    while (same < p->open_count && same + 1 < path->count &&
           slot_is_named(&p->slots[p->open[same]], path->parts[same], path->lengths[same]))
        same++;
    close_maps(p, same);
    for (size_t i = same; i + 1 < path->count; i++)
        if (open_map(p, word, path->parts[i], path->lengths[i]) == -1)
            return -1;
    return 0;
}

/* --- what people and tables call it -------------------------------------------------------------------- */

static const char *join(struct schema_parser *p, const struct path *path, char between, const char *end)
{
    size_t used = 0;
    char *text = words_keep(&p->words, SCHEMA_PATH_MAX + SCHEMA_DEPTH_MAX + strlen(end) + 1, 1);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < path->count; i++) {
        if (i > 0)
            text[used++] = between;
        memcpy(text + used, path->parts[i], path->lengths[i]);
        used += path->lengths[i];
    }
    memcpy(text + used, end, strlen(end) + 1);
    p->words.memory = text + used + strlen(end) + 1;
    return text;
}

/* A table holds minor units, and says so. */
static const char *column_end(const struct field *field, const char *name)
{
    static const char minor[] = "_minor";
    size_t length = strlen(name);
    size_t end = sizeof minor - 1;
    bool said = length > end && strcmp(name + length - end, minor) == 0;
    return field->type == FIELD_MONEY && !said ? minor : "";
}

static int set_names(struct schema_parser *p, const struct word *word, struct path *path,
                     const struct word *label, const struct word *column)
{
    struct field *field = &p->fields[p->schema->field_count];
    const char *last = path->parts[path->count - 1];
    field->name = join(p, path, '.', "");
    field->column = column->text != NULL ? column->text : join(p, path, '_', column_end(field, last));
    if (label->text != NULL) {
        path->parts[path->count - 1] = label->text;
        path->lengths[path->count - 1] = label->length;
        if (label->length > SCHEMA_NAME_MAX)
            return words_error(&p->words, label, "a name has at most %d bytes", SCHEMA_NAME_MAX);
    }
    field->label = label->text != NULL ? join(p, path, '.', "") : field->name;
    if (field->name == NULL || field->column == NULL || field->label == NULL)
        return -1;
    return add_slot(p, word, last, path->parts[path->count - 1]);
}

int schema_place_field(struct schema_parser *p, const struct word *word, const struct word *label,
                       const struct word *column)
{
    struct path path;
    path_init(&path);
    if (take_path(p, word, &path) == -1 || open_maps(p, word, &path) == -1)
        return -1;
    size_t last = path.count - 1;
    size_t slot = p->schema->slot_count;
    if (check_siblings(p, word, path.parts[last], path.lengths[last], false) == -1 ||
        set_names(p, word, &path, label, column) == -1)
        return -1;
    p->slots[slot].bit = UINT64_C(1) << p->schema->field_count;
    p->slots[slot].form = (uint8_t)p->fields[p->schema->field_count].form;
    return 0;
}

/* --- at the end ---------------------------------------------------------------------------------------- */

static bool is_taken(const struct schema *schema, size_t until, const char *label, const char *column)
{
    for (size_t i = 0; i < until; i++) {
        const struct field *other = &schema->fields[i];
        if ((label != NULL && strcmp(other->label, label) == 0) ||
            (column != NULL && strcasecmp(other->column, column) == 0))
            return true;
    }
    return false;
}

/* Databases tell no `A` from `a`, and a table has columns of our own. */
static int check_names(struct schema_parser *p, size_t index)
{
    const struct field *field = &p->fields[index];
    struct word place = p->places[index];
    if (is_taken(p->schema, index, field->label, NULL))
        return words_error(&p->words, &place, "%s is there twice: another name for it is given by 'as'",
                           field->label);
    if (is_taken(p->schema, index, NULL, field->column))
        return words_error(&p->words, &place,
                           "another field has the column %s too: another name for it is given by 'column'",
                           field->column);
    if (strncasecmp(field->column, "kafka_", 6) == 0)
        return words_error(
            &p->words, &place,
            "a column %s could be one of our own (kafka_…): another name for it is given by 'column'",
            field->column);
    return 0;
}

/* In JSON a field goes by its label, and must not meet a map of that name. Recurses as deep as the schema is.
 */
static int check_members(struct schema_parser *p, size_t first, size_t end)
{
    for (size_t s = first; s < end; s = p->slots[s].end) {
        if (check_members(p, s + 1, p->slots[s].end) == -1)
            return -1;
        for (size_t other = first; other < s; other = p->slots[other].end)
            if (strcmp(p->names[other].text, p->names[s].text) == 0)
                return words_error(
                    &p->words, &p->places[p->slots[s].field],
                    "%s is a field and a map in JSON: another name for the field is given by 'as'",
                    p->names[s].text);
    }
    return 0;
}

int schema_finish_layout(struct schema_parser *p)
{
    struct schema *schema = p->schema;
    close_maps(p, 0);
    for (size_t i = 0; i < schema->field_count; i++) {
        uint64_t bit = UINT64_C(1) << i;
        schema->all |= bit;
        schema->wanted |= p->fields[i].optional ? 0 : bit;
        if (check_names(p, i) == -1)
            return -1;
    }
    if (check_members(p, 0, schema->slot_count) == -1)
        return -1;
    for (size_t s = 0; s < schema->slot_count; s++)
        for (size_t i = s; i < p->slots[s].end; i++)
            p->slots[s].inside |= p->slots[i].form == FORM_MAP ? 0 : p->slots[i].bit;
    return 0;
}
