/* The fleet as a whole: the order in which it starts and stops, and what it notices. */
#include <signal.h>

#include "tests/supervisor/fleet_case.h"

/* --- starting ------------------------------------------------------------------------------------------ */

START_TEST(the_embedded_broker_is_awaited_and_then_all_others_start)
{
    FLEET_OPEN("--clients", "bravo");
    fleet_start(&fleet);
    fleet_turn();
    runs("kbroker", true);
    runs("bravo", false);
    runs(PRODUCER_WORKER, false);
    ck_assert_int_eq(fleet.step, STEP_BROKER);
    FAKE_SAYS(fleet_worker("kbroker"), "address", "s", "127.0.0.1:4711");
    fleet_turn();
    fleet_turn();
    ck_assert_int_eq(fleet.step, STEP_WORK); /* it makes its topics itself */
    ck_assert_str_eq(fleet.brokers.bootstrap, "127.0.0.1:4711");
    ck_assert_str_eq(fleet.brokers.source, "the embedded broker");
    runs("bravo", true);
    runs(PRODUCER_WORKER, true);
    struct directory *directory;
    ck_assert_int_eq(directory_open(&directory, fleet_instance, &error), 0);
    ck_assert_str_eq(directory_bootstrap(directory), "127.0.0.1:4711");
    directory_free(directory);
}
END_TEST

START_TEST(only_a_broker_has_an_address_to_tell_and_a_whole_one)
{
    char text[BROKERS_BYTES + 1];
    FLEET_OPEN("--clients", "bravo");
    fleet_start(&fleet);
    fleet_turn();
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    FAKE_SAYS(fleet_worker("kbroker"), "address", "s", text);
    FAKE_SAYS(fleet_worker("kbroker"), "address", "i", (int64_t)7);
    FAKE_SAYS(fleet_worker("kbroker"), "address", "");
    fleet_turn();
    ck_assert_str_eq(fleet.brokers.bootstrap, "");
    text[BROKERS_BYTES - 1] = '\0';
    FAKE_SAYS(fleet_worker("kbroker"), "address", "s", text);
    fleet_turn();
    ck_assert_str_eq(fleet.brokers.bootstrap, text);
    fleet_turn();
    FAKE_SAYS(fleet_worker("bravo"), "address", "s", "elsewhere:1");
    fleet_turn();
    ck_assert_str_eq(fleet.brokers.bootstrap, text);
}
END_TEST

START_TEST(the_workers_start_when_the_topics_are_there)
{
    open_real();
    fleet_start(&fleet);
    fleet_turn();
    ck_assert_int_eq(fleet.step, STEP_PROVISION);
    runs("provision", true);
    runs("bravo", false);
    ck_assert(!fleet.provisioned);
    ends("provision", 0);
    ck_assert_int_eq(fleet.step, STEP_WORK);
    ck_assert(fleet.provisioned);
    runs("bravo", true);
    runs("zulu", true);
    runs(PRODUCER_WORKER, true);
}
END_TEST

START_TEST(the_workers_start_too_when_the_broker_could_not_be_asked_for_the_topics)
{
    open_real();
    fleet_start(&fleet);
    fleet_turn();
    ends("provision", EXIT_CODE_FAILED); /* started again at once */
    ck_assert_int_eq(fleet.step, STEP_WORK);
    ck_assert(!fleet.provisioned);
    runs("bravo", true);
    ck_assert(!fleet.stopping);
}
END_TEST

START_TEST(topics_that_cannot_be_made_end_a_start_and_later_no_fleet)
{
    open_real();
    fleet_start(&fleet);
    fleet_turn();
    ends("provision", EXIT_CODE_USAGE);
    ck_assert(fleet.stopping);
    ck_assert_int_eq(fleet.exit_code, EXIT_CODE_USAGE);
    ck_assert_int_eq(fleet.step, STEP_OVER);
}
END_TEST

START_TEST(topics_that_a_rollout_cannot_make_do_not_end_the_fleet)
{
    open_real();
    fleet_begin();
    fleet_provision(&fleet);
    runs("provision", true);
    ends("provision", EXIT_CODE_USAGE);
    ck_assert_int_eq(fleet_worker("provision")->state, WORKER_HELD);
    ck_assert(!fleet.stopping);
}
END_TEST

