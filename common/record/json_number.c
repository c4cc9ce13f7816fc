#include "common/record/json_number.h"

struct scan {
    const char *at;
    const char *end;
};

static char current(const struct scan *scan)
{
    return scan->at < scan->end ? *scan->at : '\0';
}

static void advance(struct scan *scan)
{
    if (scan->at < scan->end)
        scan->at++;
}

static void skip_blank(struct scan *scan)
{
    while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
        scan->at++;
}

/* Over a string, from quote to quote; what is between, escapes as they stand. */
static struct mp_view take_string(struct scan *scan)
{
    advance(scan);
    const char *begin = scan->at;
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->end - scan->at > 1 ? 2 : 1;
    struct mp_view inside = {begin, (uint32_t)(scan->at - begin)};
    advance(scan);
    return inside;
}

static bool ends_scalar(char c)
{
    return c == '\0' || strchr(",]} \t\r\n", c) != NULL;
}

static struct mp_view take_scalar(struct scan *scan)
{
    const char *begin = scan->at;
    while (scan->at < scan->end && !ends_scalar(*scan->at))
        scan->at++;
    return (struct mp_view){begin, (uint32_t)(scan->at - begin)};
}

/* Over an object or an array: brackets balance in valid JSON, outside of strings. */
static void skip_container(struct scan *scan)
{
    size_t depth = 0;
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == '"') {
            take_string(scan);
            continue;
        }
        advance(scan);
        if (c == '{' || c == '[')
            depth++;
        if ((c == '}' || c == ']') && --depth == 0)
            return;
    }
}

/* Over a value, and its text as it stands. */
static struct mp_view take_value(struct scan *scan)
{
    const char *begin = scan->at;
    if (current(scan) == '"')
        take_string(scan);
    else if (current(scan) == '{' || current(scan) == '[')
        skip_container(scan);
    else
        return take_scalar(scan);
    return (struct mp_view){begin, (uint32_t)(scan->at - begin)};
}

static bool is_number(const struct mp_view *text)
{
    return text->length > 0 && (text->data[0] == '-' || (text->data[0] >= '0' && text->data[0] <= '9'));
}

bool json_member_text(const char *object, size_t length, const char *name, struct mp_view *text)
{
    struct scan scan = {object, object + length};
    skip_blank(&scan);
    advance(&scan); /* { */
    for (skip_blank(&scan); current(&scan) == '"'; skip_blank(&scan)) {
        struct mp_view key = take_string(&scan);
        skip_blank(&scan);
        advance(&scan); /* : */
        skip_blank(&scan);
        struct mp_view value = take_value(&scan);
        if (key.length == strlen(name) && memcmp(key.data, name, key.length) == 0) {
            *text = value;
            return true;
        }
        skip_blank(&scan);
        advance(&scan); /* , */
    }
    return false;
}

bool json_number_text(const char *object, size_t length, const char *name, struct mp_view *number)
{
    return json_member_text(object, length, name, number) && is_number(number);
}
