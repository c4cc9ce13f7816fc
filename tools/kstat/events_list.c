#include "tools/kstat/events_list.h"

#include <strings.h>

#include "common/stats/events_text.h"

struct listing {
    const char *worker;
    bool json;
    FILE *stream;
    uint64_t last; /* captures that were appended to begin again with what the ring kept */
    int64_t count;
};

static void list(struct listing *listing, const struct event *event)
{
    char text[EVENT_LINE_BYTES];
    struct event_about about = event_about(event->kind);
    if (listing->worker != NULL && strcasecmp(event->worker, listing->worker) != 0)
        return;
    if (listing->json)
        event_json(text, event, &about);
    else
        event_line(text, event, &about);
    fprintf(listing->stream, "%s\n", text);
    listing->count++;
}

static void list_frame(struct listing *listing, const struct capture *capture)
{
    struct event event;
    for (size_t i = 0; capture_event(capture, i, &event); i++)
        if (event.sequence > listing->last) {
            listing->last = event.sequence;
            list(listing, &event);
        }
}

int64_t capture_list_events(struct capture *capture, size_t frame, const char *worker, bool json,
                            FILE *stream, struct error *error)
{
    struct listing listing = {.worker = worker, .json = json, .stream = stream};
    for (size_t i = 0; i <= frame; i++) {
        if (capture_seek(capture, i, error) != 0)
            return -1;
        list_frame(&listing, capture);
    }
    return listing.count;
}
