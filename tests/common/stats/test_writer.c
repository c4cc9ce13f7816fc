#include "common/stats/writer.h"
#include "common/stats/create.h"
#include "common/stats/predecessor.h"

#include <errno.h>

#include "tests/common/stats/support.h"

static int fd;
static struct stats_writer *writer;

static void open_both(void)
{
    name_instance();
    fd = create(STATS_KIND_CONSUMER, 1, -1);
    writer = open_writer(fd);
}

static void close_both(void)
{
    stats_writer_close(writer);
    close(fd);
    remove_segments();
}

START_TEST(what_is_counted_can_be_read)
{
    for (int id = 0; id < STATS_CONSUMER_COUNTER_COUNT; id++)
        stats_add(writer, id, (uint64_t)id + 1);
    struct stats_snapshot *snapshot = take(fd);
#define X(id, name, type, unit, help) ck_assert_int_eq(stats_snapshot_counter(snapshot, name), (int)(id) + 1);
    STATS_CONSUMER_COUNTERS(X)
#undef X
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(a_status_shows_only_when_it_is_published_and_then_whole)
{
    stats_phase(writer, PHASE_JOINING, 100);
    stats_status_set(writer, CONSUMER_ASSIGNED, 3);
    struct stats_snapshot *snapshot = take(fd);
    ck_assert_str_eq(stats_snapshot_state(snapshot, "phase"), "joining");
    ck_assert_int_eq(stats_snapshot_status(snapshot, "phase_since_us"), 100);
    ck_assert(stats_snapshot_status(snapshot, "assigned_partitions") == STATS_UNKNOWN);
    stats_status_publish(writer);
    stats_phase(writer, PHASE_JOINING, 200); /* the same phase: since-when stays */
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    ck_assert_int_eq(stats_snapshot_status(snapshot, "assigned_partitions"), 3);
    ck_assert_int_eq(stats_snapshot_status(snapshot, "phase_since_us"), 100);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(a_partition_has_one_slot_and_its_values_start_unknown)
{
    int slot = stats_partition_slot(writer, "payments", 2);
    ck_assert_int_eq(stats_partition_slot(writer, "payments", 0), slot + 1);
    ck_assert_int_eq(stats_partition_slot(writer, "orders", 2), slot + 2);
    ck_assert_int_eq(stats_partition_slot(writer, "payments", 2), slot);
    ck_assert(stats_partition_get(writer, slot, PARTITION_POSITION) == STATS_UNKNOWN);
    stats_partition_set(writer, slot, PARTITION_POSITION, 42);
    struct stats_snapshot *snapshot = take(fd);
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), 3);
    ck_assert(stats_snapshot_partition(snapshot, 0, "position") == STATS_UNKNOWN);
    stats_partition_publish(writer, slot);
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    int32_t partition;
    ck_assert_str_eq(stats_snapshot_partition_topic(snapshot, 0, &partition), "payments");
    ck_assert_int_eq(partition, 2);
    ck_assert_int_eq(stats_snapshot_partition(snapshot, 0, "position"), 42);
    ck_assert(stats_snapshot_partition(snapshot, 0, "high") == STATS_UNKNOWN);
    ck_assert(stats_snapshot_partition(snapshot, 1, "position") == STATS_UNKNOWN);
    ck_assert_ptr_null(stats_snapshot_partition_topic(snapshot, 3, &partition));
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(partitions_beyond_the_capacity_of_a_segment_without_a_name_get_no_slot_and_do_no_harm)
{
    remove_segments(); /* so that no larger one can take its place: test_grow.c */
    for (int i = 0; i < CAPACITY; i++)
        ck_assert_int_eq(stats_partition_slot(writer, "payments", i), i);
    int slot = stats_partition_slot(writer, "payments", CAPACITY);
    ck_assert_int_eq(slot, -1);
    stats_partition_set(writer, slot, PARTITION_POSITION, 1);
    stats_partition_publish(writer, slot);
    ck_assert(stats_partition_get(writer, slot, PARTITION_POSITION) == STATS_UNKNOWN);
    struct stats_snapshot *snapshot = take(fd);
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), CAPACITY);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(what_the_generation_before_left_is_found)
{
    ck_assert_ptr_null(stats_writer_predecessor(NULL));
    ck_assert_ptr_null(stats_writer_predecessor(writer)); /* the first */
    stats_partition_set(writer, stats_partition_slot(writer, "payments", 1), PARTITION_COMMITTED, 42);
    stats_partition_publish(writer, 0);
    int next_fd = create(STATS_KIND_CONSUMER, 2, -1);
    struct stats_writer *next = open_writer(next_fd);
    struct stats_snapshot *before = stats_writer_predecessor(next);
    ck_assert_ptr_nonnull(before);
    ck_assert_int_eq(
        stats_snapshot_partition(before, stats_snapshot_find(before, "payments", 1, 7), "committed"), 42);
    ck_assert_uint_eq(stats_snapshot_find(before, "payments", 0, 0), 1);
    ck_assert_uint_eq(stats_snapshot_find(before, "orders", 1, 0), 1);
    stats_snapshot_free(before);
    stats_writer_close(next);
    close(next_fd);
}
END_TEST

