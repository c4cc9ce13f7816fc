/* schema.h: what a record is. A schema is a text (SCHEMA.md), a line a field; it says what the fields are
 * called, how they are typed, bounded and generated, which of them is the partition key, and how a record is
 * told to a person. Encoding, decoding, validation, JSON, the human line and the generator all walk what was
 * read from that text (schema_parse.h); no field name is written twice. The four workloads are such texts,
 * part of the program.
 *
 * A schema is constant once it is read: any thread, any time.
 */
#ifndef KSUPERVISE_COMMON_RECORD_SCHEMA_H
#define KSUPERVISE_COMMON_RECORD_SCHEMA_H

#include "common/error.h"
#include "common/msgpack/reader.h"

#define RECORD_FIELDS_MAX 64  /* fields, and maps around them, together */
#define SCHEMA_DEPTH_MAX  8   /* maps within each other, the record being one */
#define SCHEMA_NAME_MAX   127 /* bytes of a field's name; each part of a path */
#define SCHEMA_PATH_MAX   255 /* bytes of a path */

/* What a value means. */
enum field_type {
    FIELD_STRING,   /* UTF-8 text of `minimum` to `maximum` bytes */
    FIELD_UUID,     /* shown as 8-4-4-4-12 */
    FIELD_INTEGER,  /* int64, within minimum … maximum */
    FIELD_MONEY,    /* int64 minor units, within minimum … maximum; `digits` says where the point is */
    FIELD_CURRENCY, /* ISO 4217 code, three capitals */
    FIELD_EXPONENT, /* digits after the decimal point, 0 … 4 */
    FIELD_ENUM,     /* one of `choices`, as text on the wire */
    FIELD_TIME,     /* int64 microseconds since the epoch, UTC */
    FIELD_BOOLEAN,  /* 0 or 1 */
    FIELD_NUMBER,   /* IEEE double, finite, within low … high */
    FIELD_BYTES,    /* `minimum` to `maximum` bytes */
    FIELD_ANY       /* whatever is there, kept whole */
};
#define FIELD_TYPES (FIELD_ANY + 1)

/* How it stands on the wire. The first four are the hot path's; the others are read out of line. */
enum field_form {
    FORM_TEXT,      /* str */
    FORM_INTEGER,   /* any integer that fits in int64 */
    FORM_UUID,      /* bin of 16 bytes */
    FORM_EXPONENT,  /* integer 0 … 4 */
    FORM_UUID_TEXT, /* str, 8-4-4-4-12 */
    FORM_DECIMAL,   /* money as str: "249.99" */
    FORM_TIME_UNIT, /* integer in other units than microseconds */
    FORM_TIMESTAMP, /* MessagePack's extension type -1 */
    FORM_TIME_TEXT, /* str, RFC 3339 */
    FORM_BOOLEAN,
    FORM_NUMBER, /* float 32, float 64 or an integer */
    FORM_BYTES,  /* bin */
    FORM_ANY,    /* one value of any type */
    FORM_MAP     /* of a slot: fields stand inside */
};

struct value {
    union {
        int64_t integer;     /* INTEGER, MONEY, EXPONENT, TIME; BOOLEAN: 0 or 1 */
        double number;       /* NUMBER */
        struct mp_view text; /* STRING, CURRENCY, ENUM, BYTES; ANY: one value as it stood on the wire */
        struct {
            const char *data;
            uint32_t length;
            uint32_t json; /* 1: the text of a JSON value; 0: MessagePack */
        } any;             /* ANY: `text`, and what it is */
        uint8_t uuid[16];  /* UUID */
    };
};

static inline void value_set_any(struct value *value, const char *data, size_t length, bool json)
{
    value->any.data = data;
    value->any.length = (uint32_t)length;
    value->any.json = json;
}

_Static_assert(sizeof(struct value) == 16 &&
                   offsetof(struct value, any.length) == offsetof(struct value, text.length),
               "`any` is `text`, and more");

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
    /* what validation looks at */
    enum field_type type;
    enum field_form form;
    bool optional;
    bool is_key;
    int8_t digits; /* money: behind the point; -1: the record's exponent field says */
    int64_t minimum, maximum;
    const struct choice *choices; /* FIELD_ENUM: ends with a text of NULL */
    double low, high;             /* FIELD_NUMBER */
    /* the rest */
    const char *name;     /* on the wire, its path: "amount_minor", "to.city" */
    const char *label;    /* for people, in JSON and flags: "amount", "to.city". Mostly the same */
    const char *column;   /* of a table: "amount_minor", "to_city" */
    int64_t unit_us;      /* FORM_TIME_UNIT: microseconds; -1000: nanoseconds */
    const char *fallback; /* text that people may leave out (a transaction's currency is USD), or NULL */
    bool defaulted;       /* and that a payload may leave out: then it is this */
    struct value default_value;
    struct field_made made;
};

