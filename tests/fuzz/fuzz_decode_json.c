/* A schema from any text; and where it is one, any JSON by it: what is decoded jansson accepts, can be
 * written as MessagePack and as JSON, and is read as the same again. The text ends at the first zero byte,
 * the payload follows. */
#include <jansson.h>

#include "common/record/schema_parse.h"
#include "common/record/text.h"

static char json[9 * RECORD_BYTES_MAX], json_again[9 * RECORD_BYTES_MAX], scratch_bytes[RECORD_BYTES_MAX];
static uint8_t packed[4 * RECORD_BYTES_MAX];
static struct record record, other;

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static int decode(const struct schema *schema, const char *text, size_t length, struct record *into)
{
    /* As much as the payload has: it always suffices. */
    struct js_scratch scratch = {scratch_bytes, length < sizeof scratch_bytes ? length : sizeof scratch_bytes,
                                 0};
    struct record_problem problem;
    char line[512];
    if (record_decode_json(schema, text, length, &scratch, into, &problem) == 0)
        return 0;
    demand(problem.fault != RECORD_NO_SCRATCH && problem.offset <= length);
    record_problem_text(&problem, line, sizeof line);
    return -1;
}

/* Numbers that jansson has no place for are well-formed all the same. */
static void check_jansson(const char *text, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_ALLOW_NUL, &error);
    demand(value != NULL || json_error_code(&error) == json_error_numeric_overflow);
    json_decref(value);
}

static void check_packed(const struct schema *schema)
{
    struct record_problem problem;
    size_t length = record_encode(&record, packed, sizeof packed);
    demand(length > 0);
    if (length <= RECORD_BYTES_MAX)
        demand(record_decode(schema, packed, length, &other, &problem) == 0 &&
               other.present == record.present);
}

/* An exponent is not written, and an invalid time not as one that can be read. */
static void check_json(const struct schema *schema)
{
    struct record_problem problem;
    demand(record_json(&record, json, sizeof json) == 0);
    size_t length = strlen(json);
    if (schema_type_index(schema, FIELD_EXPONENT) >= 0 || record_validate(&record, &problem) == -1 ||
        length > RECORD_BYTES_MAX)
        return;
    demand(decode(schema, json, length, &other) == 0 && other.present == record.present);
    demand(record_json(&other, json_again, sizeof json_again) == 0 && strcmp(json, json_again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_INIT;
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    struct schema *schema = schema_new("x", (const char *)data, length, &error);
    if (schema != NULL && end != NULL) {
        const char *text = (const char *)end + 1;
        if (decode(schema, text, size - length - 1, &record) == 0) {
            check_jansson(text, size - length - 1);
            check_packed(schema);
            check_json(schema);
        }
    }
    schema_free(schema);
    return 0;
}
