#include "tools/kstat/report.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "common/asset.h"
#include "common/stats/events_text.h"
#include "common/view/snapshot.h"

#define PAGE  "report.html"
#define PLACE "@RECORDING@" /* tools/web/report */

struct recording {
    const struct view_request *request;
    struct capture *capture; /* NULL: now */
    struct rates *rates;
    FILE *stream;
    bool begun;       /* something stands before the next one in the list */
    uint64_t after;   /* the last event that is in it */
    int64_t after_us; /* when that was */
};

/* --- text ---------------------------------------------------------------------------------------------- */

/* A '<' is within a string there, and would end the script that the JSON stands in if "/script" followed. */
static void put_json(FILE *stream, const char *json, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (json[i] == '<')
            fputs("\\u003c", stream);
        else
            putc_unlocked(json[i], stream);
}

static void begin_item(struct recording *recording)
{
    if (recording->begun)
        putc_unlocked(',', recording->stream);
    putc_unlocked('\n', recording->stream);
    recording->begun = true;
}

/* --- moments ------------------------------------------------------------------------------------------- */

static int put_view(struct recording *recording, const struct view *view, struct error *error)
{
    const struct snapshot_spec spec = {view->instance, true, recording->rates};
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream != NULL)
        snapshot_write(&spec, view, stream);
    if (stream == NULL || fclose(stream) != 0) {
        free(text);
        return error_set(error, "out of memory");
    }
    begin_item(recording);
    put_json(recording->stream, text, length);
    free(text);
    return 0;
}

static int put_moment(struct recording *recording, size_t frame, struct error *error)
{
    struct view view;
    if (recording->capture != NULL && capture_seek(recording->capture, frame, error) == -1)
        return -1;
    if (view_collect(&view, recording->request, error) == -1)
        return -1;
    int result = put_view(recording, &view, error);
    view_release(&view);
    return result;
}

/* How many of the capture's moments are passed over from one to the next, so that they are few enough. */
static size_t step_of(const struct capture *capture)
{
    return (capture_frames(capture) + REPORT_MOMENTS_MAX - 1) / REPORT_MOMENTS_MAX;
}

static int put_moments(struct recording *recording, struct error *error)
{
    const struct capture *capture = recording->capture;
    size_t frames = capture != NULL ? capture_frames(capture) : 1,
           step = capture != NULL ? step_of(capture) : 1;
    for (size_t frame = (frames - 1) % step; frame < frames; frame += step) /* the last one is among them */
        if (put_moment(recording, frame, error) == -1)
            return -1;
    return 0;
}

/* --- events -------------------------------------------------------------------------------------------- */

static void put_event(struct recording *recording, const struct event *event, const struct event_about *about)
{
    char text[EVENT_LINE_BYTES];
    /* Numbers begin anew with the instance: a low one that is later is of another life. */
    if (event->sequence <= recording->after && event->time_us <= recording->after_us)
        return;
    recording->after = event->sequence;
    recording->after_us = event->time_us;
    event_json(text, event, about);
    begin_item(recording);
    put_json(recording->stream, text, strlen(text));
}

/* The ring has moved on from moment to moment. */
static int put_captured_events(struct recording *recording, struct error *error)
{
    struct capture *capture = recording->capture;
    struct event event;
    size_t step = step_of(capture);
    for (size_t frame = (capture_frames(capture) - 1) % step; frame < capture_frames(capture);
         frame += step) {
        if (capture_seek(capture, frame, error) == -1)
            return -1;
        for (size_t i = 0; capture_event(capture, i, &event); i++) {
            struct event_about about = event_about(event.kind);
            put_event(recording, &event, &about);
        }
    }
    return 0;
}

static void put_living_events(struct recording *recording)
{
    struct events_reader *reader;
    struct event event;
    uint64_t missed;
    if (events_reader_open(&reader, recording->request->instance, NULL) != 0)
        return;
    while (events_read(reader, recording->after, &event, &missed, NULL) == 1) {
        struct event_about about = events_about(reader, event.kind);
        put_event(recording, &event, &about);
    }
    events_reader_close(reader);
}

static int put_events(struct recording *recording, struct error *error)
{
    recording->begun = false;
    if (recording->capture != NULL)
        return put_captured_events(recording, error);
    put_living_events(recording);
    return 0;
}

/* --- the file ------------------------------------------------------------------------------------------ */

static int put_recording(struct recording *recording, struct error *error)
{
    fputs("<script type=\"application/json\" id=\"recording\">{\"snapshots\":[", recording->stream);
    if (put_moments(recording, error) == -1)
        return -1;
    fputs("],\"events\":[", recording->stream);
    if (put_events(recording, error) == -1)
        return -1;
    fputs("]}</script>", recording->stream);
    return 0;
}

static int put_page(struct recording *recording, struct error *error)
{
    const struct asset *page = asset_find(PAGE);
    size_t length = page != NULL ? (size_t)(page->end - page->bytes) : 0;
    const unsigned char *at = length > 0 ? memmem(page->bytes, length, PLACE, strlen(PLACE)) : NULL;
    if (at == NULL)
        return error_set(error, "this build has no page: build it anew");
    fwrite(page->bytes, 1, (size_t)(at - page->bytes), recording->stream);
    if (put_recording(recording, error) == -1)
        return -1;
    fwrite(at + strlen(PLACE), 1, (size_t)(page->end - at) - strlen(PLACE), recording->stream);
    return 0;
}

static int finish(FILE *stream, const char *fresh, const char *path, struct error *error)
{
    bool failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed || rename(fresh, path) != 0)
        return error_set(error, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

int report(const struct settings *settings, const struct view_request *request, struct capture *capture,
           struct error *error)
{
    char fresh[PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s.new", settings->report);
    struct recording recording = {.request = request, .capture = capture, .rates = rates_new()};
    recording.stream = recording.rates != NULL ? fopen(fresh, "we") : NULL;
    if (recording.stream == NULL) {
        rates_free(recording.rates);
        return error_set(error, "cannot write %s: %s", fresh, strerror(errno));
    }
    int result = put_page(&recording, error);
    rates_free(recording.rates);
    if (result == 0)
        return finish(recording.stream, fresh, settings->report, error);
    fclose(recording.stream);
    unlink(fresh);
    return -1;
}
