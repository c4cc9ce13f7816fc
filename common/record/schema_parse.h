/* schema_parse.h: reads the text of a schema (SCHEMA.md). */
#ifndef KSUPERVISE_COMMON_RECORD_SCHEMA_PARSE_H
#define KSUPERVISE_COMMON_RECORD_SCHEMA_PARSE_H

#include "common/record/schema.h"

#define SCHEMA_TEXT_MAX (64 * 1024)
/* Always suffices for a text of that length. */
#define SCHEMA_MEMORY(length) (96 * 1024 + 40 * (size_t)(length))

/* Fills `schema`, which from then on points into `memory`. `file` is what errors call it:
 * "shipment.schema:4:12: there is no type 'integr'; did you mean integer?". 0, or -1 with an error of
 * configuration. Allocates nothing. */
int schema_parse(struct schema *schema, const char *file, const char *text, size_t length, void *memory,
                 size_t memory_bytes, struct error *error);

/* The same in memory of its own; schema_free releases it. NULL with the error. */
struct schema *schema_new(const char *file, const char *text, size_t length, struct error *error);
void schema_free(struct schema *schema); /* NULL is fine */

/* What --workload raw means: no schema; the bytes of a value are one field, `value`. */
#define SCHEMA_RAW "raw"
const struct schema *schema_raw(void);

#endif
