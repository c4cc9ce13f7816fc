#include "tests/support/check_main.h"

#include "supervisor/fleet_slots.h"

static struct settings former, next;
static struct worker worker;

static void set_up(void)
{
    former =
        (struct settings){.topic = "payments", .schema = schema_by_workload("payments"), .batch_size = 500};
    next = former;
    worker = (struct worker){.kind = KIND_CONSUMER,
                             .name = "bravo",
                             .client = "bravo",
                             .settings = &former,
                             .group = "test_group_bravo",
                             .process = {.pid = 7}};
}

START_TEST(a_change_that_is_not_about_what_is_read_keeps_the_place_in_the_group)
{
    next.batch_size = 70;
    fleet_set_settings(&worker, &next);
    ck_assert(!worker.moves);
    ck_assert_ptr_eq(worker.settings, &next);
}
END_TEST

START_TEST(another_topic_gives_the_place_in_the_group_up)
{
    next.topic = "payments2";
    fleet_set_settings(&worker, &next);
    ck_assert(worker.moves);
    ck_assert_str_eq(worker.group, "test_group_bravo");
}
END_TEST

START_TEST(another_workload_gives_the_place_in_the_group_up)
{
    next.schema = schema_by_workload("orders");
    fleet_set_settings(&worker, &next);
    ck_assert(worker.moves);
}
END_TEST

START_TEST(another_group_gives_the_place_in_the_former_up)
{
    next.group = "others";
    fleet_set_settings(&worker, &next);
    ck_assert(worker.moves);
    ck_assert_str_eq(worker.group, "others");
}
END_TEST

START_TEST(what_was_to_leave_leaves_though_a_later_change_is_about_something_else)
{
    struct settings last;
    next.topic = "payments2";
    fleet_set_settings(&worker, &next);
    last = next;
    last.batch_size = 70;
    fleet_set_settings(&worker, &last);
    ck_assert(worker.moves);
}
END_TEST

START_TEST(who_does_not_run_has_no_place_to_give_up)
{
    worker.process.pid = 0;
    next.topic = "payments2";
    next.group = "others";
    fleet_set_settings(&worker, &next);
    ck_assert(!worker.moves);
}
END_TEST

START_TEST(a_producer_has_no_place_in_a_group)
{
    worker.kind = KIND_PRODUCER;
    next.topic = "payments2";
    fleet_set_settings(&worker, &next);
    ck_assert(!worker.moves);
    ck_assert_ptr_eq(worker.settings, &next);
}
END_TEST

CHECK_MAIN_WITH("supervisor/fleet_slots", set_up, NULL,
                a_change_that_is_not_about_what_is_read_keeps_the_place_in_the_group,
                another_topic_gives_the_place_in_the_group_up,
                another_workload_gives_the_place_in_the_group_up,
                another_group_gives_the_place_in_the_former_up,
                what_was_to_leave_leaves_though_a_later_change_is_about_something_else,
                who_does_not_run_has_no_place_to_give_up, a_producer_has_no_place_in_a_group)
