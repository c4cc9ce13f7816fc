#include "tools/kweb/produce.h"

#include "common/msgpack/to_json.h"
#include "tools/kweb/verb.h"

/* {"topic", "partition", "offset", "started", "lines"}: the record's members, and what kctl would print. */
static void produced(void *context, enum call_end end, const struct mp_reader *result, const char *text)
{
    struct exchange *exchange = context;
    if (end != CALL_ANSWERED) {
        answer_call_end(exchange, end, text);
        return;
    }
    struct mp_reader reader = *result;
    json_t *all = mp_to_json(&reader);
    json_t *record = json_incref(json_object_get(all, "record"));
    json_t *lines = json_object_get(all, "lines");
    if (record == NULL)
        record = json_object();
    json_object_set(record, "lines", lines);
    json_decref(all);
    answer_json(exchange, MHD_HTTP_OK, record);
}

/* --- the record as text --------------------------------------------------------------------------------- */

/* Behind the closing quote. The text is sound JSON. */
static const char *end_of_string(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

/* "\u017c" becomes the character that it means: one request has not room for six bytes each. */
static void put_string(FILE *stream, const char *text, const char *end)
{
    json_t *string = json_loadb(text, (size_t)(end - text), JSON_DECODE_ANY, NULL);
    json_dumpf(string, stream, JSON_ENCODE_ANY);
    json_decref(string);
}

/* Without blanks, and each number as it was written: 249.99 is no binary fraction. */
static void put_compact(FILE *stream, const char *at)
{
    while (*at != '\0') {
        const char *next = *at == '"' ? end_of_string(at) : at + 1;
        if (*at == '"')
            put_string(stream, at, next);
        else if (strchr(" \t\r\n", *at) == NULL)
            putc(*at, stream);
        at = next;
    }
}

static char *compact_text(const char *json)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL)
        return NULL;
    put_compact(stream, json);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* On one line, and without what a record cannot have. NULL: the answer is given. */
static char *compact(struct exchange *exchange)
{
    json_error_t problem;
    char *text = NULL;
    const char *body = exchange->body != NULL ? exchange->body : "";
    json_t *record = json_loadb(body, exchange->body_bytes, JSON_REJECT_DUPLICATES, &problem);
    if (record == NULL)
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "the body is not JSON: %s, at line %d, column %d",
                       problem.text, problem.line, problem.column);
    else if (!json_is_object(record))
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST,
                       "the body must be one JSON object: the record's fields");
    else if ((text = compact_text(body)) == NULL)
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    json_decref(record);
    return text;
}

void serve_produce(struct exchange *exchange)
{
    char *record = compact(exchange);
    if (record == NULL)
        return;
    if (strlen(record) >= RPC_TEXT_BYTES)
        answer_problem(
            exchange, MHD_HTTP_CONTENT_TOO_LARGE,
            "one request carries a record of at most %d bytes as text: send it with kproduce --stdin",
            RPC_TEXT_BYTES - 1);
    else
        ask_verb_of(exchange, "produce", "", record, produced, exchange);
    free(record);
}
