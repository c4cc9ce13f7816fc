#include "common/capture/recording.h"

#include "common/capture/news.h"
#include "common/stats/events_text.h"
#include "common/view/snapshot.h"

struct recording {
    struct recording_spec spec;
    struct rates *rates; /* from one moment to the next */
    struct capture_news news;
    size_t frame, frames;
    size_t every; /* so many frames a moment */
    bool begun;   /* there is a moment */
    size_t bytes; /* of what was written */
    FILE *events; /* what comes behind the moments, in memory */
    char *events_text;
    size_t events_length;
};

/* --- text ---------------------------------------------------------------------------------------------- */

/* A '<' is within a string there, and would end the script that the JSON stands in if "/script" followed. */
static void put_json(struct recording *recording, FILE *stream, const char *json, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (json[i] == '<')
            fputs("\\u003c", stream);
        else
            putc_unlocked(json[i], stream);
    recording->bytes += length;
}

/* --- moments ------------------------------------------------------------------------------------------- */

/* As text, the caller's; NULL without memory. */
static char *text_of(const struct view *view, struct rates *rates, size_t *length)
{
    const struct snapshot_spec spec = {view->instance, true, rates};
    char *text = NULL;
    FILE *stream = open_memstream(&text, length);
    if (stream != NULL)
        snapshot_write(&spec, view, stream);
    if (stream != NULL && fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static char *moment_of(const struct recording *recording, struct rates *rates, size_t *length,
                       struct error *error)
{
    struct view view;
    if (view_collect(&view, recording->spec.request, error) == -1)
        return NULL;
    char *text = text_of(&view, rates, length);
    view_release(&view);
    if (text == NULL)
        error_set(error, "out of memory");
    return text;
}

static int put_moment(struct recording *recording, struct error *error)
{
    size_t length = 0;
    char *text = moment_of(recording, recording->rates, &length, error);
    if (text == NULL)
        return -1;
    fputs(recording->begun ? ",\n" : "\n", recording->spec.stream);
    recording->begun = true;
    put_json(recording, recording->spec.stream, text, length);
    free(text);
    return 0;
}

/* The last moment is among those that are shown. */
static bool is_shown(const struct recording *recording)
{
    return (recording->frames - 1 - recording->frame) % recording->every == 0;
}

/* --- events -------------------------------------------------------------------------------------------- */

static void put_event(struct recording *recording, const struct event *event, const struct event_about *about)
{
    char text[EVENT_LINE_BYTES];
    event_json(text, event, about);
    fputs(ftello(recording->events) > 0 ? ",\n" : "\n", recording->events);
    put_json(recording, recording->events, text, strlen(text));
}

static void put_captured_events(struct recording *recording)
{
    struct event event;
    uint64_t missed;
    capture_news_frame(&recording->news, recording->spec.capture);
    while (capture_news_next(&recording->news, recording->spec.capture, &event, &missed)) {
        struct event_about about = event_about(event.kind);
        put_event(recording, &event, &about);
    }
}

static void put_living_events(struct recording *recording)
{
    struct events_reader *reader;
    struct event event = {0};
    uint64_t missed;
    if (events_reader_open(&reader, recording->spec.request->instance, NULL) != 0)
        return;
    while (events_read(reader, event.sequence, &event, &missed, NULL) == 1) {
        struct event_about about = events_about(reader, event.kind);
        put_event(recording, &event, &about);
    }
    events_reader_close(reader);
}

/* --- steps --------------------------------------------------------------------------------------------- */

/* By the size of the last moment. */
static int choose_moments(struct recording *recording, struct error *error)
{
    size_t most = RECORDING_MOMENTS_MAX, length = 0;
    if (recording->spec.bytes_max > 0) {
        char *text = moment_of(recording, NULL, &length, error); /* the capture is at its last frame */
        if (text == NULL)
            return -1;
        free(text);
        if (recording->spec.bytes_max / (length + 1) < most)
            most = recording->spec.bytes_max / (length + 1);
    }
    recording->every = most > 0 ? (recording->frames + most - 1) / most : recording->frames;
    return 0;
}

int recording_open(struct recording **out, const struct recording_spec *spec, struct error *error)
{
    struct recording *recording = *out = calloc(1, sizeof *recording);
    if (recording == NULL)
        return error_set(error, "out of memory");
    recording->spec = *spec;
    recording->frames = spec->capture != NULL ? capture_frames(spec->capture) : 1;
    recording->rates = rates_new();
    recording->events = open_memstream(&recording->events_text, &recording->events_length);
    if (recording->rates == NULL || recording->events == NULL)
        error_set(error, "out of memory");
    else if (choose_moments(recording, error) == 0) {
        fputs("{\"snapshots\":[", spec->stream);
        return 0;
    }
    recording_close(recording);
    *out = NULL;
    return -1;
}

/* Each frame has its own events, even one that is thinned out. */
static int look(struct recording *recording, struct error *error)
{
    if (recording->spec.capture == NULL) {
        put_living_events(recording);
        return put_moment(recording, error);
    }
    if (capture_seek(recording->spec.capture, recording->frame, error) == -1)
        return -1;
    put_captured_events(recording);
    return is_shown(recording) ? put_moment(recording, error) : 0;
}

static int finish(struct recording *recording, struct error *error)
{
    if (fflush(recording->events) != 0)
        return error_set(error, "out of memory");
    fputs("],\"events\":[", recording->spec.stream);
    fwrite(recording->events_text, 1, recording->events_length, recording->spec.stream);
    fputs("]}", recording->spec.stream);
    return 0;
}

int recording_step(struct recording *recording, struct error *error)
{
    if (look(recording, error) == -1)
        return -1;
    if (recording->spec.bytes_max > 0 && recording->bytes / 2 > recording->spec.bytes_max)
        return error_set(error, "the capture holds too much: kstat -f FILE --report FILE.html shows it");
    if (++recording->frame < recording->frames)
        return 1;
    return finish(recording, error);
}

void recording_close(struct recording *recording)
{
    if (recording == NULL)
        return;
    if (recording->events != NULL)
        fclose(recording->events);
    free(recording->events_text);
    rates_free(recording->rates);
    free(recording);
}
