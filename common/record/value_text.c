/* One value from what a person writes. */
#include <math.h>
#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/options.h"
#include "common/record/text.h"

static int set_money(int digits, const char *text, struct value *value, struct error *error)
{
    if (digits < 0)
        return error_set(error, "give the currency first: it says how many digits follow the point");
    if (money_parse(text, strlen(text), digits, &value->integer) == 0)
        return 0;
    if (digits == 0)
        return error_set(error, "'%.60s' is not an amount of this currency: a plain number without a point",
                         text);
    return error_set(
        error,
        "'%.60s' is not an amount: a plain decimal with at most %d digits after the point, such as 249.%.*s",
        text, digits, digits, "990000000000000000");
}

static int set_uuid(const char *text, struct value *value, struct error *error)
{
    uuid_t raw;
    if (uuid_parse(text, raw) != 0)
        return error_set(error, "'%.60s' is not a UUID (8-4-4-4-12 hexadecimal digits)", text);
    memcpy(value->uuid, raw, sizeof value->uuid);
    return 0;
}

static int set_time(const char *text, struct value *value, struct error *error)
{
    if (clock_parse_iso8601(text, strlen(text), &value->integer) == 0)
        return 0;
    return error_set(error, "'%.60s' is not a time such as 2026-02-26T09:52:20.102594Z", text);
}

static int set_boolean(const char *text, struct value *value, struct error *error)
{
    value->integer = strcmp(text, "true") == 0;
    if (value->integer != 0 || strcmp(text, "false") == 0)
        return 0;
    return error_set(error, "'%.60s' is neither true nor false", text);
}

static int set_number(const char *text, struct value *value, struct error *error)
{
    char *end;
    value->number = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(value->number))
        return 0;
    return error_set(error, "'%.60s' is not a number", text);
}

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool hex_parse(const char *text, size_t length, char *bytes)
{
    for (size_t i = 0; 2 * i + 1 < length; i++) {
        int high = nibble(text[2 * i]);
        int low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (char)(high << 4 | low);
    }
    return length % 2 == 0;
}

/* Where they are: two digits become a byte. */
static int set_bytes(char *text, size_t length, struct value *value, struct error *error)
{
    if (!hex_parse(text, length, text))
        return error_set(error, "bytes are written as hexadecimal digits, two a byte");
    value->text = (struct mp_view){text, (uint32_t)(length / 2)};
    return 0;
}

int value_from_text(const struct field *field, int digits, char *text, size_t length, struct value *value,
                    struct error *error)
{
    switch (field->type) {
    case FIELD_UUID:
        return set_uuid(text, value, error);
    case FIELD_TIME:
        return set_time(text, value, error);
    case FIELD_MONEY:
        return set_money(digits, text, value, error);
    case FIELD_BOOLEAN:
        return set_boolean(text, value, error);
    case FIELD_NUMBER:
        return set_number(text, value, error);
    case FIELD_BYTES:
        return set_bytes(text, length, value, error);
    case FIELD_INTEGER:
    case FIELD_EXPONENT:
        return option_parse_integer(text, field->minimum, field->maximum, &value->integer, error);
    case FIELD_STRING:
    case FIELD_CURRENCY:
    case FIELD_ENUM:
        value->text = (struct mp_view){text, (uint32_t)length};
        return 0;
    case FIELD_ANY:
        break;
    }
    return error_set(error, "it may be anything, which only JSON can say");
}
