#include "common/stats/history.h"

#include <errno.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/stats/directory_layout.h"
#include "common/stats/liveness.h"
#include "common/stats/object.h"

#define HISTORY         ".~history"
#define HISTORY_MAGIC   UINT64_C(0x79726f747369486b) /* "kHistory" */
#define HISTORY_VERSION 2

typedef double series[HISTORY_SECONDS][HISTORY_VALUES];
typedef char worker_name[HISTORY_NAME_BYTES];

struct head {
    uint64_t magic;
    uint32_t version, seconds, workers, name_bytes, values;
    uint32_t reserved[9];
};
_Static_assert(sizeof(struct head) == 64, "as drawn");

#define NAMES_AT    sizeof(struct head)
#define TIMES_AT    (NAMES_AT + HISTORY_WORKERS_MAX * sizeof(worker_name))
#define SERIES_AT   (TIMES_AT + HISTORY_SECONDS * sizeof(int64_t))
#define OBJECT_SIZE (SERIES_AT + HISTORY_WORKERS_MAX * sizeof(series))

struct history {
    int fd; /* -1: in memory alone */
    char name[STATS_NAME_BYTES];
    int64_t times[HISTORY_SECONDS];
    worker_name workers[HISTORY_WORKERS_MAX];
    series *series[HISTORY_WORKERS_MAX];  /* owned */
    int64_t seen_us[HISTORY_WORKERS_MAX]; /* wall: the last sample that it was in */
    size_t count;
    size_t slot; /* of the sample that was begun */
    int64_t begun_us;
};

/* --- the object ---------------------------------------------------------------------------------------- */

/* A page of the tmpfs that is not there reads as zeros; a full one is an error, and that sample is not kept.
 */
static void keep(const struct history *history, const void *bytes, size_t length, size_t at)
{
    if (history->fd == -1)
        return;
    ssize_t written = pwrite(history->fd, bytes, length, (off_t)at);
    (void)written;
}

static struct head own_head(void)
{
    return (struct head){.magic = HISTORY_MAGIC,
                         .version = HISTORY_VERSION,
                         .seconds = HISTORY_SECONDS,
                         .workers = HISTORY_WORKERS_MAX,
                         .name_bytes = HISTORY_NAME_BYTES,
                         .values = HISTORY_VALUES};
}

static bool is_ours(int fd)
{
    struct head head, own = own_head();
    return object_bytes(fd) == (int64_t)OBJECT_SIZE && object_read(fd, &head, sizeof head, 0) &&
           memcmp(&head, &own, sizeof head) == 0;
}

