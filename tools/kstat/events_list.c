#include "tools/kstat/events_list.h"

#include "common/capture/news.h"
#include "common/stats/events_show.h"
#include "common/stats/events_text.h"

struct listing {
    const char *worker;
    bool json;
    FILE *stream;
    struct capture_news news;
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

static void list_frame(struct listing *listing, const struct capture *capture)
{
    struct event event;
    uint64_t missed;
    capture_news_frame(&listing->news, capture);
    while (capture_news_next(&listing->news, capture, &event, &missed)) {
        events_show_missed(missed, listing->json, listing->stream);
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
