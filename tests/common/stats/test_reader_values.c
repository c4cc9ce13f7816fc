/* Values by the index of their definition: the same as by name, for whoever walks over all of them. */
#include "tests/common/stats/support.h"

static struct stats_writer *writer;
static struct stats_snapshot *snapshot;
static int fd;

static void prepare(void)
{
    name_instance();
    fd = create(STATS_KIND_CONSUMER, 3, -1);
    writer = open_writer(fd);
    for (int id = 0; id < STATS_CONSUMER_COUNTER_COUNT; id++)
        stats_add(writer, id, 100 + (uint64_t)id);
    for (int32_t number = 0; number < 3; number++) {
        int slot = stats_partition_slot(writer, "payments", number);
        for (int id = 0; id < STATS_CONSUMER_PARTITION_COUNT; id++)
            stats_partition_set(writer, slot, id, 1000 * number + id);
        stats_partition_publish(writer, slot);
    }
    stats_observe(writer, CONSUMER_PROCESS_US, 1000, 10);
    stats_phase(writer, PHASE_POLLING, 77);
}

static void clean_up(void)
{
    stats_snapshot_free(snapshot);
    stats_writer_close(writer);
    close(fd);
    remove_segments();
}

static int64_t by_name(const struct stats_definition *definition, size_t slot)
{
    switch (definition->section) {
    case STATS_SECTION_COUNTERS:
        return stats_snapshot_counter(snapshot, definition->name);
    case STATS_SECTION_STATUS:
        return stats_snapshot_status(snapshot, definition->name);
    case STATS_SECTION_PARTITION:
        return stats_snapshot_partition(snapshot, slot, definition->name);
    default:
        return STATS_UNKNOWN;
    }
}

START_TEST(each_definition_has_the_value_that_its_name_has)
{
    const struct stats_definition *definition;
    size_t i = 0, known = 0;
    snapshot = take(fd);
    for (; (definition = stats_snapshot_definition(snapshot, i)) != NULL; i++)
        for (size_t slot = 0; slot < 4; slot++) {
            ck_assert(stats_snapshot_value(snapshot, i, slot) == by_name(definition, slot));
            known += stats_snapshot_value(snapshot, i, slot) != STATS_UNKNOWN;
        }
    ck_assert_uint_gt(known,
                      (size_t)4 * STATS_CONSUMER_COUNTER_COUNT + (size_t)3 * STATS_CONSUMER_PARTITION_COUNT);
    ck_assert(stats_snapshot_value(snapshot, i, 0) == STATS_UNKNOWN);
    ck_assert(stats_snapshot_value(snapshot, SIZE_MAX, 0) == STATS_UNKNOWN);
    ck_assert_ptr_null(stats_snapshot_state_at(snapshot, i));
}
END_TEST

static size_t index_of(const char *name)
{
    size_t i = 0;
    while (stats_snapshot_definition(snapshot, i) != NULL &&
           strcmp(stats_snapshot_definition(snapshot, i)->name, name) != 0)
        i++;
    ck_assert_ptr_nonnull(stats_snapshot_definition(snapshot, i));
    return i;
}

START_TEST(a_state_has_the_name_of_its_number_and_no_other_value_has_one)
{
    snapshot = take(fd);
    size_t phase = index_of("phase");
    ck_assert_str_eq(stats_snapshot_state_at(snapshot, phase), "polling");
    for (size_t i = 0; stats_snapshot_definition(snapshot, i) != NULL; i++)
        ck_assert(i == phase || stats_snapshot_state_at(snapshot, i) == NULL);
    stats_status_set(writer, CONSUMER_PHASE, 1000);
    stats_status_publish(writer);
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    ck_assert_ptr_null(stats_snapshot_state_at(snapshot, phase));
    stats_status_set(writer, CONSUMER_PHASE, STATS_UNKNOWN);
    stats_status_publish(writer);
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    ck_assert_ptr_null(stats_snapshot_state_at(snapshot, phase));
}
END_TEST

