/* One line of a schema: a field's name, type, bounds, and what else is said of it. */
#include <math.h>
#include <stdalign.h>

#include "common/names.h"
#include "common/options.h"
#include "common/record/record.h"
#include "common/record/schema_private.h"
#include "common/record/text.h"

/* 9999-12-31T23:59:59.999999Z: what ISO 8601 can say in four digits. */
#define TIME_MAX_US    INT64_C(253402300799999999)
#define MONEY_DIGITS   2
#define DIGITS_MAX     18
#define EXPONENT_MOST  4
#define CURRENCY_BYTES 3

/* --- types --------------------------------------------------------------------------------------------- */

enum ranged { RANGED_NOT, RANGED_INTEGER, RANGED_MONEY, RANGED_NUMBER };

static const struct type {
    const char *name;
    enum field_type type;
    enum field_form form;
    enum ranged ranged;
    int64_t least, most;      /* what a range may say, */
    int64_t minimum, maximum; /* and what it is when there is none */
} types[] = {
    {"string", FIELD_STRING, FORM_TEXT, RANGED_INTEGER, 0, RECORD_BYTES_MAX, 0, RECORD_BYTES_MAX},
    {"uuid", FIELD_UUID, FORM_UUID, RANGED_NOT, 0, 0, 0, 0},
    {"integer", FIELD_INTEGER, FORM_INTEGER, RANGED_INTEGER, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX},
    {"number", FIELD_NUMBER, FORM_NUMBER, RANGED_NUMBER, 0, 0, 0, 0},
    {"boolean", FIELD_BOOLEAN, FORM_BOOLEAN, RANGED_NOT, 0, 1, 0, 1},
    {"money", FIELD_MONEY, FORM_INTEGER, RANGED_MONEY, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX},
    {"currency", FIELD_CURRENCY, FORM_TEXT, RANGED_NOT, 0, 0, CURRENCY_BYTES, CURRENCY_BYTES},
    {"exponent", FIELD_EXPONENT, FORM_EXPONENT, RANGED_NOT, 0, 0, 0, EXPONENT_MOST},
    {"time", FIELD_TIME, FORM_INTEGER, RANGED_NOT, 0, 0, 0, TIME_MAX_US},
    {"bytes", FIELD_BYTES, FORM_BYTES, RANGED_INTEGER, 0, RECORD_BYTES_MAX, 0, RECORD_BYTES_MAX},
    {"any", FIELD_ANY, FORM_ANY, RANGED_NOT, 0, 0, 0, RECORD_BYTES_MAX},
};
#define TYPES (sizeof types / sizeof types[0])

/* A word behind the type: how it stands on the wire, where that is not the usual way. */
static const struct variant {
    enum field_type type;
    enum field_form form;
    const char *name;
    int64_t unit_us;
} variants[] = {
    {FIELD_UUID, FORM_UUID_TEXT, "text", 0},    {FIELD_MONEY, FORM_DECIMAL, "text", 0},
    {FIELD_TIME, FORM_TIME_UNIT, "s", 1000000}, {FIELD_TIME, FORM_TIME_UNIT, "ms", 1000},
    {FIELD_TIME, FORM_INTEGER, "us", 0},        {FIELD_TIME, FORM_TIME_UNIT, "ns", -1000},
    {FIELD_TIME, FORM_TIME_TEXT, "text", 0},    {FIELD_TIME, FORM_TIMESTAMP, "timestamp", 0},
};
#define VARIANTS (sizeof variants / sizeof variants[0])

/* What is said in one line; `at` moves through its words. */
struct line {
    struct schema_parser *parser;
    struct field *field;
    const struct type *type;
    const struct word *at;
    struct word label, column, fallback; /* without text: not said */
    bool usual;                          /* the fallback is for people alone */
    struct word digits;
    struct word made; /* a range, or the first of the samples */
};

static int complain(const struct line *line, const char *format, const char *text)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return words_error(&line->parser->words, line->at, format, text);
#pragma GCC diagnostic pop
}

static bool is_range(const struct word *word)
{
    return word->kind == WORD_PLAIN && strstr(word->text, "..") != NULL;
}

/* --- lists --------------------------------------------------------------------------------------------- */

