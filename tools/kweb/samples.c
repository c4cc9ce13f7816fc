#include "tools/kweb/samples.h"

#include "common/clock.h"
#include "common/names.h"
#include "common/view/rates.h"
#include "tools/kweb/snapshot.h"

struct samples {
    char instance[NAME_BYTES];
    bool read_only;
    size_t readers;
    int64_t due_us; /* monotonic */
    struct rates *rates;
    struct shared_text *snapshot; /* NULL: not yet */
    uint64_t number;
};

int samples_open(struct samples **out, const struct settings *settings, struct error *error)
{
    struct samples *samples = calloc(1, sizeof *samples);
    struct rates *rates = rates_new();
    *out = samples;
    if (samples == NULL || rates == NULL) {
        free(samples);
        rates_free(rates);
        *out = NULL;
        return error_set(error, "out of memory");
    }
    snprintf(samples->instance, sizeof samples->instance, "%s", settings->instance);
    samples->read_only = settings->read_only;
    samples->rates = rates;
    return 0;
}

void samples_close(struct samples *samples)
{
    if (samples == NULL)
        return;
    shared_text_release(samples->snapshot);
    rates_free(samples->rates);
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
    return samples->readers > 0 ? samples->due_us : INT64_MAX;
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
    struct snapshot_wish wish = {samples->instance, samples->read_only, samples->rates};
    snapshot_write(&wish, stream);
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

void samples_check(struct samples *samples, int64_t now_us)
{
    if (samples->readers == 0 || now_us < samples->due_us)
        return;
    take(samples);
    samples->due_us = now_us + SAMPLES_EVERY_US;
}

struct shared_text *samples_snapshot(const struct samples *samples, uint64_t *number)
{
    *number = samples->number;
    if (samples->snapshot != NULL)
        samples->snapshot->holders++;
    return samples->snapshot;
}
