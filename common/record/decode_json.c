/* The walk of decode.c over JSON. Members are expected in the order of the schema, as record_json and most
 * producers write them; anything else takes the search. An amount without digits of its own waits until the
 * exponent is known: JSON has no order.
 */
#include "common/clock.h"
#include "common/record/decode_private.h"
#include "common/record/forms.h"
#include "common/record/text.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define EXPONENT_USUAL 2

struct walk {
    struct js_reader reader;
    const struct schema *schema;
    struct record *record;
    struct record_problem *problem;
    struct js_scratch *scratch; /* NULL: none */
    uint64_t seen;              /* bits of slots */
    uint64_t nils;              /* of those, the ones without a value */
    uint64_t amounts;           /* of those, the ones that are still decimal text */
    unsigned depth;             /* of the objects around */
};

/* --- what went wrong ----------------------------------------------------------------------------------- */

static __attribute__((noinline, cold)) int fail(struct walk *walk, enum record_fault fault,
                                                const struct field *field, const char *json)
{
    *walk->problem = (struct record_problem){.fault = fault,
                                             .offset = (uint32_t)js_offset(&walk->reader),
                                             .field = field,
                                             .found = MP_END,
                                             .json = json};
    return -1;
}

/* The reader's last call failed. */
static __attribute__((noinline, cold)) int fail_reading(struct walk *walk, const struct field *field)
{
    static const enum record_fault faults[JS_FAULTS] = {
        [JS_TRUNCATED] = RECORD_TRUNCATED,          [JS_WRONG_TYPE] = RECORD_WRONG_TYPE,
        [JS_NOT_WHOLE] = RECORD_WRONG_TYPE,         [JS_OUT_OF_RANGE] = RECORD_OUT_OF_RANGE,
        [JS_NO_ROOM] = RECORD_NO_SCRATCH,           [JS_TOO_DEEP] = RECORD_TOO_DEEP,
        [JS_TRAILING_TEXT] = RECORD_TRAILING_BYTES,
    };
    enum js_fault js = walk->reader.fault;
    enum record_fault fault = faults[js] == RECORD_OK ? RECORD_NOT_JSON : faults[js];
    const char *found = js_fault_text(js);
    if (js == JS_WRONG_TYPE)
        found = js_type_name(js_peek(&walk->reader));
    else if (js == JS_NOT_WHOLE)
        found = "a number with a fraction or an exponent";
    return fail(walk, fault, field, found);
}

/* A reader of values failed: either the text is at fault, or it is no such value. */
static __attribute__((noinline, cold)) int fail_value(struct walk *walk, const struct js_reader *before,
                                                      const struct field *field)
{
    if (walk->reader.fault != JS_OK)
        return fail_reading(walk, field);
    walk->reader = *before;
    return fail(walk, RECORD_OUT_OF_RANGE, field, js_type_name(js_peek(&walk->reader)));
}

/* --- values -------------------------------------------------------------------------------------------- */

static bool read_text(struct walk *walk, const struct field *field, struct value *value)
{
    (void)field;
    return js_read_str(&walk->reader, walk->scratch, &value->text);
}

static bool read_uuid(struct walk *walk, const struct field *field, struct value *value)
{
    struct mp_view text;
    (void)field;
    return js_read_str(&walk->reader, walk->scratch, &text) && form_uuid(&text, value);
}

static bool read_integer(struct walk *walk, const struct field *field, struct value *value)
{
    (void)field;
    return js_read_int(&walk->reader, &value->integer);
}

static bool read_exponent(struct walk *walk, const struct field *field, struct value *value)
{
    return read_integer(walk, field, value) && value->integer >= 0 && value->integer <= EXPONENT_MOST;
}

static bool read_money(struct walk *walk, const struct field *field, struct value *value)
{
    struct mp_view text;
    bool quoted = js_peek(&walk->reader) == JS_STRING;
    bool read =
        quoted ? js_read_str(&walk->reader, walk->scratch, &text) : js_read_number(&walk->reader, &text);
    if (!read)
        return false;
    if (field->digits >= 0)
        return money_parse(text.data, text.length, field->digits, &value->integer) == 0;
    walk->amounts |= UINT64_C(1) << (field - walk->schema->fields);
    value->text = text;
    return true;
}

