#include "supervisor/control/verbs.h"

#include <inttypes.h>
#include <signal.h>
#include <strings.h>

#include "common/clock.h"
#include "common/options.h"
#include "common/rpc/pack.h"
#include "supervisor/process/channel.h"
#include "supervisor/fleet.h"
#include "supervisor/journal.h"
#include "supervisor/process/segment.h"
#include "supervisor/states.h"
#include "supervisor/control/request.h"
#include "supervisor/control/verb_clients.h"
#include "supervisor/control/verb_ktopic.h"
#include "supervisor/control/verb_logs.h"
#include "supervisor/control/verb_offsets.h"
#include "supervisor/control/verb_produce.h"
#include "supervisor/control/verb_rate.h"
#include "supervisor/control/verb_rollout.h"
#include "supervisor/control/verb_status.h"

/* --- conditions ---------------------------------------------------------------------------------------- */

static bool is_new(const struct request *request, const struct worker *worker)
{
    return worker->index >= request->generation_count ||
           worker->generation > request->generations[worker->index];
}

static enum progress works(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    if (worker->state == WORKER_HELD) {
        error_set(error, "%s is held: %s", worker->name, worker->reason);
        return PROGRESS_FAILED;
    }
    return worker_works_or_done(worker) || worker->retired ? PROGRESS_DONE : PROGRESS_WAITING;
}

static enum progress works_anew(struct request *request, struct worker *worker, struct error *error)
{
    return is_new(request, worker) ? works(request, worker, error) : PROGRESS_WAITING;
}

static enum progress is_down(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    (void)error;
    return worker->process.pid == 0 && worker->state != WORKER_BACKING_OFF ? PROGRESS_DONE : PROGRESS_WAITING;
}

static enum progress phase_is_paused(struct worker *worker, bool paused)
{
    if (worker->process.pid == 0 || !segment_refresh(worker))
        return PROGRESS_DONE; /* it will be so when it starts */
    return (stats_snapshot_status(worker->stats, "phase") == PHASE_PAUSED) == paused ? PROGRESS_DONE
                                                                                     : PROGRESS_WAITING;
}

/* --- start, stop, restart ------------------------------------------------------------------------------ */

static enum progress start_one(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    (void)error;
    if (!worker->retired)
        fleet_start_worker(worker);
    return PROGRESS_WAITING;
}

static enum progress stop_one(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    (void)error;
    states_dispatch(worker, EVENT_STOP);
    return PROGRESS_WAITING;
}

static enum progress restart_one(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    (void)error;
    fleet_restart_worker(worker);
    return PROGRESS_WAITING;
}

/* --- signals, pauses, rates ---------------------------------------------------------------------------- */

/* TERM, SIGTERM or 15; -1 when it is none. */
static int signal_number(const char *text)
{
    if (text[0] == '\0')
        return SIGTERM;
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known != NULL && strcasecmp(known, name) == 0)
            return number;
    }
    int64_t number;
    return option_parse_integer(text, 1, NSIG - 1, &number, NULL) == 0 ? (int)number : -1;
}

static void tell_signal(struct worker *worker, int number)
{
    struct event event = journal_of(worker, EVENT_KIND_SIGNALLED);
    const char *name = sigabbrev_np(number);
    event.count = number;
    worker->signalled = true;
    journal_add(worker->supervisor, &event, "SIG%s", name != NULL ? name : "?");
}

static enum progress kill_one(struct request *request, struct worker *worker, struct error *error)
{
    if (worker->process.pid == 0)
        return PROGRESS_DONE;
    if (process_signal(&worker->process, (int)request->value) == -1)
        error_set(error, "%s cannot be signalled", worker->name);
    else
        tell_signal(worker, (int)request->value);
    return PROGRESS_WAITING;
}

static enum progress has_no_process(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    if (worker->process.pid != 0)
        return PROGRESS_WAITING;
    error_set(error, "%s has no process: it is %s", worker->name, worker_state_name(worker->state));
    return PROGRESS_DONE;
}

