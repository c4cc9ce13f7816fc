#include "tools/ktopic/admin_request.h"

#define ADMIN_MS 10000

struct admin_request admin_request_begin(const struct cluster *cluster, rd_kafka_admin_op_t operation)
{
    struct admin_request request = {rd_kafka_queue_new(cluster->rk),
                                    rd_kafka_AdminOptions_new(cluster->rk, operation)};
    char why[128]; /* a constant within the documented bounds is not refused */
    rd_kafka_AdminOptions_set_request_timeout(request.options, ADMIN_MS, why, sizeof why);
    return request;
}

rd_kafka_event_t *admin_request_answer(const struct admin_request *request, const char *what,
                                       struct error *error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(request->queue, ADMIN_MS + 1000);
    if (event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    error_set(error, "cannot %s: %s", what,
              event != NULL ? rd_kafka_event_error_string(event) : "no answer within 11 s");
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return NULL;
}

void admin_request_end(struct admin_request *request)
{
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
}

rd_kafka_event_t *admin_request_finish(struct admin_request *request, const char *what, struct error *error)
{
    rd_kafka_event_t *event = admin_request_answer(request, what, error);
    admin_request_end(request);
    return event;
}
