/* The one walk over a payload. The hot path expects fields in the order of the schema, as our own encoder and
 * every encoder that fills a struct writes them, and compares 16 bytes of key at once; anything else takes
 * the search. What went wrong is found out in functions apart, so that the good case carries nothing of it.
 */
#include "common/record/record.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What the functions apart need. The cursor that moves is a local variable of read_pairs, so that it lives in
 * registers; `reader` here is its copy at the moment of such a call. */
struct walk {
    struct mp_reader reader;
    const struct schema *schema;
    struct record *record;
    struct record_problem *problem;
};

static __attribute__((noinline, cold)) int fail(struct walk *walk, enum record_fault fault,
                                                const struct field *field)
{
    *walk->problem = (struct record_problem){.fault = fault,
                                             .offset = (uint32_t)mp_offset(&walk->reader),
                                             .field = field,
                                             .found = mp_peek(&walk->reader)};
    return -1;
}

/* A value could not be read as wanted. When it cannot even be stepped over, that is the reason; else it is
 * `otherwise`. */
static __attribute__((noinline, cold)) int fail_value(struct walk *walk, enum record_fault otherwise,
                                                      const struct field *field)
{
    struct mp_reader ahead = walk->reader;
    switch (mp_step(&ahead, MP_DEPTH_MAX)) {
    case MP_TRUNCATED:
        return fail(walk, RECORD_TRUNCATED, field);
    case MP_INVALID:
        walk->reader = ahead;
        return fail(walk, RECORD_INVALID_BYTE, field);
    case MP_OK:
    case MP_TOO_DEEP: /* it is not a scalar, whatever else it is */
        break;
    }
    return fail(walk, otherwise, field);
}

/* True when what is found is of the right type, so that it must be its value that does not fit. */
static bool type_fits(const struct field *wanted, enum mp_type found)
{
    if (wanted->type == FIELD_UUID)
        return found == MP_BIN;
    return field_is_text(wanted) ? found == MP_STR : found == MP_INT || found == MP_UINT;
}

static __attribute__((noinline, cold)) int fail_field(struct walk *walk, const struct field *field)
{
    bool fits = type_fits(field, mp_peek(&walk->reader));
    return fail_value(walk, fits ? RECORD_OUT_OF_RANGE : RECORD_WRONG_TYPE, field);
}

/* False leaves the cursor before the value. */
static inline bool read_value(struct mp_reader *reader, const struct field *field, struct value *value)
{
    struct mp_reader before = *reader;
    switch (field->type) {
    case FIELD_STRING:
    case FIELD_CURRENCY:
    case FIELD_ENUM:
        return mp_read_str(reader, &value->text);
    case FIELD_UUID:
        if (!mp_read_bin(reader, &value->text))
            return false;
        if (LIKELY(value->text.length == 16))
            return true;
        break;
    case FIELD_EXPONENT:
        if (!mp_read_int(reader, &value->integer))
            return false;
        if (LIKELY(value->integer >= field->minimum && value->integer <= field->maximum))
            return true;
        break;
    case FIELD_INTEGER:
    case FIELD_MONEY:
    case FIELD_TIME:
        return mp_read_int(reader, &value->integer);
    }
    *reader = before;
    return false;
}

/* Steps over the key of `field` when that is what comes next in its usual encoding. */
static inline bool take_key(struct mp_reader *reader, const struct field_key *key)
{
    if (UNLIKELY(mp_left(reader) < FIELD_KEY_BYTES)) {
        if (mp_left(reader) < key->bytes || memcmp(reader->at, key, key->bytes) != 0)
            return false;
    } else {
        uint64_t wanted[2];
        uint64_t found[2];
        memcpy(wanted, key, sizeof wanted);
        memcpy(found, reader->at, sizeof found);
        if ((((found[0] ^ wanted[0]) & key->mask[0]) | ((found[1] ^ wanted[1]) & key->mask[1])) != 0)
            return false;
    }
    reader->at += key->bytes;
    return true;
}

#define UNKNOWN_FIELD (-2)

/* The slow way: fields in another order, optional ones left out, unknown ones, keys in longer encodings.
 * Returns the field's index, UNKNOWN_FIELD, or -1 with the problem. */
