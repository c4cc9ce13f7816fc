#include "common/view/rates.h"

#include "common/array.h"
#include "common/clock.h"

struct rate {
    char worker[48];
    char counter[40];
    int64_t first, last;
    int64_t first_us, last_us;
    double now;
};

struct rates {
    struct rate *items;
    size_t count, capacity;
    size_t next; /* where the search begins: looks come in the same order each time */
};

struct rates *rates_new(void)
{
    return calloc(1, sizeof(struct rates));
}

void rates_free(struct rates *rates)
{
    if (rates != NULL)
        free(rates->items);
    free(rates);
}

static struct rate *find(const struct rates *rates, const char *worker, const char *counter)
{
    for (size_t i = 0; rates->items != NULL && i < rates->count; i++) {
        struct rate *rate = &rates->items[(rates->next + i) % rates->count];
        if (strcmp(rate->worker, worker) == 0 && strcmp(rate->counter, counter) == 0)
            return rate;
    }
    return NULL;
}

static struct rate *append(struct rates *rates, const char *worker, const char *counter)
{
    struct rate *items = array_room(rates->items, rates->count, &rates->capacity, 64, sizeof *items);
    if (items == NULL)
        return NULL;
    rates->items = items;
    struct rate *rate = &rates->items[rates->count++];
    snprintf(rate->worker, sizeof rate->worker, "%s", worker);
    snprintf(rate->counter, sizeof rate->counter, "%s", counter);
    return rate;
}

void rates_update(struct rates *rates, const char *worker, const char *counter, int64_t value,
                  int64_t monotonic_us)
{
    struct rate *rate = find(rates, worker, counter);
    bool fresh = rate == NULL;
    if (fresh)
        rate = append(rates, worker, counter);
    if (rate == NULL)
        return;
    rates->next = (size_t)(rate - rates->items) + 1;
    if (fresh || value < rate->last) {
        rate->first = rate->last = value;
        rate->first_us = rate->last_us = monotonic_us;
        return;
    }
    if (monotonic_us <= rate->last_us)
        return;
    rate->now = (double)(value - rate->last) * (double)US_PER_SECOND / (double)(monotonic_us - rate->last_us);
    rate->last = value;
    rate->last_us = monotonic_us;
}

bool rates_get(const struct rates *rates, const char *worker, const char *counter, double *now,
               double *average)
{
    const struct rate *rate = rates == NULL ? NULL : find(rates, worker, counter);
    if (rate == NULL || rate->last_us == rate->first_us)
        return false;
    *now = rate->now;
    *average =
        (double)(rate->last - rate->first) * (double)US_PER_SECOND / (double)(rate->last_us - rate->first_us);
    return true;
}

void rates_look(struct rates *rates, const struct view_worker *worker, int64_t monotonic_us)
{
    const struct stats_snapshot *snapshot = rates == NULL ? NULL : worker->snapshot;
    const struct stats_definition *definition;
    for (size_t i = 0; snapshot != NULL && (definition = stats_snapshot_definition(snapshot, i)) != NULL; i++)
        if (definition->section == STATS_SECTION_COUNTERS)
            rates_update(rates, worker->entry.name, definition->name, stats_snapshot_value(snapshot, i, 0),
                         monotonic_us);
}
