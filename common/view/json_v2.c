/* JSON version 2: kstat.schema.json. One object a look, on one line, written worker by worker. */
#include "common/clock.h"
#include "common/view/json_v2.h"
#include "common/view/values.h"

static void open_part(void *context, enum values_part part, const char *name, int32_t number)
{
    struct json_stream *json = context;
    bool in_list = part == VALUES_WORKER || part == VALUES_PARTITION || part == VALUES_ENTRY;
    json_stream_open(json, in_list ? NULL : name, part == VALUES_LIST ? '[' : '{');
    if (part != VALUES_PARTITION)
        return;
    json_stream_text(json, "topic", name);
    json_stream_number(json, "partition", number);
}

static void close_part(void *context, enum values_part part)
{
    json_stream_close(context, part == VALUES_LIST ? ']' : '}');
}

void values_json(struct json_stream *json, const char *name, struct stat_value value)
{
    switch (value.type) {
    case VALUE_NUMBER:
        json_stream_number(json, name, value.number);
        break;
    case VALUE_REAL:
        json_stream_real(json, name, value.real);
        break;
    case VALUE_BOOLEAN:
        json_stream_boolean(json, name, value.boolean);
        break;
    case VALUE_TEXT:
        json_stream_text(json, name, value.text);
        break;
    case VALUE_UNKNOWN:
        json_stream_null(json, name);
        break;
    }
}

static void put_value(void *context, const char *name, struct stat_value value)
{
    values_json(context, name, value);
}

void json_v2_supervisor(struct json_stream *json, const struct view *view)
{
    if (view->directory == NULL) {
        json_stream_null(json, "supervisor");
        return;
    }
    json_stream_open(json, "supervisor", '{');
    json_stream_number(json, "pid", directory_pid(view->directory));
    json_stream_boolean(json, "alive", view->supervisor_alive);
    json_stream_boolean(json, "stopped", view->supervisor_stopped);
    json_stream_boolean(json, "other_pid_namespace", view->elsewhere);
    json_stream_number(json, "started_us", directory_started_us(view->directory));
    json_stream_text(json, "birth_id", directory_birth_id(view->directory));
    json_stream_close(json, '}');
}

static void states(struct json_stream *json, const struct view_state_count *counts, size_t count)
{
    json_stream_open(json, "states", '{');
    for (size_t i = 0; i < count; i++)
        json_stream_number(json, counts[i].name, (int64_t)counts[i].count);
    json_stream_close(json, '}');
}

/* How many workers are in each state is known when all have been looked at. */
static void workers(struct json_stream *json, struct view *view, const struct view_request *request,
                    struct rates *rates)
{
    struct view_state_count counts[VIEW_STATES_MAX];
    const struct values_visitor visitor = {open_part, put_value, close_part, json};
    size_t count = 0;
    json_stream_open(json, "workers", '[');
    for (size_t i = 0; i < view->count; i++) {
        const struct view_worker *worker = &view->workers[i];
        view_begin_worker(view, i, request);
        rates_look(rates, worker, clock_monotonic_us());
        count = view_count_state(view, worker, counts, count);
        values_of_worker(view, worker, rates, &visitor);
        view_end_worker(view, i, request);
    }
    json_stream_close(json, ']');
    states(json, counts, count);
}

void json_v2(struct view *view, const struct view_request *request, struct rates *rates, FILE *stream)
{
    struct json_stream json = {.file = stream};
    bool known = view->directory != NULL && directory_bootstrap(view->directory)[0] != '\0';
    json_stream_open(&json, NULL, '{');
    json_stream_number(&json, "version", 2);
    json_stream_text(&json, "instance", view->instance);
    json_stream_number(&json, "time_us", view->now_us);
    json_stream_text(&json, "bootstrap", known ? directory_bootstrap(view->directory) : NULL);
    json_v2_supervisor(&json, view);
    workers(&json, view, request, rates);
    json_stream_close(&json, '}');
    putc_unlocked('\n', stream);
}
