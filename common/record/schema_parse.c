#include "common/record/schema_parse.h"

#include <stdalign.h>

#include "common/exit_codes.h"
#include "common/names.h"
#include "common/record/record.h"
#include "common/record/schema_private.h"
#include "common/utf8.h"

#define MAJOR_MAX 999999

/* --- the head ------------------------------------------------------------------------------------------ */

static int set_topic(struct schema_parser *p, const struct word *word)
{
    struct error why = ERROR_INIT;
    if (topic_name_check(word->text, &why) == -1)
        return words_error(&p->words, word, "%s", why.text);
    p->schema->topic = word->text;
    return 0;
}

static int set_key(struct schema_parser *p, const struct word *word)
{
    p->key = *word;
    return 0;
}

static int set_plural(struct schema_parser *p, const struct word *word)
{
    p->schema->noun_plural = word->text;
    return 0;
}

static int set_workload(struct schema_parser *p, const struct word *word)
{
    p->schema->workload = word->text;
    return 0;
}

static int set_format(struct schema_parser *p, const struct word *word)
{
    if (!word_is(word, "msgpack") && !word_is(word, "json"))
        return words_error(&p->words, word, "a format is msgpack or json, not '%s'", word->text);
    p->schema->format = word_is(word, "json") ? SCHEMA_JSON : SCHEMA_MSGPACK;
    return 0;
}

static const struct head_word {
    const char *name;
    int (*set)(struct schema_parser *parser, const struct word *word);
} head_words[] = {{"topic", set_topic},
                  {"key", set_key},
                  {"plural", set_plural},
                  {"workload", set_workload},
                  {"format", set_format}};
#define HEAD_WORDS (sizeof head_words / sizeof head_words[0])

static int read_head_word(struct schema_parser *p, const struct word *word)
{
    const char *names[HEAD_WORDS];
    for (size_t i = 0; i < HEAD_WORDS; i++) {
        names[i] = head_words[i].name;
        if (!word_is(word, names[i]))
            continue;
        if (word[1].kind == WORD_END || word[1].kind == WORD_BAR)
            return words_error(&p->words, &word[1], "what is the %s?", names[i]);
        return head_words[i].set(p, &word[1]);
    }
    const char *near = name_suggest(word->text, names, HEAD_WORDS);
    return words_error(&p->words, word, "'%.40s' says nothing here; %s%s%s", word->text,
                       near != NULL ? "did you mean " : "a schema has topic, key, plural, workload, format",
                       near != NULL ? near : "", near != NULL ? "?" : "");
}

static bool is_name(const char *text, size_t length)
{
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return length > 0 && length <= 64 && good >= length;
}

/* "shipment/1" */
static int read_name(struct schema_parser *p, const struct word *word)
{
    const char *slash = strchr(word->text, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - word->text);
    size_t digits = slash == NULL ? 0 : strspn(slash + 1, "0123456789");
    long major = digits == 0 || digits > 6 ? 0 : strtol(slash + 1, NULL, 10);
    if (!is_name(word->text, length) || major == 0 || slash[1 + digits] != '\0')
        return words_error(&p->words, word,
                           "expected a name and its major version, such as shipment/1, not '%.60s'",
                           word->text);
    p->schema->major = (int)major;
    p->schema->name = words_keep_text(&p->words, word->text, length);
    return p->schema->name == NULL ? -1 : 0;
}

static int read_head(struct schema_parser *p)
{
    const struct word *list = p->words.list;
    if (!word_is(&list[0], "schema"))
        return words_error(&p->words, &list[0],
                           "the first line says which schema it is: schema NAME/1 topic TOPIC key FIELD");
    if (read_name(p, &list[1]) == -1)
        return -1;
    for (size_t i = 2; i < p->words.count; i += 2)
        if (read_head_word(p, &list[i]) == -1)
            return -1;
    return 0;
}

/* What the head did not say follows from the name. */
static int complete_head(struct schema_parser *p)
{
    struct schema *schema = p->schema;
    char plural[80];
    int length = snprintf(plural, sizeof plural, "%ss", schema->name);
    if (schema->noun_plural == NULL)
        schema->noun_plural = words_keep_text(&p->words, plural, (size_t)length);
    if (schema->noun_plural == NULL)
        return -1;
    if (schema->workload == NULL)
        schema->workload = schema->noun_plural;
    if (schema->topic == NULL)
        schema->topic = schema->workload;
    return 0;
}

/* --- the key ------------------------------------------------------------------------------------------- */

