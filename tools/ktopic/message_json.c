#include "tools/ktopic/message_json.h"

#include <inttypes.h>
#include <math.h>

#include "common/clock.h"
#include "common/record/text.h"

/* --- text ---------------------------------------------------------------------------------------------- */

static int put_text(FILE *stream, const void *text, size_t length)
{
    size_t bytes = 6 * length + 3;
    size_t used = 0;
    char *json = malloc(bytes);
    if (json == NULL)
        return -1;
    text_json(json, bytes, &used, length == 0 ? "" : text, length);
    fwrite(json, 1, used, stream);
    free(json);
    return 0;
}

static int put_text_or_null(FILE *stream, const void *text, size_t length)
{
    if (text != NULL)
        return put_text(stream, text, length);
    fputs("null", stream);
    return 0;
}

static int put_hex(FILE *stream, const char *bytes, size_t length)
{
    fputc('"', stream);
    for (size_t i = 0; i < length; i++)
        fprintf(stream, "%02x", (unsigned)(unsigned char)bytes[i]);
    fputc('"', stream);
    return 0;
}

/* --- MessagePack of no schema -------------------------------------------------------------------------- */

/* It has been stepped over once: it is whole, and nests at most MP_DEPTH_MAX deep, which bounds the
 * recursion.
 */
static int put_value(FILE *stream, struct mp_reader *reader);

/* What JSON has no form for: its bytes. */
static int put_bytes(FILE *stream, struct mp_reader *reader)
{
    const uint8_t *from = reader->at;
    mp_skip(reader, MP_DEPTH_MAX);
    return put_hex(stream, (const char *)from, (size_t)(reader->at - from));
}

static int put_nil(FILE *stream, struct mp_reader *reader)
{
    mp_read_nil(reader);
    fputs("null", stream);
    return 0;
}

static int put_bool(FILE *stream, struct mp_reader *reader)
{
    bool value = false;
    mp_read_bool(reader, &value);
    fputs(value ? "true" : "false", stream);
    return 0;
}

static int put_number(FILE *stream, struct mp_reader *reader)
{
    int64_t number;
    if (mp_read_int(reader, &number)) {
        fprintf(stream, "%" PRId64, number);
        return 0;
    }
    fprintf(stream, "%" PRIu64, mp_load64(reader->at + 1)); /* beyond int64_t: eight bytes */
    mp_skip(reader, 0);
    return 0;
}

static int put_float(FILE *stream, struct mp_reader *reader)
{
    uint32_t narrow_bits = mp_load32(reader->at + 1);
    uint64_t bits = reader->at[0] == 0xcb ? mp_load64(reader->at + 1) : 0;
    float narrow;
    double number;
    memcpy(&narrow, &narrow_bits, sizeof narrow);
    memcpy(&number, &bits, sizeof number);
    number = reader->at[0] == 0xca ? (double)narrow : number;
    mp_skip(reader, 0);
    if (isfinite(number))
        fprintf(stream, "%.17g", number);
    else
        fputs("null", stream); /* JSON has no other word for it */
    return 0;
}

static int put_str(FILE *stream, struct mp_reader *reader)
{
    struct mp_view text = {"", 0};
    mp_read_str(reader, &text);
    return put_text(stream, text.data, text.length);
}

static int put_bin(FILE *stream, struct mp_reader *reader)
{
    struct mp_view bytes = {"", 0};
    mp_read_bin(reader, &bytes);
    return put_hex(stream, bytes.data, bytes.length);
}

static int put_array(FILE *stream, struct mp_reader *reader)
{
    uint32_t count = 0;
    int result = 0;
    mp_read_array(reader, &count);
    fputc('[', stream);
    for (uint32_t i = 0; i < count && result == 0; i++) {
        fputs(i > 0 ? "," : "", stream);
        result = put_value(stream, reader);
    }
    fputc(']', stream);
    return result;
}

/* A key that is no text becomes one: its own JSON in a string. */
static int put_key(FILE *stream, struct mp_reader *reader)
{
    char *text = NULL;
    size_t length = 0;
    if (mp_peek(reader) == MP_STR)
        return put_str(stream, reader);
    FILE *inner = open_memstream(&text, &length);
    if (inner == NULL)
        return -1;
    int result = put_value(inner, reader);
    fclose(inner);
    result = result == 0 && text != NULL ? put_text(stream, text, length) : -1;
    free(text);
    return result;
}

