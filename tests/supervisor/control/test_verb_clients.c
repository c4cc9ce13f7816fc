/* Clients that the configuration does not name. */
#include "tests/supervisor/verb_stage.h"

static struct worker *yank;

static void adds(const char *argument)
{
    waits("add-client", "yank", argument);
    yank = fleet_worker("yank");
    ck_assert_int_eq(yank->state, WORKER_STARTING);
}

static void is_added(const char *argument)
{
    adds(argument);
    fleet_becomes_ready(yank);
    fleet_turn();
    ck_assert_msg(is() == PROGRESS_DONE, "%s", error.text);
}

START_TEST(an_added_client_is_there_when_its_worker_works)
{
    adds("");
    ck_assert_str_eq(yank->group, "test_group_yank");
    ck_assert_ptr_eq(yank->settings, fleet.settings);
    fleet_becomes_ready(yank);
    fleet_turn();
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_ptr_nonnull(strstr(lines(), "yank: added, pid "));
    ck_assert_int_eq(bravo->state, WORKER_READY);
}
END_TEST

START_TEST(it_is_in_the_group_that_is_asked_for_and_so_are_those_that_join_it)
{
    is_added("group=others");
    ck_assert_str_eq(yank->group, "others");
    waits("scale", "yank", "2");
    ck_assert_str_eq(fleet_worker("yank.2")->group, "others");
    ck_assert(fleet_worker("yank.2")->added);
}
END_TEST

START_TEST(a_group_may_have_spaces)
{
    is_added("like=bravo group=all of them");
    ck_assert_str_eq(yank->group, "all of them");
    ck_assert_str_eq(yank->like, "bravo");
    waits("add-client", "xray", "group=all of them like=bravo");
    ck_assert_str_eq(fleet_worker("xray")->group, "all of them");
    ck_assert_str_eq(fleet_worker("xray")->like, "bravo");
    is_refused("add-client", "zero", "", "an add-client is under way");
}
END_TEST

/* kweb says both words, also without a value. */
START_TEST(who_does_not_say_in_which_group_gets_one_of_its_own)
{
    static struct settings shared;
    shared = *fleet.settings;
    shared.group = "shared";
    fleet.settings = &shared;
    is_added("group= like=");
    ck_assert_str_eq(yank->group, "test_group_yank");
    fleet.settings = config_settings(fleet.config);
}
END_TEST

START_TEST(one_that_is_like_another_has_its_settings_and_a_group_of_its_own)
{
    is_added("like=BRAVO");
    ck_assert_ptr_eq(yank->settings, bravo->settings);
    ck_assert_str_eq(yank->group, "test_group_yank");
    waits("add-client", "xray", "like=yank group=g");
    ck_assert_str_eq(fleet_worker("xray")->like, "bravo");
}
END_TEST

START_TEST(what_cannot_be_a_client_is_refused)
{
    is_refused("add-client", "Bravo", "", "client 'bravo' already exists");
    is_refused("add-client", "", "", "client name");
    is_refused("add-client", "bravo.2", "", "only letters");
    is_refused("add-client", "producer", "", "is reserved for the producer");
    is_refused("add-client", "ALL", "", "is reserved for the whole fleet");
    is_refused("add-client", "yank", "groop=x", "is neither group=GROUP nor like=CLIENT");
    is_refused("add-client", "yank", "like=nobody", "there is no client of that name");
    char longest[STATS_GROUP_BYTES + 16];
    snprintf(longest, sizeof longest, "group=%0*d", STATS_GROUP_BYTES, 1);
    is_refused("add-client", "yank", longest, "at most");
    ck_assert_uint_eq(fleet.worker_count, 4);
}
END_TEST

START_TEST(a_full_fleet_takes_no_client)
{
    size_t count = fleet.worker_count;
    fleet.worker_count = DIRECTORY_CAPACITY_MAX;
    struct worker **workers = fleet.workers;
    fleet.workers = calloc(DIRECTORY_CAPACITY_MAX, sizeof *workers);
    for (size_t i = 0; i < DIRECTORY_CAPACITY_MAX; i++)
        fleet.workers[i] = workers[i < count ? i : 0];
    is_refused("add-client", "yank", "", "at most");
    free(fleet.workers);
    fleet.workers = workers;
    fleet.worker_count = count;
}
END_TEST

START_TEST(a_client_that_cannot_be_is_told_why_and_can_be_removed)
{
    adds("");
    ends(yank, EXIT_CODE_USAGE);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "yank"));
    ck_assert_int_eq(begins("remove-client", "yank", ""), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert(yank->retired);
}
END_TEST

START_TEST(one_that_was_added_can_be_removed_and_come_again)
{
    is_added("group=others");
    waits("remove-client", "YANK", "");
    ck_assert_int_eq(yank->state, WORKER_STOPPING);
    is_refused("add-client", "yank", "", "a remove-client is under way");
    ends(yank, 0);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "yank: removed\n");
    is_refused("remove-client", "yank", "", "there is no client 'yank'");
    is_refused("scale", "yank", "2", "there is no client 'yank'");
    is_added("");
    ck_assert_str_eq(yank->group, "test_group_yank");
}
END_TEST

START_TEST(the_configurations_own_are_not_removed)
{
    is_refused("remove-client", "bravo", "", "'bravo' is in the configuration");
    is_refused("remove-client", "nobody", "", "there is no client 'nobody'");
    ck_assert_int_eq(bravo->state, WORKER_READY);
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_clients", set_up, tear_down, an_added_client_is_there_when_its_worker_works,
                it_is_in_the_group_that_is_asked_for_and_so_are_those_that_join_it, a_group_may_have_spaces,
                who_does_not_say_in_which_group_gets_one_of_its_own,
                one_that_is_like_another_has_its_settings_and_a_group_of_its_own,
                what_cannot_be_a_client_is_refused, a_full_fleet_takes_no_client,
                a_client_that_cannot_be_is_told_why_and_can_be_removed,
                one_that_was_added_can_be_removed_and_come_again, the_configurations_own_are_not_removed)
