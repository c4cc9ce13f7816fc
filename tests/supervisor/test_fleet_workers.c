/* How a fleet grows and shrinks, and what is done to one worker of it. */
#include "tests/supervisor/fleet_case.h"

#include "supervisor/fleet_slots.h"

/* --- growing and shrinking ----------------------------------------------------------------------------- */

START_TEST(a_client_grows_by_numbered_workers_of_its_group_and_colour)
{
    open_real();
    fleet_begin();
    ck_assert_int_eq(fleet_scale(&fleet, "ZULU", 3, &error), 0);
    const struct worker *zulu = fleet_worker("zulu");
    const struct worker *third = fleet_worker("zulu.3");
    runs("zulu.2", true);
    runs("zulu.3", true);
    ck_assert_str_eq(third->group, "test_group_zulu");
    ck_assert_str_eq(third->client, "zulu");
    ck_assert_uint_eq(third->colour, zulu->colour);
    ck_assert_ptr_eq(third->settings, zulu->settings);
    ck_assert_uint_eq(third->index, 5);
    ck_assert_int_eq(third->segment_fd != -1, true);
    ck_assert_int_eq(fleet_scale(&fleet, "zulu", 3, &error), 0); /* nothing to do */
    ck_assert_uint_eq(fleet.worker_count, 6);
}
END_TEST

START_TEST(the_last_workers_of_a_client_go_and_the_same_come_again)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_scale(&fleet, "bravo", 3, &error);
    fleet_all_ready();
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", 2, &error), 0);
    ck_assert(fleet_worker("bravo.3")->retired);
    ck_assert(!fleet_worker("bravo.2")->retired);
    ck_assert_int_eq(fleet_worker("bravo.3")->state, WORKER_STOPPING);
    ends("bravo.3", 0);
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", 3, &error), 0);
    ck_assert(!fleet_worker("bravo.3")->retired);
    runs("bravo.3", true);
    ck_assert_uint_eq(fleet.worker_count, 6);
}
END_TEST

START_TEST(a_client_that_was_removed_does_not_come_again_by_a_scale)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_scale(&fleet, "bravo", 2, &error);
    fleet_retire(fleet_worker("bravo"));
    fleet_retire(fleet_worker("bravo.2"));
    ends("bravo", 0);
    ends("bravo.2", 0);
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", 2, &error), -1);
    ck_assert_str_eq(error.text, "there is no client 'bravo'");
    runs("bravo", false);
    ck_assert(fleet_worker("bravo")->retired && fleet_worker("bravo.2")->retired);
}
END_TEST

START_TEST(so_many_workers_are_so_many_that_run)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_scale(&fleet, "bravo", 2, &error);
    fleet_all_ready();
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "bravo" : "bravo.2";
        states_dispatch(fleet_worker(name), EVENT_STOP);
        ends(name, 0);
    }
    states_dispatch(fleet_worker("zulu"), EVENT_STOP);
    ends("zulu", 0);
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", 2, &error), 0);
    runs("bravo", true);
    runs("bravo.2", true);
    runs("zulu", false);
}
END_TEST

START_TEST(a_fleet_that_is_full_is_not_touched)
{
    open_real();
    fleet_begin();
    fleet_scale(&fleet, "bravo", 2, &error);
    struct worker *second = fleet_worker("bravo.2");
    fleet_scale(&fleet, "bravo", 1, &error);
    ends("bravo.2", 0);
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", DIRECTORY_CAPACITY_MAX, &error), -1);
    ck_assert(strstr(error.text, "one instance has at most") != NULL);
    ck_assert(second->retired);
}
END_TEST

START_TEST(the_pause_of_all_workers_of_a_client_is_also_the_next_one_s)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    fleet_pause_worker(fleet_worker("bravo"), true);
    fleet_scale(&fleet, "bravo", 2, &error);
    ck_assert(fleet_worker("bravo.2")->paused);
    ck_assert_str_eq(hears("bravo.2"), "pause");
    fleet_worker("bravo.2")->paused = false;
    fleet_scale(&fleet, "bravo", 3, &error);
    ck_assert(!fleet_worker("bravo.3")->paused);
    fleet_scale(&fleet, "zulu", 2, &error);
    ck_assert(!fleet_worker("zulu.2")->paused);
    fleet_worker("bravo.2")->paused = true;
    fleet_scale(&fleet, "bravo", 2, &error);
    ends("bravo.3", 0);
    fleet_scale(&fleet, "bravo", 3, &error); /* who is scaled away does not count */
    ck_assert(fleet_worker("bravo.3")->paused);
}
END_TEST

START_TEST(a_client_that_comes_again_is_the_same_worker_without_its_pause)
{
    open_real();
    fleet_begin();
    struct worker *bravo = fleet_worker("bravo");
    bravo->paused = bravo->retired = true;
    ck_assert_ptr_eq(fleet_add(&fleet, fleet.settings, "BRAVO"), bravo);
    ck_assert(!bravo->paused && !bravo->retired);
    bravo->paused = true;
    fleet_add(&fleet, fleet.settings, "bravo");
    ck_assert(bravo->paused); /* it was not away */
    struct worker *other = fleet_add(&fleet, fleet.settings, "yank");
    ck_assert_uint_eq(other->colour, 2); /* after bravo's and zulu's */
    ck_assert_int_eq(other->kind, KIND_CONSUMER);
    ck_assert_str_eq(other->group, "test_group_yank");
    ck_assert_ptr_eq(fleet_add(&fleet, fleet.settings, NULL), fleet_worker(PRODUCER_WORKER));
}
END_TEST