static int find_key(struct schema_parser *p)
{
    struct schema *schema = p->schema;
    schema->key_field = schema->field_count;
    if (p->key.text == NULL || word_is(&p->key, "none"))
        return 0;
    const char *names[RECORD_FIELDS_MAX];
    int index = schema_field_index(schema, p->key.text, p->key.length);
    if (index < 0)
        index = schema_label_index(schema, p->key.text, p->key.length);
    if (index < 0) {
        const char *near = name_suggest(p->key.text, names, schema_labels(schema, names));
        return words_error(&p->words, &p->key, "the key '%.60s' is none of the fields%s%s%s", p->key.text,
                           near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                           near != NULL ? "?" : "");
    }
    struct field *field = &p->fields[index];
    bool text = field->type == FIELD_STRING || field->type == FIELD_ENUM || field->type == FIELD_CURRENCY;
    if (!text && field->type != FIELD_INTEGER && field->type != FIELD_UUID)
        return words_error(&p->words, &p->key, "%s cannot be the key: a key is a text, an integer or a UUID",
                           field->label);
    schema->key_field = (size_t)index;
    field->is_key = true;
    return 0;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

/* A word of type `exponent` says what the amounts mean, wherever it stands. */
static void note_exponent(struct schema_parser *p)
{
    p->has_exponent = p->has_exponent || (p->words.count > 1 && word_is(&p->words.list[1], "exponent"));
}

static int read_line(struct schema_parser *p)
{
    const struct word *list = p->words.list;
    if (list[1].kind == WORD_QUOTED && word_is(&list[0], "line")) {
        p->line = list[1];
        return list[2].kind == WORD_END
                   ? 0
                   : words_error(&p->words, &list[2], "the line is one text in quotes, nothing follows it");
    }
    return schema_read_field(p);
}

static int read_lines(struct schema_parser *p)
{
    int more = words_next_line(&p->words);
    if (more == 0)
        return error_set_code(p->words.error, EXIT_CODE_CONFIG, "%s: it is empty: %s", p->words.file,
                              "the first line of a schema is schema NAME/1 topic TOPIC key FIELD");
    if (more == -1 || read_head(p) == -1 || complete_head(p) == -1)
        return -1;
    while ((more = words_next_line(&p->words)) == 1)
        if (read_line(p) == -1)
            return -1;
    if (more == -1)
        return -1;
    if (p->schema->field_count == 0)
        return error_set_code(p->words.error, EXIT_CODE_CONFIG, "%s: it has no field", p->words.file);
    return 0;
}

/* The same text once before, for what has to be known early. */
static int look_ahead(struct schema_parser *p)
{
    struct words before = p->words;
    int more;
    while ((more = words_next_line(&p->words)) == 1)
        note_exponent(p);
    p->words.at = before.at;
    p->words.line_start = before.line_start;
    p->words.line = before.line;
    p->words.memory = before.memory;
    return more;
}

static int refuse_byte(struct words *words, const char *at)
{
    words->line = 1;
    for (const char *c = words->at; c < at; c++)
        if (*c == '\n') {
            words->line++;
            words->line_start = c + 1;
        }
    const struct word place = {.line = words->line, .column = (unsigned)(at - words->line_start) + 1};
    return words_error(words, &place, "byte 0x%02x: a schema is text in UTF-8", (unsigned char)*at);
}

static int check_text(struct words *words)
{
    if (words->end - words->at > SCHEMA_TEXT_MAX)
        return error_set_code(words->error, EXIT_CODE_CONFIG, "%s: a schema has at most %d KiB", words->file,
                              SCHEMA_TEXT_MAX / 1024);
    for (const char *at = words->at; at < words->end;) {
        uint32_t code_point = 0;
        size_t bytes = utf8_decode(at, (size_t)(words->end - at), &code_point);
        bool control = code_point < 0x20 && code_point != '\n' && code_point != '\t' && code_point != '\r';
        if (bytes == 0 || control || code_point == 0x7f)
            return refuse_byte(words, at);
        at += bytes;
    }
    return 0;
}

static int take_memory(struct schema_parser *p)
{
    p->fields = words_keep(&p->words, RECORD_FIELDS_MAX * sizeof *p->fields, 64);
    p->slots = words_keep(&p->words, RECORD_FIELDS_MAX * sizeof *p->slots, 64);
    p->names = words_keep(&p->words, RECORD_FIELDS_MAX * sizeof *p->names, alignof(struct schema_slot_name));
    if (p->names == NULL)
        return -1;
    memset(p->fields, 0, RECORD_FIELDS_MAX * sizeof *p->fields);
    memset(p->slots, 0, RECORD_FIELDS_MAX * sizeof *p->slots);
    p->schema->fields = p->fields;
    p->schema->slots = p->slots;
    p->schema->slot_names = p->names;
    return 0;
}

int schema_parse(struct schema *schema, const char *file, const char *text, size_t length, void *memory,
                 size_t memory_bytes, struct error *error)
{
    struct schema_parser p = {.schema = schema,
                              .words = {.file = file,
                                        .at = text,
                                        .end = text + length,
                                        .line_start = text,
                                        .line = 1,
                                        .memory = memory,
                                        .memory_end = (char *)memory + memory_bytes,
                                        .error = error}};
    *schema = (struct schema){.text_length = length};
    if (check_text(&p.words) == -1)
        return -1;
    schema->text = words_keep_text(&p.words, text, length);
    if (schema->text == NULL || take_memory(&p) == -1 || look_ahead(&p) == -1 || read_lines(&p) == -1)
        return -1;
    if (schema_finish_layout(&p) == -1 || find_key(&p) == -1)
        return -1;
    return schema_read_line(&p);
}

struct schema *schema_new(const char *file, const char *text, size_t length, struct error *error)
{
    size_t bytes = length > SCHEMA_TEXT_MAX ? 0 : SCHEMA_MEMORY(length);
    struct schema *schema = malloc(sizeof *schema + bytes);
    if (schema == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (schema_parse(schema, file, text, length, schema + 1, bytes, error) == 0)
        return schema;
    free(schema);
    return NULL;
}

void schema_free(struct schema *schema)
{
    free(schema);
}
