#include "supervisor/control/rollout.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/signal_name.h"
#include "common/text.h"
#include "supervisor/fleet.h"
#include "supervisor/control/lag.h"
#include "supervisor/log/line.h"
#include "supervisor/log/report.h"
#include "supervisor/service.h"
#include "supervisor/states.h"

/* The lag stands in shared memory, which raises no event. */
#define LAG_EVERY_US (50 * US_PER_MS)

/* --- texts --------------------------------------------------------------------------------------------- */

const char *rollout_kind_name(enum rollout_kind kind)
{
    static const char *const names[] = {[ROLLOUT_ADJUST] = "adjusted",
                                        [ROLLOUT_RESTART] = "restarted",
                                        [ROLLOUT_ADD] = "added",
                                        [ROLLOUT_REMOVE] = "removed",
                                        [ROLLOUT_PASS_OVER] = "skipped, because it is stopped"};
    return names[kind];
}

static const char *intention(const struct rollout_row *row)
{
    static const char *const texts[] = {[ROLLOUT_ADJUST] = "stays as it is",
                                        [ROLLOUT_RESTART] = "to be restarted",
                                        [ROLLOUT_ADD] = "to be added",
                                        [ROLLOUT_REMOVE] = "to be removed",
                                        [ROLLOUT_PASS_OVER] = "to be skipped"};
    return texts[row->kind];
}

void rollout_row_text(const struct rollout_row *row, char *text, size_t bytes)
{
    const struct worker *worker = row->worker;
    size_t used = text_append(text, bytes, 0, "%s: %s", worker->name,
                              row->over ? rollout_kind_name(row->kind) : intention(row));
    if (row->over && worker->process.pid != 0)
        used = text_append(text, bytes, used, ", pid %d, generation %" PRIu64, (int)worker->process.pid,
                           worker->generation);
    for (size_t i = 0; i < row->setting_count; i++) {
        const struct rollout_setting *setting = &row->settings[i];
        bool told = setting->from[0] != '\0' || setting->to[0] != '\0';
        used = text_append(text, bytes, used, "%s%s%s%s%s%s", i == 0 ? " (" : ", ", setting->name,
                           told ? ": " : "", setting->from, told ? " → " : "", setting->to);
    }
    if (row->setting_count > 0)
        text_append(text, bytes, used, ")");
}

/* --- beginning and ending ------------------------------------------------------------------------------ */

int rollout_refuse(const struct supervisor *supervisor, struct error *error)
{
    const struct rollout *rollout = supervisor->rollout;
    const char *title = rollout->under_way ? rollout->title : rollout->reserved;
    if (title == NULL)
        return 0;
    return error_set(error, "%s %s is under way", strchr("aeiou", title[0]) != NULL ? "an" : "a", title);
}

int rollout_begin(struct supervisor *supervisor, const char *title, struct rollout_row *rows, size_t count,
                  bool topics, int64_t max_lag, struct error *error)
{
    struct rollout *rollout = supervisor->rollout;
    if (rollout_refuse(supervisor, error) == -1) {
        free(rows);
        return -1;
    }
    free(rollout->rows);
    *rollout = (struct rollout){.title = title,
                                .under_way = true,
                                .step = topics ? ROLLOUT_TOPICS : ROLLOUT_RESTARTS,
                                .rows = rows,
                                .count = count,
                                .max_lag = max_lag};
    const char *cause = supervisor->cause;
    supervisor->cause = title;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == ROLLOUT_REMOVE)
            fleet_retire(rows[i].worker);
        rows[i].over = rows[i].kind == ROLLOUT_ADJUST;
    }
    supervisor->cause = cause;
    if (topics)
        fleet_provision(supervisor);
    return 0;
}

static void end(struct supervisor *supervisor)
{
    struct rollout *rollout = supervisor->rollout;
    char text[1024];
    rollout->under_way = false;
    service_reloaded(supervisor->service);
    for (size_t i = 0; i < rollout->count; i++) {
        rollout_row_text(&rollout->rows[i], text, sizeof text);
        report_line(supervisor, "%s: %s", rollout->title, text);
    }
    if (rollout->reason[0] != '\0')
        report_line(supervisor, "%s: stopped: %s", rollout->title, rollout->reason);
}

