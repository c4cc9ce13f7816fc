#include "common/stats/events_show.h"

#include <inttypes.h>
#include <strings.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/stats/events_text.h"
#include "common/streams.h"

/* A ring that a supervisor of another build replaces wakes no reader: so readers check at this interval. */
#define LOOK_AGAIN_US (5 * US_PER_SECOND)

bool events_is_of(const struct event *event, const char *worker)
{
    if (worker == NULL || worker[0] == '\0')
        return true;
    size_t length = strlen(worker);
    return strncasecmp(event->worker, worker, length) == 0 &&
           (event->worker[length] == '\0' || event->worker[length] == '.');
}

void events_show_missed(uint64_t missed, bool json, FILE *stream)
{
    if (missed == 0)
        return;
    if (json)
        fprintf(stream, "{\"missed\":%" PRIu64 "}\n", missed);
    else
        fprintf(stream, "… %" PRIu64 " event%s missed\n", missed, missed == 1 ? " was" : "s were");
}

static void show_event(const struct events_spec *spec, const struct events_reader *reader,
                       const struct event *event, FILE *stream)
{
    char text[EVENT_LINE_BYTES];
    struct event_about about = events_about(reader, event->kind);
    if (!events_is_of(event, spec->worker))
        return;
    if (spec->json)
        event_json(text, event, &about);
    else
        event_line(text, event, &about);
    fprintf(stream, "%s\n", text);
}

static int flush(FILE *stream, struct error *error)
{
    return fflush(stream) == 0 ? 0 : error_set(error, "cannot write the events: %m");
}

static int show_all(const struct events_spec *spec, struct events_reader *reader, FILE *stream,
                    struct error *error)
{
    struct event event = {.sequence = spec->since};
    uint64_t missed;
    int result;
    for (;;) {
        while ((result = events_read(reader, event.sequence, &event, &missed, error)) == 1) {
            events_show_missed(missed, spec->json, stream);
            show_event(spec, reader, &event, stream);
        }
        if (flush(stream, error) == -1 || result == -1)
            return -1;
        if (!spec->follow || event.kind == EVENT_KIND_SUPERVISOR_STOPPED)
            return 0;
        events_wait(reader, event.sequence, LOOK_AGAIN_US);
        if (!stream_is_read(stream))
            return error_set(error, "cannot write the events: nobody reads them any more");
    }
}

int events_show(const struct events_spec *spec, FILE *stream, struct error *error)
{
    struct events_reader *reader;
    if (events_reader_open(&reader, spec->instance, error) == -1)
        return error->exit_code != EXIT_CODE_NOT_RUNNING
                   ? -1
                   : error_set_code(error, EXIT_CODE_NOT_RUNNING,
                                    "instance '%s' has no events: it is not running, or /dev/shm had no room "
                                    "for them when it started",
                                    spec->instance);
    int result = show_all(spec, reader, stream, error);
    events_reader_close(reader);
    return result;
}
