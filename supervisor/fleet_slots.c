#include "supervisor/fleet_slots.h"

#include <strings.h>

#include "common/clock.h"

struct worker *fleet_add_slot(struct supervisor *supervisor, const struct settings *settings,
                              enum worker_kind kind, const char *name)
{
    struct worker *worker = malloc(sizeof *worker);
    struct worker **workers =
        realloc(supervisor->workers, (supervisor->worker_count + 1) * sizeof(struct worker *));
    if (workers != NULL)
        supervisor->workers = workers;
    if (worker == NULL || workers == NULL) {
        free(worker);
        return NULL;
    }
    *worker = (struct worker){.supervisor = supervisor,
                              .settings = settings,
                              .kind = kind,
                              .index = (unsigned)supervisor->worker_count,
                              .state = WORKER_DOWN,
                              .state_since_us = clock_wall_us(),
                              .deadline_us = INT64_MAX,
                              .next_restart_us = STATS_UNKNOWN,
                              .last_death = {.time_us = STATS_UNKNOWN},
                              .process = {0, -1, 0},
                              .exit_watch.fd = -1,
                              .channel_watch.fd = -1,
                              .output.watch.fd = -1,
                              .segment_fd = -1,
                              .count_base = STATS_UNKNOWN};
    snprintf(worker->name, sizeof worker->name, "%s", name);
    snprintf(worker->client, sizeof worker->client, "%.*s", NAME_LENGTH_MAX, name);
    supervisor->workers[supervisor->worker_count++] = worker;
    return worker;
}

struct worker *fleet_add_consumer(struct supervisor *supervisor, const struct settings *settings,
                                  const char *client, const char *name, unsigned colour)
{
    struct worker *worker = fleet_add_slot(supervisor, settings, KIND_CONSUMER, name);
    if (worker == NULL)
        return NULL;
    snprintf(worker->client, sizeof worker->client, "%s", client);
    worker->colour = colour;
    fleet_set_settings(worker, settings);
    return worker;
}

/* Whether a member with the one set of settings must leave its group before one with the other joins. A
 * static member that comes back is first given its former assignment: partitions of its old topic. */
static bool reads_something_else(const struct settings *one, const struct settings *other)
{
    return one != other &&
           (!schema_same(one->schema, other->schema) || strcmp(one->topic, other->topic) != 0);
}

void fleet_set_settings(struct worker *worker, const struct settings *settings)
{
    bool other_records = worker->kind == KIND_CONSUMER && reads_something_else(worker->settings, settings);
    char former[sizeof worker->group];
    memcpy(former, worker->group, sizeof former);
    if (settings->rate != worker->settings->rate || settings->interval_us != worker->settings->interval_us)
        worker->rate.set = false; /* what was told last holds */
    worker->settings = settings;
    if (worker->kind != KIND_CONSUMER)
        return;
    settings_group(settings, worker->client, worker->group, sizeof worker->group);
    if (worker->own_group[0] != '\0')
        snprintf(worker->group, sizeof worker->group, "%s", worker->own_group);
    bool moves = worker->moves || other_records || strcmp(former, worker->group) != 0;
    worker->moves = worker->process.pid != 0 && moves;
}

static unsigned next_colour(const struct supervisor *supervisor)
{
    unsigned next = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->kind == KIND_CONSUMER && supervisor->workers[i]->colour >= next)
            next = supervisor->workers[i]->colour + 1;
    return next;
}

struct worker *fleet_find(const struct supervisor *supervisor, const char *name)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (strcasecmp(supervisor->workers[i]->name, name) == 0)
            return supervisor->workers[i];
    return NULL;
}

struct worker *fleet_add(struct supervisor *supervisor, const struct settings *settings, const char *client)
{
    const char *name = client != NULL ? client : PRODUCER_WORKER;
    struct worker *worker = fleet_find(supervisor, name);
    if (worker != NULL) {
        worker->paused = worker->paused && !worker->retired; /* the pause went with it */
        worker->retired = worker->on_request = false;
        fleet_set_settings(worker, settings);
        return worker;
    }
    if (client == NULL)
        return fleet_add_slot(supervisor, settings, KIND_PRODUCER, name);
    return fleet_add_consumer(supervisor, settings, client, client, next_colour(supervisor));
}

/* Also those that were scaled away: they may come again. */
struct worker *fleet_add_own(struct supervisor *supervisor, const struct settings *settings,
                             const char *client, const char *like, const char *group)
{
    struct worker *first = fleet_add(supervisor, settings, client);
    for (size_t i = 0; first != NULL && i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        if (!fleet_is_of(worker, client))
            continue;
        worker->added = true;
        snprintf(worker->like, sizeof worker->like, "%s", like);
        snprintf(worker->own_group, sizeof worker->own_group, "%s", group);
        fleet_set_settings(worker, settings);
    }
    return first;
}

void fleet_disown(struct worker *worker)
{
    worker->added = false;
    worker->like[0] = worker->own_group[0] = '\0';
}

bool fleet_is_of(const struct worker *worker, const char *client)
{
    return worker->kind == KIND_CONSUMER && strcasecmp(worker->client, client) == 0;
}

struct worker *fleet_client(const struct supervisor *supervisor, const char *client)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (fleet_is_of(supervisor->workers[i], client) && !supervisor->workers[i]->retired)
            return supervisor->workers[i];
    return NULL;
}

struct worker *fleet_add_again(struct supervisor *supervisor, const char *client, const char *name,
                               bool retired)
{
    const struct worker *first = NULL;
    for (size_t i = 0; first == NULL && i < supervisor->worker_count; i++)
        if (fleet_is_of(supervisor->workers[i], client))
            first = supervisor->workers[i];
    struct worker *worker =
        fleet_add_consumer(supervisor, first != NULL ? first->settings : supervisor->settings, client, name,
                           first != NULL ? first->colour : next_colour(supervisor));
    if (worker != NULL)
        worker->retired = retired || first == NULL || first->retired;
    return worker;
}
