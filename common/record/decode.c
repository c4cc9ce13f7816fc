/* The one walk over a payload. The hot path expects fields in the order of the schema, as our own encoder and
 * every encoder that fills a struct writes them, and compares 16 bytes of key at once; anything else takes
 * the search. What went wrong is found out in functions apart, so that the good case carries nothing of it.
 */
#include "common/record/decode_private.h"
#include "common/record/forms.h"
#include "common/record/record.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
/* In the walk of the record and in that of a map inside: left to itself the compiler inlines neither, and the
 * cursor lives in memory. */
#define INLINE inline __attribute__((always_inline))

/* What the functions apart need. The cursor that moves is a local variable of read_level, so that it lives in
 * registers; `reader` here is its copy at the moment of such a call, and so is `seen`. */
struct walk {
    struct mp_reader reader;
    const struct schema *schema;
    struct record *record;
    struct record_problem *problem;
    uint64_t seen;  /* bits of slots */
    uint64_t nils;  /* of those, the ones without a value */
    unsigned depth; /* of the maps around */
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

static __attribute__((noinline, cold)) int fail_step(struct walk *walk, unsigned depth,
                                                     const struct field *field)
{
    static const enum record_fault faults[] = {[MP_TRUNCATED] = RECORD_TRUNCATED,
                                               [MP_TOO_DEEP] = RECORD_TOO_DEEP,
                                               [MP_INVALID] = RECORD_INVALID_BYTE};
    enum mp_fault fault = mp_step(&walk->reader, depth);
    return fault == MP_OK ? 0 : fail(walk, faults[fault], field);
}

static __attribute__((noinline, cold)) int fail_field(struct walk *walk, const struct field *field)
{
    if (field->form == FORM_ANY)
        return fail_step(walk, MP_DEPTH_MAX - walk->depth, field);
    bool fits = form_takes(field->form, mp_peek(&walk->reader));
    return fail_value(walk, fits ? RECORD_OUT_OF_RANGE : RECORD_WRONG_TYPE, field);
}

/* The forms that most fields have not. Returns what follows the value, NULL when it is none of the field's.
 */
static __attribute__((noinline)) const uint8_t *read_rare(struct mp_reader reader, const struct field *field,
                                                          unsigned depth, struct value *value)
{
    bool read = field->form == FORM_ANY ? form_read_any(&reader, MP_DEPTH_MAX - depth, value)
                                        : form_read(&reader, field, value);
    return read ? reader.at : NULL;
}

/* False leaves the cursor before the value; so does a map. */
static INLINE bool read_value(struct mp_reader *reader, const struct walk *walk,
                              const struct schema_slot *slot, struct value *value)
{
    struct mp_reader before = *reader;
    struct mp_view raw;
    const uint8_t *after;
    switch (slot->form) {
    case FORM_TEXT:
        return mp_read_str(reader, &value->text);
    case FORM_UUID:
        if (!mp_read_bin(reader, &raw))
            return false;
        if (LIKELY(raw.length == sizeof value->uuid)) {
            memcpy(value->uuid, raw.data, sizeof value->uuid);
            return true;
        }
        break;
    case FORM_EXPONENT:
        if (!mp_read_int(reader, &value->integer))
            return false;
        if (LIKELY(value->integer >= 0 && value->integer <= EXPONENT_MOST))
            return true;
        break;
    case FORM_INTEGER:
        return mp_read_int(reader, &value->integer);
    case FORM_MAP:
        return false;
    default:
        after = read_rare(*reader, &walk->schema->fields[slot->field], walk->depth, value);
        reader->at = after != NULL ? after : reader->at;
        return after != NULL;
    }
    *reader = before;
    return false;
}

/* Steps over the key when that is what comes next in its usual encoding. */
static INLINE bool take_key(struct mp_reader *reader, const struct schema_slot *key)
{
    if (UNLIKELY(mp_left(reader) < FIELD_KEY_BYTES)) {
        if (mp_left(reader) < key->bytes || memcmp(reader->at, key->first, key->bytes) != 0)
            return false;
    } else {
        uint64_t wanted[2];
        uint64_t found[2];
        memcpy(wanted, key->first, sizeof wanted);
        memcpy(found, reader->at, sizeof found);
        if ((((found[0] ^ wanted[0]) & key->mask[0]) | ((found[1] ^ wanted[1]) & key->mask[1])) != 0)
            return false;
        if (UNLIKELY(key->bytes > FIELD_KEY_BYTES) &&
            (mp_left(reader) < key->bytes ||
             memcmp(reader->at + FIELD_KEY_BYTES, key->rest, (size_t)key->bytes - FIELD_KEY_BYTES) != 0))
            return false;
    }
    reader->at += key->bytes;
    return true;
}

/* --- the slow way -------------------------------------------------------------------------------------- */

/* One map of the record: its slots, and how many pairs of it are still to come. */
struct level {
    const struct schema_slot *first, *last;
    uint32_t pairs;
};

static const struct schema_slot *find_slot(const struct walk *walk, const struct level *level,
                                           const struct mp_view *key)
{
    for (const struct schema_slot *slot = level->first; slot < level->last;
         slot = walk->schema->slots + slot->end)
        if (slot_is_named(slot, key->data, key->length))
            return slot;
    return NULL;
}

/* Fields in another order, optional ones left out, unknown ones, keys in longer encodings. Sets *found to the
 * slot whose value comes next, NULL when that is unknown. -1 with the problem. */
static __attribute__((noinline)) int find_field(struct walk *walk, const struct level *level,
                                                const struct schema_slot **found)
{
    struct mp_reader before = walk->reader;
    struct mp_view key;
    if (!mp_read_str(&walk->reader, &key))
        return fail_value(walk, RECORD_KEY_NOT_STRING, NULL);
    *found = find_slot(walk, level, &key);
    if (*found != NULL && (walk->seen & (*found)->bit) != 0) {
        walk->reader = before;
        return fail(walk, RECORD_DUPLICATE_FIELD, &walk->schema->fields[(*found)->field]);
    }
    return 0;
}

/* The record itself is one level. */
static __attribute__((noinline)) int skip_unknown(struct walk *walk)
{
    walk->record->unknown_fields++;
    return fail_step(walk, MP_DEPTH_MAX - walk->depth, NULL);
}

/* To the next field that is known; NULL when the pairs are used up. -1 with the problem. */
static __attribute__((noinline)) int next_field(struct walk *walk, struct level *level,
                                                const struct schema_slot **found)
{
    for (*found = NULL; level->pairs > 0; level->pairs--) {
        if (find_field(walk, level, found) == -1)
            return -1;
        if (*found != NULL)
            return 0;
        if (skip_unknown(walk) == -1)
            return -1;
    }
    return 0;
}

static int read_map(struct walk *walk, const struct schema_slot *slot);

/* A value that is none: a map, or nothing where nothing may be. */
static __attribute__((noinline)) int read_other(struct walk *walk, const struct schema_slot *slot)
{
    const struct field *field = &walk->schema->fields[slot->field];
    bool is_map = slot->form == FORM_MAP;
    bool may_lack = is_map ? (walk->schema->wanted & slot->inside) == 0 : field->optional;
    if (may_lack && mp_peek(&walk->reader) == MP_NIL) {
        mp_read_nil(&walk->reader);
        walk->nils |= slot->bit;
    } else if (!is_map) {
        return fail_field(walk, field);
    } else if (read_map(walk, slot) == -1) {
        return -1;
    }
    walk->seen |= slot->bit;
    return 0;
}

/* --- the walk ------------------------------------------------------------------------------------------ */

static INLINE int read_level(struct walk *walk, struct level level)
{
    const struct schema_slot *slots = walk->schema->slots;
    struct value *values = walk->record->values;
    struct mp_reader reader = walk->reader;
    uint64_t seen = walk->seen;
    for (const struct schema_slot *slot = level.first; level.pairs > 0; slot++, level.pairs--) {
        /* Fields before `slot` may be there already; when it is there itself, the search says so. */
        if (UNLIKELY(slot == level.last || (seen & slot->bit) != 0 || !take_key(&reader, slot))) {
            struct level left = level;
            const struct schema_slot *found;
            walk->reader = reader;
            walk->seen = seen;
            if (next_field(walk, &left, &found) == -1)
                return -1;
            level.pairs = left.pairs;
            reader = walk->reader;
            if (found == NULL)
                break;
            slot = found;
        }
        if (UNLIKELY(!read_value(&reader, walk, slot, &values[slot->field]))) {
            walk->reader = reader;
            walk->seen = seen;
            if (read_other(walk, slot) == -1)
                return -1;
            reader = walk->reader;
            seen = walk->seen;
            slot = slots + slot->end - 1;
            continue;
        }
        seen |= slot->bit;
    }
    walk->reader = reader;
    walk->seen = seen;
    return 0;
}

static inline int check_pairs(struct walk *walk, uint32_t pairs)
{
    return UNLIKELY(pairs > RECORD_PAIRS_MAX) ? fail(walk, RECORD_TOO_MANY_FIELDS, NULL) : 0;
}

/* A map inside. It recurses as deep as the schema is, which SCHEMA_DEPTH_MAX bounds. */
static __attribute__((noinline)) int read_map(struct walk *walk, const struct schema_slot *slot)
{
    struct level level = {slot + 1, walk->schema->slots + slot->end, 0};
    if (!mp_read_map(&walk->reader, &level.pairs))
        return fail_value(walk, RECORD_NOT_A_MAP, &walk->schema->fields[slot->field]);
    if (check_pairs(walk, level.pairs) == -1)
        return -1;
    walk->depth++;
    int result = read_level(walk, level);
    walk->depth--;
    return result;
}

static __attribute__((noinline)) int fill_in(struct walk *walk)
{
    const struct field *missing = record_fill_in(walk->record);
    return missing == NULL ? 0 : fail(walk, RECORD_MISSING_FIELD, missing);
}

/* No map: is it something else that is known? */
static __attribute__((noinline, cold)) int fail_record(struct walk *walk)
{
    static const enum record_fault faults[] = {[FOREIGN_NOT] = RECORD_OK,
                                               [FOREIGN_JSON] = RECORD_IS_JSON,
                                               [FOREIGN_MSGPACK] = RECORD_OK,
                                               [FOREIGN_CONFLUENT] = RECORD_IS_CONFLUENT};
    enum record_fault fault = faults[foreign_kind(walk->reader.at, mp_left(&walk->reader))];
    return fault == RECORD_OK ? fail_value(walk, RECORD_NOT_A_MAP, NULL) : fail(walk, fault, NULL);
}

/* Without a schema the payload is the value. */
static int decode_raw(const void *payload, size_t length, struct record *record)
{
    record->values[0].text = (struct mp_view){payload, (uint32_t)length};
    record->present = 1;
    return 0;
}

int record_decode(const struct schema *schema, const void *payload, size_t length, struct record *record,
                  struct record_problem *problem)
{
    struct walk walk = {.schema = schema, .record = record, .problem = problem, .depth = 1};
    struct level level = {schema->slots, schema->slots + schema->slot_count, 0};
    record->schema = schema;
    record->present = 0;
    record->unknown_fields = 0;
    mp_init(&walk.reader, payload, length);
    if (UNLIKELY(length > RECORD_BYTES_MAX && !schema->raw))
        return fail(&walk, RECORD_TOO_LARGE, NULL);
    if (UNLIKELY(schema->raw))
        return decode_raw(payload, length, record);
    if (UNLIKELY(!mp_read_map(&walk.reader, &level.pairs)))
        return fail_record(&walk);
    if (UNLIKELY(check_pairs(&walk, level.pairs) != 0 || read_level(&walk, level) != 0))
        return -1;
    if (UNLIKELY(!mp_at_end(&walk.reader)))
        return fail(&walk, RECORD_TRAILING_BYTES, NULL);
    record->present = walk.seen & schema->all & ~walk.nils;
    if (UNLIKELY((schema->wanted & ~record->present) != 0))
        return fill_in(&walk);
    return 0;
}