static enum progress begin_kill(struct request *request, struct error *error)
{
    request->value = signal_number(request->argument);
    if (request->value == -1) {
        error_set(error, "'%s' is not a signal", request->argument);
        return PROGRESS_FAILED;
    }
    struct error nobody = ERROR_INIT;
    if (request_count_meant(request) > 0 &&
        request_for_each(request, has_no_process, &nobody) == PROGRESS_DONE) {
        *error = nobody;
        return PROGRESS_FAILED;
    }
    return PROGRESS_WAITING;
}

/* Only SIGKILL is certain to end it; of any other it is done when it is sent. */
static enum progress died(struct request *request, struct worker *worker, struct error *error)
{
    (void)error;
    return request->value != SIGKILL || is_new(request, worker) || worker->process.pid == 0
               ? PROGRESS_DONE
               : PROGRESS_WAITING;
}

static enum progress pause_one(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    if (fleet_pause_worker(worker, true) == -1)
        error_set(error, "%s is not listening: it was not paused; try again", worker->name);
    return PROGRESS_WAITING;
}

static enum progress is_paused(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    (void)error;
    return phase_is_paused(worker, true);
}

static enum progress resume_one(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    if (fleet_pause_worker(worker, false) == -1)
        error_set(error, "%s is not listening: it was not resumed; try again", worker->name);
    return PROGRESS_WAITING;
}

static enum progress is_resumed(struct request *request, struct worker *worker, struct error *error)
{
    (void)request;
    (void)error;
    return phase_is_paused(worker, false);
}

/* --- scale --------------------------------------------------------------------------------------------- */

static enum progress begin_scale(struct request *request, struct error *error)
{
    if (option_parse_integer(request->argument, 1, FLEET_SCALE_MAX, &request->value, error) == -1) {
        error_context(error, "scale %s", request->target);
        return PROGRESS_FAILED;
    }
    return fleet_scale(request->supervisor, request->target, (unsigned)request->value, error) == -1
               ? PROGRESS_FAILED
               : PROGRESS_WAITING;
}

static enum progress scaled_one(struct request *request, struct worker *worker, struct error *error)
{
    return worker->retired ? is_down(request, worker, error) : works(request, worker, error);
}

/* --- the instance -------------------------------------------------------------------------------------- */

static enum progress begin_shutdown(struct request *request, struct error *error)
{
    (void)error;
    fleet_stop(request->supervisor, 0);
    return PROGRESS_WAITING;
}

static enum progress check_shutdown(struct request *request, struct error *error)
{
    (void)error;
    return request->supervisor->step == STEP_OVER ? PROGRESS_DONE : PROGRESS_WAITING;
}

/* --- the table ----------------------------------------------------------------------------------------- */

#define WORKERS .result = verb_pack_workers, .result_name = "workers"

