#include "common/decimal.h"

#include <string.h>

bool decimal_parse(const char *text, size_t length, int64_t maximum, int64_t *number)
{
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = text[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value) || value > maximum)
            return false;
    }
    if (length == 0)
        return false;
    *number = value;
    return true;
}

const char *decimal_read(const char *text, int64_t maximum, int64_t *number)
{
    size_t length = strspn(text, "0123456789");
    return decimal_parse(text, length, maximum, number) ? text + length : NULL;
}