static int put_map(FILE *stream, struct mp_reader *reader)
{
    uint32_t count = 0;
    int result = 0;
    mp_read_map(reader, &count);
    fputc('{', stream);
    for (uint32_t i = 0; i < count && result == 0; i++) {
        fputs(i > 0 ? "," : "", stream);
        result = put_key(stream, reader);
        fputc(':', stream);
        if (result == 0)
            result = put_value(stream, reader);
    }
    fputc('}', stream);
    return result;
}

static int put_value(FILE *stream, struct mp_reader *reader)
{
    static int (*const puts[])(FILE *, struct mp_reader *) = {
        [MP_NIL] = put_nil,     [MP_BOOL] = put_bool, [MP_UINT] = put_number, [MP_INT] = put_number,
        [MP_FLOAT] = put_float, [MP_STR] = put_str,   [MP_BIN] = put_bin,     [MP_ARRAY] = put_array,
        [MP_MAP] = put_map,     [MP_EXT] = put_bytes, [MP_NEVER] = put_bytes, [MP_END] = put_bytes,
    };
    return puts[mp_peek(reader)](stream, reader);
}

/* A map or an array, and nothing behind it: any text begins with what MessagePack would take for a number. */
static bool is_message_pack(const struct message *message)
{
    struct mp_reader reader;
    mp_init(&reader, message->value, message->length);
    enum mp_type type = mp_peek(&reader);
    return (type == MP_MAP || type == MP_ARRAY) && mp_step(&reader, MP_DEPTH_MAX) == MP_OK &&
           mp_at_end(&reader);
}

/* --- the value ----------------------------------------------------------------------------------------- */

static int put_record(FILE *stream, const struct record *record, size_t payload_bytes)
{
    size_t bytes = RECORD_JSON_MAX + 7 * payload_bytes;
    char *json = malloc(bytes);
    int result = json == NULL ? -1 : record_json(record, json, bytes);
    if (result == 0)
        fputs(json, stream);
    free(json);
    return result;
}

static int put_raw(FILE *stream, const struct message *message)
{
    size_t length = message->length < MESSAGE_RAW_BYTES ? message->length : MESSAGE_RAW_BYTES;
    int result = put_text(stream, message->value, length);
    fprintf(stream, ",\"bytes\":%zu", message->length);
    return result;
}

static int put_undecodable(FILE *stream, const struct message *message, const char *reason)
{
    struct mp_reader reader;
    int result = 0;
    if (message->value == NULL) {
        fputs("null", stream);
        return 0;
    }
    if (is_message_pack(message)) {
        mp_init(&reader, message->value, message->length);
        result = put_value(stream, &reader);
    } else {
        result = put_raw(stream, message);
    }
    fputs(",\"undecodable\":", stream);
    return result == 0 ? put_text(stream, reason, strlen(reason)) : -1;
}

static int put_message_value(FILE *stream, const struct message *message, const struct schema *fallback)
{
    struct record record;
    char reason[512];
    return show_decode(fallback, message, &record, reason, sizeof reason)
               ? put_record(stream, &record, message->length)
               : put_undecodable(stream, message, reason);
}

/* --- all of it ----------------------------------------------------------------------------------------- */

static void put_time(FILE *stream, int64_t timestamp_us)
{
    char text[CLOCK_ISO8601_BYTES];
    if (timestamp_us < 0)
        fputs("null", stream);
    else
        fprintf(stream, "\"%s\"", clock_format_iso8601(text, timestamp_us));
}

/* In their order: a name may be there several times. */
static int put_headers(FILE *stream, const struct whole_message *whole)
{
    int result = 0;
    fputc('[', stream);
    for (size_t i = 0; i < whole->header_count && result == 0; i++) {
        const struct message_header *header = &whole->headers[i];
        fputs(i > 0 ? ",[" : "[", stream);
        result = put_text(stream, header->name, strlen(header->name));
        fputc(',', stream);
        if (result == 0)
            result = put_text_or_null(stream, header->value, header->length);
        fputc(']', stream);
    }
    fputc(']', stream);
    return result;
}

int message_json(FILE *stream, const struct whole_message *whole, const struct schema *fallback)
{
    fprintf(stream,
            "{\"partition\":%" PRId32 ",\"offset\":%" PRId64 ",\"timestamp\":", whole->message.partition,
            whole->message.offset);
    put_time(stream, whole->timestamp_us);
    fputs(",\"key\":", stream);
    if (put_text_or_null(stream, whole->key, whole->key_length) == -1)
        return -1;
    fputs(",\"headers\":", stream);
    if (put_headers(stream, whole) == -1)
        return -1;
    fputs(",\"value\":", stream);
    if (put_message_value(stream, &whole->message, fallback) == -1)
        return -1;
    fputc('}', stream);
    return ferror(stream) ? -1 : 0;
}
