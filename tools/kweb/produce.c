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

/* On one line, and without what a record cannot have. */
static char *compact(struct exchange *exchange)
{
    json_error_t problem;
    json_t *record = json_loadb(exchange->body != NULL ? exchange->body : "", exchange->body_bytes,
                                JSON_REJECT_DUPLICATES, &problem);
    char *text = json_is_object(record) ? json_dumps(record, JSON_COMPACT) : NULL;
    if (record == NULL)
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "the body is no JSON: %s, at line %d, column %d",
                       problem.text, problem.line, problem.column);
    else if (!json_is_object(record))
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "the body is one JSON object: the record's fields");
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