/* Whose turn has not come is not there: who asks for it again begins anew. */
static void take_back(struct rollout *rollout)
{
    for (size_t i = 0; i < rollout->count; i++)
        if (rollout->rows[i].kind == ROLLOUT_ADD && rollout->rows[i].generation == 0)
            fleet_retire(rollout->rows[i].worker);
}

static void fail(struct supervisor *supervisor, const struct error *error)
{
    take_back(supervisor->rollout);
    snprintf(supervisor->rollout->reason, sizeof supervisor->rollout->reason, "%s", error->text);
    end(supervisor);
}

void rollout_release(struct supervisor *supervisor)
{
    free(supervisor->rollout->rows);
    supervisor->rollout->rows = NULL;
}

/* --- is it true yet? ----------------------------------------------------------------------------------- */

enum answer { NO, YES, NEVER };

static enum answer died(const struct worker *worker, struct error *error)
{
    const struct directory_death *death = &worker->last_death;
    char name[SIGNAL_NAME_BYTES];
    if (worker->spawn_failed != 0)
        error_set(error, "%s could not be started: %s", worker->name, worker->reason);
    else if (death->signal != 0)
        error_set(error, "%s died before it was ready: killed by %s", worker->name,
                  signal_name((int)death->signal, name));
    else
        error_set(error, "%s died before it was ready: exit code %" PRId64 " (%s)", worker->name,
                  death->exit_status, exit_code_find((int)death->exit_status)->meaning);
    return NEVER;
}

/* Does the expected generation work? */
static enum answer works(const struct worker *worker, uint64_t generation, struct error *error)
{
    switch (worker->state) {
    case WORKER_HELD:
        error_set(error, "%s is held: %s", worker->name, worker->reason);
        return NEVER;
    case WORKER_BACKING_OFF:
        return died(worker, error);
    case WORKER_DOWN:
        error_set(error, "%s was stopped meanwhile", worker->name);
        return NEVER;
    default:
        break;
    }
    if (worker_works_or_done(worker))
        return worker->generation >= generation ? YES : NO;
    return worker->generation > generation ? died(worker, error) : NO;
}

/* It has caught up as far as required. A paused worker will not catch up, and is not waited for. */
static enum answer has_caught_up(const struct rollout *rollout, struct worker *worker)
{
    if (rollout->max_lag == ROLLOUT_LAG_ANY || worker->paused || worker->kind != KIND_CONSUMER)
        return YES;
    int64_t lag = lag_of(worker);
    return lag != STATS_UNKNOWN && lag <= rollout->lag_bound ? YES : NO;
}

/* --- steps --------------------------------------------------------------------------------------------- */

static enum answer topics_made(struct supervisor *supervisor, struct error *error)
{
    const struct worker *provision = supervisor_find(supervisor, KIND_PROVISION);
    if (provision == NULL || provision->state == WORKER_DONE)
        return YES;
    if (provision->state != WORKER_HELD && provision->state != WORKER_BACKING_OFF)
        return NO;
    error_set(error, "the new topics could not be made");
    return NEVER;
}

static struct rollout_row *next_of(struct rollout *rollout, enum rollout_kind kind)
{
    for (size_t i = 0; i < rollout->count; i++)
        if (rollout->rows[i].kind == kind && !rollout->rows[i].over)
            return &rollout->rows[i];
    return NULL;
}

static void restart(struct supervisor *supervisor, struct rollout_row *row)
{
    struct rollout *rollout = supervisor->rollout;
    struct worker *worker = row->worker;
    int64_t lag = lag_of(worker);
    rollout->lag_bound =
        rollout->max_lag == ROLLOUT_LAG_SETTINGS ? worker->settings->max_lag : rollout->max_lag;
    if (lag != STATS_UNKNOWN && lag > rollout->lag_bound)
        rollout->lag_bound = lag;
    rollout->awaited = worker;
    row->generation = worker->generation + 1;
    supervisor->cause = rollout->title;
    fleet_restart_worker(worker);
    supervisor->cause = NULL;
}

