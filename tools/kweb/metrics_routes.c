#include "tools/kweb/metrics_routes.h"

#include "common/view/view.h"
#include "tools/kweb/metrics.h"

#define BLOCK_BYTES       65536
#define WHOLE_WORKERS_MAX 100 /* 7 MB of segments */

static enum exposition_format format_of(const struct exchange *exchange)
{
    const char *accepted = exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT);
    return accepted != NULL && strstr(accepted, "application/openmetrics-text") != NULL
               ? EXPOSITION_OPENMETRICS
               : EXPOSITION_TEXT;
}

static ssize_t read_metrics(void *metrics, uint64_t position, char *bytes, size_t capacity)
{
    (void)position;
    size_t length = metrics_read(metrics, bytes, capacity);
    return length > 0 ? (ssize_t)length : MHD_CONTENT_READER_END_OF_STREAM;
}

static void release(void *metrics)
{
    metrics_close(metrics);
}

/* What others know raises the lag of a worker that is dead or stands still, where all segments are in memory
 * together (behind.h): a consumer that had read everything when it died has a lag as soon as more is
 * produced. Of many workers one is read after the other, and lags stay what each knew. */
static int collect(struct view *view, struct view_request *request, struct error *error)
{
    request->lazy = true;
    if (view_collect(view, request, error) == -1)
        return -1;
    if (view->count > WHOLE_WORKERS_MAX)
        return 0;
    view_release(view);
    request->lazy = false;
    return view_collect(view, request, error);
}

/* The instance is read now, and its text made as fast as it is taken. */
static void serve(struct exchange *exchange, enum metrics_names names)
{
    struct view_request request = {.instance = exchange->kweb->settings->instance};
    enum exposition_format format = format_of(exchange);
    struct view view;
    struct error error = ERROR_INIT;
    if (collect(&view, &request, &error) == -1) {
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.text);
        return;
    }
    struct metrics *metrics = metrics_open(&view, &request, names, format);
    view_release(&view);
    if (metrics != NULL)
        answer_stream(exchange, metrics_content_type(format), BLOCK_BYTES, read_metrics, metrics, release);
    else
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

void serve_metrics(struct exchange *exchange)
{
    serve(exchange, METRICS_OWN);
}

void serve_metrics_kafka(struct exchange *exchange)
{
    serve(exchange, METRICS_KAFKA);
}
