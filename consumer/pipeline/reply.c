#include "consumer/pipeline/reply.h"

#include "common/record/text.h"

enum { SHOWN_MAX = 40, DEPTH_MAX = 1 };

static const struct word {
    const char *text;
    enum verdict verdict;
    const char *unexplained;
} words[] = {
    {"ok", VERDICT_PASS, NULL},
    {"retry", VERDICT_RETRY, "the program asks for another attempt"},
    {"dead", VERDICT_DEAD, "the program refuses it"},
};

/* `dead no such account`: a word, and behind a blank the reason. */
static bool read_text(struct mp_view text, struct reply *reply)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t word = strlen(words[i].text);
        if (text.length < word || memcmp(text.data, words[i].text, word) != 0 ||
            (text.length > word && text.data[word] != ' '))
            continue;
        reply->verdict = words[i].verdict;
        reply->unexplained = words[i].unexplained;
        if (text.length > word + 1)
            reply->reason = (struct mp_view){text.data + word + 1, text.length - (uint32_t)word - 1};
        return true;
    }
    return false;
}

static void show_text(const char *text, size_t length, char shown[REPLY_SHOWN_BYTES])
{
    char escaped[REPLY_SHOWN_BYTES - 8] = "";
    size_t used = 0;
    text_escape(escaped, sizeof escaped, &used, text, length > SHOWN_MAX ? SHOWN_MAX : length);
    snprintf(shown, REPLY_SHOWN_BYTES, "'%s%s'", escaped, length > SHOWN_MAX ? "…" : "");
}

/* --- lines --------------------------------------------------------------------------------------------- */

/* Without its end, also that of another system. */
static size_t line_length(const char *line, size_t length)
{
    if (length > 0 && line[length - 1] == '\n')
        length--;
    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

enum reply_state reply_from_line(const char *bytes, size_t length, struct reply *reply)
{
    const char *newline = length == 0 ? NULL : memchr(bytes, '\n', length);
    if (newline == NULL)
        return REPLY_PART;
    *reply = (struct reply){.bytes = (size_t)(newline + 1 - bytes)};
    struct mp_view text = {bytes, (uint32_t)line_length(bytes, reply->bytes)};
    return read_text(text, reply) ? REPLY_WHOLE : REPLY_BAD;
}

void reply_show_line(const char *bytes, size_t length, char shown[REPLY_SHOWN_BYTES])
{
    show_text(bytes, line_length(bytes, length), shown);
}

/* --- MessagePack --------------------------------------------------------------------------------------- */

/* [word], [word, reason] or [word, nil]. */
static bool read_array(struct mp_reader *reader, struct reply *reply)
{
    uint32_t count;
    struct mp_view word;
    struct mp_view reason;
    if (!mp_read_array(reader, &count) || count < 1 || count > 2 || !mp_read_str(reader, &word) ||
        !read_text(word, reply) || reply->reason.data != NULL)
        return false;
    if (count == 1 || mp_read_nil(reader))
        return true;
    if (!mp_read_str(reader, &reason))
        return false;
    if (reason.length > 0)
        reply->reason = reason;
    return true;
}

enum reply_state reply_from_msgpack(const char *bytes, size_t length, struct reply *reply)
{
    struct mp_reader end;
    struct mp_reader reader;
    struct mp_view text;
    mp_init(&end, bytes, length);
    enum mp_fault fault = mp_step(&end, DEPTH_MAX);
    if (fault == MP_TRUNCATED)
        return REPLY_PART;
    *reply = (struct reply){.bytes = fault == MP_OK ? mp_offset(&end) : length};
    if (fault != MP_OK)
        return REPLY_BAD;
    mp_init(&reader, bytes, reply->bytes);
    bool good = mp_peek(&reader) == MP_STR ? mp_read_str(&reader, &text) && read_text(text, reply)
                                           : read_array(&reader, reply);
    return good ? REPLY_WHOLE : REPLY_BAD;
}

void reply_show_msgpack(const char *bytes, size_t length, char shown[REPLY_SHOWN_BYTES])
{
    struct mp_reader reader;
    struct mp_view text;
    mp_init(&reader, bytes, length);
    if (mp_read_str(&reader, &text))
        show_text(text.data, text.length, shown);
    else
        snprintf(shown, REPLY_SHOWN_BYTES, "%s", mp_type_name(mp_peek(&reader)));
}
