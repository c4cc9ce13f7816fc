/* forms.h: the forms in which a value can stand on the wire, but for those that decode.c and encode.c have in
 * line. Inside common/record only. */
#ifndef KSUPERVISE_COMMON_RECORD_FORMS_H
#define KSUPERVISE_COMMON_RECORD_FORMS_H

#include "common/record/record.h"

#define EXPONENT_MOST 4

/* True when a value of that form is of that type on the wire, so that it can only be its value that does not
 * fit. */
bool form_takes(enum field_form form, enum mp_type type);
/* "a string" */
const char *form_wants(enum field_form form);

/* Reads the field's value; false for another type, and for what is no such value. The cursor may have moved.
 */
bool form_read(struct mp_reader *reader, const struct field *field, struct value *value);
/* A value of any type, containers nested `depth` deep. */
bool form_read_any(struct mp_reader *reader, unsigned depth, struct value *value);

/* Parts of it, for other notations. A UUID is 8-4-4-4-12. What is finer than a microsecond is cut off. */
bool form_uuid(const struct mp_view *text, struct value *value);
bool form_unit(int64_t count, int64_t unit_us, struct value *value);

/* Writes it, for all forms that encode.c has not; returns the bytes, at most FORM_BYTES_MAX. Not for
 * FORM_BYTES and FORM_ANY, which are copied. */
#define FORM_BYTES_MAX 40
size_t form_write(const struct field *field, const struct value *value, uint8_t bytes[FORM_BYTES_MAX]);

#endif