/* Stopped by an operator while other workers were being restarted. */
static bool was_stopped(const struct worker *worker)
{
    return worker->retired || worker->state == WORKER_DOWN || worker->state == WORKER_DONE ||
           (worker->state == WORKER_STOPPING && !worker->start_again);
}

static enum answer restarts_done(struct supervisor *supervisor, struct error *error)
{
    struct rollout *rollout = supervisor->rollout;
    struct rollout_row *row;
    while ((row = next_of(rollout, ROLLOUT_RESTART)) != NULL) {
        if (rollout->awaited != row->worker && was_stopped(row->worker)) {
            row->kind = ROLLOUT_PASS_OVER;
            row->over = true;
            continue;
        }
        if (rollout->awaited != row->worker)
            restart(supervisor, row);
        enum answer answer = works(row->worker, row->generation, error);
        rollout->lag_awaited = answer == YES && has_caught_up(rollout, row->worker) == NO;
        if (answer != YES || rollout->lag_awaited)
            return answer == NEVER ? NEVER : NO;
        row->over = true;
    }
    return YES;
}

static enum answer added(struct supervisor *supervisor, struct error *error)
{
    struct rollout *rollout = supervisor->rollout;
    enum answer all = YES;
    for (size_t i = 0; i < rollout->count; i++) {
        struct rollout_row *row = &rollout->rows[i];
        if (row->kind != ROLLOUT_ADD || row->over)
            continue;
        enum answer one = works(row->worker, row->generation, error);
        if (one == NEVER)
            return NEVER;
        row->over = one == YES;
        all = one == NO ? NO : all;
    }
    return all;
}

static enum answer removed(struct supervisor *supervisor, struct error *error)
{
    struct rollout *rollout = supervisor->rollout;
    enum answer all = YES;
    (void)error;
    for (size_t i = 0; i < rollout->count; i++) {
        if (rollout->rows[i].kind != ROLLOUT_REMOVE)
            continue;
        rollout->rows[i].over = rollout->rows[i].worker->process.pid == 0;
        if (!rollout->rows[i].over)
            all = NO;
    }
    return all;
}

static void start_added(struct supervisor *supervisor)
{
    supervisor->cause = supervisor->rollout->title;
    for (size_t i = 0; i < supervisor->rollout->count; i++) {
        struct rollout_row *row = &supervisor->rollout->rows[i];
        if (row->kind != ROLLOUT_ADD)
            continue;
        row->generation = row->worker->generation + 1;
        fleet_start_worker(row->worker);
    }
    supervisor->cause = NULL;
}

struct step {
    enum answer (*done)(struct supervisor *supervisor, struct error *error);
    void (*then)(struct supervisor *supervisor); /* NULL: nothing */
};

static const struct step steps[] = {
    [ROLLOUT_TOPICS] = {topics_made, NULL},
    [ROLLOUT_RESTARTS] = {restarts_done, start_added},
    [ROLLOUT_STARTS] = {added, NULL},
    [ROLLOUT_ENDS] = {removed, end},
};

void rollout_check(struct supervisor *supervisor)
{
    struct rollout *rollout = supervisor->rollout;
    struct error error = ERROR_INIT;
    enum answer answer = YES;
    if (rollout->under_way && supervisor->stopping) {
        error_set(&error, "the instance is stopping");
        answer = NEVER;
    }
    while (rollout->under_way && answer == YES &&
           (answer = steps[rollout->step].done(supervisor, &error)) == YES) {
        const struct step *step = &steps[rollout->step++];
        if (step->then != NULL)
            step->then(supervisor);
    }
    if (answer == NEVER)
        fail(supervisor, &error);
}

int64_t rollout_deadline_us(const struct supervisor *supervisor)
{
    const struct rollout *rollout = supervisor->rollout;
    return rollout->under_way && rollout->lag_awaited ? clock_monotonic_us() + LAG_EVERY_US : INT64_MAX;
}
