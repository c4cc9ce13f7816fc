#include "common/stats/events_show.h"
#include "tools/kstat/events_list.h"
#include "tools/kstat/screen/state.h"

/* Of the ring that lives, or of the moment that is shown. */
void pages_put_events(const struct state *state, FILE *stream)
{
    struct error error = ERROR_INIT;
    struct capture *capture = state->frozen != NULL ? state->frozen : state->file;
    const struct events_spec spec = {.instance = state->request.instance};
    int64_t count = capture != NULL ? capture_list_events(capture, state->frozen != NULL ? 0 : state->frame,
                                                          NULL, false, stream, &error)
                                    : events_show(&spec, stream, &error);
    if (count == -1)
        fprintf(stream, "%s\n", error.text);
    else if (capture != NULL && count == 0)
        fputs("nothing had happened by then\n", stream);
}
