#include "tests/supervisor/segments.h"

#include "supervisor/log/offsets_text.h"

#define CONSUMER(...) SEGMENT(STATS_KIND_CONSUMER, "payments", __VA_ARGS__)

/* What an assignment publishes. */
#define ASSIGNED(partition, resumed, committed)                                                              \
    {partition, PARTITION_ASSIGNED, 1}, {partition, PARTITION_RESUMED, resumed},                             \
    {                                                                                                        \
        partition, PARTITION_RESUMED_COMMITTED, committed                                                    \
    }

static struct stats_snapshot *stats, *previous;
static struct resumption one;

static struct worker_progress progress;

/* What that generation, and it alone, had reached. */
static const struct worker_progress *progress_by(const struct stats_snapshot *generation)
{
    progress_release(&progress);
    progress_note(&progress, generation);
    return &progress;
}

static void release(void)
{
    progress_release(&progress);
    stats_snapshot_free(stats);
    stats_snapshot_free(previous);
}

START_TEST(offsets_are_listed_by_partition)
{
    char text[128];
    stats =
        CONSUMER({0, PARTITION_COMMITTED, 350}, {2, PARTITION_COMMITTED, 352}, {1, PARTITION_COMMITTED, 0});
    offsets_text(stats, "committed", text, sizeof text);
    ck_assert_str_eq(text, "0:350 2:352 1:0");
}
END_TEST

START_TEST(a_value_that_nobody_has_is_nothing)
{
    char text[128];
    stats = CONSUMER({0, PARTITION_ASSIGNED, 1});
    offsets_text(stats, "committed", text, sizeof text);
    ck_assert_str_eq(text, "nothing");
    offsets_text(stats, "no such value", text, sizeof text);
    ck_assert_str_eq(text, "nothing");
}
END_TEST

START_TEST(a_list_that_does_not_fit_says_how_many_are_left_out)
{
    enum { MANY = 2000 };
    static struct segment_value values[MANY];
    char text[128];
    for (int32_t i = 0; i < MANY; i++)
        values[i] = (struct segment_value){i, PARTITION_COMMITTED, 1000000};
    stats = segment_with(STATS_KIND_CONSUMER, "payments", values, MANY);
    offsets_text(stats, "committed", text, sizeof text);
    ck_assert_str_eq(text, "0:1000000 1:1000000 2:1000000 3:1000000 4:1000000 5:1000000 and 1994 more");
}
END_TEST

START_TEST(partitions_without_a_place_are_told)
{
    static const struct segment_value values[] = {{0, PARTITION_ASSIGNED, 1}, {0, PARTITION_COMMITTED, 7}};
    char text[128];
    stats = segment_of(STATS_KIND_CONSUMER, "payments", values, 2, 4);
    offsets_text(stats, "committed", text, sizeof text);
    ck_assert_str_eq(text, "0:7 and 3 that are not known");
    offsets_text(stats, "position", text, sizeof text);
    ck_assert_str_eq(text, "and 3 that are not known");
}
END_TEST

START_TEST(everything_between_the_resumption_and_the_old_position_may_come_again)
{
    previous = CONSUMER({0, PARTITION_POSITION, 1049});
    stats = CONSUMER(ASSIGNED(0, 1042, 1042));
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 0, &one));
    ck_assert_str_eq(one.topic, "payments");
    ck_assert_int_eq(one.partition, 0);
    ck_assert_int_eq(one.resumed, 1042);
    ck_assert_int_eq(one.committed, 1042);
    ck_assert_int_eq(one.redelivered, 7);
}
END_TEST

START_TEST(the_batch_in_flight_counts_to_its_end)
{
    previous = CONSUMER({0, PARTITION_POSITION, 1042}, {0, PARTITION_INFLIGHT_FIRST, 1042},
                        {0, PARTITION_INFLIGHT_END, 1542});
    stats = CONSUMER(ASSIGNED(0, 1042, 1042));
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 0, &one));
    ck_assert_int_eq(one.redelivered, 500);
}
END_TEST

START_TEST(a_batch_before_any_position_counts_too)
{
    previous = CONSUMER({0, PARTITION_INFLIGHT_END, 10});
    stats = CONSUMER(ASSIGNED(0, 0, STATS_UNKNOWN));
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 0, &one));
    ck_assert_int_eq(one.redelivered, 10);
    ck_assert_int_eq(one.committed, 0); /* nothing was committed */
}
END_TEST

