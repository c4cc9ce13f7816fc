#include "common/expression/operand.h"

#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/names.h"
#include "common/text.h"

/* --- names --------------------------------------------------------------------------------------------- */

static const struct coordinate {
    const char *name;
    enum operand_type type;
    enum source source;
} coordinates[] = {
    {"kafka_partition", OPERAND_NUMBER, SOURCE_PARTITION},
    {"kafka_offset", OPERAND_NUMBER, SOURCE_OFFSET},
    {"kafka_timestamp", OPERAND_TIME, SOURCE_TIMESTAMP},
    {"kafka_key", OPERAND_TEXT, SOURCE_KEY},
};
#define COORDINATES (sizeof coordinates / sizeof coordinates[0])
#define PREFIX      (sizeof "kafka_" - 1)

static const enum operand_type types[FIELD_TYPES] = {
    [FIELD_STRING] = OPERAND_TEXT, [FIELD_UUID] = OPERAND_UUID,         [FIELD_INTEGER] = OPERAND_NUMBER,
    [FIELD_MONEY] = OPERAND_MONEY, [FIELD_CURRENCY] = OPERAND_CURRENCY, [FIELD_EXPONENT] = OPERAND_NUMBER,
    [FIELD_ENUM] = OPERAND_LIST,   [FIELD_TIME] = OPERAND_TIME,         [FIELD_BOOLEAN] = OPERAND_BOOLEAN,
    [FIELD_BYTES] = OPERAND_TEXT,  [FIELD_NUMBER] = OPERAND_DOUBLE,     [FIELD_ANY] = OPERAND_ANY,
};

static bool find_field(const struct schema *schema, struct operand *operand)
{
    int index = schema_label_index(schema, operand->name, operand->name_length);
    bool by_label = index >= 0;
    if (!by_label)
        index = schema_field_index(schema, operand->name, operand->name_length);
    if (index < 0)
        return false;
    operand->field = &schema->fields[index];
    operand->index = (uint8_t)index;
    operand->source = SOURCE_FIELD;
    operand->type = types[operand->field->type];
    if (operand->type == OPERAND_MONEY && !by_label) /* as it stands on the wire: an integer */
        operand->type = OPERAND_NUMBER;
    return true;
}

static bool is_name(const struct operand *operand, const char *name)
{
    return strlen(name) == operand->name_length && memcmp(name, operand->name, operand->name_length) == 0;
}

static bool find_coordinate(struct operand *operand)
{
    for (size_t i = 0; i < COORDINATES; i++)
        if (is_name(operand, coordinates[i].name) || is_name(operand, coordinates[i].name + PREFIX)) {
            operand->type = coordinates[i].type;
            operand->source = coordinates[i].source;
            return true;
        }
    return false;
}

static int unknown_name(const struct schema *schema, const char *source, const struct operand *operand,
                        struct error *error)
{
    const char *names[RECORD_FIELDS_MAX + COORDINATES];
    char name[NAME_BYTES];
    char list[200] = "";
    size_t count = 0;
    size_t used = 0;
    for (; count < schema->field_count; count++)
        names[count] = schema->fields[count].label;
    for (size_t i = 0; i < COORDINATES; i++) {
        const char *shorter = coordinates[i].name + PREFIX;
        bool taken = schema_label_index(schema, shorter, strlen(shorter)) >= 0;
        names[count++] = taken ? coordinates[i].name : shorter;
    }
    snprintf(name, sizeof name, "%.*s",
             (int)(operand->name_length < NAME_BYTES ? operand->name_length : NAME_BYTES), operand->name);
    const char *near = name_suggest(name, names, count);
    if (near != NULL)
        return lexer_error(source, operand->name, error, "there is no field '%s' in %s; did you mean %s?",
                           name, schema->noun_plural, near);
    for (size_t i = 0; i < count; i++)
        used = text_append(list, sizeof list, used, "%s%s", i > 0 ? ", " : "", names[i]);
    return lexer_error(source, operand->name, error, "there is no field '%s' in %s; there are %s", name,
                       schema->noun_plural, list);
}

int operand_find(const struct schema *schema, const char *source, const struct token *token,
                 struct operand *operand, struct error *error)
{
    *operand = (struct operand){.name = token->start, .name_length = token->length};
    if (find_field(schema, operand) || find_coordinate(operand))
        return 0;
    return unknown_name(schema, source, operand, error);
}

/* --- comparisons --------------------------------------------------------------------------------------- */

