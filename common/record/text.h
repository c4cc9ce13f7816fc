/* text.h: records for people and for JSON tools, and back. Text that came from a record is escaped before it
 * meets a terminal: control characters, escape sequences, characters that reorder the line and invalid UTF-8
 * come out as \xNN, byte by byte. Money is printed exactly, from the integer, and read exactly, from the
 * decimal; it never passes through a float.
 *
 * Fields go by their labels here: `amount` is `amount_minor` and `exponent` on the wire.
 */
#ifndef KSUPERVISE_COMMON_RECORD_TEXT_H
#define KSUPERVISE_COMMON_RECORD_TEXT_H

#include "common/record/record.h"

/* --- out ----------------------------------------------------------------------------------------------- */

/* One JSON object, no newline:
 * {"payment_id":"…","user":"marek","amount":249.99,"currency":"PLN","method":"credit_card",
 * "timestamp":"2026-02-26T09:52:20.102594+00:00"}. Fields that are absent are left out, and so is the
 * exponent: the digits of the amount say it. Always valid JSON in valid UTF-8, also for a record that was not
 * validated. NUL-terminated. Returns 0, or -1 when `bytes` do not suffice; RECORD_JSON_MAX do for any valid
 * record. */
#define RECORD_JSON_MAX (7 * RECORD_ENCODED_MAX)
int record_json(const struct record *record, char *buffer, size_t bytes);

/* A value of type `any` as JSON; value_json_bytes suffice. Returns the length, without the NUL. */
size_t value_json_bytes(const struct value *value);
size_t value_json(const struct value *value, char *buffer, size_t bytes);

/* The human line, no newline:
 *   💳 Payment: 249.99 PLN via credit_card from marek at 2026-02-26T09:52:20.102594+00:00
 *   🛒 Order: 2 × keyboard for 499.98 PLN by anna, created at 2026-02-26T09:52:20.102594+00:00
 *   [   1] Account 1234 |    $+150.50 | deposit      | TXN-45678
 *   💬 Message: hello (key alpha)
 * `number` is the running number that the transaction line shows. Truncated to fit, between characters. */
void record_line(const struct record *record, uint64_t number, char *buffer, size_t bytes);

/* One field of a record, as the line shows it; "" when it is absent. Truncated to fit. */
void record_field_text(const struct record *record, size_t index, char *buffer, size_t bytes);

/* Appends `length` bytes of foreign text to buffer[*used], escaped for a terminal, as much as fits; keeps it
 * NUL-terminated. */
void text_escape(char *buffer, size_t bytes, size_t *used, const char *text, size_t length);

/* Appends the same as a JSON string, with its quotes, in valid UTF-8 whatever came: bytes that are none come
 * out as U+FFFD, what changes a terminal as \uNNNN. Whole or not at all; 6 * length + 3 bytes do. `*used` is
 * below `bytes`. */
void text_json(char *buffer, size_t bytes, size_t *used, const char *text, size_t length);

#define INTEGER_TEXT_BYTES 21
/* Decimal digits, no NUL. Returns the length, at most 20. */
size_t integer_format(int64_t value, char buffer[INTEGER_TEXT_BYTES]);

/* --- money --------------------------------------------------------------------------------------------- */

/* Exact decimal: 24999 with exponent 2 is "249.99". With `sign`, a plus too. NUL-terminated; returns the
 * length. An exponent out of 0 … 18 counts as the nearer end. */
#define MONEY_TEXT_BYTES 32
size_t money_format(int64_t minor, int exponent, bool sign, char buffer[MONEY_TEXT_BYTES]);
/* The other way: "249.99", "-3", "+0.5"; 0, or -1 for more digits after the point than the exponent has
 * (zeros too), for what does not fit in int64, and for anything that is no plain decimal ("1e3", ".5", "5.").
 */
int money_parse(const char *text, size_t length, int exponent, int64_t *minor);
/* ISO 4217: the exponent of a currency, -1 when the code is unknown to our short list (then 2 is usual). */
int currency_exponent(const char code[3]);

/* --- in ------------------------------------------------------------------------------------------------ */

/* Hexadecimal digits, two a byte, into length / 2 bytes, which may be where the text is. False for anything
 * else. */
bool hex_parse(const char *text, size_t length, char *bytes);

/* One value of a field from text, as a flag gives it. Texts become views of `text`, in which bytes written in
 * hexadecimal are decoded, so it has to last; `digits` are those of an amount (record_digits). Bounds are not
 * looked at. Errors do not name the field. */
int value_from_text(const struct field *field, int digits, char *text, size_t length, struct value *value,
                    struct error *error);

/* Backs the texts of a record that was made from text; must outlive it. Zero `used` before the first use. */
struct record_storage {
    char bytes[RECORD_ENCODED_MAX];
    size_t used;
};

/* Sets one field given as text, as a flag does: --amount 249.99. Currency (or exponent) come before money,
 * whose meaning depends on them. record->schema must be set. Errors name the field. */
int record_set_text(struct record *record, const char *label, const char *text,
                    struct record_storage *storage, struct error *error);
/* The same for one record as words, a field a line: user=marek, then amount=249.99, in any order; a value is
 * all behind the first '='. Completes it, as record_from_json does. Resets `storage`. */
int record_from_words(const struct schema *schema, const char *text, struct record_storage *storage,
                      struct record *record, struct error *error);
/* Makes what may be made (identifiers, timestamp, exponent, what has a fallback), says what is still missing,
 * and validates: after a 0 the record is fit to be encoded. */
int record_complete(struct record *record, struct record_storage *storage, int64_t wall_us,
                    struct error *error);

/* Fills `record` from one JSON object with people's forms: "amount": 249.99 or "249.99" (read from the source
 * text, exactly), ISO times, UUIDs as text; then completes it. Duplicate, unknown, ill-typed and missing
 * fields are errors that name the field; null is as good as absent for an optional one. Resets `storage`. In
 * from_json.c, apart, because it needs jansson. */
int record_from_json(const struct schema *schema, const char *line, size_t length,
                     struct record_storage *storage, struct record *record, struct error *error);

#endif