START_TEST(nothing_comes_again_when_all_was_committed_or_the_group_went_on)
{
    previous = CONSUMER({0, PARTITION_POSITION, 1042}, {1, PARTITION_POSITION, 10});
    stats = CONSUMER(ASSIGNED(0, 1042, 1042), ASSIGNED(1, 50, 50));
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 0, &one));
    ck_assert_int_eq(one.redelivered, 0);
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 1, &one));
    ck_assert_int_eq(one.redelivered, 0);
}
END_TEST

START_TEST(a_generation_that_did_nothing_forgets_nothing)
{
    previous = CONSUMER({0, PARTITION_POSITION, 1049});
    struct stats_snapshot *idle = CONSUMER(ASSIGNED(0, 1042, 1042), {0, PARTITION_POSITION, 1042});
    progress_by(previous);
    progress_note(&progress, idle);
    ck_assert(offsets_resumed_at(idle, &progress, 0, &one));
    ck_assert_int_eq(one.redelivered, 7);
    stats_snapshot_free(idle);
}
END_TEST

START_TEST(a_partition_that_was_somebody_elses_says_nothing_of_redelivery)
{
    previous = CONSUMER({1, PARTITION_POSITION, 1049});
    stats = CONSUMER(ASSIGNED(0, 1042, 1042));
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 0, &one));
    ck_assert_int_eq(one.redelivered, 0);
    ck_assert(offsets_resumed_at(stats, progress_by(NULL), 0, &one));
    ck_assert_int_eq(one.redelivered, 0);
}
END_TEST

START_TEST(the_same_number_of_another_topic_is_another_partition)
{
    previous = SEGMENT(STATS_KIND_CONSUMER, "orders", {0, PARTITION_POSITION, 1049});
    stats = CONSUMER(ASSIGNED(0, 1042, 1042));
    ck_assert(offsets_resumed_at(stats, progress_by(previous), 0, &one));
    ck_assert_int_eq(one.redelivered, 0);
}
END_TEST

START_TEST(what_is_not_assigned_or_has_no_start_is_left_out)
{
    stats = CONSUMER({0, PARTITION_ASSIGNED, 0}, {0, PARTITION_RESUMED, 5}, {1, PARTITION_ASSIGNED, 1});
    ck_assert(!offsets_resumed_at(stats, progress_by(NULL), 0, &one));
    ck_assert(!offsets_resumed_at(stats, progress_by(NULL), 1, &one));
    ck_assert(!offsets_resumed(stats, progress_by(NULL), &one));
    ck_assert_uint_eq(one.partitions, 0);
}
END_TEST

START_TEST(the_sum_is_over_what_is_assigned)
{
    previous =
        CONSUMER({0, PARTITION_POSITION, 105}, {1, PARTITION_POSITION, 202}, {2, PARTITION_POSITION, 999});
    stats = CONSUMER(ASSIGNED(0, 100, 100), ASSIGNED(1, 200, 200), {2, PARTITION_RESUMED, 300},
                     {2, PARTITION_ASSIGNED, 0});
    ck_assert(offsets_resumed(stats, progress_by(previous), &one));
    ck_assert_uint_eq(one.partitions, 2);
    ck_assert_int_eq(one.resumed, 300);
    ck_assert_int_eq(one.committed, 300);
    ck_assert_int_eq(one.redelivered, 7);
}
END_TEST

CHECK_MAIN_WITH("supervisor/offsets_text", NULL, release, offsets_are_listed_by_partition,
                a_value_that_nobody_has_is_nothing, a_list_that_does_not_fit_says_how_many_are_left_out,
                partitions_without_a_place_are_told,
                everything_between_the_resumption_and_the_old_position_may_come_again,
                the_batch_in_flight_counts_to_its_end, a_batch_before_any_position_counts_too,
                nothing_comes_again_when_all_was_committed_or_the_group_went_on,
                a_generation_that_did_nothing_forgets_nothing,
                a_partition_that_was_somebody_elses_says_nothing_of_redelivery,
                the_same_number_of_another_topic_is_another_partition,
                what_is_not_assigned_or_has_no_start_is_left_out, the_sum_is_over_what_is_assigned)
