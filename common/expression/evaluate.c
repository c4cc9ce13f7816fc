/* The hot path: a walk through the tests. */
#include "common/expression/program.h"

/* False when it is absent. */
static inline bool fetch(const struct test *test, const struct record *record,
                         const struct expression_coordinates *coordinates, struct value *value)
{
    if (test->source == SOURCE_FIELD) {
        if (record == NULL || !record_has(record, test->field))
            return false;
        *value = record->values[test->field];
        return true;
    }
    if (coordinates == NULL)
        return false;
    switch (test->source) {
    case SOURCE_PARTITION:
        value->integer = coordinates->partition;
        return value->integer >= 0;
    case SOURCE_OFFSET:
        value->integer = coordinates->offset;
        return value->integer >= 0;
    case SOURCE_TIMESTAMP:
        value->integer = coordinates->timestamp_us;
        return value->integer >= 0;
    default:
        value->text = coordinates->key;
        return value->text.data != NULL;
    }
}

static inline int order_of_number(const struct threshold *threshold, int64_t value)
{
    return value > threshold->whole ? 1 : value < threshold->whole ? -1 : threshold->tie;
}

static inline int order_of_text(const struct mp_view *literal, const struct mp_view *text)
{
    uint32_t shorter = text->length < literal->length ? text->length : literal->length;
    int order = shorter == 0 ? 0 : memcmp(text->data, literal->data, shorter);
    if (order == 0)
        order = (text->length > literal->length) - (text->length < literal->length);
    return (order > 0) - (order < 0);
}

/* Most texts differ in their length already, which costs no call. */
static inline bool same_text(const struct mp_view *literal, const struct mp_view *text)
{
    return text->length == literal->length && memcmp(text->data, literal->data, literal->length) == 0;
}

/* An amount without an exponent, or with one that cannot be, is no decimal: false like what is absent. */
static inline bool exponent_of(const struct expression *expression, const struct record *record,
                               uint64_t *exponent)
{
    if (!record_has(record, expression->exponent_field))
        return false;
    *exponent = (uint64_t)record->values[expression->exponent_field].integer;
    return *exponent < EXPONENTS;
}

static inline bool holds(const struct expression *expression, const struct test *test,
                         const struct record *record, const struct expression_coordinates *coordinates)
{
    struct value value = {.text = {NULL, 0}};
    uint64_t exponent = 0;
    int order = 0;
    if (!fetch(test, record, coordinates, &value))
        return false;
    switch (test->kind) {
    case TEST_MONEY:
        if (!exponent_of(expression, record, &exponent))
            return false;
        order = order_of_number(&test->thresholds[exponent], value.integer);
        break;
    case TEST_NUMBER:
        order = order_of_number(&test->thresholds[0], value.integer);
        break;
    case TEST_DOUBLE:
        order = (value.number > test->number) - (value.number < test->number);
        break;
    case TEST_UUID:
        order = memcmp(value.uuid, test->text.data, sizeof value.uuid) != 0;
        break;
    case TEST_EQUALITY:
        order = !same_text(&test->text, &value.text); /* which way round does not matter */
        break;
    case TEST_TEXT:
        order = order_of_text(&test->text, &value.text);
        break;
    default:
        return memmem(value.text.data, value.text.length, test->text.data, test->text.length) != NULL;
    }
    return (test->accept >> (order + 1) & 1) != 0;
}

bool expression_matches(const struct expression *expression, const struct record *record,
                        const struct expression_coordinates *coordinates)
{
    unsigned at = 0;
    while (at < expression->count) {
        const struct test *test = &expression->tests[at];
        at = holds(expression, test, record, coordinates) ? test->on_true : test->on_false;
    }
    return at == TARGET_ACCEPT;
}

bool expression_uses_coordinates(const struct expression *expression)
{
    return expression->uses_coordinates;
}
