/* Arbitrary text as an expression over arbitrary bytes as a record: `TEXT NUL RECORD`. What is refused points
 * at a column of the text; what is accepted has the truth values that logic demands, whatever the record
 * holds, with a record or without. */
#include "common/expression/expression.h"
#include "common/record/generate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

struct subject {
    const struct schema *schema;
    const struct record *record; /* NULL: none */
    const struct expression_coordinates *coordinates;
};

/* 1 or 0, -1 when it is refused. */
static int evaluate(const struct subject *subject, const char *text)
{
    struct error error = ERROR_INIT;
    struct expression *expression = expression_parse(subject->schema, text, &error);
    if (expression == NULL) {
        unsigned column = 0;
        demand(sscanf(error.text, "column %u: ", &column) == 1 && column >= 1 && column <= strlen(text) + 1);
        demand(strchr(error.text, '\n') != NULL && error.text[strlen(error.text) - 1] == '^');
        return -1;
    }
    int result = expression_matches(expression, subject->record, subject->coordinates);
    demand(result == expression_matches(expression, subject->record, subject->coordinates));
    expression_free(expression);
    return result;
}

/* `before TEXT between TEXT after`. -1 is also what a bound answers: twice the text may be too much. */
static void demand_of(const struct subject *subject, const char *text, const char *before,
                      const char *between, const char *after, bool expected)
{
    static char compound[2 * EXPRESSION_BYTES_MAX + 64];
    snprintf(compound, sizeof compound, "%s%s%s%s%s", before, text, between, text, after);
    int result = evaluate(subject, compound);
    demand(result == -1 || result == expected);
}

static void check(const struct subject *subject, const char *text)
{
    int result = evaluate(subject, text);
    if (result == -1)
        return;
    demand_of(subject, text, "(", ") and not (", ")", false);
    demand_of(subject, text, "(", ") or not (", ")", true);
    demand_of(subject, text, "(", ") and (", ")", result);
    demand_of(subject, text, "not (not (", ") or not (", "))", result);
    demand_of(subject, text, "not (", ") and not (", ")", !result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[EXPRESSION_BYTES_MAX + 64];
    static struct generator generator;
    size_t length = strnlen((const char *)data, size);
    if (length >= sizeof text)
        return 0;
    memcpy(text, data, length);
    text[length] = '\0';
    const uint8_t *payload = data + length + (length < size);
    size_t payload_bytes = size - length - (length < size);
    struct expression_coordinates coordinates = {
        .partition = (int32_t)(size % 7),
        .offset = (int64_t)size,
        .timestamp_us = -1,
        .key = {payload_bytes > 0 ? (const char *)payload : NULL, (uint32_t)payload_bytes}};
    for (size_t i = 0; schema_at(i) != NULL; i++) {
        struct record record;
        struct record_problem problem;
        if (record_decode(schema_at(i), payload, payload_bytes, &record, &problem) != 0) {
            generator_init(&generator, size);
            generator_next(&generator, schema_at(i), INT64_C(1772099540102594), &record);
        }
        check(&(struct subject){schema_at(i), &record, &coordinates}, text);
        check(&(struct subject){schema_at(i), NULL, NULL}, text);
    }
    return 0;
}
