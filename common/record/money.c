#include "common/record/text.h"

#define EXPONENT_MAX 18

size_t money_format(int64_t minor, int exponent, bool sign, char buffer[MONEY_TEXT_BYTES])
{
    size_t fraction = exponent < 0 ? 0 : exponent > EXPONENT_MAX ? EXPONENT_MAX : (size_t)exponent;
    char digits[20];
    size_t count = 0;
    uint64_t rest = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    while (rest != 0 || count <= fraction) { /* one digit at least before the point */
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    }
    size_t length = 0;
    if (minor < 0 || sign)
        buffer[length++] = minor < 0 ? '-' : '+';
    while (count > 0) {
        if (count == fraction)
            buffer[length++] = '.';
        buffer[length++] = digits[--count];
    }
    buffer[length] = '\0';
    return length;
}

/* Takes digits from *at on into *minor, which is kept negative: INT64_MIN has no positive. Returns how many,
 * or -1 when the number does not fit. */
static int take_digits(const char **at, const char *end, int64_t *minor)
{
    int count = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++, count++)
        if (__builtin_mul_overflow(*minor, 10, minor) || __builtin_sub_overflow(*minor, **at - '0', minor))
            return -1;
    return count;
}

int money_parse(const char *text, size_t length, int exponent, int64_t *minor)
{
    const char *at = text;
    const char *end = text + length;
    bool negative = length > 0 && *at == '-';
    if (length > 0 && (*at == '-' || *at == '+'))
        at++;
    int64_t value = 0;
    if (take_digits(&at, end, &value) <= 0)
        return -1;
    int fraction = 0;
    if (at < end && *at == '.') {
        at++;
        fraction = take_digits(&at, end, &value);
        if (fraction <= 0 || fraction > exponent)
            return -1;
    }
    if (at != end)
        return -1;
    for (; fraction < exponent; fraction++)
        if (__builtin_mul_overflow(value, 10, &value))
            return -1;
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return -1;
    *minor = value;
    return 0;
}

int record_digits(const struct record *record, const struct field *field)
{
    if (field->digits >= 0)
        return field->digits;
    int index = schema_type_index(record->schema, FIELD_EXPONENT);
    return record_has(record, index) ? (int)record->values[index].integer : 0;
}

/* ISO 4217, active codes in common use; the most frequent first. Those that are not here have 2 but for a
 * few. */
static const struct {
    char code[4];
    int exponent;
} currencies[] = {
    {"PLN", 2}, {"EUR", 2}, {"USD", 2}, {"GBP", 2}, {"CHF", 2}, {"CZK", 2}, {"SEK", 2}, {"NOK", 2},
    {"DKK", 2}, {"HUF", 2}, {"RON", 2}, {"BGN", 2}, {"UAH", 2}, {"TRY", 2}, {"JPY", 0}, {"CNY", 2},
    {"INR", 2}, {"KRW", 0}, {"AUD", 2}, {"NZD", 2}, {"CAD", 2}, {"MXN", 2}, {"BRL", 2}, {"ZAR", 2},
    {"ILS", 2}, {"SGD", 2}, {"HKD", 2}, {"THB", 2}, {"IDR", 2}, {"MYR", 2}, {"PHP", 2}, {"AED", 2},
    {"SAR", 2}, {"EGP", 2}, {"ARS", 2}, {"COP", 2}, {"PEN", 2}, {"BHD", 3}, {"IQD", 3}, {"JOD", 3},
    {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"TND", 3}, {"ISK", 0}, {"CLP", 0}, {"PYG", 0}, {"VND", 0},
    {"UGX", 0}, {"RWF", 0}, {"KMF", 0}, {"GNF", 0}, {"DJF", 0}, {"BIF", 0}, {"XAF", 0}, {"XOF", 0},
    {"XPF", 0}, {"VUV", 0}, {"CLF", 4}, {"UYW", 4},
};

int currency_exponent(const char code[3])
{
    for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++)
        if (memcmp(currencies[i].code, code, 3) == 0)
            return currencies[i].exponent;
    return -1;
}
