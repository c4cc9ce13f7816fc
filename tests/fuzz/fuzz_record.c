/* Arbitrary bytes as a record of every schema. What decoding accepts, msgpack-c must accept, and encoding
 * must make into a record that decodes to the same; what it accepts or refuses must be printable. msgpack-c
 * never sees bytes that the walk has not bounded. */
#include <msgpack.h>

#include "common/record/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool well_formed(const uint8_t *data, size_t size)
{
    struct mp_reader reader;
    mp_init(&reader, data, size);
    return mp_skip(&reader, MP_DEPTH_MAX) && mp_at_end(&reader);
}

static bool oracle_accepts(const uint8_t *data, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    msgpack_unpack_return result = msgpack_unpack_next(&unpacked, (const char *)data, size, &offset);
    msgpack_unpacked_destroy(&unpacked);
    return result == MSGPACK_UNPACK_SUCCESS && offset == size;
}

static bool same_value(const struct field *field, const struct value *a, const struct value *b)
{
    if (field->type == FIELD_UUID)
        return memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0;
    if (!field_is_text(field) && field->type != FIELD_BYTES && field->type != FIELD_ANY)
        return a->integer == b->integer;
    return a->text.length == b->text.length && memcmp(a->text.data, b->text.data, a->text.length) == 0;
}

static void encode_again(const struct record *record)
{
    static uint8_t bytes[RECORD_BYTES_MAX + 4096];
    struct record again;
    struct record_problem problem;
    size_t length = record_encode(record, bytes, sizeof bytes);
    demand(length > 0);
    if (length > RECORD_BYTES_MAX)
        return;
    demand(record_decode(record->schema, bytes, length, &again, &problem) == 0);
    demand(again.present == record->present && again.unknown_fields == 0);
    for (size_t i = 0; i < record->schema->field_count; i++)
        if (record_has(record, (int)i))
            demand(same_value(&record->schema->fields[i], &record->values[i], &again.values[i]));
}

static void show(const struct record *record)
{
    static char text[7 * RECORD_BYTES_MAX];
    char line[256];
    char key[RECORD_KEY_BYTES];
    struct record_problem problem;
    demand(record_key(record, key) <= sizeof key);
    demand(record_json(record, text, sizeof text) == 0);
    record_line(record, 1, line, sizeof line);
    for (const char *c = line; *c != '\0'; c++)
        demand((unsigned char)*c >= 0x20 && *c != 0x7f);
    if (record_validate(record, &problem) != 0)
        record_problem_text(&problem, line, sizeof line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool whole = well_formed(data, size);
    if (whole)
        demand(oracle_accepts(data, size));
    for (size_t i = 0; schema_at(i) != NULL; i++) {
        struct record record;
        struct record_problem problem = {.fault = RECORD_OK};
        if (record_decode(schema_at(i), data, size, &record, &problem) == 0) {
            demand(whole);
            encode_again(&record);
            show(&record);
        } else {
            char text[256];
            demand(problem.fault != RECORD_OK && problem.offset <= size);
            record_problem_text(&problem, text, sizeof text);
        }
    }
    return 0;
}
