/* expression.h: conditions over a record, as people write them:
 *
 *   amount > 1000 and currency in ('PLN', 'EUR')
 *   not (method == 'blik' or user ~ 'test') && timestamp >= '2026-02-26T09:00:00Z'
 *   partition = 2 and offset < 1042
 *
 * A comparison has a name on one side and a literal on the other; comparisons are joined by `or` (||), `and`
 * (&&) and `not` (!), which bind in this order from loose to tight, and by parentheses. Words are read
 * without case.
 *
 *   ==  =  !=  <  <=  >  >=      in (a, b)  not in (a, b)      ~  contains (texts)
 *
 * A name is a field of the schema, by the label that people use (`amount`) or the name on the wire
 * (`amount_minor`), or where the record stands: kafka_partition, kafka_offset, kafka_timestamp, kafka_key;
 * these also without `kafka_` where the schema has no field of that name.
 *
 *   numbers      1000  -3  249.99    exact: never a float, no overflow, any number of digits
 *   money        the same; `amount` is the decimal under the record's own exponent, `amount_minor` the integer
 *   texts        'PLN'  "it's"  'it''s'     compared byte by byte
 *   lists        one of the schema's words, only with == != in
 *   currencies   'PLN', only with == != in
 *   UUIDs        '6d2c9a76-0a8f-4a3e-8e5b-0a4b3f5c9a11', only with == != in
 *   times        '2026-02-26T09:52:20.102594Z', or a day: '2026-02-26' is its first instant, UTC
 *
 * A comparison with something that is absent (an optional field, a key that a message does not have) is
 * false, whatever the comparison: `key != 'a'` does not match a record without a key, `not (key == 'a')`
 * does, and `key ~ ''` asks whether there is one.
 *
 * An expression is constant once parsed: any thread may evaluate it.
 */
#ifndef KSUPERVISE_COMMON_EXPRESSION_EXPRESSION_H
#define KSUPERVISE_COMMON_EXPRESSION_EXPRESSION_H

#include "common/record/record.h"

struct expression;

/* Where a record stands. What is not known: -1, and a key whose data is NULL. */
struct expression_coordinates {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_us;
    struct mp_view key;
};

#define EXPRESSION_BYTES_MAX 4096 /* of text */
#define EXPRESSION_TESTS_MAX 256  /* comparisons, each word of an `in` being one */
#define EXPRESSION_DEPTH_MAX 32   /* parentheses and `not`s within each other */

/* Parses and checks names, types and literals. NULL with a usage error that names the column (in characters,
 * from 1) and shows the place:
 *
 *   column 8: there is no field 'amout' in payments; did you mean amount?
 *     user = 'marek' and amout > 5
 *                        ^
 *
 * Free it with expression_free. */
struct expression *expression_parse(const struct schema *schema, const char *text, struct error *error);
void expression_free(struct expression *expression); /* NULL is fine */

/* Whether the record fulfils it. A record that could not be decoded may be NULL: its fields are absent; so
 * may coordinates that nobody knows. Reads each view within its length; no allocation, no recursion, at most
 * EXPRESSION_TESTS_MAX comparisons. `record` is of the schema that the expression was parsed for. */
bool expression_matches(const struct expression *expression, const struct record *record,
                        const struct expression_coordinates *coordinates);

/* False: coordinates need not be asked for, which can cost more than the evaluation. */
bool expression_uses_coordinates(const struct expression *expression);

#endif
