#include "tools/kstat/select.h"

#include "common/clock.h"
#include "common/view/json_stream.h"

struct selecting {
    const struct selection *selection;
    struct json_stream json;
    FILE *stream;
    size_t found;
};

static bool is_selected(const struct selection *selection, const char *name)
{
    for (size_t i = 0; i < selection->count; i++)
        if (flat_matches(selection->patterns[i], name))
            return true;
    return selection->count == 0;
}

static void one(void *context, const struct view_worker *worker, const char *name, struct stat_value value)
{
    (void)worker;
    struct selecting *selecting = context;
    char text[FLAT_VALUE_BYTES];
    if (!is_selected(selecting->selection, name))
        return;
    selecting->found++;
    if (selecting->selection->json) {
        values_json(&selecting->json, name, value);
        return;
    }
    flat_text(value, text);
    fprintf(selecting->stream, "%s %s\n", name, text);
}

size_t select_values(struct view *view, const struct view_request *request, struct rates *rates,
                     const struct selection *selection, FILE *stream)
{
    struct selecting selecting = {.selection = selection, .stream = stream, .json = {.file = stream}};
    if (selection->json)
        json_stream_open(&selecting.json, NULL, '{');
    for (size_t i = 0; i < view->count; i++) {
        view_begin_worker(view, i, request);
        rates_look(rates, &view->workers[i], clock_monotonic_us());
        flat_worker(view, &view->workers[i], rates, one, &selecting);
        view_end_worker(view, i, request);
    }
    if (selection->json) {
        json_stream_close(&selecting.json, '}');
        fputc('\n', stream);
    }
    return selecting.found;
}