/* A number is one in the unit of the schema. */
static bool read_time(struct walk *walk, const struct field *field, struct value *value)
{
    struct mp_view text;
    int64_t count;
    bool counted = field->form == FORM_INTEGER || field->form == FORM_TIME_UNIT;
    if (counted && js_peek(&walk->reader) == JS_NUMBER)
        return js_read_int(&walk->reader, &count) &&
               form_unit(count, field->form == FORM_INTEGER ? 1 : field->unit_us, value);
    return js_read_str(&walk->reader, walk->scratch, &text) &&
           clock_parse_iso8601(text.data, text.length, &value->integer) == 0;
}

static bool read_boolean(struct walk *walk, const struct field *field, struct value *value)
{
    bool is_true;
    (void)field;
    if (!js_read_bool(&walk->reader, &is_true))
        return false;
    value->integer = is_true;
    return true;
}

static bool read_number(struct walk *walk, const struct field *field, struct value *value)
{
    (void)field;
    return js_read_double(&walk->reader, &value->number);
}

/* Hexadecimal digits, decoded into the scratch: in place when they had escapes and are there already. */
static bool read_bytes(struct walk *walk, const struct field *field, struct value *value)
{
    struct js_reader before = walk->reader;
    struct js_scratch none = {NULL, 0, 0};
    struct js_scratch *scratch = walk->scratch == NULL ? &none : walk->scratch;
    size_t used = scratch->used;
    (void)field;
    if (!js_read_str(&walk->reader, walk->scratch, &value->text))
        return false;
    uint32_t bytes = value->text.length / 2;
    if (bytes > scratch->size - used) {
        walk->reader = before;
        return js_fail(&walk->reader, JS_NO_ROOM);
    }
    if (value->text.length == 0)
        return true;
    if (!hex_parse(value->text.data, value->text.length, scratch->bytes + used))
        return false;
    value->text = (struct mp_view){scratch->bytes + used, bytes};
    scratch->used = used + bytes;
    return true;
}

static bool read_any(struct walk *walk, const struct field *field, struct value *value)
{
    struct mp_view text;
    (void)field;
    if (!js_read_any(&walk->reader, JS_DEPTH_MAX - walk->depth, &text))
        return false;
    value_set_any(value, text.data, text.length, true);
    return true;
}

static bool (*const readers[FIELD_TYPES])(struct walk *, const struct field *, struct value *) = {
    [FIELD_STRING] = read_text,   [FIELD_UUID] = read_uuid,     [FIELD_INTEGER] = read_integer,
    [FIELD_MONEY] = read_money,   [FIELD_CURRENCY] = read_text, [FIELD_EXPONENT] = read_exponent,
    [FIELD_ENUM] = read_text,     [FIELD_TIME] = read_time,     [FIELD_BOOLEAN] = read_boolean,
    [FIELD_NUMBER] = read_number, [FIELD_BYTES] = read_bytes,   [FIELD_ANY] = read_any,
};

/* --- members ------------------------------------------------------------------------------------------- */

/* The slots of one object. */
struct level {
    const struct schema_slot *first, *last;
};

static int read_object(struct walk *walk, const struct level *level, const struct field *field);

static bool may_lack(const struct walk *walk, const struct schema_slot *slot)
{
    if (slot->form == FORM_MAP)
        return (walk->schema->wanted & slot->inside) == 0;
    return slot->form != FORM_ANY && walk->schema->fields[slot->field].optional;
}

/* An object inside. It recurses as deep as the schema is, which SCHEMA_DEPTH_MAX bounds. */
static int read_inside(struct walk *walk, const struct schema_slot *slot)
{
    const struct level level = {slot + 1, walk->schema->slots + slot->end};
    walk->depth++;
    int result = read_object(walk, &level, &walk->schema->fields[slot->field]);
    walk->depth--;
    return result;
}

static int read_member(struct walk *walk, const struct schema_slot *slot)
{
    const struct field *field = &walk->schema->fields[slot->field];
    enum js_type type = js_peek(&walk->reader);
    struct js_reader before = walk->reader;
    walk->seen |= slot->bit;
    if (UNLIKELY(type == JS_NULL && may_lack(walk, slot))) {
        walk->nils |= slot->bit;
        return js_read_null(&walk->reader) ? 0 : fail_reading(walk, field);
    }
    if (slot->form == FORM_MAP)
        return read_inside(walk, slot);
    if (LIKELY(readers[field->type](walk, field, &walk->record->values[slot->field])))
        return 0;
    return fail_value(walk, &before, field);
}