static const struct verb verbs[] = {
    {.name = "status",
     .help = "show the state of every worker",
     .shows_web = true,
     .while_stopping = true,
     WORKERS},
    {.name = "start",
     .help = "start what is down, held or done",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .to_each = start_one,
     .of_each = works,
     WORKERS},
    {.name = "stop",
     .help = "finish, commit, leave the group, and stay down",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .to_each = stop_one,
     .of_each = is_down,
     WORKERS},
    {.name = "restart",
     .help = "start a new process and keep the group membership: no rebalance",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .to_each = restart_one,
     .of_each = works_anew,
     WORKERS},
    {.name = "rolling-restart",
     .help = "restart consumers one after the other, each when the one before has caught up",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .begin = verb_rolling_begin,
     .check = verb_rollout_check,
     .result = verb_rollout_changes,
     .result_name = "changes",
     .lines = verb_rollout_lines},
    {.name = "reload",
     .help = "read the configuration again and apply what changed",
     .begin = verb_reload_begin,
     .check = verb_reload_check,
     .result = verb_rollout_changes,
     .result_name = "changes",
     .lines = verb_rollout_lines},
    {.name = "kill",
     .help = "send a signal (TERM)",
     .begin = begin_kill,
     .to_each = kill_one,
     .of_each = died,
     WORKERS},
    {.name = "pause",
     .help = "stop taking records, keep the partitions",
     .touches = VERB_TOUCHES_TARGET,
     .to_each = pause_one,
     .of_each = is_paused,
     WORKERS},
    {.name = "resume",
     .help = "take records again",
     .touches = VERB_TOUCHES_TARGET,
     .to_each = resume_one,
     .of_each = is_resumed,
     WORKERS},
    {.name = "scale",
     .help = "set the number of workers of a client",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .begin = begin_scale,
     .of_each = scaled_one,
     WORKERS},
    {.name = "add-client",
     .help = "add a client, in its own group or an existing one",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .begin = verb_add_client_begin,
     .check = verb_rollout_check,
     .result = verb_rollout_changes,
     .result_name = "changes",
     .lines = verb_rollout_lines},
    {.name = "remove-client",
     .help = "remove a client that was added: finish, commit, leave the group",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .begin = verb_remove_client_begin,
     .check = verb_rollout_check,
     .result = verb_rollout_changes,
     .result_name = "changes",
     .lines = verb_rollout_lines},
    {.name = "rate",
     .help = "set the producer's pace",
     .touches = VERB_TOUCHES_PRODUCER,
     .begin = verb_rate_begin,
     .check = verb_rate_check,
     .lines = verb_rate_lines},
    {.name = "produce",
     .help = "send one record and print its partition and offset",
     .touches = VERB_TOUCHES_PRODUCER,
     .after_start = true,
     .asks = true,
     .late = VERB_PRODUCE_LATE,
     .begin = verb_produce_begin,
     .check = verb_produce_check,
     .result = verb_produce_result,
     .result_name = "record",
     .lines = verb_produce_lines},
    {.name = "peek",
     .help = "show a topic's record at an offset",
     .after_start = true,
     .late = VERB_PEEK_LATE,
     .begin = verb_peek_begin,
     .check = verb_ktopic_check,
     .lines = verb_ktopic_lines},
    {.name = "dead-letters",
     .help = "a topic's dead letters: count them, show them, send them back",
     .after_start = true,
     .late = VERB_LETTERS_LATE,
     .begin = verb_letters_begin,
     .check = verb_ktopic_check,
     .lines = verb_ktopic_lines},
    {.name = "ack",
     .help = "acknowledge records, where --commit is manual",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .asks = true,
     .results_are = EVENT_KIND_ACKNOWLEDGED,
     .begin = verb_ack_begin,
     .check = verb_ack_check,
     .result = verb_offsets_results,
     .result_name = "partitions",
     .lines = verb_offsets_lines},
    {.name = "reset",
     .help = "set a client's offsets",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .asks = true,
     .results_are = EVENT_KIND_RESET,
     .begin = verb_reset_begin,
     .check = verb_reset_check,
     .result = verb_offsets_results,
     .result_name = "partitions",
     .lines = verb_offsets_lines},
    {.name = "release",
     .help = "let a held worker start again",
     .touches = VERB_TOUCHES_TARGET,
     .after_start = true,
     .to_each = start_one,
     .of_each = works,
     WORKERS},
    {.name = "logs",
     .help = "show the last lines of a worker",
     .while_stopping = true,
     .begin = verb_logs_begin,
     .result = verb_logs_last,
     .result_name = "last",
     .lines = verb_logs_lines},
    {.name = "reopen-logs",
     .help = "reopen the log files after an external rotation",
     .while_stopping = true,
     .begin = verb_reopen_begin,
     .check = verb_reopen_check,
     .lines = verb_reopen_lines},
    {.name = "shutdown",
     .help = "end the instance in order",
     .while_stopping = true,
     .begin = begin_shutdown,
     .check = check_shutdown},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

const struct verb *verb_at(size_t i)
{
    return i < VERBS ? &verbs[i] : NULL;
}

const struct verb *verb_find(const char *name, size_t length, const char **suggestion)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++) {
        names[i] = verbs[i].name;
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return &verbs[i];
    }
    char copy[48];
    snprintf(copy, sizeof copy, "%.*s", (int)(length < sizeof copy - 1 ? length : sizeof copy - 1), name);
    *suggestion = name_suggest(copy, names, VERBS);
    return NULL;
}
