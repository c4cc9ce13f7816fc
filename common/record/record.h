/* record.h: one decoded record, and the three things done to it in bulk: decode, validate, encode. The hot
 * path and the trust boundary of the project.
 *
 * A record holds views into the payload that it was decoded from: it is valid as long as those bytes are.
 * Nothing here allocates. Any thread; no shared state.
 */
#ifndef KSUPERVISE_COMMON_RECORD_RECORD_H
#define KSUPERVISE_COMMON_RECORD_RECORD_H

#include "common/json/reader.h"
#include "common/record/schema.h"

struct record {
    const struct schema *schema;
    uint64_t present;                       /* bit i: field i was there */
    uint32_t unknown_fields;                /* skipped: a newer producer wrote them */
    struct value values[RECORD_FIELDS_MAX]; /* as many as the schema has fields are used: record_bytes */
};

/* The bytes that a record of that schema takes: batches hold no more, and assign no whole struct. */
static inline size_t record_bytes(const struct schema *schema)
{
    return offsetof(struct record, values) + schema->field_count * sizeof(struct value);
}

/* Why a payload was refused. Filled without formatting: formatting is for the few that are shown. */
enum record_fault {
    RECORD_OK = 0,
    RECORD_TRUNCATED,
    RECORD_NOT_A_MAP,
    RECORD_TOO_LARGE,       /* payload beyond RECORD_BYTES_MAX */
    RECORD_TOO_MANY_FIELDS, /* more than RECORD_PAIRS_MAX, known or not */
    RECORD_KEY_NOT_STRING,
    RECORD_WRONG_TYPE,
    RECORD_OUT_OF_RANGE, /* integer that does not fit, text too long, not in the list, bad currency … */
    RECORD_BAD_UTF8,
    RECORD_MISSING_FIELD,
    RECORD_DUPLICATE_FIELD,
    RECORD_TOO_DEEP,
    RECORD_TRAILING_BYTES,
    RECORD_INVALID_BYTE, /* 0xc1, which MessagePack never uses */
    RECORD_NOT_JSON,     /* `json` says why */
    RECORD_NO_SCRATCH,   /* JSON: no room for a string with escapes, or for bytes */
    RECORD_IS_JSON,      /* where MessagePack was expected */
    RECORD_IS_MSGPACK,   /* where JSON was expected */
    RECORD_IS_CONFLUENT  /* framed for Confluent's schema registry */
};
#define RECORD_FAULTS (RECORD_IS_CONFLUENT + 1)

#define RECORD_BYTES_MAX (1024 * 1024)
#define RECORD_PAIRS_MAX 1024

struct record_problem {
    enum record_fault fault;
    uint32_t offset;           /* byte in the payload; 0 for validate */
    const struct field *field; /* NULL when none was identified */
    enum mp_type found;        /* in MessagePack */
    const char
        *json; /* in JSON: what was found, or what is wrong with it; NULL for MessagePack. Constant text */
};

/* Decodes and checks types and structure, and what printing relies on: a UUID has 16 bytes, an exponent is 0
 * … 4. Unknown fields are stepped over; the whole may nest MP_DEPTH_MAX deep. 0, or -1 with the problem. */
int record_decode(const struct schema *schema, const void *payload, size_t length, struct record *record,
                  struct record_problem *problem);

/* The same of a value that is JSON. Fields go by their labels and have people's forms, as record_json writes
 * them: amounts are decimals, times ISO 8601 (or an integer, in the unit of the schema's form), UUIDs text,
 * bytes hexadecimal. The exponent may be left out: it is the currency's then, or as many digits as the
 * amounts have when those are more. Texts are views into the payload; a string with escapes, and bytes, are
 * written into `scratch` (behind `used`, which the caller sets to 0 and resets when those records are done
 * with). As many bytes as the payload has always suffice; RECORD_NO_SCRATCH when they run out, and the same
 * call with a scratch of that size then succeeds. NULL: there is none. */
int record_decode_json(const struct schema *schema, const void *payload, size_t length,
                       struct js_scratch *scratch, struct record *record, struct record_problem *problem);

/* The bounds of the schema: ranges, lengths, lists, UTF-8, nothing required missing. A record that was
 * decoded but breaks them is readable and wrong. 0, or -1 with the problem. */
int record_validate(const struct record *record, struct record_problem *problem);

/* The same for one value. */
enum record_fault value_check(const struct field *field, const struct value *value);

/* "byte 17: field amount_minor: expected an integer, found a string" */
void record_problem_text(const struct record_problem *problem, char *text, size_t bytes);

/* Packs with msgpack-c into the caller's buffer: the fields that are present, in the schema's order, each
 * integer in its shortest format. Returns the length, or 0 when it does not fit. RECORD_ENCODED_MAX always
 * suffices for a valid record of the built-in schemas. */
size_t record_encode(const struct record *record, void *buffer, size_t bytes);
#define RECORD_ENCODED_MAX (64 * 1024)

/* The partition key as text ("marek", "1234"), into `buffer`, without a NUL; returns its length, 0 when the
 * record has no key. The schemas bound keys below RECORD_KEY_BYTES; the key of a record that was not
 * validated is cut there. */
#define RECORD_KEY_BYTES 256
size_t record_key(const struct record *record, char buffer[RECORD_KEY_BYTES]);

static inline bool record_has(const struct record *record, int field)
{
    return field >= 0 && (record->present >> field & 1) != 0;
}

/* Digits behind the point of that amount: the field's own, or what the record's exponent says; 0 without one.
 */
int record_digits(const struct record *record, const struct field *field);

#endif