static int make(const struct history *history, struct error *error)
{
    struct head head = own_head();
    if (ftruncate(history->fd, 0) == -1 || ftruncate(history->fd, (off_t)OBJECT_SIZE) == -1 ||
        pwrite(history->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        return error_set(error, "the charts' history cannot be kept in %s: %m", history->name);
    return 0;
}

static void forget(series *all)
{
    for (size_t slot = 0; slot < HISTORY_SECONDS; slot++)
        for (size_t value = 0; value < HISTORY_VALUES; value++)
            (*all)[slot][value] = NAN;
}

static series *add_series(struct history *history)
{
    series *added = malloc(sizeof *added);
    if (added != NULL)
        forget(added);
    history->series[history->count] = added;
    history->count += added != NULL;
    return added;
}

static bool is_known(const double values[HISTORY_VALUES])
{
    for (size_t i = 0; i < HISTORY_VALUES; i++)
        if (!isnan(values[i]))
            return true;
    return false;
}

/* 0: in none. */
static int64_t last_seen_us(const struct history *history, size_t worker)
{
    int64_t last_us = 0;
    for (size_t slot = 0; slot < HISTORY_SECONDS; slot++)
        if (history->times[slot] > last_us && is_known((*history->series[worker])[slot]))
            last_us = history->times[slot];
    return last_us;
}

/* What a process before us left. */
static int load(struct history *history)
{
    if (!object_read(history->fd, history->workers, sizeof history->workers, NAMES_AT) ||
        !object_read(history->fd, history->times, sizeof history->times, TIMES_AT))
        return 0;
    while (history->count < HISTORY_WORKERS_MAX && history->workers[history->count][0] != '\0') {
        size_t i = history->count;
        history->workers[i][HISTORY_NAME_BYTES - 1] = '\0';
        if (add_series(history) == NULL)
            return -1;
        object_read(history->fd, history->series[i], sizeof(series), SERIES_AT + i * sizeof(series));
        history->seen_us[i] = last_seen_us(history, i);
    }
    return 0;
}

static void stay_in_memory(struct history *history)
{
    if (history->fd != -1)
        close(history->fd);
    history->fd = -1;
}

static void attach(struct history *history, struct error *error)
{
    history->fd = object_open_or_make(history->name, error);
    if (history->fd == -1)
        return;
    if (liveness_lock(history->fd) == -1) {
        error_set(error, "another process keeps this instance's history; the charts begin now");
        stay_in_memory(history);
    } else if (is_ours(history->fd) ? load(history) == -1 : make(history, error) == -1) {
        stay_in_memory(history);
    }
}

int history_open(struct history **out, const char *instance, struct error *error)
{
    struct history *history = calloc(1, sizeof *history);
    *out = history;
    if (history == NULL)
        return error_set(error, "out of memory");
    directory_name_beside(history->name, instance, HISTORY);
    attach(history, error);
    return 0;
}

void history_close(struct history *history, bool unlink_object)
{
    if (history == NULL)
        return;
    if (unlink_object && history->fd != -1)
        shm_unlink(history->name);
    stay_in_memory(history);
    for (size_t i = 0; i < history->count; i++)
        free(history->series[i]);
    free(history);
}

void history_unlink(const char *instance)
{
    char name[STATS_NAME_BYTES];
    directory_name_beside(name, instance, HISTORY);
    shm_unlink(name);
}

/* --- samples ------------------------------------------------------------------------------------------- */

static void keep_time(struct history *history, int64_t time_us)
{
    history->times[history->slot] = time_us;
    keep(history, &time_us, sizeof time_us, TIMES_AT + history->slot * sizeof time_us);
}

static void keep_values(struct history *history, size_t worker, const double values[HISTORY_VALUES])
{
    double *slot = (*history->series[worker])[history->slot];
    size_t at = SERIES_AT + worker * sizeof(series) + history->slot * sizeof(double[HISTORY_VALUES]);
    memcpy(slot, values, sizeof(double[HISTORY_VALUES]));
    keep(history, slot, sizeof(double[HISTORY_VALUES]), at);
}

/* A sample counts only with its time: so a kill in between leaves no half sample. */
void history_begin(struct history *history, int64_t time_us)
{
    static const double unknown[HISTORY_VALUES] = {NAN, NAN, NAN, NAN};
    history->slot = (size_t)(time_us / US_PER_SECOND % HISTORY_SECONDS);
    history->begun_us = time_us;
    keep_time(history, 0);
    for (size_t i = 0; i < history->count; i++)
        keep_values(history, i, unknown);
}

static size_t find(const struct history *history, const char *worker)
{
    size_t i = 0;
    while (i < history->count && strcmp(history->workers[i], worker) != 0)
        i++;
    return i;
}

/* The worker that has not been seen for the longest time, if that is an hour. */
static size_t find_forgotten(const struct history *history)
{
    size_t oldest = 0;
    for (size_t i = 1; i < history->count; i++)
        if (history->seen_us[i] < history->seen_us[oldest])
            oldest = i;
    int64_t age_us = history->begun_us - history->seen_us[oldest];
    return age_us > HISTORY_SECONDS * US_PER_SECOND ? oldest : HISTORY_WORKERS_MAX;
}

/* Its values before its name: a kill in between leaves the former name without values. */
static void name_series(struct history *history, size_t i, const char *worker)
{
    snprintf(history->workers[i], sizeof history->workers[i], "%s", worker);
    keep(history, history->series[i], sizeof(series), SERIES_AT + i * sizeof(series));
    keep(history, history->workers[i], sizeof history->workers[i], NAMES_AT + i * sizeof(worker_name));
}

/* A slot for a new worker; HISTORY_WORKERS_MAX: none is free. */
static size_t make_room(struct history *history)
{
    size_t i = history->count;
    if (i < HISTORY_WORKERS_MAX)
        return add_series(history) != NULL ? i : HISTORY_WORKERS_MAX;
    i = find_forgotten(history);
    if (i < HISTORY_WORKERS_MAX)
        forget(history->series[i]);
    return i;
}

void history_put(struct history *history, const char *worker, const double values[HISTORY_VALUES])
{
    size_t i = find(history, worker);
    if (i == history->count) {
        i = make_room(history);
        if (i == HISTORY_WORKERS_MAX)
            return;
        name_series(history, i, worker);
    }
    history->seen_us[i] = history->begun_us;
    keep_values(history, i, values);
}

void history_end(struct history *history)
{
    keep_time(history, history->begun_us);
}

/* --- looking ------------------------------------------------------------------------------------------- */

const char *history_worker(const struct history *history, size_t index)
{
    return index < history->count ? history->workers[index] : NULL;
}

int64_t history_next(const struct history *history, int64_t now_us, size_t *at, size_t *slot)
{
    int64_t first_s = now_us / US_PER_SECOND - HISTORY_SECONDS + 1;
    while (*at < HISTORY_SECONDS) {
        int64_t second = first_s + (int64_t)(*at)++;
        *slot = (size_t)(second % HISTORY_SECONDS);
        if (history->times[*slot] / US_PER_SECOND == second)
            return history->times[*slot];
    }
    return 0;
}

const double *history_values(const struct history *history, size_t worker, size_t slot)
{
    return (*history->series[worker])[slot];
}
