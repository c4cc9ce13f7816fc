/* out.h: text that grows in a buffer of the caller's. Inside common/record only. A piece is appended whole or
 * not at all; after the first that did not fit nothing more is. Always NUL-terminated. */
#ifndef KSUPERVISE_COMMON_RECORD_OUT_H
#define KSUPERVISE_COMMON_RECORD_OUT_H

#include "common/record/record.h"

struct out {
    char *buffer;
    size_t bytes;
    size_t used;
    bool cut; /* something did not fit */
};

void out_init(struct out *out, char *buffer, size_t bytes);
void out_bytes(struct out *out, const char *bytes, size_t length);
void out_text(struct out *out, const char *text); /* NULL: nothing */
void out_spaces(struct out *out, size_t count);
void out_escaped(struct out *out, const char *text, size_t length); /* for a terminal */

void out_integer(struct out *out, int64_t value);
void out_number(struct out *out, double number); /* finite */
void out_hex(struct out *out, const char *bytes, size_t length);
void out_string(struct out *out, const char *text, size_t length); /* of JSON, with its quotes */
/* A character of a JSON string, escaped where it has to be, or where it would change a terminal. */
void out_character(struct out *out, const char *bytes, size_t length, uint32_t code_point);
/* A value of type `any`, which was stepped over once, as JSON: bytes in hexadecimal; null for what JSON has
 * no word for. In any_json.c. */
void out_any(struct out *out, const struct value *value);

/* A value as text, for all types but strings, currencies and enums, whose escaping depends on where they go.
 * `sign`: money has its plus. */
void out_value(struct out *out, const struct record *record, size_t index, bool sign);
/* The same for all types, as a terminal shows it. */
void out_shown(struct out *out, const struct record *record, size_t index, bool sign);

/* True for what changes a terminal or the order of what it shows: control characters, U+2028, U+2029, and the
 * bidirectional marks, embeddings, overrides and isolates. */
bool out_is_hostile(uint32_t code_point);

#endif