START_TEST(without_a_broker_nothing_is_left_and_the_fleet_ends)
{
    FLEET_OPEN("--clients", "bravo");
    fleet_start(&fleet);
    fleet_turn();
    FAKE_SAYS(fleet_worker("kbroker"), "address", "s", "127.0.0.1:4711");
    fleet_turn();
    ends("kbroker", 1);
    ck_assert(fleet.stopping);
    ck_assert_int_eq(fleet.exit_code, EXIT_CODE_FAILED);
    ck_assert_ptr_null(fleet.cause); /* what comes next has another */
    ck_assert(fleet_has_said("the embedded broker is gone, and its records with it"));
}
END_TEST

START_TEST(ready_is_told_once_when_each_consumer_works_that_is_not_scaled_away)
{
    open_real();
    fleet_begin();
    fleet_turn();
    fleet_becomes_ready(fleet_worker("bravo"));
    fleet_turn();
    ck_assert(!fleet.ready_told);
    fleet_worker("zulu")->retired = true;
    fleet_turn();
    ck_assert(fleet.ready_told); /* the producer is not waited for */
    fleet_worker("zulu")->retired = false;
    fleet_becomes_ready(fleet_worker("zulu"));
    fleet_turn();
    const char *said = strstr(fleet_printed(), "ready: bravo");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "ready: bravo"));
}
END_TEST

/* --- stopping ------------------------------------------------------------------------------------------ */

START_TEST(the_producer_ends_first_then_the_consumers_then_the_broker)
{
    FLEET_OPEN("--clients", "bravo,zulu");
    fleet_start(&fleet);
    fleet_turn();
    FAKE_SAYS(fleet_worker("kbroker"), "address", "s", "127.0.0.1:4711");
    fleet_turn();
    fleet_turn();
    fleet_all_ready();
    fleet_stop(&fleet, 3);
    fleet_stop(&fleet, 4); /* the first one counts */
    ck_assert_str_eq(hears(PRODUCER_WORKER), "drain");
    ck_assert_str_eq(hears("bravo"), "");
    ends(PRODUCER_WORKER, 0);
    ck_assert_int_eq(fleet.step, STEP_STOP_CONSUMERS);
    ck_assert_str_eq(hears("bravo"), "drain");
    ck_assert_str_eq(hears("zulu"), "drain");
    ends("bravo", 0);
    ck_assert_str_eq(hears("kbroker"), "");
    ends("zulu", 0);
    ck_assert_int_eq(fleet.step, STEP_STOP_BROKER);
    ck_assert_str_eq(hears("kbroker"), "drain");
    ends("kbroker", 0);
    ck_assert_int_eq(fleet.step, STEP_OVER);
    ck_assert_int_eq(fleet.exit_code, 3);
    ck_assert_int_eq(fleet.done_check_us, INT64_MAX);
}
END_TEST

static void open_with_web(void)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--http", "0");
    fleet_start(&fleet);
    fleet_turn();
}

START_TEST(who_looks_sees_the_others_start_and_end)
{
    open_with_web();
    runs("kweb", true);
    runs("bravo", false);
    ends("provision", 0);
    fleet_becomes_ready(fleet_worker("bravo"));
    fleet_turn();
    ck_assert(fleet.ready_told); /* kweb is not waited for */
    fleet_stop(&fleet, 0);
    ends(PRODUCER_WORKER, 0);
    ends("bravo", 0);
    ck_assert_int_eq(fleet.step, STEP_STOP_WEB);
    ck_assert_str_eq(hears("kweb"), "drain");
    ends("kweb", 0);
    ck_assert_int_eq(fleet.step, STEP_OVER);
}
END_TEST

START_TEST(the_end_of_who_looks_is_nobodys)
{
    open_with_web();
    ends("provision", 0);
    fake_ends(&fleet_worker("kweb")->process, -1, SIGKILL);
    fleet_turn();
    fake_clock_advance(30 * US_PER_SECOND);
    fleet_turn();
    runs("kweb", true);
    ends("kweb", EXIT_CODE_CONFIG); /* its address cannot be listened at */
    ck_assert_int_eq(fleet_worker("kweb")->state, WORKER_HELD);
    ck_assert(!fleet.stopping);
    runs("bravo", true);
}
END_TEST

START_TEST(who_looks_is_meant_by_its_name_alone)
{
    open_with_web();
    const struct request all = {.supervisor = &fleet, .target = "all"},
                         it = {.supervisor = &fleet, .target = "kweb"};
    ck_assert(!request_means(&all, fleet_worker("kweb")));
    ck_assert_uint_eq(request_count_meant(&it), 1);
    ck_assert(request_means(&it, fleet_worker("kweb")));
    ck_assert(request_means(&all, fleet_worker("bravo")));
}
END_TEST

