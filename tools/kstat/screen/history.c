#include "tools/kstat/screen/history.h"

#include <search.h>

#include "common/clock.h"
#include "common/names.h"
#include "common/text.h"

struct sample {
    int64_t us, value;
};

struct track {
    char worker[WORKER_NAME_BYTES];             /* first: the key */
    struct sample samples[HISTORY_SECONDS + 1]; /* a ring, at least a second apart */
    size_t count, next;
    struct sample last, before; /* the last two looks */
    bool two;
};

struct history {
    void *tree; /* tsearch(3): of struct track, by worker */
};

static int compare(const void *left, const void *right)
{
    return strcmp(left, right); /* both begin with the name */
}

struct history *history_new(void)
{
    return calloc(1, sizeof(struct history));
}

void history_free(struct history *history)
{
    if (history != NULL)
        tdestroy(history->tree, free);
    free(history);
}

static struct track *find(const struct history *history, const char *worker)
{
    struct track *const *found = tfind(worker, &history->tree, compare);
    return found == NULL ? NULL : *found;
}

static struct track *find_or_make(struct history *history, const char *worker)
{
    struct track *track = find(history, worker);
    if (track != NULL)
        return track;
    track = calloc(1, sizeof *track);
    if (track == NULL)
        return NULL;
    snprintf(track->worker, sizeof track->worker, "%s", worker);
    if (tsearch(track, &history->tree, compare) == NULL) {
        free(track);
        return NULL;
    }
    return track;
}

/* The `back`-th sample before the newest. */
static const struct sample *sample_of(const struct track *track, size_t back)
{
    return &track->samples[(track->next + HISTORY_SECONDS - back) % (HISTORY_SECONDS + 1)];
}

static void keep(struct track *track, const struct sample *sample)
{
    if (track->count > 0 && sample->us - sample_of(track, 0)->us < US_PER_SECOND)
        return;
    track->samples[track->next] = *sample;
    track->next = (track->next + 1) % (HISTORY_SECONDS + 1);
    track->count += track->count < HISTORY_SECONDS + 1;
}

void history_look(struct history *history, const char *worker, int64_t value, int64_t us)
{
    struct track *track = find_or_make(history, worker);
    const struct sample sample = {us, value};
    if (track == NULL || value < 0)
        return;
    if (track->count > 0 && (value < track->last.value || us <= track->last.us)) {
        track->count = track->next = 0;
        track->two = false;
    } else if (track->count > 0) {
        track->before = track->last;
        track->two = true;
    }
    track->last = sample;
    keep(track, &sample);
}

static double per_second(const struct sample *from, const struct sample *to)
{
    return (double)(to->value - from->value) * (double)US_PER_SECOND / (double)(to->us - from->us);
}

bool history_rate(const struct history *history, const char *worker, int64_t window_us, double *rate)
{
    const struct track *track = find(history, worker);
    if (track == NULL || !track->two)
        return false;
    const struct sample *from = &track->before;
    for (size_t i = 0; i < track->count; i++) {
        const struct sample *older = sample_of(track, i);
        if (track->last.us - older->us > window_us)
            break;
        if (older->us < from->us)
            from = older;
    }
    *rate = per_second(from, &track->last);
    return true;
}

static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const signs[] = {"_", ".", "-", "-", "=", "+", "*", "#"};
enum { LEVELS = sizeof blocks / sizeof blocks[0] };

static double rate_at(const struct track *track, size_t back)
{
    return per_second(sample_of(track, back + 1), sample_of(track, back));
}

void history_spark(const struct history *history, const char *worker, bool utf8, char text[SPARK_BYTES])
{
    const struct track *track = find(history, worker);
    size_t shown = track == NULL || track->count < 3 ? 0 : track->count - 1;
    double highest = 0;
    size_t used = 0;
    if (shown > SPARK_SECONDS)
        shown = SPARK_SECONDS;
    for (size_t i = 0; i < shown; i++)
        highest = rate_at(track, i) > highest ? rate_at(track, i) : highest;
    text[0] = '\0';
    for (size_t i = shown; i > 0; i--) {
        size_t level = highest > 0 ? (size_t)(rate_at(track, i - 1) / highest * (double)(LEVELS - 1)) : 0;
        used = text_append(text, SPARK_BYTES, used, "%s", utf8 ? blocks[level] : signs[level]);
    }
}
