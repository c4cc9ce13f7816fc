/* The steps of a rollout. What it does to workers is stood in for by the functions below, which note it: the
 * linker takes only what is missing from the archive. */
#include "tests/support/check_main.h"

#include "common/text.h"
#include "tests/support/fake_clock.h"

#include <stdarg.h>

#include "supervisor/fleet.h"
#include "supervisor/control/lag.h"
#include "supervisor/log/line.h"
#include "supervisor/log/report.h"
#include "supervisor/control/rollout.h"
#include "supervisor/service.h"

static char seen[2048];
static int64_t lag;

static void note(const char *what, const struct worker *worker)
{
    text_append(seen, sizeof seen, strlen(seen), "%s %s|", what, worker->name);
}

void fleet_restart_worker(struct worker *worker)
{
    note("restart", worker);
    worker->state = WORKER_STOPPING;
}

void fleet_start_worker(struct worker *worker)
{
    note("start", worker);
    worker->state = WORKER_STARTING;
    worker->generation++;
}

void fleet_retire(struct worker *worker)
{
    note("retire", worker);
}

void fleet_provision(struct supervisor *supervisor)
{
    (void)supervisor;
    text_append(seen, sizeof seen, strlen(seen), "topics|");
}

int64_t lag_of(struct worker *worker)
{
    (void)worker;
    return lag;
}

void service_reloaded(struct service *service)
{
    (void)service;
}

void report_line(struct supervisor *supervisor, const char *format, ...)
{
    (void)supervisor;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_append(seen, sizeof seen, strlen(seen), "%s|", text);
}

/* --- the stage ----------------------------------------------------------------------------------------- */

static struct settings settings;
static struct worker bravo, zulu, provision;
static struct worker *workers[] = {&bravo, &zulu, &provision};
static struct rollout rollout;
static struct service service = {.fd = -1};
static struct supervisor supervisor;
static struct error error;

static struct worker consumer(const char *name)
{
    struct worker worker = {.settings = &settings,
                            .kind = KIND_CONSUMER,
                            .state = WORKER_READY,
                            .generation = 1,
                            .process = {.pid = 7}};
    snprintf(worker.name, sizeof worker.name, "%s", name);
    return worker;
}

static void set_up(void)
{
    settings = (struct settings){.max_lag = 100};
    bravo = consumer("bravo");
    zulu = consumer("zulu");
    provision = (struct worker){.kind = KIND_PROVISION, .state = WORKER_DONE, .name = "provision"};
    rollout = (struct rollout){0};
    supervisor =
        (struct supervisor){.workers = workers, .worker_count = 3, .rollout = &rollout, .service = &service};
    error = (struct error)ERROR_INIT;
    lag = 0;
    seen[0] = '\0';
}

static void tear_down(void)
{
    rollout_release(&supervisor);
}

static void begin(enum rollout_kind first, enum rollout_kind second, bool topics, int64_t max_lag)
{
    struct rollout_row *rows = calloc(2, sizeof *rows);
    rows[0] = (struct rollout_row){.worker = &bravo, .kind = first};
    rows[1] = (struct rollout_row){.worker = &zulu, .kind = second};
    ck_assert_msg(rollout_begin(&supervisor, "reload", rows, 2, topics, max_lag, &error) == 0, "%s",
                  error.text);
}

/* What has happened since the last look. */
static const char *happened(void)
{
    static char copy[sizeof seen];
    rollout_check(&supervisor);
    memcpy(copy, seen, sizeof copy);
    seen[0] = '\0';
    return copy;
}

static void comes_back(struct worker *worker, enum worker_state state)
{
    worker->state = state;
    worker->generation = 2;
}

/* --- cases --------------------------------------------------------------------------------------------- */

START_TEST(the_second_restart_waits_until_the_first_works_again)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
    ck_assert_str_eq(happened(), "restart bravo|");
    ck_assert_str_eq(happened(), "");
    comes_back(&bravo, WORKER_JOINING);
    ck_assert_str_eq(happened(), "");
    ck_assert_int_eq(rollout_deadline_us(&supervisor), INT64_MAX);
    comes_back(&bravo, WORKER_READY);
    ck_assert_str_eq(happened(), "restart zulu|");
    comes_back(&zulu, WORKER_READY_IDLE);
    ck_assert_str_eq(
        happened(),
        "reload: bravo: restarted, pid 7, generation 2|reload: zulu: restarted, pid 7, generation 2|");
    ck_assert_int_eq(supervisor.rollout->under_way, false);
}
END_TEST