/* `a | b | c`, from line->at on, which it moves behind them. */
static const struct choice *read_list(struct line *line)
{
    struct words *words = &line->parser->words;
    size_t count = 1;
    for (const struct word *word = line->at; word[1].kind == WORD_BAR; word += 2)
        count++;
    struct choice *list = words_keep(words, (count + 1) * sizeof *list, alignof(struct choice));
    for (size_t i = 0; i < count && list != NULL; i++) {
        if (line->at->kind != WORD_PLAIN && line->at->kind != WORD_QUOTED) {
            complain(line, "expected a word of the list%s", "");
            return NULL;
        }
        list[i] = (struct choice){line->at->text, line->at->length};
        line->at += i + 1 < count ? 2 : 1;
    }
    if (list != NULL)
        list[count] = (struct choice){NULL, 0};
    return list;
}

static int check_list(const struct line *line, const struct choice *list, const struct word *first)
{
    for (size_t i = 0; list[i].text != NULL; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(list[i].text, list[j].text) == 0)
                return words_error(&line->parser->words, first + 2 * i, "'%.60s' is in the list twice",
                                   list[i].text);
    return 0;
}

/* --- ranges -------------------------------------------------------------------------------------------- */

struct range {
    char from[64], to[64];
};

/* "1..70000", "..200", "0.." */
static int split_range(const struct line *line, const struct word *word, struct range *range)
{
    const char *dots = strstr(word->text, "..");
    if (dots == NULL || word->length >= sizeof range->from || word->length == 2)
        return words_error(&line->parser->words, word, "expected a range such as 1..100, not '%.60s'",
                           word->text);
    snprintf(range->from, sizeof range->from, "%.*s", (int)(dots - word->text), word->text);
    snprintf(range->to, sizeof range->to, "%s", dots + 2);
    return 0;
}

static int parse_end(const struct line *line, const struct word *word, const char *text, int64_t *value)
{
    struct error why = ERROR_INIT;
    const struct field *field = line->field;
    if (text[0] == '\0')
        return 0; /* open at this end */
    if (line->type->ranged == RANGED_MONEY && field->digits >= 0) {
        if (money_parse(text, strlen(text), field->digits, value) == 0)
            return 0;
        return words_error(&line->parser->words, word,
                           "'%.40s' is not an amount with %d digits after the point", text, field->digits);
    }
    if (option_parse_integer(text, line->type->least, line->type->most, value, &why) == -1)
        return words_error(&line->parser->words, word, "%s", why.text);
    return 0;
}

static int read_integers(const struct line *line, const struct word *word, int64_t *minimum, int64_t *maximum)
{
    struct range range = {.from = ""};
    if (split_range(line, word, &range) == -1 || parse_end(line, word, range.from, minimum) == -1 ||
        parse_end(line, word, range.to, maximum) == -1)
        return -1;
    if (*minimum > *maximum)
        return words_error(&line->parser->words, word, "the range %s has nothing in it", word->text);
    return 0;
}

static int parse_number(const struct line *line, const struct word *word, const char *text, double *value)
{
    char *end;
    if (text[0] == '\0')
        return 0;
    *value = strtod(text, &end);
    if (*end != '\0' || !isfinite(*value))
        return words_error(&line->parser->words, word, "'%.40s' is not a number", text);
    return 0;
}

static int read_numbers(const struct line *line, const struct word *word, double *low, double *high)
{
    struct range range = {.from = ""};
    if (split_range(line, word, &range) == -1 || parse_number(line, word, range.from, low) == -1 ||
        parse_number(line, word, range.to, high) == -1)
        return -1;
    if (*low > *high)
        return words_error(&line->parser->words, word, "the range %s has nothing in it", word->text);
    return 0;
}

/* --- the type ------------------------------------------------------------------------------------------ */

static int read_choices(struct line *line)
{
    static const struct type list = {"a list", FIELD_ENUM, FORM_TEXT, RANGED_NOT, 0, 0, 0, 0};
    const struct word *first = line->at;
    line->type = &list;
    line->field->choices = read_list(line);
    return line->field->choices == NULL ? -1 : check_list(line, line->field->choices, first);
}