START_TEST(a_partition_that_is_not_there_has_no_values)
{
    snapshot = take(fd);
    size_t high = index_of("high");
    ck_assert_int_eq(stats_snapshot_value(snapshot, high, 2), 2000 + PARTITION_HIGH);
    ck_assert(stats_snapshot_value(snapshot, high, 3) == STATS_UNKNOWN);
    ck_assert(stats_snapshot_value(snapshot, high, SIZE_MAX) == STATS_UNKNOWN);
}
END_TEST

START_TEST(nothing_counts_two_to_the_63rd)
{
    snapshot = take(fd);
    size_t received = index_of("received");
    stats_add(writer, CONSUMER_RECEIVED, (uint64_t)INT64_MAX - 100);
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    ck_assert_int_eq(stats_snapshot_value(snapshot, received, 0), INT64_MAX);
    stats_add(writer, CONSUMER_RECEIVED, 2);
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    ck_assert(stats_snapshot_value(snapshot, received, 0) == STATS_UNKNOWN);
}
END_TEST

START_TEST(histograms_and_names_are_no_values)
{
    snapshot = take(fd);
    ck_assert(stats_snapshot_value(snapshot, index_of("process_us"), 0) == STATS_UNKNOWN);
    ck_assert(stats_snapshot_value(snapshot, index_of("draining"), 0) == STATS_UNKNOWN);
}
END_TEST

/* 1000 is in the bucket 992 … 1023. */
START_TEST(a_distribution_says_how_many_were_at_most_each_bound)
{
    struct stats_distribution all;
    const uint64_t bounds[] = {15, 991, 1023, 4095};
    stats_observe(writer, CONSUMER_PROCESS_US, 3, 2);
    stats_observe(writer, CONSUMER_PROCESS_US, 5000, 1);
    snapshot = take(fd);
    ck_assert(stats_snapshot_distribution(snapshot, "process_us", bounds, 4, &all));
    ck_assert_int_eq(all.at_most[0], 2);
    ck_assert_int_eq(all.at_most[1], 2);
    ck_assert_int_eq(all.at_most[2], 12);
    ck_assert_int_eq(all.at_most[3], 12);
    ck_assert_int_eq(all.count, 13);
    ck_assert_int_eq(all.sum, 10 * 1000 + 2 * 3 + 5000);
}
END_TEST

START_TEST(a_bound_beyond_all_buckets_is_above_everything)
{
    struct stats_distribution all;
    const uint64_t bounds[] = {UINT64_MAX};
    stats_observe(writer, CONSUMER_BATCH_US, INT64_MAX, 4);
    snapshot = take(fd);
    ck_assert(stats_snapshot_distribution(snapshot, "batch_us", bounds, 1, &all));
    ck_assert_int_eq(all.at_most[0], 4);
    ck_assert_int_eq(all.count, 4);
}
END_TEST

START_TEST(a_distribution_of_nothing_is_zero_and_one_that_is_not_there_is_none)
{
    struct stats_distribution all;
    const uint64_t bounds[] = {1023};
    snapshot = take(fd);
    ck_assert(stats_snapshot_distribution(snapshot, "commit_us", bounds, 1, &all));
    ck_assert_int_eq(all.at_most[0] + all.count + all.sum, 0);
    ck_assert(!stats_snapshot_distribution(snapshot, "delivery_us", bounds, 1, &all));
}
END_TEST

CHECK_MAIN_WITH("common/stats/reader_values", prepare, clean_up,
                each_definition_has_the_value_that_its_name_has,
                a_state_has_the_name_of_its_number_and_no_other_value_has_one,
                a_partition_that_is_not_there_has_no_values, nothing_counts_two_to_the_63rd,
                histograms_and_names_are_no_values, a_distribution_says_how_many_were_at_most_each_bound,
                a_bound_beyond_all_buckets_is_above_everything,
                a_distribution_of_nothing_is_zero_and_one_that_is_not_there_is_none)
