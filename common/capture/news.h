/* news.h: the events of a capture, from frame to frame, each once. A frame has the events since the frame
 * before it; where a capture was appended to, those that the ring still had; a restarted instance has a ring
 * whose numbers begin at 1. One thread. */
#ifndef KSUPERVISE_COMMON_CAPTURE_NEWS_H
#define KSUPERVISE_COMMON_CAPTURE_NEWS_H

#include "common/capture/capture.h"

struct capture_news {
    struct event last; /* {0}: none yet */
    size_t index;      /* in the frame */
};

/* The capture is at another frame now. */
void capture_news_frame(struct capture_news *news, const struct capture *capture);
/* The next event of that frame that no earlier frame had; *missed: how many are in no frame. False: no
 * more. */
bool capture_news_next(struct capture_news *news, const struct capture *capture, struct event *event,
                       uint64_t *missed);

#endif
