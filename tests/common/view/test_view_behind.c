/* Lags of a view that is made by hand: bravo and zulu, of two groups, and a producer. */
#include "common/view/view_behind.h"
#include "common/stats/create.h"

#include "common/clock.h"
#include "common/stats/writer.h"
#include "tests/support/check_main.h"
#include "common/view/view.h"

enum { BRAVO, ZULU, PRODUCER, WORKERS };

static const int64_t now_us = INT64_C(1772099522102594);
static struct stats_writer *writers[WORKERS];
static int fds[WORKERS];
static struct view_worker workers[WORKERS];
static size_t order[] = {0, 1};
static struct view view;

#define AGO_S(seconds) (now_us - (seconds)*US_PER_SECOND)

static void open_worker(int index, enum stats_kind kind)
{
    struct error error = ERROR_INIT;
    struct stats_identity identity = {.kind = kind, .partition_capacity = 4, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "check");
    snprintf(identity.worker, sizeof identity.worker, "worker");
    snprintf(identity.client, sizeof identity.client, "worker");
    fds[index] = stats_segment_create_unnamed(&identity, -1, &error);
    ck_assert_msg(fds[index] != -1, "%s", error.text);
    ck_assert_msg(stats_writer_open(&writers[index], fds[index], &error) == 0, "%s", error.text);
    workers[index] = (struct view_worker){.entry.kind = kind, .order = order, .liveness.alive = true};
    snprintf(workers[index].entry.name, sizeof workers[index].entry.name, "worker");
}

static void begin(void)
{
    open_worker(BRAVO, STATS_KIND_CONSUMER);
    open_worker(ZULU, STATS_KIND_CONSUMER);
    open_worker(PRODUCER, STATS_KIND_PRODUCER);
    view = (struct view){.now_us = now_us, .workers = workers, .count = WORKERS};
}

static void end(void)
{
    free(view.holders);
    for (int i = 0; i < WORKERS; i++) {
        stats_snapshot_free(workers[i].snapshot);
        stats_writer_close(writers[i]);
        close(fds[i]);
    }
}

static void set(int worker, int32_t partition, int id, int64_t value)
{
    int slot = stats_partition_slot(writers[worker], "payments", partition);
    stats_partition_set(writers[worker], slot, id, value);
    if (worker != PRODUCER)
        stats_partition_set(writers[worker], slot, PARTITION_ASSIGNED, 1);
    stats_partition_publish(writers[worker], slot);
}

static void consumes(int worker, int64_t committed, int64_t high, int64_t looked_us, int64_t since_us)
{
    set(worker, 0, PARTITION_COMMITTED, committed);
    set(worker, 0, PARTITION_HIGH, high);
    set(worker, 0, PARTITION_WATERMARKS_AT, looked_us);
    set(worker, 0, PARTITION_BEHIND_SINCE, since_us);
    set(worker, 0, PARTITION_BEHIND_AT_LEAST, 0);
}

static void produced(int64_t acknowledged, int64_t when_us)
{
    set(PRODUCER, 0, PRODUCER_ACKNOWLEDGED_OFFSET, acknowledged);
    set(PRODUCER, 0, PRODUCER_ACKNOWLEDGED_AT, when_us);
}

static void look(void)
{
    for (int i = 0; i < WORKERS; i++) {
        stats_snapshot_free(workers[i].snapshot);
        ck_assert_int_eq(stats_snapshot_take(&workers[i].snapshot, fds[i], NULL), 0);
        free(view.holders);
        view.holders = holders_of(&view);
    }
}

static struct behind bravo(void)
{
    look();
    return behind_of(&view, &workers[BRAVO], 0);
}

static void dies(int worker)
{
    workers[worker].liveness.alive = false;
}

#define LAG_IS(of, records, records_at_least, time_us, time_at_least)                                        \
    do {                                                                                                     \
        struct behind found = (of);                                                                          \
        ck_assert_int_eq(found.lag, records);                                                                \
        ck_assert_int_eq(found.lag_at_least, records_at_least);                                              \
        ck_assert_int_eq(found.us, time_us);                                                                 \
        ck_assert_int_eq(found.us_at_least, time_at_least);                                                  \
    } while (0)

START_TEST(the_lag_in_time_is_from_when_the_watermark_passed_the_committed_offset)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    LAG_IS(bravo(), 7, false, 12 * US_PER_SECOND, false);
    set(BRAVO, 0, PARTITION_BEHIND_AT_LEAST, 1);
    LAG_IS(bravo(), 7, false, 12 * US_PER_SECOND, true);
}
END_TEST

START_TEST(caught_up_is_0_and_unknown_is_unknown)
{
    consumes(BRAVO, 107, 107, AGO_S(1), STATS_UNKNOWN);
    LAG_IS(bravo(), 0, false, 0, false);
    consumes(BRAVO, STATS_UNKNOWN, 107, AGO_S(1), STATS_UNKNOWN);
    LAG_IS(bravo(), STATS_UNKNOWN, false, STATS_UNKNOWN, false);
    consumes(BRAVO, 107, STATS_UNKNOWN, STATS_UNKNOWN, STATS_UNKNOWN);
    LAG_IS(bravo(), STATS_UNKNOWN, true, STATS_UNKNOWN, false);
    consumes(BRAVO, 100, 107, AGO_S(1), STATS_UNKNOWN);
    LAG_IS(bravo(), 7, false, STATS_UNKNOWN, false);
}
END_TEST