static int unknown_type(const struct line *line)
{
    const char *names[TYPES];
    for (size_t i = 0; i < TYPES; i++)
        names[i] = types[i].name;
    const char *near = line->at->kind == WORD_END ? NULL : name_suggest(line->at->text, names, TYPES);
    if (line->at->kind == WORD_END || line->at->kind == WORD_BAR)
        return complain(
            line,
            "what type has it? string, uuid, integer, number, boolean, money, currency, exponent, "
            "time, bytes, any, or a list: a | b%s",
            "");
    if (near != NULL)
        return words_error(&line->parser->words, line->at, "there is no type '%.40s'; did you mean %s?",
                           line->at->text, near);
    return complain(line,
                    "there is no type '%.40s': string, uuid, integer, number, boolean, money, currency, "
                    "exponent, time, bytes, any, or a list: a | b",
                    line->at->text);
}

static int read_type(struct line *line)
{
    if (line->at->kind == WORD_QUOTED || (line->at->kind == WORD_PLAIN && line->at[1].kind == WORD_BAR))
        return read_choices(line);
    for (size_t i = 0; i < TYPES && line->type == NULL; i++)
        if (word_is(line->at, types[i].name))
            line->type = &types[i];
    if (line->type == NULL)
        return unknown_type(line);
    line->at++;
    return 0;
}

static void set_type(const struct line *line)
{
    struct field *field = line->field;
    field->type = line->type->type;
    field->form = line->type->form;
    field->minimum = line->type->minimum;
    field->maximum = line->type->maximum;
    field->low = -HUGE_VAL;
    field->high = HUGE_VAL;
    field->digits = line->parser->has_exponent ? -1 : MONEY_DIGITS;
}

/* `time ms`, `uuid text`. */
static bool take_variant(struct line *line)
{
    for (size_t i = 0; i < VARIANTS; i++) {
        if (variants[i].type != line->field->type || !word_is(line->at, variants[i].name))
            continue;
        line->field->form = variants[i].form;
        line->field->unit_us = variants[i].unit_us;
        line->at++;
        return true;
    }
    return false;
}

/* --- the other words ----------------------------------------------------------------------------------- */

static int take_value(struct line *line, struct word *value)
{
    if (value->text != NULL)
        return words_error(&line->parser->words, line->at - 1, "'%s' is there twice", line->at[-1].text);
    if (line->at->kind == WORD_END || line->at->kind == WORD_BAR)
        return complain(line, "'%s' needs a value behind it", line->at[-1].text);
    *value = *line->at++;
    return 0;
}

static int take_optional(struct line *line)
{
    line->field->optional = true;
    return 0;
}

static int take_default(struct line *line)
{
    return take_value(line, &line->fallback);
}

static int take_usual(struct line *line)
{
    line->usual = true;
    return take_value(line, &line->fallback);
}

static int take_label(struct line *line)
{
    return take_value(line, &line->label);
}

static int take_column(struct line *line)
{
    return take_value(line, &line->column);
}

static int take_digits(struct line *line)
{
    return take_value(line, &line->digits);
}

static int take_serial(struct line *line)
{
    struct word word = {0};
    if (take_value(line, &word) == -1)
        return -1;
    line->field->made.serial = word.text;
    return 0;
}

static int take_like(struct line *line)
{
    line->made = *line->at;
    if (is_range(line->at)) {
        line->at++;
        return 0;
    }
    line->field->made.samples = read_list(line);
    return line->field->made.samples == NULL ? -1 : 0;
}

static const struct option {
    const char *name;
    int (*take)(struct line *line);
} options[] = {{"optional", take_optional}, {"default", take_default}, {"usual", take_usual},
               {"as", take_label},          {"column", take_column},   {"digits", take_digits},
               {"serial", take_serial},     {"like", take_like}};
#define OPTIONS (sizeof options / sizeof options[0])

static int unknown_option(const struct line *line)
{
    const char *names[OPTIONS + VARIANTS];
    size_t count = 0;
    for (size_t i = 0; i < OPTIONS; i++)
        names[count++] = options[i].name;
    for (size_t i = 0; i < VARIANTS; i++)
        if (variants[i].type == line->field->type)
            names[count++] = variants[i].name;
    const char *near = name_suggest(line->at->text, names, count);
    if (near != NULL)
        return words_error(&line->parser->words, line->at, "'%.40s' says nothing of %s; did you mean %s?",
                           line->at->text, line->type->name, near);
    return words_error(&line->parser->words, line->at, "'%.40s' says nothing of %s", line->at->text,
                       line->type->name);
}