START_TEST(who_takes_candidates_one_by_one_works)
{
    begin(ROLLOUT_RESTART, ROLLOUT_ADJUST, false, ROLLOUT_LAG_ANY);
    ck_assert_str_eq(happened(), "restart bravo|");
    comes_back(&bravo, WORKER_QUARANTINING);
    happened();
    ck_assert_int_eq(supervisor.rollout->under_way, false);
    ck_assert_str_eq(supervisor.rollout->reason, "");
}
END_TEST

START_TEST(the_second_restart_waits_until_the_first_has_caught_up)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_SETTINGS);
    ck_assert_str_eq(happened(), "restart bravo|");
    comes_back(&bravo, WORKER_READY);
    static const int64_t too_far[] = {STATS_UNKNOWN, 5000, 101};
    for (size_t i = 0; i < sizeof too_far / sizeof too_far[0]; i++) {
        lag = too_far[i];
        ck_assert_str_eq(happened(), "");
        ck_assert_int_lt(rollout_deadline_us(&supervisor), INT64_MAX); /* a lag raises no event */
    }
    lag = 100;
    ck_assert_str_eq(happened(), "restart zulu|");
}
END_TEST

START_TEST(who_was_far_behind_need_not_be_nearer_than_it_was)
{
    lag = 5000;
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, 10);
    ck_assert_str_eq(happened(), "restart bravo|");
    comes_back(&bravo, WORKER_READY);
    lag = 5001;
    ck_assert_str_eq(happened(), "");
    lag = 5000;
    ck_assert_str_eq(happened(), "restart zulu|");
}
END_TEST

START_TEST(who_is_paused_is_not_waited_for_to_catch_up)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, 10);
    ck_assert_str_eq(happened(), "restart bravo|");
    comes_back(&bravo, WORKER_READY);
    lag = 5000;
    bravo.paused = true;
    ck_assert_str_eq(happened(), "restart zulu|");
}
END_TEST

/* A stop that came meanwhile holds, and so does a scale down. */
START_TEST(who_was_stopped_before_its_turn_is_passed_over)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
    ck_assert_str_eq(happened(), "restart bravo|");
    zulu.state = WORKER_STOPPING;
    zulu.retired = true;
    bravo.state = WORKER_READY;
    bravo.generation++;
    const char *told = happened();
    ck_assert_ptr_null(strstr(told, "restart zulu"));
    ck_assert_ptr_nonnull(strstr(told, "reload: zulu: skipped, because it is stopped"));
    ck_assert(!supervisor.rollout->under_way);
    ck_assert_str_eq(supervisor.rollout->reason, "");
}
END_TEST

START_TEST(a_restart_goes_on_with_who_is_being_started_again_and_not_with_who_is_down)
{
    const struct {
        enum worker_state state;
        bool start_again, goes;
    } cases[] = {{WORKER_DOWN, false, false},     {WORKER_DONE, false, false},
                 {WORKER_STOPPING, false, false}, {WORKER_STOPPING, true, true},
                 {WORKER_HELD, false, true},      {WORKER_BACKING_OFF, false, true},
                 {WORKER_READY_IDLE, false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tear_down();
        set_up();
        begin(ROLLOUT_RESTART, ROLLOUT_ADJUST, false, ROLLOUT_LAG_ANY);
        bravo.state = cases[i].state;
        bravo.start_again = cases[i].start_again;
        ck_assert_msg((strstr(happened(), "restart bravo|") != NULL) == cases[i].goes, "case %zu", i);
    }
}
END_TEST

START_TEST(one_that_could_not_be_started_tells_why_and_of_no_former_death)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
    happened();
    bravo.state = WORKER_BACKING_OFF;
    bravo.generation = 2;
    bravo.spawn_failed = 71;
    bravo.last_death.signal = SIGKILL;
    snprintf(bravo.reason, sizeof bravo.reason, "cannot start kconsume: Resource temporarily unavailable");
    happened();
    ck_assert_str_eq(supervisor.rollout->reason,
                     "bravo could not be started: cannot start kconsume: Resource temporarily unavailable");
}
END_TEST

START_TEST(a_restart_that_fails_ends_it_with_the_reason_and_touches_nobody_else)
{
    static const struct {
        enum worker_state state;
        uint64_t generation;
        const char *reason;
    } failures[] = {
        {WORKER_HELD, 2, "stopped: bravo is held: 10 deaths"},
        {WORKER_BACKING_OFF, 2, "stopped: bravo died before it was ready: killed by SIGSEGV"},
        {WORKER_STARTING, 3,
         "stopped: bravo died before it was ready: killed by SIGSEGV"}, /* and came again */
        {WORKER_DOWN, 2, "stopped: bravo was stopped meanwhile"},
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        set_up();
        begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
        ck_assert_str_eq(happened(), "restart bravo|");
        bravo.state = failures[i].state;
        bravo.generation = failures[i].generation;
        bravo.last_death.signal = SIGSEGV;
        snprintf(bravo.reason, sizeof bravo.reason, "10 deaths");
        const char *text = happened();
        ck_assert_msg(strstr(text, failures[i].reason) != NULL, "%s", text);
        ck_assert_msg(strstr(text, "restart zulu|") == NULL, "%s", text);
        ck_assert_ptr_nonnull(strstr(supervisor.rollout->reason, "bravo "));
        ck_assert_int_eq(supervisor.rollout->under_way, false);
        tear_down();
    }
}
END_TEST

