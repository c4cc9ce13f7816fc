/* view_behind.h: the lag of a partition, in records and in time, from all that a view knows of it; and what
 * of it is only a lower bound.
 *
 * A running consumer refreshes its watermarks at least every five seconds. Otherwise (dead, stopped, no
 * broker) its watermark is old: the lag is at least that. What other workers of the instance know of the same
 * partition raises it: a producer's acknowledged offset + 1, the watermark of a consumer of any group. They
 * are consulted for consumers that are dead or make no progress, as far as the view has attached their
 * segments (view->holders); a lazy view has not, and a lower bound stays one there.
 *
 * The lag in time is now − behind_since_us, also after death. Where the high watermark passed the committed
 * offset after the consumer's last refresh, it is at least the time since another worker first saw it
 * there. */
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
    int64_t high;      /* the highest that is known */
    int64_t high_us;   /* when it was known */
    int64_t lag;       /* high − committed, never negative; where retention took records high − low */
    bool lag_at_least; /* the watermark is not recent */
    int64_t us;        /* the lag in time; 0: caught up */
    bool us_at_least;  /* it is that, or more */
    int64_t held_back; /* records of the lag that an open transaction holds back; 0: none */
};

/* Who has which partition, of the snapshots that are attached now: for view->holders. The caller's, to free;
 * NULL without memory. */
struct holders *holders_of(const struct view *view);

/* Of the partition in this slot of the worker's snapshot, a consumer's. */
struct behind behind_of(const struct view *view, const struct view_worker *worker, size_t slot);

/* Over all that are assigned to it: the sum of lags and of held-back records, the longest time. Unknown when
 * one is, when one has no slot in the segment, or without any. high and high_us are unknown. */
struct behind behind_of_worker(const struct view *view, const struct view_worker *worker);

/* "12", "≥ 12", "?"; "1.2 s", "≥ 12 s", "?". */
#define BEHIND_TEXT_BYTES 96
void behind_lag_text(const struct behind *behind, char text[BEHIND_TEXT_BYTES]);
void behind_time_text(const struct behind *behind, char text[BEHIND_TEXT_BYTES]);
/* "1042"; when it is not recent "≥ 1042, 12 s ago". */
void behind_high_text(const struct view *view, const struct behind *behind, char text[BEHIND_TEXT_BYTES]);

#endif
