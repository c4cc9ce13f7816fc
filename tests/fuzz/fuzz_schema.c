/* A schema from any text; and where it is one, any payload by it: what is decoded can be written, and is read as the
 * same again. The text ends at the first zero byte, the payload follows. */
#include "common/record/schema_parse.h"
#include "common/record/text.h"

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void decode(const struct schema *schema, const uint8_t *payload, size_t length)
{
    static uint8_t bytes[2 * RECORD_BYTES_MAX], again[2 * RECORD_BYTES_MAX];
    static char json[9 * RECORD_BYTES_MAX];
    static struct record record, other;
    struct record_problem problem;
    char line[512];
    if (record_decode(schema, payload, length, &record, &problem) == -1) {
        record_problem_text(&problem, line, sizeof line);
        return;
    }
    record_line(&record, 1, line, sizeof line);
    demand(record_json(&record, json, sizeof json) == 0);
    record_validate(&record, &problem);
    size_t written = record_encode(&record, bytes, sizeof bytes);
    demand(written > 0);
    demand(record_decode(schema, bytes, written, &other, &problem) == 0);
    demand(other.present == record.present);
    demand(record_encode(&other, again, sizeof again) == written && memcmp(bytes, again, written) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_INIT;
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    struct schema *schema = schema_new("x", (const char *)data, length, &error);
    if (schema != NULL && end != NULL)
        decode(schema, end + 1, size - length - 1);
    schema_free(schema);
    return 0;
}
