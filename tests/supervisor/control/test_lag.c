#include "tests/supervisor/segments.h"

#include "supervisor/control/lag.h"

static struct worker worker;

static int64_t lag_with(struct stats_snapshot *snapshot)
{
    worker = (struct worker){.stats = snapshot};
    int64_t lag = lag_of(&worker);
    stats_snapshot_free(snapshot);
    return lag;
}

START_TEST(the_lags_of_its_own_partitions_are_added_up)
{
    ck_assert_int_eq(
        lag_with(SEGMENT(STATS_KIND_CONSUMER, "payments", {0, PARTITION_ASSIGNED, 1},
                         {0, PARTITION_COMMITTED, 10}, {0, PARTITION_HIGH, 15}, {1, PARTITION_ASSIGNED, 1},
                         {1, PARTITION_COMMITTED, 7}, {1, PARTITION_HIGH, 7}, {2, PARTITION_ASSIGNED, 0},
                         {2, PARTITION_COMMITTED, 0}, {2, PARTITION_HIGH, 1000})),
        5);
}
END_TEST

START_TEST(records_that_retention_took_are_none)
{
    ck_assert_int_eq(
        lag_with(SEGMENT(STATS_KIND_CONSUMER, "payments", {0, PARTITION_ASSIGNED, 1},
                         {0, PARTITION_COMMITTED, 10}, {0, PARTITION_LOW, 13}, {0, PARTITION_HIGH, 15})),
        2);
}
END_TEST

START_TEST(one_partition_that_is_unknown_makes_it_unknown)
{
    ck_assert_int_eq(lag_with(SEGMENT(STATS_KIND_CONSUMER, "payments", {0, PARTITION_ASSIGNED, 1},
                                      {0, PARTITION_COMMITTED, 10}, {0, PARTITION_HIGH, 15},
                                      {1, PARTITION_ASSIGNED, 1}, {1, PARTITION_COMMITTED, 7})),
                     STATS_UNKNOWN);
}
END_TEST

START_TEST(while_one_has_no_place_in_the_segment_it_is_unknown)
{
    static const struct segment_value values[] = {
        {0, PARTITION_ASSIGNED, 1}, {0, PARTITION_COMMITTED, 10}, {0, PARTITION_HIGH, 15}};
    ck_assert_int_eq(lag_with(segment_of(STATS_KIND_CONSUMER, "payments", values, 3, 1)), 5);
    ck_assert_int_eq(lag_with(segment_of(STATS_KIND_CONSUMER, "payments", values, 3, 2)), STATS_UNKNOWN);
}
END_TEST

START_TEST(without_a_partition_there_is_nothing_to_catch_up_with)
{
    ck_assert_int_eq(lag_with(SEGMENT(STATS_KIND_CONSUMER, "payments", {0, PARTITION_ASSIGNED, 0})), 0);
}
END_TEST

START_TEST(without_statistics_it_is_unknown)
{
    worker = (struct worker){.name = "bravo"};
    ck_assert_int_eq(lag_of(&worker), STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN("supervisor/lag", the_lags_of_its_own_partitions_are_added_up,
           records_that_retention_took_are_none, one_partition_that_is_unknown_makes_it_unknown,
           while_one_has_no_place_in_the_segment_it_is_unknown,
           without_a_partition_there_is_nothing_to_catch_up_with, without_statistics_it_is_unknown)