START_TEST(records_that_retention_took_are_no_lag)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    set(BRAVO, 0, PARTITION_LOW, 104);
    LAG_IS(bravo(), 3, false, 12 * US_PER_SECOND, false);
    set(BRAVO, 0, PARTITION_LOW, 99);
    LAG_IS(bravo(), 7, false, 12 * US_PER_SECOND, false);
    set(BRAVO, 0, PARTITION_LOW, 107);
    LAG_IS(bravo(), 0, false, 0, false);
}
END_TEST

START_TEST(a_time_to_come_is_no_negative_lag)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(-5));
    LAG_IS(bravo(), 7, false, 0, false);
}
END_TEST

START_TEST(what_nobody_looked_at_lately_is_a_lower_bound)
{
    consumes(BRAVO, 100, 107, AGO_S(10), AGO_S(60));
    LAG_IS(bravo(), 7, false, 60 * US_PER_SECOND, false);
    consumes(BRAVO, 100, 107, AGO_S(10) - 1, AGO_S(60));
    LAG_IS(bravo(), 7, true, 60 * US_PER_SECOND, false);
    consumes(BRAVO, 107, 107, AGO_S(11), STATS_UNKNOWN);
    LAG_IS(bravo(), 0, true, 0, true);
}
END_TEST

START_TEST(after_death_it_goes_on_growing)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    dies(BRAVO);
    LAG_IS(bravo(), 7, true, 12 * US_PER_SECOND, false);
    view.now_us += 30 * US_PER_SECOND;
    LAG_IS(bravo(), 7, true, 42 * US_PER_SECOND, false);
}
END_TEST

START_TEST(a_producer_and_another_group_raise_the_watermark_of_a_dead_consumer)
{
    consumes(BRAVO, 100, 107, AGO_S(20), AGO_S(30));
    dies(BRAVO);
    produced(199, AGO_S(2));
    LAG_IS(bravo(), 100, true, 30 * US_PER_SECOND, false);
    ck_assert_int_eq(bravo().high, 200);
    ck_assert_int_eq(bravo().high_us, AGO_S(2));
    consumes(ZULU, 200, 250, AGO_S(1), AGO_S(3));
    LAG_IS(bravo(), 150, true, 30 * US_PER_SECOND, false);
    ck_assert_int_eq(bravo().high_us, AGO_S(1));
}
END_TEST

START_TEST(one_that_lives_knows_better_than_others)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    produced(199, AGO_S(2));
    LAG_IS(bravo(), 7, false, 12 * US_PER_SECOND, false);
}
END_TEST

START_TEST(one_that_stands_still_is_raised_too)
{
    consumes(BRAVO, 100, 107, AGO_S(20), AGO_S(30));
    produced(199, AGO_S(2));
    workers[BRAVO].liveness.heartbeat_us = AGO_S(1);
    LAG_IS(bravo(), 7, true, 30 * US_PER_SECOND, false); /* the brokers are away */
    workers[BRAVO].liveness.heartbeat_us = AGO_S(20);
    LAG_IS(bravo(), 100, true, 30 * US_PER_SECOND, false);
}
END_TEST

START_TEST(in_a_lazy_view_nobody_is_asked)
{
    consumes(BRAVO, 100, 107, AGO_S(20), AGO_S(30));
    dies(BRAVO);
    produced(199, AGO_S(2));
    look();
    free(view.holders);
    view.holders = NULL;
    LAG_IS(behind_of(&view, &workers[BRAVO], 0), 7, true, 30 * US_PER_SECOND, false);
}
END_TEST

START_TEST(one_that_died_caught_up_is_behind_at_least_since_somebody_saw_more)
{
    consumes(BRAVO, 107, 107, AGO_S(20), STATS_UNKNOWN);
    dies(BRAVO);
    produced(199, AGO_S(2));
    LAG_IS(bravo(), 93, true, 2 * US_PER_SECOND, true);
    consumes(ZULU, 110, 200, AGO_S(1), AGO_S(9)); /* the watermark passed 110 then, so 107 too */
    LAG_IS(bravo(), 93, true, 9 * US_PER_SECOND, true);
    consumes(ZULU, 105, 200, AGO_S(1), AGO_S(15)); /* that it passed 105 says nothing about 107 */
    LAG_IS(bravo(), 93, true, 2 * US_PER_SECOND, true);
}
END_TEST

