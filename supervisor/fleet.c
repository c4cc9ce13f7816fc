#include "supervisor/fleet.h"

#include <strings.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/stats/kept.h"
#include "supervisor/channel.h"
#include "supervisor/done.h"
#include "supervisor/evidence.h"
#include "supervisor/hand_over.h"
#include "supervisor/hangs.h"
#include "supervisor/journal.h"
#include "supervisor/output.h"
#include "supervisor/report.h"
#include "supervisor/segment.h"
#include "supervisor/states.h"
#include "supervisor/takeover.h"

#define DONE_CHECK_US (50 * US_PER_MS)

/* --- slots --------------------------------------------------------------------------------------------- */

/* NULL when memory is out. */
static struct worker *add(struct supervisor *supervisor, const struct settings *settings,
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

static struct worker *add_consumer(struct supervisor *supervisor, const struct settings *settings,
                                   const char *client, const char *name, unsigned colour)
{
    struct worker *worker = add(supervisor, settings, KIND_CONSUMER, name);
    if (worker == NULL)
        return NULL;
    snprintf(worker->client, sizeof worker->client, "%s", client);
    worker->colour = colour;
    fleet_set_settings(worker, settings);
    return worker;
}

/* Whether a member that works by the one set cannot be followed by one of the other. A static member that
 * comes back is first given what it had: partitions of its old topic. */
static bool reads_something_else(const struct settings *one, const struct settings *other)
{
    return one != other && (one->schema != other->schema || strcmp(one->topic, other->topic) != 0);
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
    if (settings->group != NULL)
        snprintf(worker->group, sizeof worker->group, "%s", settings->group);
    else
        snprintf(worker->group, sizeof worker->group, "test_group_%s", worker->client);
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
        return add(supervisor, settings, KIND_PRODUCER, name);
    return add_consumer(supervisor, settings, client, client, next_colour(supervisor));
}

static bool is_of(const struct worker *worker, const char *client)
{
    return worker->kind == KIND_CONSUMER && strcasecmp(worker->client, client) == 0;
}

struct worker *fleet_add_again(struct supervisor *supervisor, const char *client, const char *name,
                               bool retired)
{
    const struct worker *first = NULL;
    for (size_t i = 0; first == NULL && i < supervisor->worker_count; i++)
        if (is_of(supervisor->workers[i], client))
            first = supervisor->workers[i];
    struct worker *worker =
        add_consumer(supervisor, first != NULL ? first->settings : supervisor->settings, client, name,
                     first != NULL ? first->colour : next_colour(supervisor));
    if (worker != NULL)
        worker->retired = retired || first == NULL;
    return worker;
}

static int add_all(struct supervisor *supervisor)
{
    const struct settings *settings = supervisor->settings;
    bool embedded = settings_embedded(settings);
    for (size_t i = 0; i < settings->clients.count; i++)
        if (add_consumer(supervisor, config_client(supervisor->config, i), settings->clients.items[i],
                         settings->clients.items[i], (unsigned)i) == NULL)
            return -1;
    if (!settings->no_producer &&
        add(supervisor, config_producer(supervisor->config), KIND_PRODUCER, PRODUCER_WORKER) == NULL)
        return -1;
    return add(supervisor, settings, embedded ? KIND_BROKER : KIND_PROVISION,
               embedded ? "kbroker" : "provision") == NULL
               ? -1
               : 0;
}

int fleet_init(struct supervisor *supervisor, struct error *error)
{
    const struct settings *settings = supervisor->settings;
    if (add_all(supervisor) == -1)
        return error_set(error, "out of memory");
    struct directory *former = takeover_look(supervisor);
    if (directory_create(&supervisor->directory, settings->instance, supervisor->birth_id,
                         (uint32_t)supervisor->worker_count, error) == -1) {
        directory_free(former);
        return -1;
    }
    journal_open(supervisor);
    takeover(supervisor, former);
    supervisor->brokers = settings->brokers;
    evidence_take_over(supervisor);
    if (supervisor->brokers.bootstrap[0] != '\0')
        directory_set_bootstrap(supervisor->directory, supervisor->brokers.bootstrap);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        fleet_publish(supervisor->workers[i]);
    return 0;
}

void fleet_release(struct supervisor *supervisor)
{
    bool keep = supervisor->settings->keep;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        segment_release(worker);
        reached_release(&worker->reached);
        free(worker->output.partial);
        tail_release(&worker->tail);
        free(worker);
    }
    if (!keep) {
        segment_unlink_all(supervisor->settings->instance);
        kept_unlink(supervisor->settings->instance);
    }
    journal_close(supervisor, !keep);
    directory_close(supervisor->directory, !keep);
    free(supervisor->workers);
    poison_release(&supervisor->poison);
}

