/* view_behind.h: the lag of a partition, in records and in time, from all that a view knows of it; and what
 * of it is only a lower bound.
 *
 * A consumer that lives looks at its watermarks at least every five seconds. Of one that does not (dead,
 * stopped, the brokers away) the watermark is one of former times: the lag is at least that. What others of
 * the same instance know of the same partition raises it: a producer's acknowledged offset + 1, the watermark
 * of a consumer of any group. They are asked about consumers that are dead or stand still, as far as the view
 * has attached their segments (view->holders); a lazy one has not, and a lower bound stays one there.
 *
 * The lag in time is now − behind_since_us, also after death. Where the high watermark passed the committed
 * offset after the last look, it is at least so old as the first time at which somebody is known to have seen
 * it beyond.
 */
#ifndef KSUPERVISE_COMMON_VIEW_VIEW_BEHIND_H
#define KSUPERVISE_COMMON_VIEW_VIEW_BEHIND_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view;
struct view_worker;

#define BEHIND_LATELY_US INT64_C(10000000) /* two of the consumer's five seconds */

/* Unknown numbers are STATS_UNKNOWN: never 0. */
struct behind {
    int64_t high;      /* the highest that anybody knows */
    int64_t high_us;   /* when it was known */
    int64_t lag;       /* high − committed, never negative; where retention took records high − low */
    bool lag_at_least; /* nobody looked lately */
    int64_t us;        /* the lag in time; 0: caught up */
    bool us_at_least;  /* it is that, or more */
    int64_t held_back; /* records of the lag that an open transaction holds back; 0: none */
};

/* Who has which partition, of the snapshots that are attached now: for view->holders. The caller's, to free;
 * NULL without memory. */
struct holders *holders_of(const struct view *view);

/* Of the partition in this slot of the worker's snapshot, a consumer's. */
struct behind behind_of(const struct view *view, const struct view_worker *worker, size_t slot);

/* Of all that are assigned to it: lags and what is held back are added up, the time is the longest. Unknown
 * when one is, when one has no place in the segment, or when there is none. high and high_us are unknown. */
struct behind behind_of_worker(const struct view *view, const struct view_worker *worker);

/* "12", "≥ 12", "?"; "1.2 s", "≥ 12 s", "?". */
#define BEHIND_TEXT_BYTES 96
void behind_lag_text(const struct behind *behind, char text[BEHIND_TEXT_BYTES]);
void behind_time_text(const struct behind *behind, char text[BEHIND_TEXT_BYTES]);
/* "1042"; of one that nobody looked at lately "≥ 1042, 12 s ago". */
void behind_high_text(const struct view *view, const struct behind *behind, char text[BEHIND_TEXT_BYTES]);

#endif