/* True when its value is text, on the wire and in struct value. */
static inline bool field_is_text(const struct field *field)
{
    return field->type == FIELD_STRING || field->type == FIELD_CURRENCY || field->type == FIELD_ENUM;
}

/* --- how it lies on the wire --------------------------------------------------------------------------- */

/* The fields in the order in which they are written, and the maps around them: a map's slot, then those
 * inside. In a record without maps slot and field are the same number.
 *
 * The name is as it stands on the wire: MessagePack's string header, then the name. Its first 16 bytes,
 * padded with zeros, can be loaded, compared under the mask, and stored at once; what is longer follows in
 * `rest`. */
#define FIELD_KEY_BYTES 16
struct schema_slot {
    uint8_t first[FIELD_KEY_BYTES]; /* 0xa0 | length, or 0xd9 and the length, and the name */
    uint64_t mask[2]; /* all ones over the bytes that count; little-endian, so the first byte is the lowest */
    const uint8_t *rest; /* from the 17th byte on; the 16 before are in front of it */
    uint64_t bit;        /* of what was seen: a field's 1 << index, a map's counted from above */
    uint64_t inside;     /* bits of the fields in it; of a field: its own */
    uint16_t bytes;      /* header and name */
    uint8_t form;        /* enum field_form */
    uint8_t field;       /* its index; a map: its first one's */
    uint8_t end;         /* index of the next slot that is not inside; of a field: its own and 1 */
};
_Static_assert(sizeof(struct schema_slot) == 64, "a cache line");

static inline bool slot_is_named(const struct schema_slot *slot, const char *name, size_t length)
{
    size_t header = length < 32 ? 1 : 2;
    const uint8_t *wire = slot->rest - FIELD_KEY_BYTES;
    return slot->bytes == header + length && memcmp(wire + header, name, length) == 0;
}

/* Its name alone: for people, and in JSON with quotes and colon. */
struct schema_slot_name {
    const char *text, *json;
    size_t length, json_length;
};

/* --- the human line ------------------------------------------------------------------------------------ */

/* `before`, then a field's value; neither when it is absent. */
#define LINE_NOTHING (-1) /* only `before`, when the piece ahead was shown */
#define LINE_NUMBER  (-2) /* the running number */
struct line_piece {
    const char *before;
    int field; /* index, or one of these */
    bool sign; /* money with its sign and the currency's symbol in front: $+150.50 */
    int width; /* in columns; right-aligned, or left-aligned when negative; 0: as wide as it is */
};

enum schema_format { SCHEMA_MSGPACK, SCHEMA_JSON };

struct schema {
    const char *name;     /* "payment" */
    int major;            /* 1: header `payment/1` */
    const char *workload; /* "payments": what --workload says */
    const char *topic;    /* default topic */
    const char *noun_plural;
    enum schema_format format; /* of values on the topic */
    bool raw;                  /* a payload is one field, whatever it holds */
    const struct field *fields;
    size_t field_count;
    size_t key_field; /* index of the field that is the partition key; field_count: none */
    const struct schema_slot *slots;
    const struct schema_slot_name *slot_names;
    size_t slot_count;
    uint64_t all;    /* bits of all fields */
    uint64_t wanted; /* of those that the walk has to see, or to fill in */
    const struct line_piece *line;
    size_t line_count;
    const char *text; /* it was read from that, NUL-terminated */
    size_t text_length;
};

static inline bool schema_has_key(const struct schema *schema)
{
    return schema->key_field < schema->field_count;
}

/* Whether they say the same: of one text. */
bool schema_same(const struct schema *one, const struct schema *other);

/* NULL when there is none. */
const struct schema *schema_by_workload(const char *workload);
/* The same for what a user said: a usage error that lists the workloads when there is none of that name. */
const struct schema *schema_require(const char *workload, struct error *error);
const struct schema *schema_by_name(const char *name, size_t length);
const struct schema *
schema_at(size_t index); /* the built-in ones, one behind the other; NULL past the last */

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
#define SCHEMA_HEADER_BYTES 80
size_t schema_header(const struct schema *schema, char header[SCHEMA_HEADER_BYTES]);

/* Parses it. SCHEMA_KNOWN sets *schema, which is `ours` (NULL: none) when that has the name, or a built-in
 * one; SCHEMA_UNKNOWN_MAJOR sets it to the schema of that name that is known, for the error text. */
enum schema_match { SCHEMA_KNOWN, SCHEMA_UNKNOWN_NAME, SCHEMA_UNKNOWN_MAJOR, SCHEMA_MALFORMED };
enum schema_match schema_from_header(const void *value, size_t length, const struct schema *ours,
                                     const struct schema **schema);

/* The labels that there are, for suggestions; `names` has room for RECORD_FIELDS_MAX. */
size_t schema_labels(const struct schema *schema, const char **names);

#endif