void fleet_publish(struct worker *worker)
{
    struct supervisor *supervisor = worker->supervisor;
    if (!hand_over_publishes(worker->kind) || supervisor->directory == NULL)
        return;
    struct directory_worker row = {
        .kind = worker->kind == KIND_PRODUCER ? STATS_KIND_PRODUCER : STATS_KIND_CONSUMER,
        .state = worker->state,
        .state_since_us = worker->state_since_us,
        .pid = worker->process.pid,
        .start_ticks = (int64_t)worker->process.start_ticks,
        .generation = (int64_t)worker->generation,
        .restarts = (int64_t)worker->restarts,
        .next_restart_us = worker->next_restart_us,
        .retired = worker->retired,
        .last_death = worker->last_death,
    };
    snprintf(row.name, sizeof row.name, "%s", worker->name);
    snprintf(row.client, sizeof row.client, "%s", worker->client);
    snprintf(row.group, sizeof row.group, "%s", worker->group);
    snprintf(row.reason, sizeof row.reason, "%s",
             worker->reason[0] != '\0' ? worker->reason : worker->trouble);
    struct error error = ERROR_INIT;
    if (directory_publish(supervisor->directory, worker->index, &row, &error) == -1)
        report_line(supervisor, "%s", error.text);
}

/* --- steps --------------------------------------------------------------------------------------------- */

#define FOR(kind) (1U << (kind))

static void send_all(struct supervisor *supervisor, unsigned kinds, enum worker_event event)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if ((FOR(supervisor->workers[i]->kind) & kinds) &&
            !(event == EVENT_START && supervisor->workers[i]->retired))
            states_dispatch(supervisor->workers[i], event);
}

static bool any_process(const struct supervisor *supervisor, unsigned kinds)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if ((FOR(supervisor->workers[i]->kind) & kinds) && supervisor->workers[i]->process.pid != 0)
            return true;
    return false;
}

struct step {
    unsigned kinds;          /* whom it concerns */
    enum worker_event event; /* what they get when it begins */
    bool (*over)(struct supervisor *supervisor);
};

static bool broker_answers(struct supervisor *supervisor)
{
    return supervisor->brokers.bootstrap[0] != '\0';
}

/* The topic is there; or the broker cannot be reached, which ktopic has said: then the workers try on their
 * own while it is asked again. */
static bool provision_tried(struct supervisor *supervisor)
{
    const struct worker *provision = supervisor_find(supervisor, KIND_PROVISION);
    return provision == NULL || provision->state == WORKER_DONE || provision->state == WORKER_BACKING_OFF ||
           provision->restarts > 0;
}

static bool never(struct supervisor *supervisor)
{
    (void)supervisor;
    return false;
}

static bool producer_gone(struct supervisor *supervisor)
{
    return !any_process(supervisor, FOR(KIND_PRODUCER) | FOR(KIND_PROVISION));
}

static bool consumers_gone(struct supervisor *supervisor)
{
    return !any_process(supervisor, FOR(KIND_CONSUMER));
}

