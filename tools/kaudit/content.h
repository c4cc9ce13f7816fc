/* content.h: what a record says, and what a row says of it, in a form in which the two can be compared field
 * by field: a hash for each field of a schema. A row is read as text by the database; the record is decoded
 * here from the topic's bytes, and told in the same texts.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_CONTENT_H
#define KSUPERVISE_TOOLS_KAUDIT_CONTENT_H

#include "common/record/record.h"

struct content {
    uint64_t known;                   /* bit i: field i can be compared */
    uint32_t hash[RECORD_FIELDS_MAX]; /* 0: the field is absent, or NULL */
};

/* In which texts: those of a database's columns, or JSON for people. */
enum content_form { CONTENT_COLUMNS, CONTENT_JSON };

/* What a field's text becomes; NULL: it is absent. */
void content_set(struct content *content, size_t field, const char *text, size_t length);

/* Of a payload. False when it cannot be decoded: then nothing is known of it. */
bool content_of_payload(struct content *content, enum content_form form, const struct schema *schema,
                        const void *payload, size_t length);

/* Of a line of JSON (jansson's object): the fields that the schema knows. */
struct json_t;
void content_of_json(struct content *content, const struct schema *schema, const struct json_t *object);

/* The fields that differ: bit i. */
uint64_t content_difference(const struct content *one, const struct content *other);

#endif
