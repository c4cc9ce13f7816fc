#include "common/capture/news.h"

/* The numbers of another ring begin again: the last event is not in this frame, which begins before it, or is
 * another one. */
static bool is_of_another_ring(const struct capture_news *news, const struct capture *capture)
{
    struct event event;
    if (!capture_event(capture, 0, &event) || event.sequence > news->last.sequence)
        return false;
    for (size_t i = 0; capture_event(capture, i, &event); i++)
        if (event.sequence == news->last.sequence)
            return event.time_us != news->last.time_us;
    return true;
}

void capture_news_frame(struct capture_news *news, const struct capture *capture)
{
    news->index = 0;
    if (is_of_another_ring(news, capture))
        news->last = (struct event){0};
}

bool capture_news_next(struct capture_news *news, const struct capture *capture, struct event *event,
                       uint64_t *missed)
{
    uint64_t last = news->last.sequence;
    while (capture_event(capture, news->index, event)) {
        news->index++;
        if (event->sequence <= last)
            continue;
        *missed = last > 0 ? event->sequence - last - 1 : 0;
        news->last = *event;
        return true;
    }
    return false;
}