static bool broker_gone(struct supervisor *supervisor)
{
    return !any_process(supervisor, FOR(KIND_BROKER));
}

static const struct step steps[] = {
    [STEP_BROKER] = {FOR(KIND_BROKER), EVENT_START, broker_answers},
    [STEP_PROVISION] = {FOR(KIND_PROVISION), EVENT_START, provision_tried},
    [STEP_WORK] = {FOR(KIND_CONSUMER) | FOR(KIND_PRODUCER), EVENT_START, never},
    [STEP_STOP_PRODUCER] = {FOR(KIND_PRODUCER) | FOR(KIND_PROVISION), EVENT_STOP, producer_gone},
    [STEP_STOP_CONSUMERS] = {FOR(KIND_CONSUMER), EVENT_STOP, consumers_gone},
    [STEP_STOP_BROKER] = {FOR(KIND_BROKER), EVENT_STOP, broker_gone},
    [STEP_OVER] = {0, EVENT_STOP, never},
};

static void begin(struct supervisor *supervisor, enum fleet_step step)
{
    supervisor->step = step;
    if (step == STEP_WORK && supervisor->settings->exit_when_done)
        supervisor->done_check_us = clock_monotonic_us() + DONE_CHECK_US;
    send_all(supervisor, steps[step].kinds, steps[step].event);
}

void fleet_start(struct supervisor *supervisor)
{
    begin(supervisor, STEP_BROKER);
}

/* --- what the fleet as a whole has to notice ----------------------------------------------------------- */

static void stop_because(struct supervisor *supervisor, int exit_code, const char *cause)
{
    supervisor->cause = cause;
    fleet_stop(supervisor, exit_code);
    supervisor->cause = NULL;
}

static void check_broker(struct supervisor *supervisor)
{
    const struct worker *broker = supervisor_find(supervisor, KIND_BROKER);
    if (broker == NULL || broker->state != WORKER_HELD)
        return;
    report_line(supervisor, "the embedded broker is gone, and its records with it: ending. Start again, or "
                            "use a real Kafka ('make kafka')");
    stop_because(supervisor, EXIT_CODE_FAILED, "the embedded broker is gone");
}

static void check_provision(struct supervisor *supervisor)
{
    const struct worker *provision = supervisor_find(supervisor, KIND_PROVISION);
    if (provision == NULL)
        return;
    supervisor->provisioned |= provision->state == WORKER_DONE;
    if (provision->state == WORKER_HELD && !supervisor->provisioned) /* later ones are a rollout's */
        stop_because(supervisor, (int)provision->last_death.exit_status, "the topics could not be made");
}

static void check_ready(struct supervisor *supervisor)
{
    if (supervisor->ready_told || supervisor->step != STEP_WORK)
        return;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (worker->kind == KIND_CONSUMER && !worker->retired && !worker_works(worker))
            return;
    }
    supervisor->ready_told = true;
    report_ready(supervisor);
}

static void check_done(struct supervisor *supervisor)
{
    if (supervisor->step != STEP_WORK || clock_monotonic_us() < supervisor->done_check_us)
        return;
    if (!done_check(supervisor)) {
        supervisor->done_check_us = clock_monotonic_us() + DONE_CHECK_US;
        return;
    }
    supervisor->done_check_us = INT64_MAX;
    report_line(supervisor, "done: all records are produced, and every group has committed them");
    journal_note_instance(supervisor, EVENT_KIND_FINISHED);
    stop_because(supervisor, EXIT_CODE_OK, "all is done");
}

void fleet_advance(struct supervisor *supervisor)
{
    if (!supervisor->stopping) {
        check_broker(supervisor);
        check_provision(supervisor);
        check_ready(supervisor);
        check_done(supervisor);
    }
    while (supervisor->step != STEP_OVER && steps[supervisor->step].over(supervisor))
        begin(supervisor, supervisor->step + 1);
}

