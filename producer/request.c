#include "producer/request.h"

#include <inttypes.h>

#define METHOD "produce"

/* --- the answer ---------------------------------------------------------------------------------------- */

static void end(struct request *request, const struct delivery *delivery, const char *failure)
{
    request->state = REQUEST_NONE;
    worker_answer_end(delivery->control, request->asked.number, failure);
}

static void tell_failure(struct request *request, const struct delivery *delivery)
{
    const struct delivery_watch *watch = &delivery->watch;
    char reason[ERROR_TEXT_BYTES];
    snprintf(reason, sizeof reason, "topic '%s': %s: %s", delivery->settings->topic,
             rd_kafka_err2str(watch->err),
             watch->possibly_stored ? "the record may be stored all the same; it is not sent again"
                                    : "the record is not stored");
    end(request, delivery, reason);
}

static void tell_success(struct request *request, const struct delivery *delivery)
{
    const struct delivery_watch *watch = &delivery->watch;
    char line[512];
    snprintf(line, sizeof line, "%s [%" PRId32 "] @ %" PRId64, delivery->settings->topic, watch->partition,
             watch->offset);
    const struct worker_result result = {watch->partition, STATS_UNKNOWN, watch->offset, line};
    worker_answer_result(delivery->control, request->asked.number, &result);
    end(request, delivery, NULL);
}

void request_answer(struct request *request, struct delivery *delivery)
{
    if (request->state != REQUEST_SENT || !delivery->watch.over)
        return;
    if (delivery->watch.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        tell_failure(request, delivery);
    else
        tell_success(request, delivery);
    delivery->watch = (struct delivery_watch){0};
}

/* --- the record ---------------------------------------------------------------------------------------- */

static int read_record(struct request *request, const struct schema *schema, struct error *error)
{
    const char *text = request->asked.text;
    return text[strspn(text, " \t\r\n")] == '{'
               ? record_from_json(schema, text, strlen(text), &request->storage, &request->record, error)
               : record_from_words(schema, text, &request->storage, &request->record, error);
}

static void take(struct request *request, const struct delivery *delivery)
{
    struct error error = ERROR_INIT;
    if (strcmp(request->asked.method, METHOD) != 0)
        end(request, delivery, "a producer cannot do that");
    else if (read_record(request, delivery->settings->schema, &error) == -1)
        end(request, delivery, error.text);
    else
        request->state = REQUEST_MADE;
}

static bool is_new(struct request *request, const struct delivery *delivery)
{
    return request->state == REQUEST_NONE && worker_control_request(delivery->control, &request->asked);
}

bool request_serve(struct request *request, struct delivery *delivery)
{
    if (is_new(request, delivery))
        take(request, delivery);
    if (request->state == REQUEST_MADE && delivery_send_watched(delivery, &request->record) != DELIVERY_FULL)
        request->state = REQUEST_SENT;
    request_answer(request, delivery);
    return request->state == REQUEST_MADE;
}

void request_refuse(struct request *request, struct delivery *delivery)
{
    if (request->state == REQUEST_MADE || is_new(request, delivery))
        end(request, delivery, "it is about to end; the record is not sent");
}
