#include "tools/kweb/samples.h"

#include <math.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/names.h"
#include "common/stats/history.h"
#include "common/view/json_stream.h"
#include "common/view/rates.h"
#include "common/view/snapshot.h"

struct samples {
    char instance[NAME_BYTES];
    bool read_only;
    bool supervised;
    size_t readers;
    int64_t due_us;         /* monotonic: the next snapshot */
    int64_t history_due_us; /* monotonic */
    struct rates *rates;    /* from one snapshot to the next */
    struct rates *seconds;  /* from one second to the next */
    struct history *history;
    struct shared_text *snapshot; /* NULL: not yet */
    uint64_t number;
};

int samples_open(struct samples **out, const struct settings *settings, struct error *error)
{
    struct samples *samples = *out = calloc(1, sizeof *samples);
    struct error in_memory = ERROR_INIT;
    if (samples == NULL || (samples->rates = rates_new()) == NULL || (samples->seconds = rates_new()) == NULL)
        return error_set(error, "out of memory");
    snprintf(samples->instance, sizeof samples->instance, "%s", settings->instance);
    samples->read_only = settings->read_only;
    samples->supervised = settings->supervised;
    if (history_open(&samples->history, settings->instance, &in_memory) == -1)
        return error_set(error, "%s", in_memory.text);
    if (in_memory.text[0] != '\0')
        log_warning("%s", in_memory.text);
    return 0;
}

void samples_close(struct samples *samples)
{
    if (samples == NULL)
        return;
    shared_text_release(samples->snapshot);
    rates_free(samples->rates);
    rates_free(samples->seconds);
    history_close(samples->history, !samples->supervised); /* else the supervisor's to remove */
    free(samples);
}

void shared_text_release(struct shared_text *text)
{
    if (text == NULL || --text->holders > 0)
        return;
    free(text->bytes);
    free(text);
}

void samples_want(struct samples *samples)
{
    if (samples->readers++ == 0)
        samples->due_us = 0;
}

void samples_unwant(struct samples *samples)
{
    samples->readers--;
}

int64_t samples_deadline_us(const struct samples *samples)
{
    return samples->readers > 0 && samples->due_us < samples->history_due_us ? samples->due_us
                                                                             : samples->history_due_us;
}

/* Without memory the last one stays. */
static void take(struct samples *samples)
{
    struct shared_text *text = calloc(1, sizeof *text);
    FILE *stream = text == NULL ? NULL : open_memstream(&text->bytes, &text->length);
    if (stream == NULL) {
        free(text);
        return;
    }
    const struct snapshot_spec spec = {samples->instance, samples->read_only, samples->rates};
    const struct view_request request = {.instance = samples->instance};
    struct view view;
    bool there = view_collect(&view, &request, NULL) == 0;
    snapshot_write(&spec, there ? &view : NULL, stream);
    if (there)
        view_release(&view);
    if (fclose(stream) != 0) {
        free(text->bytes);
        free(text);
        return;
    }
    text->holders = 1;
    shared_text_release(samples->snapshot);
    samples->snapshot = text;
    samples->number++;
}

/* --- the charts ---------------------------------------------------------------------------------------- */

static double known(int64_t value)
{
    return value == STATS_UNKNOWN ? (double)NAN : (double)value;
}

static void put_worker(struct samples *samples, const struct view *view, const struct view_worker *worker)
{
    double now, average;
    double values[HISTORY_VALUES];
    const char *name = worker->entry.name;
    rates_look(samples->seconds, worker, clock_monotonic_us());
    bool rated = rates_get(samples->seconds, name, view_progress_counter(worker), &now, &average);
    values[HISTORY_PER_SECOND] = rated ? now : (double)NAN;
    values[HISTORY_LAG] = known(view_lag(view, worker));
    values[HISTORY_BEHIND] = known(view_behind_us(view, worker, NULL));
    values[HISTORY_P99] = known(view_p99_us(worker));
    history_put(samples->history, name, values);
}

/* One segment in memory at a time: of a thousand workers only those that the history has room for are looked
 * at. */
static void keep_second(struct samples *samples)
{
    const struct view_request request = {.instance = samples->instance, .lazy = true};
    struct view view;
    if (view_collect(&view, &request, NULL) == -1)
        return;
    history_begin(samples->history, view.now_us);
    for (size_t i = 0, looked = 0; i < view.count && looked < HISTORY_WORKERS_MAX; i++) {
        if (view.workers[i].entry.retired)
            continue;
        looked++;
        view_begin_worker(&view, i, &request);
        put_worker(samples, &view, &view.workers[i]);
        view_end_worker(&view, i, &request);
    }
    history_end(samples->history);
    view_release(&view);
}

void samples_check(struct samples *samples, int64_t now_us)
{
    if (samples->readers > 0 && now_us >= samples->due_us) {
        take(samples);
        samples->due_us = now_us + SAMPLES_EVERY_US;
    }
    if (now_us >= samples->history_due_us) {
        keep_second(samples);
        samples->history_due_us = now_us + US_PER_SECOND;
    }
}

/* A number with three digits behind the point at most: of a rate they are enough, the others have none. */
static void put_value(struct json_stream *json, double value)
{
    if (isnan(value))
        json_stream_null(json, NULL);
    else if (value == floor(value) && fabs(value) < 1e15)
        json_stream_number(json, NULL, (int64_t)value);
    else
        json_stream_real(json, NULL, value);
}

static void put_sample(struct json_stream *json, const struct history *history, int64_t time_us, size_t slot)
{
    json_stream_open(json, NULL, '[');
    json_stream_number(json, NULL, time_us);
    json_stream_open(json, NULL, '[');
    for (size_t i = 0; history_worker(history, i) != NULL; i++) {
        const double *values = history_values(history, i, slot);
        json_stream_open(json, NULL, '[');
        for (size_t k = 0; k < HISTORY_VALUES; k++)
            put_value(json, values[k]);
        json_stream_close(json, ']');
    }
    json_stream_close(json, ']');
    json_stream_close(json, ']');
}

/* Of many workers not each second, so that the answer stays within some megabytes. */
static int64_t interval_of(const struct history *history)
{
    size_t workers = 0;
    while (history_worker(history, workers) != NULL)
        workers++;
    return 1 + (int64_t)(workers / 8);
}

void samples_history(const struct samples *samples, FILE *stream)
{
    const struct history *history = samples->history;
    struct json_stream json = {.file = stream};
    int64_t interval_s = interval_of(history), now_us = clock_wall_us(), time_us;
    size_t at = 0, slot;
    json_stream_open(&json, NULL, '{');
    json_stream_number(&json, "interval_s", interval_s);
    json_stream_open(&json, "workers", '[');
    for (size_t i = 0; history_worker(history, i) != NULL; i++)
        json_stream_text(&json, NULL, history_worker(history, i));
    json_stream_close(&json, ']');
    json_stream_open(&json, "samples", '[');
    while ((time_us = history_next(history, now_us, &at, &slot)) != 0)
        if (time_us / US_PER_SECOND % interval_s == 0)
            put_sample(&json, history, time_us, slot);
    json_stream_close(&json, ']');
    json_stream_close(&json, '}');
}

struct shared_text *samples_snapshot(const struct samples *samples, uint64_t *number)
{
    *number = samples->number;
    if (samples->snapshot != NULL)
        samples->snapshot->holders++;
    return samples->snapshot;
}
