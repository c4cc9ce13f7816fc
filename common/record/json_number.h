/* json_number.h: the text of a number in a JSON object. jansson makes doubles of decimals, and the exact text
 * is gone; this finds it again in a line that jansson has already accepted. Inside common/record only. */
#ifndef KSUPERVISE_COMMON_RECORD_JSON_NUMBER_H
#define KSUPERVISE_COMMON_RECORD_JSON_NUMBER_H

#include "common/msgpack/reader.h"

/* The value of the member `name` of the object, as it stands, when the name is written without escapes. */
bool json_member_text(const char *object, size_t length, const char *name, struct mp_view *text);

/* The value of the member `name` of an object, when it is a number and the name is written without
 * escapes. The object must be valid JSON: on other text the answer means nothing, but no byte outside of it
 * is read. */
bool json_number_text(const char *object, size_t length, const char *name, struct mp_view *number);

#endif
