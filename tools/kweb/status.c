#include "tools/kweb/status.h"

#include "common/view/json_v2.h"
#include "tools/kweb/samples.h"

/* What was written is the answer. `stream` is a memory stream over the two, or NULL without memory; it is
 * closed. */
static void answer_written(struct exchange *exchange, FILE *stream, char **text, const size_t *length)
{
    if (stream != NULL && fclose(stream) == 0)
        answer_text(exchange, MHD_HTTP_OK, "application/json", *text, *length);
    else
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

void serve_status(struct exchange *exchange)
{
    const struct view_request request = {.instance = exchange->kweb->settings->instance,
                                         .worker = exchange_value(exchange, "worker"),
                                         .lazy = true};
    struct view view;
    struct error error = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;
    if (view_collect(&view, &request, &error) == -1) {
        answer_problem(exchange, request.worker != NULL ? MHD_HTTP_NOT_FOUND : MHD_HTTP_SERVICE_UNAVAILABLE,
                       "%s", error.text);
        return;
    }
    FILE *stream = open_memstream(&text, &length);
    if (stream != NULL)
        json_v2(&view, &request, NULL, stream);
    view_release(&view);
    answer_written(exchange, stream, &text, &length);
}

void serve_history(struct exchange *exchange)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream != NULL)
        samples_history(exchange->kweb->samples, stream);
    answer_written(exchange, stream, &text, &length);
}
