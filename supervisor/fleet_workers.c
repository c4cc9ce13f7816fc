#include "supervisor/fleet.h"
#include "supervisor/publish.h"
#include "supervisor/process/channel.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/count.h"
#include "supervisor/journal.h"
#include "supervisor/states.h"

/* --- single workers ------------------------------------------------------------------------------------ */

/* Its next process makes records, although this one only serves `produce`. */
static bool follows_itself(struct worker *worker)
{
    bool follows = worker->on_request && !worker->supervisor->settings->no_producer;
    worker->on_request &= !follows;
    return follows && worker_runs(worker);
}

/* A producer that is started again after its --count makes as many again. */
static void count_anew(struct worker *worker)
{
    if (!count_is_finished(worker))
        return;
    worker->count_base = count_acknowledged(worker);
    worker->asked = 0;
}

void fleet_start_worker(struct worker *worker)
{
    if (follows_itself(worker))
        states_dispatch(worker, EVENT_STOP);
    if (worker_runs(worker))
        return;
    if (worker->state == WORKER_HELD)
        journal_note(worker, EVENT_KIND_RELEASED);
    count_anew(worker);
    worker->history = (struct restart_history){0};
    worker->reason[0] = '\0';
    states_dispatch(worker, EVENT_START);
}

void fleet_start_on_request(struct worker *producer)
{
    producer->on_request = true;
    producer->history = (struct restart_history){0};
    producer->reason[0] = '\0';
    states_dispatch(producer, EVENT_START);
}

void fleet_restart_worker(struct worker *worker)
{
    if (worker->retired)
        return;
    if (!worker_runs(worker)) {
        fleet_start_worker(worker);
        return;
    }
    worker->start_again = true;
    states_dispatch(worker, EVENT_STOP);
}

int fleet_pause_worker(struct worker *worker, bool paused)
{
    if (worker_runs(worker) && channel_pause(worker, paused) == -1)
        return -1;
    if (worker->paused != paused)
        journal_note(worker, paused ? EVENT_KIND_PAUSED : EVENT_KIND_UNPAUSED);
    worker->paused = paused;
    return 0;
}

int fleet_set_rate(struct worker *worker, int64_t records, int64_t interval_us)
{
    const struct worker_pace before = worker->rate;
    worker->rate.set = true;
    worker->rate.number++;
    worker->rate.records = records;
    worker->rate.interval_us = interval_us;
    if (worker_runs(worker) && channel_rate(worker) == -1) {
        worker->rate = before;
        return -1;
    }
    journal_rate(worker);
    return 0;
}

void fleet_retire(struct worker *worker)
{
    worker->retired = true;
    states_dispatch(worker, EVENT_STOP);
    publish_worker(worker);
}

void fleet_provision(struct supervisor *supervisor)
{
    struct worker *provision = supervisor_find(supervisor, KIND_PROVISION);
    if (provision != NULL)
        fleet_start_worker(provision);
}

/* When all workers of a client are paused, new ones start paused too. */
static bool client_is_paused(const struct supervisor *supervisor, const char *client)
{
    bool paused = false;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (!fleet_is_of(worker, client) || worker->retired)
            continue;
        if (!worker->paused)
            return false;
        paused = true;
    }
    return paused;
}

/* Starts the workers up to the wanted number that were scaled away or stopped. */
static void want(struct worker *worker, bool paused)
{
    if (worker->retired) {
        worker->retired = false;
        worker->paused = paused;
    } else if (worker->state != WORKER_DOWN && worker->state != WORKER_STOPPING) {
        return;
    }
    fleet_start_worker(worker);
}

/* How many slots the client has; `first`: NULL when it has none. */
static unsigned count_slots(const struct supervisor *supervisor, const char *client, struct worker **first)
{
    unsigned have = 0;
    *first = NULL;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (fleet_is_of(supervisor->workers[i], client) && have++ == 0)
            *first = supervisor->workers[i];
    return have;
}

static int grow(struct supervisor *supervisor, const struct worker *first, unsigned number, bool paused,
                struct error *error)
{
    char name[WORKER_NAME_BYTES];
    name_worker(name, first->client, number);
    struct worker *worker =
        fleet_add_consumer(supervisor, first->settings, first->client, name, first->colour);
    if (worker == NULL)
        return error_set(error, "out of memory");
    worker->paused = paused;
    worker->added = first->added;
    memcpy(worker->like, first->like, sizeof worker->like);
    memcpy(worker->own_group, first->own_group, sizeof worker->own_group);
    fleet_set_settings(worker, first->settings);
    states_dispatch(worker, EVENT_START);
    return 0;
}

/* The first worker is never scaled away: if it is retired, its client was removed. */
int fleet_scale(struct supervisor *supervisor, const char *client, unsigned count, struct error *error)
{
    struct worker *first;
    unsigned have = count_slots(supervisor, client, &first);
    bool paused = client_is_paused(supervisor, client);
    size_t before = supervisor->worker_count;
    if (first == NULL || first->retired)
        return error_set(error, "there is no client '%s'", client);
    if (have < count && before + (count - have) > DIRECTORY_CAPACITY_MAX)
        return error_set(error, "one instance has at most %d workers", DIRECTORY_CAPACITY_MAX);
    journal_scale(supervisor, client, count);
    unsigned number = 0;
    for (size_t i = 0; i < before; i++)
        if (fleet_is_of(supervisor->workers[i], client)) {
            if (++number > count)
                fleet_retire(supervisor->workers[i]);
            else
                want(supervisor->workers[i], paused);
        }
    while (number < count)
        if (grow(supervisor, first, ++number, paused, error) == -1)
            return -1;
    return 0;
}