START_TEST(a_producer_can_come_later)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--no-producer");
    fleet_begin();
    ck_assert_ptr_null(supervisor_find(&fleet, KIND_PRODUCER));
    struct worker *producer = fleet_add(&fleet, fleet.settings, NULL);
    ck_assert_int_eq(producer->kind, KIND_PRODUCER);
    ck_assert_str_eq(producer->name, PRODUCER_WORKER);
    ck_assert_str_eq(producer->group, "");
}
END_TEST

START_TEST(a_worker_of_the_supervisor_before_comes_again_as_it_was)
{
    open_real();
    struct worker *second = fleet_add_again(&fleet, "zulu", "zulu.2", false);
    ck_assert(!second->retired);
    ck_assert_uint_eq(second->colour, fleet_worker("zulu")->colour);
    ck_assert_ptr_eq(second->settings, fleet_worker("zulu")->settings);
    ck_assert(fleet_add_again(&fleet, "zulu", "zulu.3", true)->retired);
    struct worker *gone = fleet_add_again(&fleet, "yank", "yank", false);
    ck_assert(gone->retired); /* there is no such client any more */
    ck_assert_uint_eq(gone->colour, 2);
}
END_TEST

/* --- one worker ---------------------------------------------------------------------------------------- */

START_TEST(a_start_forgives_former_deaths_and_one_that_runs_keeps_its_process)
{
    open_real();
    fleet_begin();
    struct worker *bravo = fleet_worker("bravo");
    bravo->history.death_count = 3;
    fleet_start_worker(bravo);
    ck_assert_uint_eq(bravo->history.death_count, 3);
    ck_assert_uint_eq(bravo->generation, 1);
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    ends("bravo", 0);
    snprintf(bravo->reason, sizeof bravo->reason, "former");
    fleet_start_worker(bravo);
    ck_assert_uint_eq(bravo->history.death_count, 0);
    ck_assert_str_eq(bravo->reason, "");
    ck_assert_uint_eq(bravo->generation, 2);
}
END_TEST

START_TEST(a_restart_of_one_that_is_down_starts_it_and_of_one_scaled_away_does_nothing)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    struct worker *bravo = fleet_worker("bravo");
    states_dispatch(bravo, EVENT_STOP);
    ends("bravo", 0);
    bravo->retired = true;
    fleet_restart_worker(bravo);
    runs("bravo", false);
    bravo->retired = false;
    fleet_restart_worker(bravo);
    runs("bravo", true);
    ck_assert(!bravo->start_again);
}
END_TEST

START_TEST(one_that_goes_away_for_good_is_not_started_again)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    struct worker *bravo = fleet_worker("bravo");
    fleet_restart_worker(bravo);
    fleet_retire(bravo);
    ck_assert(bravo->retired && !bravo->start_again);
    ends("bravo", 0);
    runs("bravo", false);
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
}
END_TEST

START_TEST(a_rate_holds_for_the_next_process_until_the_settings_say_another_one)
{
    static struct settings other;
    open_real();
    fleet_begin();
    fleet_all_ready();
    struct worker *producer = fleet_worker(PRODUCER_WORKER);
    fleet_set_rate(producer, 7, 0);
    ck_assert_str_eq(hears(PRODUCER_WORKER), "rate");
    ck_assert_int_eq(producer->rate.number, 1);
    ends(PRODUCER_WORKER, 1);
    ck_assert_str_eq(hears(PRODUCER_WORKER), "rate");
    other = *producer->settings;
    fleet_set_settings(producer, &other);
    ck_assert(producer->rate.set);
    other.interval_us = 5;
    struct settings last = other;
    last.interval_us = 6;
    fleet_set_settings(producer, &last);
    ck_assert(!producer->rate.set);
    producer->rate.set = true;
    other = last;
    other.rate++;
    fleet_set_settings(producer, &other);
    ck_assert(!producer->rate.set);
}
END_TEST

CHECK_MAIN_WITH("supervisor/fleet_workers", NULL, fleet_close,
                a_client_grows_by_numbered_workers_of_its_group_and_colour,
                the_last_workers_of_a_client_go_and_the_same_come_again,
                a_client_that_was_removed_does_not_come_again_by_a_scale,
                so_many_workers_are_so_many_that_run, a_fleet_that_is_full_is_not_touched,
                the_pause_of_all_workers_of_a_client_is_also_the_next_one_s,
                a_client_that_comes_again_is_the_same_worker_without_its_pause, a_producer_can_come_later,
                a_worker_of_the_supervisor_before_comes_again_as_it_was,
                a_start_forgives_former_deaths_and_one_that_runs_keeps_its_process,
                a_restart_of_one_that_is_down_starts_it_and_of_one_scaled_away_does_nothing,
                one_that_goes_away_for_good_is_not_started_again,
                a_rate_holds_for_the_next_process_until_the_settings_say_another_one)