void fleet_stop(struct supervisor *supervisor, int exit_code)
{
    if (supervisor->stopping)
        return;
    journal_note_instance(supervisor, EVENT_KIND_SUPERVISOR_STOPPING);
    supervisor->stopping = true;
    supervisor->exit_code = exit_code;
    supervisor->done_check_us = INT64_MAX;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->start_again)
            states_dispatch(supervisor->workers[i], EVENT_STOP);
    begin(supervisor, STEP_STOP_PRODUCER);
}

void fleet_kill(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        states_dispatch(worker, EVENT_STOP); /* or its death would be followed by a restart */
        if (worker->process.pid == 0)
            continue;
        process_kill_group(&worker->process);
    }
}

void fleet_set_address(struct supervisor *supervisor, const char *bootstrap)
{
    snprintf(supervisor->brokers.bootstrap, sizeof supervisor->brokers.bootstrap, "%s", bootstrap);
    snprintf(supervisor->brokers.source, sizeof supervisor->brokers.source, "the embedded broker");
    directory_set_bootstrap(supervisor->directory, bootstrap);
}

/* --- single workers ------------------------------------------------------------------------------------ */

/* Its next process is one that makes records, though this one does not. */
static bool follows_itself(struct worker *worker)
{
    bool follows = worker->on_request && !worker->supervisor->settings->no_producer;
    worker->on_request &= !follows;
    return follows && worker_runs(worker);
}

/* One that is started after its --count makes as many again. */
static void count_anew(struct worker *worker)
{
    if (!hand_over_is_finished(worker))
        return;
    worker->count_base = hand_over_acknowledged(worker);
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
    fleet_publish(worker);
}

void fleet_provision(struct supervisor *supervisor)
{
    struct worker *provision = supervisor_find(supervisor, KIND_PROVISION);
    if (provision != NULL)
        fleet_start_worker(provision);
}

/* The pause of all workers of a client is the client's: who joins them is paused too. */
static bool client_is_paused(const struct supervisor *supervisor, const char *client)
{
    bool paused = false;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (!is_of(worker, client) || worker->retired)
            continue;
        if (!worker->paused)
            return false;
        paused = true;
    }
    return paused;
}

/* Who is to be there, and was scaled away or stopped, is started. */
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

/* How many of the client there have been; `first`: NULL when there were none. */
static unsigned count_slots(const struct supervisor *supervisor, const char *client, struct worker **first)
{
    unsigned have = 0;
    *first = NULL;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (is_of(supervisor->workers[i], client) && have++ == 0)
            *first = supervisor->workers[i];
    return have;
}

static int grow(struct supervisor *supervisor, const struct worker *first, unsigned number, bool paused,
                struct error *error)
{
    char name[WORKER_NAME_BYTES];
    name_worker(name, first->client, number);
    struct worker *worker = add_consumer(supervisor, first->settings, first->client, name, first->colour);
    if (worker == NULL)
        return error_set(error, "out of memory");
    worker->paused = paused;
    states_dispatch(worker, EVENT_START);
    return 0;
}

/* Its first worker is never scaled away: one that is retired is of a client that was removed. */
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
        if (is_of(supervisor->workers[i], client)) {
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

/* --- time ---------------------------------------------------------------------------------------------- */

int64_t fleet_deadline_us(const struct supervisor *supervisor)
{
    int64_t nearest_us = supervisor->done_check_us;
    if (supervisor->hang_check_us < nearest_us)
        nearest_us = supervisor->hang_check_us;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->deadline_us < nearest_us)
            nearest_us = supervisor->workers[i]->deadline_us;
    return nearest_us;
}

void fleet_timers(struct supervisor *supervisor, int64_t now_us)
{
    hangs_check(supervisor, now_us);
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        if (worker->deadline_us > now_us)
            continue;
        worker->deadline_us = INT64_MAX;
        states_dispatch(worker, EVENT_TIMER);
    }
}
