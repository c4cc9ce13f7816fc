#include "tools/kweb/metrics_routes.h"

#include "common/view/view.h"
#include "tools/kweb/metrics.h"

typedef int write_metrics(struct view *view, const struct view_request *request, enum metrics_format format,
                          FILE *stream);

static enum metrics_format format_of(const struct exchange *exchange)
{
    const char *accepted = exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT);
    return accepted != NULL && strstr(accepted, "application/openmetrics-text") != NULL ? METRICS_OPENMETRICS
                                                                                        : METRICS_TEXT;
}

/* NULL: it is not whole. */
static char *write_whole(const struct view_request *request, struct view *view, enum metrics_format format,
                         write_metrics *write, size_t *length)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, length);
    bool whole = stream != NULL && write(view, request, format, stream) == 0;
    if (stream != NULL && fclose(stream) == 0 && whole)
        return text;
    free(text);
    return NULL;
}

static void serve(struct exchange *exchange, write_metrics *write)
{
    const struct view_request request = {.instance = exchange->kweb->settings->instance, .lazy = true};
    enum metrics_format format = format_of(exchange);
    struct view view;
    struct error error = ERROR_INIT;
    size_t length = 0;
    if (view_collect(&view, &request, &error) == -1) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.text);
        return;
    }
    char *text = write_whole(&request, &view, format, write, &length);
    view_release(&view);
    if (text != NULL)
        answer_text(exchange, MHD_HTTP_OK, metrics_content_type(format), text, length);
    else
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

void serve_metrics(struct exchange *exchange)
{
    serve(exchange, metrics_write);
}

void serve_metrics_kafka(struct exchange *exchange)
{
    serve(exchange, metrics_kafka_write);
}
