/* text.h: records for people and for JSON tools. Text that came from a record is escaped before it meets a terminal: control characters,
 * escape sequences and invalid UTF-8 come out as \xNN. Money is printed exactly, from the integer. */
#ifndef KSUPERVISE_COMMON_RECORD_TEXT_H
#define KSUPERVISE_COMMON_RECORD_TEXT_H

#include "common/record/record.h"

/* One JSON object, no newline: {"payment_id":"…","user":"marek","amount":249.99,"currency":"PLN","method":"credit_card",
 * "timestamp":"2026-02-26T09:52:20.102594+00:00"}. Amounts are printed as exact decimals; nothing passes through a float.
 * Returns 0, or -1 when `bytes` do not suffice. */
int record_json(const struct record *record, char *buffer, size_t bytes);

/* The human line, no newline:
 *   💳 Payment: 249.99 PLN via credit_card from marek at 2026-02-26T09:52:20.102594+00:00
 *   [   1] Account 1234 |    $+150.50 | deposit      | TXN-45678
 * `number` is the running number that the transaction line shows. Truncated to fit. */
void record_line(const struct record *record, uint64_t number, char *buffer, size_t bytes);

/* Exact decimal: 24999 with exponent 2 is "249.99". With `sign`, a plus too. Returns the length. */
#define MONEY_TEXT_BYTES 32
size_t money_format(int64_t minor, int exponent, bool sign, char buffer[MONEY_TEXT_BYTES]);
/* The other way: "249.99", "-3", "+0.5"; refuses more digits than the exponent has, and what does not fit. */
int money_parse(const char *text, size_t length, int exponent, int64_t *minor);
/* ISO 4217: the exponent of a currency, -1 when the code is unknown to our short list (then 2 is usual). */
int currency_exponent(const char code[3]);

/* Fills `record` from one JSON line (jansson) with people's forms: "amount": 249.99 or "249.99", ISO times, UUID text. Missing identifiers, timestamps,
 * exponents are made; anything else missing, unknown or ill-typed is an error that names the field. `storage` backs the
 * views and must outlive the record. Implemented in from_json.c, apart, because it links jansson. */
struct record_storage {
    char bytes[RECORD_ENCODED_MAX];
    size_t used;
};
int record_from_json(const struct schema *schema, const char *line, size_t length, struct record_storage *storage,
                     struct record *record, struct error *error);
/* The same for one field given as text, as a flag does: --amount 249.99 */
int record_set_text(struct record *record, const char *field, const char *text, struct record_storage *storage, struct error *error);
/* Makes what may be made (ids, timestamp, exponent) and says what is still missing. */
int record_complete(struct record *record, struct record_storage *storage, int64_t wall_us, struct error *error);

/* Appends `length` bytes of foreign text to buffer[*used], escaped for a terminal. */
void text_escape(char *buffer, size_t bytes, size_t *used, const char *text, size_t length);

#endif