START_TEST(an_exit_code_is_told_with_its_meaning)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
    happened();
    comes_back(&bravo, WORKER_BACKING_OFF);
    bravo.last_death.exit_status = 1;
    ck_assert_ptr_nonnull(strstr(happened(), "bravo died before it was ready: exit code 1 ("));
}
END_TEST

START_TEST(new_topics_are_made_before_anybody_reads_them)
{
    provision.state = WORKER_STARTING;
    begin(ROLLOUT_RESTART, ROLLOUT_ADD, true, ROLLOUT_LAG_ANY);
    ck_assert_str_eq(happened(), "topics|");
    provision.state = WORKER_DONE;
    ck_assert_str_eq(happened(), "restart bravo|");
    comes_back(&bravo, WORKER_READY);
    ck_assert_str_eq(happened(), "start zulu|");
    zulu.state = WORKER_READY;
    ck_assert_ptr_nonnull(strstr(happened(), "zulu: added"));
}
END_TEST

START_TEST(topics_that_cannot_be_made_end_it)
{
    provision.state = WORKER_HELD;
    begin(ROLLOUT_RESTART, ROLLOUT_ADD, true, ROLLOUT_LAG_ANY);
    ck_assert_ptr_nonnull(strstr(happened(), "stopped: the new topics could not be made"));
}
END_TEST

START_TEST(who_is_removed_goes_first_and_is_waited_for_last)
{
    begin(ROLLOUT_REMOVE, ROLLOUT_ADJUST, false, ROLLOUT_LAG_ANY);
    ck_assert_str_eq(happened(), "retire bravo|");
    ck_assert_str_eq(happened(), "");
    bravo.process.pid = 0;
    ck_assert_str_eq(happened(), "reload: bravo: removed|reload: zulu: adjusted, pid 7, generation 1|");
}
END_TEST

START_TEST(a_second_one_is_refused_while_the_first_is_under_way)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
    struct rollout_row *rows = calloc(1, sizeof *rows);
    ck_assert_int_eq(rollout_begin(&supervisor, "other", rows, 1, false, ROLLOUT_LAG_ANY, &error), -1);
    ck_assert_str_eq(error.text, "a reload is under way");
}
END_TEST

START_TEST(the_end_of_the_instance_is_its_end)
{
    begin(ROLLOUT_RESTART, ROLLOUT_RESTART, false, ROLLOUT_LAG_ANY);
    happened();
    supervisor.stopping = true;
    ck_assert_ptr_nonnull(strstr(happened(), "stopped: the instance is stopping"));
    ck_assert_int_eq(supervisor.rollout->under_way, false);
}
END_TEST

START_TEST(a_row_tells_what_changed_and_no_secret)
{
    char text[256];
    struct rollout_row row = {.worker = &bravo,
                              .kind = ROLLOUT_RESTART,
                              .settings = {{"batch-size", "500", "50"}, {"sasl.password", "", ""}},
                              .setting_count = 2};
    rollout_row_text(&row, text, sizeof text);
    ck_assert_str_eq(text, "bravo: to be restarted (batch-size: 500 → 50, sasl.password)");
}
END_TEST

CHECK_MAIN_WITH("supervisor/rollout", set_up, tear_down, the_second_restart_waits_until_the_first_works_again,
                who_takes_candidates_one_by_one_works, the_second_restart_waits_until_the_first_has_caught_up,
                who_was_far_behind_need_not_be_nearer_than_it_was,
                who_is_paused_is_not_waited_for_to_catch_up, who_was_stopped_before_its_turn_is_passed_over,
                a_restart_goes_on_with_who_is_being_started_again_and_not_with_who_is_down,
                one_that_could_not_be_started_tells_why_and_of_no_former_death,
                a_restart_that_fails_ends_it_with_the_reason_and_touches_nobody_else,
                an_exit_code_is_told_with_its_meaning, new_topics_are_made_before_anybody_reads_them,
                topics_that_cannot_be_made_end_it, who_is_removed_goes_first_and_is_waited_for_last,
                a_second_one_is_refused_while_the_first_is_under_way, the_end_of_the_instance_is_its_end,
                a_row_tells_what_changed_and_no_secret)
