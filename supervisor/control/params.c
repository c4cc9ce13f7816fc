#include "supervisor/control/params.h"

#include "common/clock.h"
#include "supervisor/control/request.h"

/* A missing one is empty. */
static int read_text(struct rpc_message *message, uint32_t *left, const char *what, char *text, size_t bytes,
                     struct error *error)
{
    struct mp_view view;
    if (*left == 0)
        return 0;
    (*left)--;
    if (!mp_read_str(&message->params, &view) || memchr(view.data, '\0', view.length) != NULL)
        return error_set(error, "the parameters are [target, argument, timeout in ms, wait, by]");
    if (view.length >= bytes)
        return error_set(error, "the %s has %u bytes, and one request carries at most %zu: split it", what,
                         (unsigned)view.length, bytes - 1);
    memcpy(text, view.data, view.length);
    text[view.length] = '\0';
    return 0;
}

/* It goes into lines and events: plain characters only. */
static bool read_by(struct rpc_message *message, struct request *request)
{
    struct mp_view view;
    if (!mp_read_str(&message->params, &view) || view.length >= sizeof request->by)
        return false;
    for (uint32_t i = 0; i < view.length; i++)
        if (view.data[i] < ' ' || view.data[i] > '~')
            return false;
    memcpy(request->by, view.data, view.length);
    request->by[view.length] = '\0';
    return true;
}

static bool read_rest(struct rpc_message *message, uint32_t left, struct request *request)
{
    int64_t timeout_ms = VERB_TIMEOUT_MS;
    request->wait = true;
    if (left > 0 && (left--, !mp_read_int(&message->params, &timeout_ms)))
        return false;
    if (left > 0 && (left--, !mp_read_bool(&message->params, &request->wait)))
        return false;
    if (left > 0 && (left--, !read_by(message, request)))
        return false;
    if (left > 0 || timeout_ms < 0 || timeout_ms > 24 * 3600 * 1000)
        return false;
    request->deadline_us = clock_monotonic_us() + timeout_ms * US_PER_MS;
    return true;
}

int params_read(struct rpc_message *message, struct request *request, struct error *error)
{
    uint32_t left = message->param_count;
    if (read_text(message, &left, "target", request->target, sizeof request->target, error) == -1 ||
        read_text(message, &left, "argument", request->argument, sizeof request->argument, error) == -1)
        return -1;
    return read_rest(message, left, request)
               ? 0
               : error_set(error, "the parameters are [target, argument, timeout in ms, wait, by]");
}