static int read_option(struct line *line)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (word_is(line->at, options[i].name)) {
            line->at++;
            return options[i].take(line);
        }
    return unknown_option(line);
}

/* --- what all of that means ---------------------------------------------------------------------------- */

static int set_digits(const struct line *line)
{
    int64_t digits = MONEY_DIGITS;
    struct error why = ERROR_INIT;
    struct field *field = line->field;
    if (field->form == FORM_DECIMAL && field->digits < 0)
        field->digits = MONEY_DIGITS;
    if (line->digits.text == NULL)
        return 0;
    if (field->type != FIELD_MONEY)
        return words_error(&line->parser->words, &line->digits, "only money has digits");
    if (option_parse_integer(line->digits.text, 0, DIGITS_MAX, &digits, &why) == -1)
        return words_error(&line->parser->words, &line->digits, "%s", why.text);
    field->digits = (int8_t)digits;
    return 0;
}

static int set_range(const struct line *line, const struct word *range)
{
    if (range->text == NULL)
        return 0;
    if (line->type->ranged == RANGED_NOT)
        return words_error(&line->parser->words, range, "%s has no range", line->type->name);
    if (line->type->ranged == RANGED_NUMBER)
        return read_numbers(line, range, &line->field->low, &line->field->high);
    return read_integers(line, range, &line->field->minimum, &line->field->maximum);
}

static int set_made(const struct line *line)
{
    struct field *field = line->field;
    field->made.minimum = field->minimum;
    field->made.maximum = field->maximum;
    if (line->made.text == NULL || field->made.samples != NULL)
        return 0;
    if (field->type != FIELD_INTEGER && field->type != FIELD_MONEY)
        return words_error(&line->parser->words, &line->made,
                           "a range to draw from is for integers and money");
    return read_integers(line, &line->made, &field->made.minimum, &field->made.maximum);
}

static int set_fallback(const struct line *line)
{
    struct field *field = line->field;
    struct error why = ERROR_INIT;
    if (line->fallback.text == NULL)
        return 0;
    if (field->optional && !line->usual)
        return words_error(&line->parser->words, &line->fallback,
                           "with a default it is always there: leave out optional");
    if (field->type == FIELD_ANY || (field->type == FIELD_MONEY && field->digits < 0))
        return words_error(&line->parser->words, &line->fallback, "no default is possible here");
    char *text = words_keep_text(&line->parser->words, line->fallback.text, line->fallback.length);
    if (text == NULL)
        return -1;
    field->fallback = line->fallback.text;
    field->defaulted = !line->usual;
    if (value_from_text(field, field->digits, text, line->fallback.length, &field->default_value, &why) == -1)
        return words_error(&line->parser->words, &line->fallback, "%s", why.text);
    if (value_check(field, &field->default_value) != RECORD_OK)
        return words_error(&line->parser->words, &line->fallback,
                           "the default is outside of the field's own bounds");
    return 0;
}

int schema_read_field(struct schema_parser *p)
{
    if (p->schema->field_count == RECORD_FIELDS_MAX)
        return words_error(&p->words, &p->words.list[0], "a record has at most %d fields", RECORD_FIELDS_MAX);
    struct line line = {.parser = p, .field = &p->fields[p->schema->field_count], .at = &p->words.list[1]};
    struct word range = {0};
    if (p->words.list[0].kind == WORD_BAR)
        return words_error(&p->words, &p->words.list[0], "a line begins with the name of a field");
    if (read_type(&line) == -1)
        return -1;
    set_type(&line);
    while (line.at->kind != WORD_END) {
        if (range.text == NULL && is_range(line.at))
            range = *line.at++;
        else if (!take_variant(&line) && read_option(&line) == -1)
            return -1;
    }
    if (set_digits(&line) == -1 || set_range(&line, &range) == -1 || set_made(&line) == -1 ||
        set_fallback(&line) == -1)
        return -1;
    if (schema_place_field(p, &p->words.list[0], &line.label, &line.column) == -1)
        return -1;
    p->places[p->schema->field_count++] = p->words.list[0];
    return 0;
}