/* Its name is read, and nothing knows it. */
static int skip_unknown(struct walk *walk)
{
    walk->record->unknown_fields++;
    return js_step(&walk->reader, JS_DEPTH_MAX - walk->depth) ? 0 : fail_reading(walk, NULL);
}

static const struct schema_slot_name *name_of(const struct walk *walk, const struct schema_slot *slot)
{
    return &walk->schema->slot_names[slot - walk->schema->slots];
}

static const struct schema_slot *find_slot(const struct walk *walk, const struct level *level,
                                           const struct mp_view *key)
{
    const struct schema_slot *slot = level->first;
    for (; slot < level->last; slot = walk->schema->slots + slot->end) {
        const struct schema_slot_name *name = name_of(walk, slot);
        if (name->length == key->length && memcmp(name->text, key->data, key->length) == 0)
            return slot;
    }
    return NULL;
}

/* Another name than the expected one. The name's own scratch is free again. */
static __attribute__((noinline)) int read_other(struct walk *walk, const struct level *level,
                                                const struct schema_slot **found)
{
    struct mp_view key = {.data = "", .length = 0};
    size_t used = walk->scratch == NULL ? 0 : walk->scratch->used;
    js_skip_blanks(&walk->reader);
    struct js_reader before = walk->reader;
    if (!js_read_key(&walk->reader, walk->scratch, &key)) {
        const char *found_there = js_type_name(js_peek(&walk->reader));
        bool other = walk->reader.fault == JS_EXPECTED_NAME;
        return other ? fail(walk, RECORD_KEY_NOT_STRING, NULL, found_there) : fail_reading(walk, NULL);
    }
    *found = find_slot(walk, level, &key);
    if (walk->scratch != NULL)
        walk->scratch->used = used;
    if (*found == NULL || (walk->seen & (*found)->bit) == 0)
        return 0;
    walk->reader = before;
    return fail(walk, RECORD_DUPLICATE_FIELD, &walk->schema->fields[(*found)->field], "");
}

/* True, and the name is read, when the next member is that one. */
static bool take_expected(struct walk *walk, const struct level *level, const struct schema_slot *slot)
{
    if (slot >= level->last || (walk->seen & slot->bit) != 0)
        return false;
    const struct schema_slot_name *name = name_of(walk, slot);
    return js_take_key(&walk->reader, name->json, name->json_length - 1); /* without the colon */
}

/* Who writes JSON leaves the exponent out. */
static const struct schema_slot *expected_slot(const struct level *level, const struct schema_slot *slot)
{
    while (slot < level->last && slot->form == FORM_EXPONENT)
        slot++;
    return slot;
}

static int read_object(struct walk *walk, const struct level *level, const struct field *field)
{
    const struct schema_slot *slot = level->first;
    bool more;
    if (UNLIKELY(!js_enter(&walk->reader, JS_OBJECT, &more)))
        return walk->reader.fault == JS_WRONG_TYPE
                   ? fail(walk, RECORD_NOT_A_MAP, field, js_type_name(js_peek(&walk->reader)))
                   : fail_reading(walk, field);
    for (size_t pairs = 1; more; pairs++) {
        const struct schema_slot *found = expected_slot(level, slot);
        if (UNLIKELY(pairs > RECORD_PAIRS_MAX))
            return fail(walk, RECORD_TOO_MANY_FIELDS, NULL, "");
        if (UNLIKELY(!take_expected(walk, level, found)) && read_other(walk, level, &found) == -1)
            return -1;
        if (UNLIKELY((found == NULL ? skip_unknown(walk) : read_member(walk, found)) == -1))
            return -1;
        slot = found == NULL ? slot : walk->schema->slots + found->end;
        if (UNLIKELY(!js_more(&walk->reader, JS_OBJECT, &more)))
            return fail_reading(walk, NULL);
    }
    return 0;
}

/* --- amounts ------------------------------------------------------------------------------------------- */

static int written_digits(const struct mp_view *amount)
{
    const char *point = amount->length == 0 ? NULL : memchr(amount->data, '.', amount->length);
    return point == NULL ? 0 : (int)(amount->data + amount->length - point) - 1;
}

/* What the currency has; without one that is known, what is usual. */
static int usual_exponent(const struct record *record)
{
    int index = schema_type_index(record->schema, FIELD_CURRENCY);
    const struct mp_view *code = index < 0 ? NULL : &record->values[index].text;
    int exponent = record_has(record, index) && code->length == 3 ? currency_exponent(code->data) : -1;
    return exponent < 0 ? EXPONENT_USUAL : exponent;
}

