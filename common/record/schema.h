/* schema.h: the record schemas. One table per workload says everything about a record: what its fields are called, how
 * they are typed, bounded and generated, which of them is the partition key, and how it is told to a person. Encoding,
 * decoding, validation, JSON, the human line and the generator all walk this table; no field name is written twice.
 */
#ifndef KSUPERVISE_COMMON_RECORD_SCHEMA_H
#define KSUPERVISE_COMMON_RECORD_SCHEMA_H

#include "common/error.h"
#include "common/msgpack/reader.h"

#define RECORD_FIELDS_MAX 16

enum field_type {
    FIELD_STRING,   /* UTF-8 text of `minimum` to `maximum` bytes */
    FIELD_UUID,     /* 16 bytes, MessagePack bin; shown as 8-4-4-4-12 */
    FIELD_INTEGER,  /* int64, within minimum … maximum */
    FIELD_MONEY,    /* int64 minor units, within minimum … maximum; its exponent is the record's `exponent` field */
    FIELD_CURRENCY, /* ISO 4217 code, three capitals */
    FIELD_EXPONENT, /* digits after the decimal point, 0 … 4 */
    FIELD_ENUM,     /* one of `choices`, as text on the wire */
    FIELD_TIME      /* int64 microseconds since the epoch, UTC */
};

struct field {
    const char *name;
    enum field_type type;
    bool optional;
    bool is_key;
    int64_t minimum, maximum;
    const char *const *choices; /* FIELD_ENUM: ends with NULL */
    /* generator columns: see generate.h */
};

struct schema {
    const char *name;  /* "payment" */
    int major;         /* 1: header `payment/1` */
    const char *workload; /* "payments": what --workload says */
    const char *topic;    /* default topic */
    const char *noun_plural;
    const struct field *fields;
    size_t field_count;
    size_t key_field;
};

/* NULL when there is none. */
const struct schema *schema_by_workload(const char *workload);
const struct schema *schema_by_name(const char *name, size_t length);
const struct schema *schema_at(size_t index); /* NULL past the last: for listings */

/* Parses the header value `payment/1`. SCHEMA_KNOWN sets *schema. */
enum schema_match { SCHEMA_KNOWN, SCHEMA_UNKNOWN_NAME, SCHEMA_UNKNOWN_MAJOR, SCHEMA_MALFORMED };
enum schema_match schema_from_header(const void *value, size_t length, const struct schema **schema);

#endif
