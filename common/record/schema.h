/* schema.h: the record schemas. One table per workload says everything about a record: what its fields are
 * called, how they are typed, bounded and generated, which of them is the partition key, and how it is told
 * to a person. Encoding, decoding, validation, JSON, the human line and the generator all walk this table; no
 * field name is written twice.
 *
 * The tables are constants: any thread, any time.
 */
#ifndef KSUPERVISE_COMMON_RECORD_SCHEMA_H
#define KSUPERVISE_COMMON_RECORD_SCHEMA_H

#include "common/error.h"
#include "common/msgpack/reader.h"

#define RECORD_FIELDS_MAX 16

enum field_type {
    FIELD_STRING,  /* UTF-8 text of `minimum` to `maximum` bytes */
    FIELD_UUID,    /* 16 bytes, MessagePack bin; shown as 8-4-4-4-12 */
    FIELD_INTEGER, /* int64, within minimum … maximum */
    FIELD_MONEY, /* int64 minor units, within minimum … maximum; its exponent is the record's `exponent` field
                  */
    FIELD_CURRENCY, /* ISO 4217 code, three capitals */
    FIELD_EXPONENT, /* digits after the decimal point, 0 … 4 */
    FIELD_ENUM,     /* one of `choices`, as text on the wire */
    FIELD_TIME      /* int64 microseconds since the epoch, UTC */
};
#define FIELD_TYPES (FIELD_TIME + 1)

/* A field's name as it stands on the wire: MessagePack's one-byte string header, then the name, padded with
 * zeros so that 16 bytes can be loaded, compared under the mask, and stored at once. */
#define FIELD_KEY_BYTES 16
struct field_key {
    uint8_t header; /* 0xa0 | length */
    char name[FIELD_KEY_BYTES - 1];
    uint64_t mask[2]; /* all ones over the bytes that count; little-endian, so the first byte is the lowest */
    size_t bytes;     /* header and name */
};

/* How a field appears in the human line (text.h). `place` 1 comes first; 0: not shown. */
enum field_style {
    STYLE_PLAIN,
    STYLE_SIGNED /* money with its sign and the currency's symbol in front: $+150.50 */
};
struct field_shown {
    uint8_t place;
    enum field_style style;
    int8_t width; /* in columns; right-aligned, or left-aligned when negative */
    const char *before, *after;
};

/* One word of a list; a text of NULL ends the list. */
struct choice {
    const char *text;
    size_t length;
};

/* What generate.h draws. Enums are drawn from their choices, identifiers and times are made. */
struct field_made {
    const struct choice *samples; /* texts, currencies: one of these. A currency without: its fallback */
    int64_t minimum, maximum;     /* integers and money: uniformly among these */
    const char *serial;           /* strings: this and a running number, TXN-45678 */
};

struct field {
    const char *name;  /* on the wire: "amount_minor" */
    const char *label; /* for people, in JSON and flags: "amount". The same as the name but for money */
    struct field_key key;
    enum field_type type;
    bool optional;
    bool is_key;
    int64_t minimum, maximum;
    const struct choice *choices; /* FIELD_ENUM: ends with a text of NULL */
    const char *fallback; /* text that people may leave out (a transaction's currency is USD), or NULL */
    struct field_made made;
    struct field_shown shown;
};

/* True when its value is text, on the wire and in struct value. */
static inline bool field_is_text(const struct field *field)
{
    return field->type == FIELD_STRING || field->type == FIELD_CURRENCY || field->type == FIELD_ENUM;
}

struct schema {
    const char *name;     /* "payment" */
    int major;            /* 1: header `payment/1` */
    const char *workload; /* "payments": what --workload says */
    const char *topic;    /* default topic */
    const char *noun_plural;
    const struct field *fields;
    size_t field_count;
    size_t key_field;       /* index of the field that is the partition key */
    const char *line_start; /* how the human line begins */
    bool line_numbered;     /* it begins with the running number: [   1] */
};

/* NULL when there is none. */
const struct schema *schema_by_workload(const char *workload);
/* The same for what a user said: a usage error that lists the workloads when there is none of that name. */
const struct schema *schema_require(const char *workload, struct error *error);
const struct schema *schema_by_name(const char *name, size_t length);
const struct schema *schema_at(size_t index); /* NULL past the last: for listings */

/* Index of the field whose wire name that is, or -1. */
int schema_field_index(const struct schema *schema, const char *name, size_t length);
/* Index of the field that people call so ("amount"), or -1. */
int schema_label_index(const struct schema *schema, const char *label, size_t length);
/* Index of the first field of that type, or -1. */
int schema_type_index(const struct schema *schema, enum field_type type);

/* True for currency and exponent: what an amount in text means depends on them, so they are set before it. */
bool schema_label_scales_money(const struct schema *schema, const char *label);

/* The headers of a record's message. */
#define HEADER_SCHEMA   "schema"   /* "payment/1" */
#define HEADER_PRODUCER "producer" /* who made it: --name */
#define HEADER_SEQ      "seq"      /* that producer's number for it, in decimal */

/* The value of HEADER_SCHEMA. Returns its length, without a NUL. */
#define SCHEMA_HEADER_BYTES 32
size_t schema_header(const struct schema *schema, char header[SCHEMA_HEADER_BYTES]);

/* Parses it. SCHEMA_KNOWN sets *schema; SCHEMA_UNKNOWN_MAJOR sets it to the schema
 * of that name that is known, for the error text. */
enum schema_match { SCHEMA_KNOWN, SCHEMA_UNKNOWN_NAME, SCHEMA_UNKNOWN_MAJOR, SCHEMA_MALFORMED };
enum schema_match schema_from_header(const void *value, size_t length, const struct schema **schema);

#endif
