#include "tools/kweb/exchange.h"

#include <stdarg.h>

void answer(struct exchange *exchange, unsigned status, struct MHD_Response *response)
{
    exchange->status = status;
    exchange->response = response;
    if (exchange->closing)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (exchange->waiting) {
        exchange->waiting = false;
        MHD_resume_connection(exchange->connection);
    }
}

void answer_text(struct exchange *exchange, unsigned status, const char *type, char *text, size_t length)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    answer(exchange, status, response);
}

/* libmicrohttpd 0.9.75 would end a HEAD with the end of a body that there is not. */
void answer_stream(struct exchange *exchange, const char *type, size_t block_bytes,
                   MHD_ContentReaderCallback read, void *context, MHD_ContentReaderFreeCallback release)
{
    if (exchange->head) {
        release(context);
        answer_text(exchange, MHD_HTTP_OK, type, strdup(""), 0);
        return;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block_bytes, read, context, release);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    answer(exchange, MHD_HTTP_OK, response);
}

static void answer_value(struct exchange *exchange, unsigned status, const char *type, json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2));
    json_decref(value);
    if (text == NULL)
        text = strdup("{}");
    answer_text(exchange, status, type, text, text != NULL ? strlen(text) : 0);
}

void answer_json(struct exchange *exchange, unsigned status, json_t *value)
{
    if (value != NULL)
        answer_value(exchange, status, "application/json", value);
    else
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

json_t *json_of_text(const char *text)
{
    json_t *value = json_string(text);
    char *ascii = value == NULL ? strdup(text) : NULL;
    if (ascii == NULL)
        return value;
    for (char *at = ascii; *at != '\0'; at++)
        *at = (unsigned char)*at < 0x80 ? *at : '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

void answer_problem_with(struct exchange *exchange, unsigned status, const char *detail, json_t *members)
{
    json_t *problem =
        json_pack("{s:s, s:s, s:i, s:o}", "type", "about:blank", "title", MHD_get_reason_phrase_for(status),
                  "status", (int)status, "detail", json_of_text(detail));
    if (members != NULL)
        json_object_update(problem, members);
    json_decref(members);
    answer_value(exchange, status, "application/problem+json", problem);
}

void answer_problem(struct exchange *exchange, unsigned status, const char *format, ...)
{
    char detail[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    answer_problem_with(exchange, status, detail, NULL);
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *exchange_host(const struct exchange *exchange)
{
    return exchange->authority != NULL ? exchange->authority
                                       : exchange_header(exchange, MHD_HTTP_HEADER_HOST);
}

static size_t index_of(const struct exchange *exchange, const char *name)
{
    size_t i = 0;
    while (i < ROUTE_PARAMS_MAX && exchange->route->params[i].name != NULL &&
           strcmp(exchange->route->params[i].name, name) != 0)
        i++;
    return i < ROUTE_PARAMS_MAX && exchange->route->params[i].name != NULL ? i : ROUTE_PARAMS_MAX;
}

const char *exchange_value(const struct exchange *exchange, const char *name)
{
    size_t i = index_of(exchange, name);
    return i < ROUTE_PARAMS_MAX ? exchange->values[i] : NULL;
}

bool exchange_number(const struct exchange *exchange, const char *name, int64_t *number)
{
    size_t i = index_of(exchange, name);
    if (i == ROUTE_PARAMS_MAX || exchange->values[i] == NULL)
        return false;
    *number = exchange->numbers[i];
    return true;
}