START_TEST(other_partitions_and_other_topics_raise_nothing)
{
    consumes(BRAVO, 100, 107, AGO_S(20), AGO_S(30));
    dies(BRAVO);
    set(PRODUCER, 1, PRODUCER_ACKNOWLEDGED_OFFSET, 500);
    int slot = stats_partition_slot(writers[ZULU], "orders", 0);
    stats_partition_set(writers[ZULU], slot, PARTITION_HIGH, 900);
    stats_partition_publish(writers[ZULU], slot);
    LAG_IS(bravo(), 7, true, 30 * US_PER_SECOND, false);
}
END_TEST

START_TEST(an_open_transaction_holds_back_what_lies_behind_it)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    ck_assert_int_eq(bravo().held_back, 0);
    set(BRAVO, 0, PARTITION_LAST_STABLE, 102);
    ck_assert_int_eq(bravo().held_back, 5);
    set(BRAVO, 0, PARTITION_LAST_STABLE, 90); /* cannot be */
    ck_assert_int_eq(bravo().held_back, 7);
}
END_TEST

START_TEST(a_worker_has_the_sum_and_the_longest_time)
{
    look();
    struct behind all = behind_of_worker(&view, &workers[BRAVO]);
    LAG_IS(all, STATS_UNKNOWN, false, STATS_UNKNOWN, false);
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    set(BRAVO, 1, PARTITION_COMMITTED, 5);
    set(BRAVO, 1, PARTITION_HIGH, 8);
    set(BRAVO, 1, PARTITION_WATERMARKS_AT, AGO_S(1));
    set(BRAVO, 1, PARTITION_BEHIND_SINCE, AGO_S(40));
    set(BRAVO, 1, PARTITION_BEHIND_AT_LEAST, 1);
    look();
    all = behind_of_worker(&view, &workers[BRAVO]);
    LAG_IS(all, 10, false, 40 * US_PER_SECOND, true);
    set(BRAVO, 1, PARTITION_HIGH, STATS_UNKNOWN);
    look();
    all = behind_of_worker(&view, &workers[BRAVO]);
    LAG_IS(all, STATS_UNKNOWN, false, STATS_UNKNOWN, true);
}
END_TEST

START_TEST(while_a_partition_has_no_place_in_the_segment_no_sum_is_known)
{
    consumes(BRAVO, 100, 107, AGO_S(1), AGO_S(12));
    stats_status_set(writers[BRAVO], CONSUMER_ASSIGNED, 1);
    stats_status_publish(writers[BRAVO]);
    look();
    ck_assert_int_eq(behind_of_worker(&view, &workers[BRAVO]).lag, 7);
    ck_assert_int_eq(view_lag(&view, &workers[BRAVO]), 7);
    stats_status_set(writers[BRAVO], CONSUMER_ASSIGNED, 2);
    stats_status_publish(writers[BRAVO]);
    look();
    struct behind all = behind_of_worker(&view, &workers[BRAVO]);
    LAG_IS(all, STATS_UNKNOWN, false, STATS_UNKNOWN, false);
    ck_assert_int_eq(view_lag(&view, &workers[BRAVO]), STATS_UNKNOWN);
}
END_TEST

START_TEST(texts_say_which_are_lower_bounds_and_how_old_a_watermark_is)
{
    char text[BEHIND_TEXT_BYTES];
    consumes(BRAVO, 100, 107, AGO_S(30), AGO_S(12));
    struct behind behind = bravo();
    behind_lag_text(&behind, text);
    ck_assert_str_eq(text, "≥ 7");
    behind_high_text(&view, &behind, text);
    ck_assert_str_eq(text, "≥ 107, 30 s ago");
    behind_time_text(&behind, text);
    ck_assert_str_eq(text, "12 s");
    behind.us_at_least = true;
    behind_time_text(&behind, text);
    ck_assert_str_eq(text, "≥ 12 s");
    behind.lag = behind.us = behind.high = STATS_UNKNOWN;
    behind_lag_text(&behind, text);
    ck_assert_str_eq(text, "?");
    behind_time_text(&behind, text);
    ck_assert_str_eq(text, "?");
    behind_high_text(&view, &behind, text);
    ck_assert_str_eq(text, "?");
}
END_TEST

CHECK_MAIN_WITH("common/view/view_behind", begin, end,
                the_lag_in_time_is_from_when_the_watermark_passed_the_committed_offset,
                caught_up_is_0_and_unknown_is_unknown, records_that_retention_took_are_no_lag,
                a_time_to_come_is_no_negative_lag, what_nobody_looked_at_lately_is_a_lower_bound,
                after_death_it_goes_on_growing,
                a_producer_and_another_group_raise_the_watermark_of_a_dead_consumer,
                one_that_lives_knows_better_than_others, one_that_stands_still_is_raised_too,
                in_a_lazy_view_nobody_is_asked,
                one_that_died_caught_up_is_behind_at_least_since_somebody_saw_more,
                other_partitions_and_other_topics_raise_nothing,
                an_open_transaction_holds_back_what_lies_behind_it, a_worker_has_the_sum_and_the_longest_time,
                while_a_partition_has_no_place_in_the_segment_no_sum_is_known,
                texts_say_which_are_lower_bounds_and_how_old_a_watermark_is)
