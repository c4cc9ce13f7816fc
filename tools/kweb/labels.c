#include "tools/kweb/labels.h"

#include <stdbool.h>

#include "common/record/text.h"
#include "common/utf8.h"

static bool put(struct labels *labels, const char *text, size_t length)
{
    if (length > sizeof labels->text - labels->used)
        return false;
    memcpy(labels->text + labels->used, text, length);
    labels->used += length;
    return true;
}

/* One character of a value, which begins at `text`. Returns how many bytes it took; 0: no room. */
static size_t put_character(struct labels *labels, const char *text, size_t length)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    uint32_t ignored;
    size_t bytes = utf8_decode(text, length, &ignored);
    if (bytes == 0)
        return put(labels, replacement, sizeof replacement - 1);
    if (text[0] == '\n')
        return put(labels, "\\n", 2);
    if (text[0] == '"' || text[0] == '\\')
        if (!put(labels, "\\", 1))
            return 0;
    return put(labels, text, bytes) ? bytes : 0;
}

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    return true;
}

static bool put_value(struct labels *labels, const char *value)
{
    size_t length = strlen(value);
    if (is_plain(value, length))
        return put(labels, value, length);
    for (size_t at = 0; at < length;) {
        size_t taken = put_character(labels, value + at, length - at);
        if (taken == 0)
            return false;
        at += taken;
    }
    return true;
}

static bool put_label(struct labels *labels, const char *name, const char *value)
{
    return (labels->used == 0 || put(labels, ",", 1)) && put(labels, name, strlen(name)) &&
           put(labels, "=\"", 2) && put_value(labels, value) && put(labels, "\"", 1);
}

void labels_add(struct labels *labels, const char *name, const char *value)
{
    size_t before = labels->used;
    if (value != NULL && value[0] != '\0' && !put_label(labels, name, value))
        labels->used = before;
}

void labels_add_number(struct labels *labels, const char *name, int64_t number)
{
    char digits[INTEGER_TEXT_BYTES + 1];
    digits[integer_format(number, digits)] = '\0';
    labels_add(labels, name, digits);
}

struct span labels_span(const struct labels *labels)
{
    return (struct span){labels->text, labels->used};
}