static const struct trait {
    const char *what;
    const char *literal;  /* what it is compared with */
    enum token_kind kind; /* of that literal */
    bool ordered;
    bool contains;
} traits[] = {
    [OPERAND_NUMBER] = {"a number", "a number such as 3", TOKEN_NUMBER, true, false},
    [OPERAND_MONEY] = {"an amount", "a number such as 249.99", TOKEN_NUMBER, true, false},
    [OPERAND_TEXT] = {"a text", "a text in quotes", TOKEN_TEXT, true, true},
    [OPERAND_LIST] = {"one of a list", "a word in quotes", TOKEN_TEXT, false, false},
    [OPERAND_CURRENCY] = {"a currency", "three capitals such as 'PLN'", TOKEN_TEXT, false, false},
    [OPERAND_UUID] = {"a UUID", "a UUID in quotes", TOKEN_TEXT, false, false},
    [OPERAND_TIME] = {"a time", "a time such as '2026-02-26T09:52:20Z'", TOKEN_TEXT, true, false},
    [OPERAND_BOOLEAN] = {"true or false", "true or false", TOKEN_BOOLEAN, false, false},
    [OPERAND_DOUBLE] = {"a number", "a number such as 3.5", TOKEN_NUMBER, true, false},
    [OPERAND_ANY] = {"kept whole", NULL, TOKEN_END, true, true},
};

int operand_check(const struct operand *operand, const char *source, const struct token *comparison,
                  struct error *error)
{
    const struct trait *trait = &traits[operand->type];
    if (trait->literal == NULL)
        return lexer_error(source, comparison->start, error,
                           "%.*s is kept whole, whatever it is: it cannot be compared",
                           (int)operand->name_length, operand->name);
    if (comparison->kind == TOKEN_CONTAINS && !trait->contains)
        return lexer_error(source, comparison->start, error,
                           "%.*s is %s: only a text can contain another (~)", (int)operand->name_length,
                           operand->name, trait->what);
    if (comparison->kind == TOKEN_COMPARE && !is_equality(comparison) && !trait->ordered)
        return lexer_error(source, comparison->start, error,
                           "%.*s is %s, which has no order: use ==, != or in", (int)operand->name_length,
                           operand->name, trait->what);
    return 0;
}

/* --- numbers ------------------------------------------------------------------------------------------- */

/* Appends a digit to *whole, away from zero. False when it does not fit. */
static bool append_digit(int64_t *whole, char digit, bool negative)
{
    int64_t value = digit - '0';
    int64_t shifted;
    return !__builtin_mul_overflow(*whole, 10, &shifted) &&
           !__builtin_add_overflow(shifted, negative ? -value : value, whole);
}

/* literal × 10^exponent, as program.h says. */
static struct threshold threshold_at(const struct token *literal, int exponent)
{
    const char *at = literal->start;
    const char *end = at + literal->length;
    bool negative = *at == '-';
    bool fits = true;
    bool cut = false;
    int behind = -1; /* digits behind the point so far; -1 before it */
    int64_t whole = 0;
    at += *at == '-' || *at == '+';
    for (; at < end; at++) {
        if (*at == '.')
            behind = 0;
        else if (behind < exponent) {
            fits = fits && append_digit(&whole, *at, negative);
            behind += behind >= 0;
        } else
            cut = cut || *at != '0';
    }
    for (behind = behind < 0 ? 0 : behind; behind < exponent; behind++)
        fits = fits && append_digit(&whole, '0', negative);
    if (!fits)
        whole = negative ? INT64_MIN : INT64_MAX;
    return (struct threshold){whole, (int8_t)(fits && !cut ? 0 : negative ? 1 : -1)};
}

static void set_number(const struct token *literal, struct test *test)
{
    for (int exponent = 0; exponent < EXPONENTS; exponent++)
        test->thresholds[exponent] = threshold_at(literal, exponent);
}

static void set_integer(int64_t value, struct test *test)
{
    test->thresholds[0] = (struct threshold){value, 0};
}

/* A boolean is 0 or 1. */
static int set_double(const struct operand *operand, const char *source, const struct token *literal,
                      struct test *test, struct error *error)
{
    char text[64];
    test->kind = operand->type == OPERAND_BOOLEAN ? TEST_NUMBER : TEST_DOUBLE;
    if (operand->type == OPERAND_BOOLEAN)
        set_integer(literal->length == sizeof "true" - 1, test);
    else if (literal->length < sizeof text) {
        snprintf(text, sizeof text, "%.*s", (int)literal->length, literal->start);
        test->number = strtod(text, NULL);
    } else
        return lexer_error(source, literal->start, error, "a number has at most 63 digits here");
    return 0;
}

/* --- what stands in quotes ----------------------------------------------------------------------------- */

/* The literal without its quotes, in the expression's texts, with a NUL behind it that does not count. */
static struct mp_view unquote(const struct token *literal, struct expression *expression)
{
    char *text = expression->texts + expression->texts_used;
    char quote = *literal->start;
    size_t length = 0;
    for (size_t i = 1; i + 1 < literal->length; i++) {
        text[length++] = literal->start[i];
        i += literal->start[i] == quote;
    }
    text[length] = '\0';
    expression->texts_used += length + 1;
    return (struct mp_view){text, (uint32_t)length};
}

