#include "tools/kstat/events_list.h"

#include "common/stats/events_show.h"
#include "common/stats/events_text.h"

struct listing {
    const char *worker;
    bool json;
    FILE *stream;
    struct event last; /* captures that were appended to begin again with what the ring kept */
    int64_t count;
};

static void list(struct listing *listing, const struct event *event)
{
    char text[EVENT_LINE_BYTES];
    struct event_about about = event_about(event->kind);
    if (!events_is_of(event, listing->worker))
        return;
    if (listing->json)
        event_json(text, event, &about);
    else
        event_line(text, event, &about);
    fprintf(listing->stream, "%s\n", text);
    listing->count++;
}

/* The numbers of another ring begin again: the last event that was listed is not in this frame, which begins
 * before it, or is another one. */
static bool is_of_another_ring(const struct listing *listing, const struct capture *capture)
{
    struct event event;
    if (!capture_event(capture, 0, &event) || event.sequence > listing->last.sequence)
        return false;
    for (size_t i = 0; capture_event(capture, i, &event); i++)
        if (event.sequence == listing->last.sequence)
            return event.time_us != listing->last.time_us;
    return true;
}

static void list_frame(struct listing *listing, const struct capture *capture)
{
    struct event event;
    if (is_of_another_ring(listing, capture))
        listing->last = (struct event){0};
    for (size_t i = 0; capture_event(capture, i, &event); i++) {
        uint64_t last = listing->last.sequence;
        if (event.sequence <= last)
            continue;
        if (last > 0)
            events_show_missed(event.sequence - last - 1, listing->json, listing->stream);
        listing->last = event;
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
