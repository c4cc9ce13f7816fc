#include "supervisor/fleet.h"
#include "common/clock.h"
#include "supervisor/announce.h"
#include "common/exit_codes.h"
#include "supervisor/done.h"
#include "supervisor/hangs.h"
#include "supervisor/journal.h"
#include "supervisor/log/report.h"
#include "supervisor/states.h"

#define DONE_CHECK_US (50 * US_PER_MS)

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

/* The topics exist; or no broker answers, as ktopic has reported: then the workers keep trying on their own,
 * and provisioning is retried. */
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

static bool web_gone(struct supervisor *supervisor)
{
    return !any_process(supervisor, FOR(KIND_WEB));
}

static bool broker_gone(struct supervisor *supervisor)
{
    return !any_process(supervisor, FOR(KIND_BROKER));
}

static const struct step steps[] = {
    /* kweb starts first and ends last, so that the page shows the start and the end of the others. */
    [STEP_BROKER] = {FOR(KIND_BROKER) | FOR(KIND_WEB), EVENT_START, broker_answers},
    [STEP_PROVISION] = {FOR(KIND_PROVISION), EVENT_START, provision_tried},
    [STEP_WORK] = {FOR(KIND_CONSUMER) | FOR(KIND_PRODUCER), EVENT_START, never},
    [STEP_STOP_PRODUCER] = {FOR(KIND_PRODUCER) | FOR(KIND_PROVISION), EVENT_STOP, producer_gone},
    [STEP_STOP_CONSUMERS] = {FOR(KIND_CONSUMER), EVENT_STOP, consumers_gone},
    [STEP_STOP_WEB] = {FOR(KIND_WEB), EVENT_STOP, web_gone},
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
    announce_ready(supervisor);
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