static int refuse_word(const struct operand *operand, const char *source, const struct token *literal,
                       const char *word, struct error *error)
{
    const char *words[64];
    char list[160] = "";
    size_t count = 0;
    size_t used = 0;
    for (const struct choice *c = operand->field->choices; c->text != NULL && count < 64; c++) {
        words[count++] = c->text;
        if (used < sizeof list)
            used = text_append(list, sizeof list, used, "%s%s", used > 0 ? ", " : "", c->text);
    }
    const char *near = name_suggest(word, words, count);
    return lexer_error(source, literal->start, error, "%s is never '%.40s'; %s%s%s", operand->field->label,
                       word, near != NULL ? "did you mean " : "it is one of ", near != NULL ? near : list,
                       near != NULL ? "?" : "");
}

static int set_word(const struct operand *operand, const char *source, const struct token *literal,
                    struct test *test, struct error *error)
{
    for (const struct choice *choice = operand->field->choices; choice->text != NULL; choice++)
        if (choice->length == test->text.length && memcmp(choice->text, test->text.data, choice->length) == 0)
            return 0;
    return refuse_word(operand, source, literal, test->text.data, error);
}

static int set_currency(const char *source, const struct token *literal, struct test *test,
                        struct error *error)
{
    size_t capitals = strspn(test->text.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (test->text.length == 3 && capitals == 3)
        return 0;
    return lexer_error(source, literal->start, error,
                       "'%.40s' is not a currency: three capitals such as 'PLN'", test->text.data);
}

/* The 16 bytes take the place of the 36 characters. */
static int set_uuid(const char *source, const struct token *literal, struct expression *expression,
                    struct test *test, struct error *error)
{
    char *text = expression->texts + expression->texts_used - test->text.length - 1;
    uuid_t bytes;
    if (uuid_parse(text, bytes) != 0)
        return lexer_error(source, literal->start, error,
                           "'%.40s' is not a UUID (8-4-4-4-12 hexadecimal digits)", text);
    memcpy(text, bytes, sizeof bytes);
    test->text.length = sizeof bytes;
    test->kind = TEST_UUID;
    return 0;
}

static int set_time(const char *source, const struct token *literal, struct test *test, struct error *error)
{
    char text[64];
    int64_t time_us;
    bool is_day = test->text.length == sizeof "2026-02-26" - 1;
    int length = snprintf(text, sizeof text, "%.40s%s", test->text.data, is_day ? "T00:00:00Z" : "");
    if (test->text.length > 40 || clock_parse_iso8601(text, (size_t)length, &time_us) != 0)
        return lexer_error(source, literal->start, error,
                           "'%.40s' is not a time such as '2026-02-26T09:52:20Z' or '2026-02-26'",
                           test->text.data);
    test->kind = TEST_NUMBER;
    set_integer(time_us, test);
    return 0;
}

/* --- any of them --------------------------------------------------------------------------------------- */

static int set_quoted(const struct operand *operand, const char *source, const struct token *literal,
                      struct expression *expression, struct test *test, struct error *error)
{
    test->kind = TEST_TEXT;
    test->text = unquote(literal, expression);
    switch (operand->type) {
    case OPERAND_LIST:
        return set_word(operand, source, literal, test, error);
    case OPERAND_CURRENCY:
        return set_currency(source, literal, test, error);
    case OPERAND_UUID:
        return set_uuid(source, literal, expression, test, error);
    case OPERAND_TIME:
        return set_time(source, literal, test, error);
    default:
        return 0;
    }
}

int operand_literal(const struct operand *operand, const char *source, const struct token *literal,
                    struct expression *expression, struct test *test, struct error *error)
{
    const struct trait *trait = &traits[operand->type];
    if (trait->kind != literal->kind)
        return lexer_error(source, literal->start, error, "%.*s is %s: compare it with %s",
                           (int)operand->name_length, operand->name, trait->what, trait->literal);
    test->source = (uint8_t)operand->source;
    test->field = operand->index;
    if (literal->kind == TOKEN_TEXT)
        return set_quoted(operand, source, literal, expression, test, error);
    if (operand->type == OPERAND_BOOLEAN || operand->type == OPERAND_DOUBLE)
        return set_double(operand, source, literal, test, error);
    bool of_record = operand->type == OPERAND_MONEY && operand->field->digits < 0;
    test->kind = of_record ? TEST_MONEY : TEST_NUMBER;
    set_number(literal, test);
    if (operand->type == OPERAND_MONEY && !of_record)
        test->thresholds[0] = threshold_at(literal, operand->field->digits);
    return 0;
}