/* No amount loses a digit by it. */
static int find_exponent(const struct walk *walk)
{
    int exponent = usual_exponent(walk->record);
    for (uint64_t left = walk->amounts; left != 0; left &= left - 1) {
        int digits = written_digits(&walk->record->values[__builtin_ctzll(left)].text);
        exponent = digits > exponent && digits <= EXPONENT_MOST ? digits : exponent;
    }
    return exponent;
}

/* The amount at fault: where it stands, when it is not in the scratch. */
static int fail_amount(struct walk *walk, const struct field *field, const struct mp_view *amount)
{
    const uint8_t *at = (const uint8_t *)amount->data;
    if (at >= walk->reader.start && at < walk->reader.end)
        walk->reader.at = at;
    return fail(walk, RECORD_OUT_OF_RANGE, field, "");
}

static int convert_amounts(struct walk *walk, int exponent)
{
    for (uint64_t left = walk->amounts; left != 0; left &= left - 1) {
        size_t index = (size_t)__builtin_ctzll(left);
        struct value *value = &walk->record->values[index];
        struct mp_view amount = value->text;
        if (money_parse(amount.data, amount.length, exponent, &value->integer) != 0)
            return fail_amount(walk, &walk->schema->fields[index], &amount);
    }
    return 0;
}

/* The exponent was left out, and is not another's to say. */
static bool lacks_exponent(const struct walk *walk, int index)
{
    if (index < 0 || record_has(walk->record, index))
        return false;
    const struct field *field = &walk->schema->fields[index];
    return walk->amounts != 0 || !(field->optional || field->defaulted);
}

/* --- the record ---------------------------------------------------------------------------------------- */

static __attribute__((noinline, cold)) int fail_record(struct walk *walk)
{
    static const enum record_fault faults[] = {[FOREIGN_NOT] = RECORD_OK,
                                               [FOREIGN_JSON] = RECORD_OK,
                                               [FOREIGN_MSGPACK] = RECORD_IS_MSGPACK,
                                               [FOREIGN_CONFLUENT] = RECORD_IS_CONFLUENT};
    const uint8_t *start = walk->reader.start;
    enum record_fault fault = faults[foreign_kind(start, (size_t)(walk->reader.end - start))];
    if (fault == RECORD_OK)
        return -1;
    walk->reader.at = start;
    return fail(walk, fault, NULL, "");
}

/* Defaults first: the currency may be one. */
static int finish(struct walk *walk)
{
    struct record *record = walk->record;
    int index = schema_type_index(walk->schema, FIELD_EXPONENT);
    record->present = walk->seen & walk->schema->all & ~walk->nils;
    bool lacks = lacks_exponent(walk, index);
    record->present |= lacks ? UINT64_C(1) << index : 0;
    if (UNLIKELY((walk->schema->wanted & ~record->present) != 0)) {
        const struct field *missing = record_fill_in(record);
        if (missing != NULL)
            return fail(walk, RECORD_MISSING_FIELD, missing, "");
    }
    if (lacks)
        record->values[index].integer = find_exponent(walk);
    return walk->amounts == 0 ? 0 : convert_amounts(walk, (int)record->values[index].integer);
}

int record_decode_json(const struct schema *schema, const void *payload, size_t length,
                       struct js_scratch *scratch, struct record *record, struct record_problem *problem)
{
    struct walk walk = {
        .schema = schema, .record = record, .problem = problem, .scratch = scratch, .depth = 1};
    const struct level level = {schema->slots, schema->slots + schema->slot_count};
    if (schema->raw)
        return record_decode(schema, payload, length, record, problem);
    record->schema = schema;
    record->present = 0;
    record->unknown_fields = 0;
    js_init(&walk.reader, payload, length < RECORD_BYTES_MAX ? length : RECORD_BYTES_MAX);
    if (UNLIKELY(length > RECORD_BYTES_MAX))
        return fail(&walk, RECORD_TOO_LARGE, NULL, "");
    if (UNLIKELY(read_object(&walk, &level, NULL) == -1))
        return walk.reader.at == walk.reader.start ? fail_record(&walk) : -1;
    if (UNLIKELY(!js_end(&walk.reader)))
        return fail_reading(&walk, NULL);
    return finish(&walk);
}
