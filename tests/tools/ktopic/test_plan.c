#include "tests/support/check_main.h"

#include "tools/ktopic/plan.h"

static struct error error;

START_TEST(creates_what_is_missing)
{
    ck_assert_int_eq(plan_topic("orders", 0, 3, false, &error), PLAN_CREATE);
    ck_assert_int_eq(plan_topic("orders", 0, 3, true, &error), PLAN_CREATE);
}
END_TEST

START_TEST(keeps_what_is_as_asked)
{
    ck_assert_int_eq(plan_topic("orders", 3, 3, false, &error), PLAN_KEEP);
    ck_assert_int_eq(plan_topic("orders", 3, 3, true, &error), PLAN_KEEP);
}
END_TEST

START_TEST(more_partitions_than_the_default_are_as_good)
{
    ck_assert_int_eq(plan_topic("orders", 12, 3, false, &error), PLAN_KEEP);
}
END_TEST

START_TEST(grows_only_when_asked)
{
    ck_assert_int_eq(plan_topic("orders", 3, 6, true, &error), PLAN_GROW);

    ck_assert_int_eq(plan_topic("orders", 1, 3, false, &error), PLAN_REFUSE);
    ck_assert_str_eq(
        error.text, "topic orders has 1 partition, not 3: --partitions 3 grows it, and then keys go to other "
                    "partitions than before");
}
END_TEST

START_TEST(refuses_to_shrink)
{
    ck_assert_int_eq(plan_topic("orders", 6, 3, true, &error), PLAN_REFUSE);
    ck_assert_str_eq(
        error.text,
        "topic orders has 6 partitions, and Kafka cannot take partitions away: ask for --partitions 6 "
        "or more, or delete the topic");
}
END_TEST

CHECK_MAIN("tools/ktopic/plan", creates_what_is_missing, keeps_what_is_as_asked,
           more_partitions_than_the_default_are_as_good, grows_only_when_asked, refuses_to_shrink)
