#include "common/kafka_admin.h"

enum { GRACE_MS = 1000 };

struct kafka_admin kafka_admin_begin(rd_kafka_t *rk, rd_kafka_admin_op_t operation, int timeout_ms)
{
    struct kafka_admin request = {rd_kafka_queue_new(rk), rd_kafka_AdminOptions_new(rk, operation),
                                  timeout_ms};
    char why[128]; /* a time within the documented bounds is not refused */
    rd_kafka_AdminOptions_set_request_timeout(request.options, timeout_ms, why, sizeof why);
    return request;
}

rd_kafka_event_t *kafka_admin_answer(const struct kafka_admin *request, struct error *error)
{
    int patience_ms = request->timeout_ms + GRACE_MS;
    rd_kafka_event_t *event = rd_kafka_queue_poll(request->queue, patience_ms);
    if (event == NULL) {
        error_set(error, "no answer within %d s", patience_ms / 1000);
        return NULL;
    }
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    error_set(error, "%s", rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
    return NULL;
}

void kafka_admin_end(struct kafka_admin *request)
{
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
}

rd_kafka_event_t *kafka_admin_finish(struct kafka_admin *request, struct error *error)
{
    rd_kafka_event_t *event = kafka_admin_answer(request, error);
    kafka_admin_end(request);
    return event;
}
