/* Numbers: their grammar, and their values where the short way of reader.h does not do. */
#include "common/json/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

/* One number, taken apart: integer.fraction e exponent. */
struct parts {
    const uint8_t *begin;
    struct mp_view integer;
    struct mp_view fraction;
    int64_t exponent; /* at EXPONENT_MAX it stands still: no text has as many digits */
    bool negative;
    bool whole; /* neither fraction nor exponent */
};
#define EXPONENT_MAX INT64_C(1000000000000)

/* One digit or more at the cursor. */
static bool take_digits(struct js_reader *reader, struct mp_view *digits)
{
    const uint8_t *begin = reader->at;
    while (js_left(reader) > 0 && js_is_digit(*reader->at))
        reader->at++;
    *digits = (struct mp_view){(const char *)begin, (uint32_t)(reader->at - begin)};
    if (digits->length > 0)
        return true;
    return js_fail(reader, js_left(reader) == 0 ? JS_TRUNCATED : JS_NO_DIGIT);
}

static bool take_byte(struct js_reader *reader, char byte)
{
    bool there = js_left(reader) > 0 && *reader->at == (uint8_t)byte;
    reader->at += there;
    return there;
}

static bool take_integer(struct js_reader *reader, struct mp_view *integer)
{
    if (!take_digits(reader, integer))
        return false;
    if (integer->length == 1 || integer->data[0] != '0')
        return true;
    reader->at = (const uint8_t *)integer->data;
    return js_fail(reader, JS_LEADING_ZERO);
}

static int64_t exponent_of(const struct mp_view *digits)
{
    int64_t exponent = 0;
    for (uint32_t i = 0; i < digits->length && exponent < EXPONENT_MAX; i++)
        exponent = exponent * 10 + (digits->data[i] - '0');
    return exponent;
}

static bool take_exponent(struct js_reader *reader, struct parts *parts)
{
    struct mp_view digits;
    bool negative = take_byte(reader, '-');
    if (!negative)
        take_byte(reader, '+');
    if (!take_digits(reader, &digits))
        return false;
    parts->exponent = negative ? -exponent_of(&digits) : exponent_of(&digits);
    return true;
}

static bool take_number(struct js_reader *reader, struct parts *parts)
{
    if (js_peek(reader) != JS_NUMBER)
        return js_refuse(reader, JS_NUMBER);
    *parts = (struct parts){.begin = reader->at};
    parts->negative = take_byte(reader, '-');
    if (!take_integer(reader, &parts->integer))
        return false;
    const uint8_t *integer_end = reader->at;
    if (take_byte(reader, '.') && !take_digits(reader, &parts->fraction))
        return false;
    if ((take_byte(reader, 'e') || take_byte(reader, 'E')) && !take_exponent(reader, parts))
        return false;
    parts->whole = reader->at == integer_end;
    return true;
}

/* A number that is JSON, but not what was asked for. */
static bool fail_value(struct js_reader *reader, const struct parts *parts, enum js_fault fault)
{
    reader->at = parts->begin;
    return js_fail(reader, fault);
}

bool js_read_number(struct js_reader *reader, struct mp_view *text)
{
    struct parts parts = {0};
    if (!take_number(reader, &parts))
        return false;
    *text = (struct mp_view){(const char *)parts.begin, (uint32_t)(reader->at - parts.begin)};
    return true;
}

/* --- integers ----------------------------------------------------------------------------------------- */

static bool magnitude_of(const struct mp_view *digits, uint64_t *magnitude)
{
    *magnitude = 0;
    for (uint32_t i = 0; i < digits->length; i++)
        if (__builtin_mul_overflow(*magnitude, UINT64_C(10), magnitude) ||
            __builtin_add_overflow(*magnitude, (uint64_t)(digits->data[i] - '0'), magnitude))
            return false;
    return true;
}

static bool read_whole(struct js_reader *reader, struct parts *parts, uint64_t *magnitude)
{
    if (!take_number(reader, parts))
        return false;
    if (!parts->whole)
        return fail_value(reader, parts, JS_NOT_WHOLE);
    return magnitude_of(&parts->integer, magnitude) || fail_value(reader, parts, JS_OUT_OF_RANGE);
}

bool js_read_uint(struct js_reader *reader, uint64_t *value)
{
    struct parts parts = {0};
    if (!read_whole(reader, &parts, value))
        return false;
    return !parts.negative || *value == 0 || fail_value(reader, &parts, JS_OUT_OF_RANGE);
}

bool js_read_int_rare(struct js_reader *reader, int64_t *value)
{
    struct parts parts = {0};
    uint64_t magnitude;
    if (!read_whole(reader, &parts, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + parts.negative)
        return fail_value(reader, &parts, JS_OUT_OF_RANGE);
    *value = (int64_t)(parts.negative ? 0 - magnitude : magnitude);
    return true;
}

/* --- doubles ------------------------------------------------------------------------------------------ */

/* A number as its first digits that count and a power of ten, no point in between. No more than 767 digits
 * decide how a double is rounded; of what is behind them counts only whether all of it is zeros. */
#define DIGITS_MAX 770
struct decimal {
    char digits[DIGITS_MAX + 1];
    size_t count;
    int64_t exponent;
    bool rest; /* a digit that was left out is not 0 */
};

static void add_digits(struct decimal *decimal, const struct mp_view *digits)
{
    for (uint32_t i = 0; i < digits->length; i++) {
        char digit = digits->data[i];
        if (decimal->count == 0 && digit == '0')
            continue;
        if (decimal->count < DIGITS_MAX) {
            decimal->digits[decimal->count++] = digit;
            continue;
        }
        decimal->exponent++;
        decimal->rest |= digit != '0';
    }
}

static void decimal_of(const struct parts *parts, struct decimal *decimal)
{
    decimal->count = 0;
    decimal->exponent = parts->exponent;
    decimal->rest = false;
    add_digits(decimal, &parts->integer);
    add_digits(decimal, &parts->fraction);
    decimal->exponent -= parts->fraction.length;
    if (decimal->rest) {
        decimal->digits[decimal->count++] = '1';
        decimal->exponent--;
    }
}

/* Up to 2^53 and 10^22 both are exact as doubles, so that one operation rounds once (Clinger, 1990). */
static bool exact_double(const struct decimal *decimal, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t significand = 0;
    if (decimal->count > 19 || decimal->exponent < -22 || decimal->exponent > 22)
        return false;
    for (size_t i = 0; i < decimal->count; i++)
        significand = significand * 10 + (uint64_t)(decimal->digits[i] - '0');
    if (significand > UINT64_C(1) << 53)
        return false;
    *value = decimal->exponent < 0 ? (double)significand / powers[-decimal->exponent]
                                   : (double)significand * powers[decimal->exponent];
    return true;
}

/* Without a point the text means the same in every locale. */
static double nearest_double(const struct decimal *decimal)
{
    char text[DIGITS_MAX + 32];
    int saved = errno;
    snprintf(text, sizeof text, "%.*se%" PRId64, (int)decimal->count, decimal->digits, decimal->exponent);
    double value = strtod(text, NULL);
    errno = saved;
    return value;
}

bool js_read_double(struct js_reader *reader, double *value)
{
    struct parts parts = {0};
    struct decimal decimal;
    double magnitude;
    if (!take_number(reader, &parts))
        return false;
    decimal_of(&parts, &decimal);
    if (!exact_double(&decimal, &magnitude))
        magnitude = nearest_double(&decimal);
    if (isinf(magnitude))
        return fail_value(reader, &parts, JS_OUT_OF_RANGE);
    *value = parts.negative ? -magnitude : magnitude;
    return true;
}