START_TEST(a_kill_spares_nobody_and_is_followed_by_no_restart)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_kill(&fleet);
    for (size_t i = 0; i < fleet.worker_count; i++)
        if (fleet.workers[i]->process.pid != 0)
            ck_assert_uint_eq(fake_process(&fleet.workers[i]->process)->group_kills, 1);
    size_t started = fake_process_count;
    fleet_turn();
    fake_clock_advance(5 * US_PER_SECOND);
    fleet_turn();
    runs("bravo", false);
    runs("zulu", false);
    runs(PRODUCER_WORKER, false);
    ck_assert_uint_eq(fake_process_count, started);
}
END_TEST

/* Asked for before: its process is on its way out, and has been told to keep its place in the group. */
START_TEST(a_restart_that_is_under_way_is_taken_back_by_the_end_of_the_fleet)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_restart_worker(fleet_worker("bravo"));
    ck_assert_str_eq(hears("bravo"), "drain");
    fleet_stop(&fleet, 0);
    ck_assert_str_eq(hears("bravo"), "drain");
    bool leaves = false;
    ck_assert(mp_read_bool(&message.params, &leaves) && leaves);
    ends("bravo", 0);
    runs("bravo", false);
    ends(PRODUCER_WORKER, 0);
    ends("zulu", 0);
    ck_assert_int_eq(fleet.step, STEP_OVER);
}
END_TEST

START_TEST(a_kill_takes_a_restart_back_too)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_restart_worker(fleet_worker("bravo"));
    fleet_kill(&fleet);
    fleet_turn();
    runs("bravo", false);
}
END_TEST

/* --- time ---------------------------------------------------------------------------------------------- */

START_TEST(the_nearest_deadline_is_that_of_a_worker_of_the_hang_check_or_of_the_end)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    int64_t now_us = clock_monotonic_us();
    ck_assert_int_eq(fleet_deadline_us(&fleet), now_us + 2 * US_PER_SECOND); /* a quarter of 8 s */
    fleet.hang_check_us = now_us + 90;
    ck_assert_int_eq(fleet_deadline_us(&fleet), now_us + 90);
    fleet_worker("zulu")->deadline_us = now_us + 80;
    ck_assert_int_eq(fleet_deadline_us(&fleet), now_us + 80);
    fleet.done_check_us = now_us + 70;
    ck_assert_int_eq(fleet_deadline_us(&fleet), now_us + 70);
    fleet.done_check_us = INT64_MAX;
}
END_TEST

START_TEST(a_deadline_comes_once_and_not_before_its_time)
{
    open_real();
    fleet_begin();
    struct worker *bravo = fleet_worker("bravo");
    bravo->deadline_us = clock_monotonic_us() + 10;
    fleet_timers(&fleet, clock_monotonic_us() + 9);
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 0);
    fleet_timers(&fleet, clock_monotonic_us() + 10);
    fleet_timers(&fleet, clock_monotonic_us() + 11);
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 1);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
}
END_TEST

/* One look after another, as often as hangs are looked for; the worker ticks or not. */
static unsigned kills_after(struct worker *worker, int looks, bool ticks)
{
    struct stats_writer *writer = fleet_writer(worker);
    for (int i = 0; i < looks; i++) {
        if (ticks)
            stats_tick(writer);
        fake_clock_advance(2 * US_PER_SECOND);
        fleet_timers(&fleet, clock_monotonic_us());
    }
    stats_writer_close(writer);
    return fake_process(&worker->process)->group_kills;
}

START_TEST(one_that_ticks_does_not_hang_and_one_that_does_not_is_killed_once)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    struct worker *bravo = fleet_worker("bravo");
    ck_assert_uint_eq(kills_after(bravo, 20, true), 0);
    ck_assert_uint_eq(kills_after(bravo, 4, false), 0); /* 8 s: not longer than --hang-after */
    ck_assert_uint_eq(kills_after(bravo, 1, false), 1);
    ck_assert_int_eq(bravo->tick_us, clock_monotonic_us());
    ck_assert(bravo->hung);
}
END_TEST

START_TEST(one_that_is_ending_has_its_deadline_and_hangs_not)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    struct worker *bravo = fleet_worker("bravo");
    states_dispatch(bravo, EVENT_STOP);
    bravo->deadline_us = INT64_MAX;
    ck_assert_uint_eq(kills_after(bravo, 8, false), 0);
}
END_TEST