static __attribute__((noinline)) int find_field(struct walk *walk)
{
    struct mp_reader before = walk->reader;
    struct mp_view key;
    if (!mp_read_str(&walk->reader, &key))
        return fail_value(walk, RECORD_KEY_NOT_STRING, NULL);
    int index = schema_field_index(walk->schema, key.data, key.length);
    if (index < 0)
        return UNKNOWN_FIELD;
    if (record_has(walk->record, index)) {
        walk->reader = before;
        return fail(walk, RECORD_DUPLICATE_FIELD, &walk->schema->fields[index]);
    }
    return index;
}

static __attribute__((noinline)) int skip_unknown(struct walk *walk)
{
    static const enum record_fault faults[] = {[MP_TRUNCATED] = RECORD_TRUNCATED,
                                               [MP_TOO_DEEP] = RECORD_TOO_DEEP,
                                               [MP_INVALID] = RECORD_INVALID_BYTE};
    enum mp_fault fault = mp_step(&walk->reader, MP_DEPTH_MAX - 1); /* the record itself is one level */
    if (fault != MP_OK)
        return fail(walk, faults[fault], NULL);
    walk->record->unknown_fields++;
    return 0;
}

/* The slow way to the next field that is known, with its index; field_count when the pairs are used up, -1
 * with the problem. `*pairs` counts down. */
static __attribute__((noinline)) int next_field(struct walk *walk, uint32_t *pairs)
{
    for (; *pairs > 0; (*pairs)--) {
        int found = find_field(walk);
        if (found != UNKNOWN_FIELD)
            return found;
        if (skip_unknown(walk) != 0)
            return -1;
    }
    return (int)walk->schema->field_count;
}

static inline int read_pairs(struct walk *walk, uint32_t pairs)
{
    const struct schema *schema = walk->schema;
    struct record *record = walk->record;
    struct mp_reader reader = walk->reader;
    uint32_t present = 0;
    size_t field_count = schema->field_count;
    for (size_t index = 0; pairs > 0; index++, pairs--) {
        /* Fields before `index` may be there already; when it is there itself, the search says so. */
        if (UNLIKELY(index >= field_count || (present >> index & 1) != 0 ||
                     !take_key(&reader, &schema->fields[index].key))) {
            walk->reader = reader;
            record->present = present;
            uint32_t left = pairs;
            int found = next_field(walk, &left);
            if (found < 0)
                return -1;
            pairs = left;
            reader = walk->reader;
            index = (size_t)found;
            if (pairs == 0)
                break;
        }
        if (UNLIKELY(!read_value(&reader, &schema->fields[index], &record->values[index]))) {
            walk->reader = reader;
            return fail_field(walk, &schema->fields[index]);
        }
        present |= UINT32_C(1) << index;
    }
    walk->reader = reader;
    record->present = present;
    return 0;
}

static __attribute__((noinline)) int check_missing(struct walk *walk)
{
    for (size_t i = 0; i < walk->schema->field_count; i++)
        if (!record_has(walk->record, (int)i) && !walk->schema->fields[i].optional)
            return fail(walk, RECORD_MISSING_FIELD, &walk->schema->fields[i]);
    return 0;
}

int record_decode(const struct schema *schema, const void *payload, size_t length, struct record *record,
                  struct record_problem *problem)
{
    struct walk walk = {.schema = schema, .record = record, .problem = problem};
    record->schema = schema;
    record->present = 0;
    record->unknown_fields = 0;
    mp_init(&walk.reader, payload, length);
    uint32_t pairs = 0;
    if (UNLIKELY(length > RECORD_BYTES_MAX))
        return fail(&walk, RECORD_TOO_LARGE, NULL);
    if (UNLIKELY(!mp_read_map(&walk.reader, &pairs)))
        return fail_value(&walk, RECORD_NOT_A_MAP, NULL);
    if (UNLIKELY(pairs > RECORD_PAIRS_MAX))
        return fail(&walk, RECORD_TOO_MANY_FIELDS, NULL);
    if (UNLIKELY(read_pairs(&walk, pairs) != 0))
        return -1;
    if (UNLIKELY(!mp_at_end(&walk.reader)))
        return fail(&walk, RECORD_TRAILING_BYTES, NULL);
    if (UNLIKELY(record->present != (UINT32_C(1) << schema->field_count) - 1))
        return check_missing(&walk);
    return 0;
}
