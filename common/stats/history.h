/* history.h: an hour of an instance, a sample a second, for charts: in memory, and in a shared-memory object
 * of its own, /ksupervise.<uid>.<instance>.~history, 0600, so that a process that follows a dead one goes on
 * with it.
 *
 * One writer: the first that has the object's lock. A second one has a history of its own, from its start on,
 * and in memory alone. So has one for which /dev/shm has no room. At most HISTORY_WORKERS_MAX workers; 115 KB
 * each.
 *
 *     0     magic, version, and the four sizes below as uint32_t
 *     64    HISTORY_WORKERS_MAX names, HISTORY_NAME_BYTES each
 *           HISTORY_SECONDS times, int64_t: microseconds since the epoch, 0: none. Second s is at s mod
 * HISTORY_SECONDS a series a worker: HISTORY_SECONDS × HISTORY_VALUES, double, NaN: unknown
 *
 * One thread.
 */
#ifndef KSUPERVISE_COMMON_STATS_HISTORY_H
#define KSUPERVISE_COMMON_STATS_HISTORY_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_SECONDS     3600
#define HISTORY_WORKERS_MAX 64
#define HISTORY_NAME_BYTES  48

enum history_value {
    HISTORY_PER_SECOND, /* records done */
    HISTORY_LAG,        /* records */
    HISTORY_BEHIND,     /* microseconds */
    HISTORY_P99,        /* microseconds */
    HISTORY_VALUES
};

struct history; /* opaque */

/* -1 without memory. 0 with a text in the error: it is in memory alone, and why. */
int history_open(struct history **history, const char *instance, struct error *error);
void history_close(struct history *history, bool unlink_object); /* NULL is fine */

/* Whoever ends the instance. */
void history_unlink(const char *instance);

/* Begins the sample of the second that the time (wall, microseconds) is in; what stood in its place is an
 * hour old. */
void history_begin(struct history *history, int64_t time_us);
/* Into the sample that was begun. One worker too many takes the place of one that was not seen for an hour,
 * and is passed over while there is none. */
void history_put(struct history *history, const char *worker, const double values[HISTORY_VALUES]);
/* It is whole. */
void history_end(struct history *history);

/* NULL past the last. */
const char *history_worker(const struct history *history, size_t index);

/* The n-th of the last hour before `now_us`, the oldest first: its time, 0 past the last. Whoever goes
 * through all of them begins with *at 0. */
int64_t history_next(const struct history *history, int64_t now_us, size_t *at, size_t *slot);
const double *history_values(const struct history *history, size_t worker, size_t slot);

#endif