START_TEST(hangs_are_looked_for_by_the_shortest_of_all_limits)
{
    static struct settings shorter;
    open_real();
    fleet_begin();
    shorter = *fleet_worker("zulu")->settings;
    shorter.hang_after_us = 4 * US_PER_SECOND;
    fleet_worker("zulu")->settings = &shorter;
    fake_clock_advance(2 * US_PER_SECOND);
    fleet_timers(&fleet, clock_monotonic_us());
    ck_assert_int_eq(fleet.hang_check_us, clock_monotonic_us() + US_PER_SECOND);
    fleet_worker("zulu")->settings = fleet.settings;
}
END_TEST

START_TEST(the_end_of_the_work_is_looked_for_and_ends_the_fleet)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--exit-when-done", "--count", "5");
    fleet_begin();
    int64_t due_us = clock_monotonic_us() + 50 * US_PER_MS;
    ck_assert_int_eq(fleet.done_check_us, due_us);
    fake_clock_advance(50 * US_PER_MS);
    fleet_turn();
    ck_assert(!fleet.stopping);
    ck_assert_int_eq(fleet.done_check_us, clock_monotonic_us() + 50 * US_PER_MS);
}
END_TEST

START_TEST(a_fleet_that_is_done_says_so_and_ends_with_success)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--exit-when-done", "--count", "1");
    fleet_begin();
    struct stats_writer *writer = fleet_writer(fleet_worker(PRODUCER_WORKER));
    int slot = stats_partition_slot(writer, "payments", 0);
    stats_partition_set(writer, slot, PRODUCER_ACKNOWLEDGED_OFFSET, 9);
    stats_partition_publish(writer, slot);
    stats_add(writer, PRODUCER_ACKNOWLEDGED, 1);
    stats_writer_close(writer);
    ends(PRODUCER_WORKER, 0);
    ck_assert_int_eq(fleet_worker(PRODUCER_WORKER)->state, WORKER_DONE);
    fake_clock_advance(50 * US_PER_MS);
    fleet_turn();
    ck_assert(!fleet.stopping); /* nobody has committed it */
    writer = fleet_writer(fleet_worker("bravo"));
    slot = stats_partition_slot(writer, "payments", 0);
    stats_partition_set(writer, slot, PARTITION_COMMITTED, 10);
    stats_partition_publish(writer, slot);
    stats_writer_close(writer);
    fake_clock_advance(50 * US_PER_MS);
    fleet_turn();
    ck_assert(fleet.stopping);
    ck_assert_int_eq(fleet.exit_code, EXIT_CODE_OK);
    ck_assert_ptr_null(fleet.cause);
    ck_assert(fleet_has_said("done: all records are produced, and every group has committed them"));
}
END_TEST

CHECK_MAIN_WITH(
    "supervisor/fleet_steps", NULL, fleet_close, the_embedded_broker_is_awaited_and_then_all_others_start,
    only_a_broker_has_an_address_to_tell_and_a_whole_one, the_workers_start_when_the_topics_are_there,
    the_workers_start_too_when_the_broker_could_not_be_asked_for_the_topics,
    topics_that_cannot_be_made_end_a_start_and_later_no_fleet,
    topics_that_a_rollout_cannot_make_do_not_end_the_fleet,
    without_a_broker_nothing_is_left_and_the_fleet_ends,
    ready_is_told_once_when_each_consumer_works_that_is_not_scaled_away,
    the_producer_ends_first_then_the_consumers_then_the_broker, who_looks_sees_the_others_start_and_end,
    the_end_of_who_looks_is_nobodys, who_looks_is_meant_by_its_name_alone,
    a_kill_spares_nobody_and_is_followed_by_no_restart,
    a_restart_that_is_under_way_is_taken_back_by_the_end_of_the_fleet, a_kill_takes_a_restart_back_too,
    the_nearest_deadline_is_that_of_a_worker_of_the_hang_check_or_of_the_end,
    a_deadline_comes_once_and_not_before_its_time,
    one_that_ticks_does_not_hang_and_one_that_does_not_is_killed_once,
    one_that_is_ending_has_its_deadline_and_hangs_not, hangs_are_looked_for_by_the_shortest_of_all_limits,
    the_end_of_the_work_is_looked_for_and_ends_the_fleet, a_fleet_that_is_done_says_so_and_ends_with_success)