START_TEST(what_another_group_left_says_nothing)
{
    struct stats_identity identity = identity_of(STATS_KIND_CONSUMER, 2);
    snprintf(identity.group, sizeof identity.group, "another");
    int next_fd = stats_segment_create(&identity, -1, NULL);
    struct stats_writer *next = open_writer(next_fd);
    ck_assert_ptr_null(stats_writer_predecessor(next));
    stats_writer_close(next);
    close(next_fd);
}
END_TEST

START_TEST(the_longest_topic_name_comes_back_whole)
{
    char topic[STATS_TOPIC_BYTES];
    memset(topic, 'x', sizeof topic - 1);
    topic[sizeof topic - 1] = '\0';
    stats_partition_slot(writer, topic, 0);
    ck_assert_int_eq(stats_partition_slot(writer, topic, 0), 0);
    struct stats_snapshot *snapshot = take(fd);
    int32_t partition;
    ck_assert_str_eq(stats_snapshot_partition_topic(snapshot, 0, &partition), topic);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(observations_come_back_as_percentiles_within_a_sixteenth)
{
    for (int64_t us = 1; us <= 1000; us++)
        stats_observe(writer, CONSUMER_BATCH_US, us, 1);
    stats_observe(writer, CONSUMER_COMMIT_US, -5, 2); /* a clock that stepped back */
    struct stats_snapshot *snapshot = take(fd);
    struct stats_summary summary;
    stats_snapshot_histogram(snapshot, "batch_us", &summary);
    ck_assert_uint_eq(summary.count, 1000);
    ck_assert_int_eq(summary.sum, 500500);
    ck_assert_int_eq(summary.max, 1000);
    ck_assert(summary.p50 >= 500 && summary.p50 <= 532);
    ck_assert(summary.p99 >= 990 && summary.p99 <= 1000);
    stats_snapshot_histogram(snapshot, "commit_us", &summary);
    ck_assert(summary.count == 2 && summary.max == 0 && summary.p50 == 0);
    stats_snapshot_histogram(snapshot, "process_us", &summary);
    ck_assert(summary.count == 0 && summary.p50 == STATS_UNKNOWN);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(a_ring_keeps_the_last_16_in_order)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    for (int i = 1; i <= 40; i++)
        stats_event(writer, STATS_RING_ERRORS, 1000 + i, i, "error %d\x1b[31m", i);
    struct stats_snapshot *snapshot = take(fd);
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, STATS_RING_ERRORS, entries), 16);
    ck_assert_int_eq(entries[0].number, 25);
    ck_assert_int_eq(entries[15].number, 40);
    ck_assert_int_eq(entries[15].time_us, 1040);
    ck_assert_str_eq(entries[15].text, "error 40?[31m");
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, STATS_RING_REBALANCES, entries), 0);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(a_heartbeat_ticks)
{
    stats_heartbeat(writer, 77);
    stats_heartbeat(writer, 78);
    struct stats_snapshot *snapshot = take(fd);
    struct stats_liveness liveness;
    stats_snapshot_liveness(snapshot, &liveness);
    ck_assert_uint_eq(liveness.heartbeat_tick, 2);
    ck_assert_int_eq(liveness.heartbeat_us, 78);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(without_a_writer_every_call_does_nothing)
{
    stats_add(NULL, CONSUMER_RECEIVED, 1);
    ck_assert_uint_eq(stats_get(NULL, CONSUMER_RECEIVED), 0);
    stats_status_set(NULL, CONSUMER_ASSIGNED, 1);
    stats_status_publish(NULL);
    stats_phase(NULL, PHASE_POLLING, 1);
    stats_heartbeat(NULL, 1);
    ck_assert_int_eq(stats_partition_slot(NULL, "payments", 0), -1);
    stats_partition_set(NULL, 0, PARTITION_POSITION, 1);
    ck_assert(stats_partition_get(NULL, 0, PARTITION_POSITION) == STATS_UNKNOWN);
    stats_partition_publish(NULL, 0);
    stats_observe(NULL, CONSUMER_BATCH_US, 1, 1);
    stats_event(NULL, STATS_RING_ERRORS, 1, 1, "x");
    stats_writer_close(NULL);
}
END_TEST

START_TEST(a_second_writer_is_refused)
{
    struct error error = ERROR_INIT;
    struct stats_writer *second;
    ck_assert_int_eq(stats_writer_open(&second, fd, &error), -1);
    ck_assert_ptr_null(second);
    ck_assert_msg(strstr(error.text, "has a writer already") != NULL, "%s", error.text);
}
END_TEST

static void expect_refused(struct image *image, const char *what)
{
    struct error error = ERROR_INIT;
    struct stats_writer *other;
    int damaged = memory_file(image->bytes, image->size);
    ck_assert_int_eq(stats_writer_open(&other, damaged, &error), -1);
    ck_assert_ptr_null(other);
    ck_assert_msg(strstr(error.text, what) != NULL, "%s", error.text);
    close(damaged);
}

START_TEST(a_segment_of_another_build_is_not_written_to)
{
    struct image image = image_of(fd);
    struct stats_header *header = (void *)image.bytes;
    header->definitions_hash ^= 1;
    expect_refused(&image, "another build");
    header->definitions_hash ^= 1;
    header->status_offset += 8;
    expect_refused(&image, "another build");
    header->status_offset -= 8;
    image.size -= 1; /* truncated: its end must not be mapped */
    expect_refused(&image, "another build");
    header->magic[0] ^= 1;
    expect_refused(&image, "not a statistics segment");
    image.size = 100;
    expect_refused(&image, "too short");
    free(image.bytes);
}
END_TEST

CHECK_MAIN_WITH("common/stats/writer", open_both, close_both, what_is_counted_can_be_read,
                a_status_shows_only_when_it_is_published_and_then_whole,
                a_partition_has_one_slot_and_its_values_start_unknown,
                partitions_beyond_the_capacity_of_a_segment_without_a_name_get_no_slot_and_do_no_harm,
                what_the_generation_before_left_is_found, what_another_group_left_says_nothing,
                the_longest_topic_name_comes_back_whole,
                observations_come_back_as_percentiles_within_a_sixteenth, a_ring_keeps_the_last_16_in_order,
                a_heartbeat_ticks, without_a_writer_every_call_does_nothing, a_second_writer_is_refused,
                a_segment_of_another_build_is_not_written_to)
