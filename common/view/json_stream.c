#include "common/view/json_stream.h"

#include <math.h>

#include "common/record/text.h"

/* One thread has the stream: the C library need not lock it for each character. */
#define put_char(json, c) putc_unlocked((c), (json)->file)

static void put(struct json_stream *json, const char *bytes, size_t length)
{
    fwrite_unlocked(bytes, 1, length, json->file);
}

/* Nearly all text is. */
static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    return true;
}

static void put_quoted(struct json_stream *json, const char *text, size_t length)
{
    char quoted[6 * JSON_TEXT_MAX + 3] = "";
    size_t used = 0;
    text_json(quoted, sizeof quoted, &used, text, length);
    put(json, quoted, used);
}

static void put_text(struct json_stream *json, const char *text)
{
    size_t length = strnlen(text, JSON_TEXT_MAX);
    if (!is_plain(text, length)) {
        put_quoted(json, text, length);
        return;
    }
    put_char(json, '"');
    put(json, text, length);
    put_char(json, '"');
}

static void begin(struct json_stream *json, const char *name)
{
    if (json->begun)
        put_char(json, ',');
    json->begun = true;
    if (name == NULL)
        return;
    put_text(json, name);
    put_char(json, ':');
}

void json_stream_open(struct json_stream *json, const char *name, char bracket)
{
    begin(json, name);
    put_char(json, bracket);
    json->begun = false;
}

void json_stream_close(struct json_stream *json, char bracket)
{
    put_char(json, bracket);
    json->begun = true;
}

void json_stream_null(struct json_stream *json, const char *name)
{
    begin(json, name);
    put(json, "null", 4);
}

void json_stream_number(struct json_stream *json, const char *name, int64_t value)
{
    char digits[INTEGER_TEXT_BYTES];
    begin(json, name);
    put(json, digits, integer_format(value, digits));
}

void json_stream_boolean(struct json_stream *json, const char *name, bool value)
{
    begin(json, name);
    put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_stream_real(struct json_stream *json, const char *name, double value)
{
    if (!isfinite(value)) {
        json_stream_null(json, name);
        return;
    }
    begin(json, name);
    fprintf(json->file, "%.3f", value);
}

void json_stream_text(struct json_stream *json, const char *name, const char *text)
{
    if (text == NULL) {
        json_stream_null(json, name);
        return;
    }
    begin(json, name);
    put_text(json, text);
}
