/* A snapshot kept as an object reads as the snapshot did: value by value, also where the writer was too fast
 * for it. */
#include "common/stats/reader_private.h"
#include "common/stats/create.h"
#include "tests/common/stats/support.h"

static struct stats_writer *writer;
static struct stats_snapshot *snapshot, *again;
static int fd;

static void prepare(void)
{
    name_instance();
    fd = create(STATS_KIND_CONSUMER, 3, -1);
    writer = open_writer(fd);
}

static void clean_up(void)
{
    stats_snapshot_free(snapshot);
    stats_snapshot_free(again);
    stats_writer_close(writer);
    close(fd);
    remove_segments();
}

static int set_partition(int32_t number, int64_t value)
{
    int slot = stats_partition_slot(writer, "payments", number);
    for (int id = 0; id < STATS_CONSUMER_PARTITION_COUNT; id++)
        stats_partition_set(writer, slot, id, value + id);
    stats_partition_publish(writer, slot);
    return slot;
}

static void fill(void)
{
    for (int id = 0; id < STATS_CONSUMER_COUNTER_COUNT; id++)
        stats_add(writer, id, 100 + (uint64_t)id);
    stats_phase(writer, PHASE_POLLING, 77);
    stats_heartbeat(writer, 4242);
    stats_observe(writer, CONSUMER_PROCESS_US, 1000, 10);
    stats_observe(writer, CONSUMER_COMMIT_US, 7, 1);
    set_partition(2, 50);
    set_partition(0, 900);
    set_partition(0, 901); /* the other of the two copies */
    stats_event(writer, STATS_RING_ERRORS, 5, -195, "broker down");
    for (int i = 0; i < 40; i++)
        stats_event(writer, STATS_RING_LINES, i, i, "line %d", i);
}

/* A snapshot of the snapshot's image. */
static void keep(void)
{
    size_t bytes = 0;
    void *image = stats_snapshot_image(snapshot, &bytes);
    ck_assert_ptr_nonnull(image);
    ck_assert_uint_eq(bytes, stats_segment_bytes(STATS_KIND_CONSUMER, CAPACITY));
    int copy = memory_file(image, bytes);
    free(image);
    again = take(copy);
    close(copy);
}

static void same_text(const char *one, const char *other)
{
    ck_assert((one == NULL) == (other == NULL));
    ck_assert(one == NULL || strcmp(one, other) == 0);
}

static void same_definition(size_t i)
{
    const struct stats_definition *one = stats_snapshot_definition(snapshot, i),
                                  *other = stats_snapshot_definition(again, i);
    struct stats_summary a, b;
    ck_assert_str_eq(one->name, other->name);
    ck_assert_str_eq(one->help, other->help);
    for (size_t slot = 0; slot <= stats_snapshot_partitions(snapshot); slot++)
        ck_assert(stats_snapshot_value(snapshot, i, slot) == stats_snapshot_value(again, i, slot));
    same_text(stats_snapshot_state_at(snapshot, i), stats_snapshot_state_at(again, i));
    stats_snapshot_histogram(snapshot, one->name, &a);
    stats_snapshot_histogram(again, one->name, &b);
    ck_assert_mem_eq(&a, &b, sizeof a);
}

static void same_rings(void)
{
    for (int ring = 0; ring < STATS_RING_COUNT; ring++) {
        struct stats_ring_entry a[STATS_RING_ENTRIES], b[STATS_RING_ENTRIES];
        size_t count = stats_snapshot_ring(snapshot, (enum stats_ring)ring, a);
        ck_assert_uint_eq(stats_snapshot_ring(again, (enum stats_ring)ring, b), count);
        for (size_t i = 0; i < count; i++)
            ck_assert_mem_eq(&a[i], &b[i], sizeof a[i]);
    }
}

static void same_partitions(void)
{
    int32_t a = -1, b = -2;
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), stats_snapshot_partitions(again));
    for (size_t i = 0; i < stats_snapshot_partitions(snapshot); i++) {
        ck_assert_str_eq(stats_snapshot_partition_topic(snapshot, i, &a),
                         stats_snapshot_partition_topic(again, i, &b));
        ck_assert_int_eq(a, b);
    }
}

static void same(void)
{
    struct stats_liveness a, b;
    size_t i = 0;
    for (; stats_snapshot_definition(snapshot, i) != NULL; i++)
        same_definition(i);
    ck_assert_ptr_null(stats_snapshot_definition(again, i));
    same_partitions();
    same_rings();
    stats_snapshot_liveness(snapshot, &a);
    stats_snapshot_liveness(again, &b);
    ck_assert(a.pid == b.pid && a.heartbeat_us == b.heartbeat_us && a.start_ticks == b.start_ticks);
    ck_assert_int_eq(stats_snapshot_created_us(snapshot), stats_snapshot_created_us(again));
    ck_assert_mem_eq(stats_snapshot_identity(snapshot), stats_snapshot_identity(again),
                     sizeof(struct stats_identity));
}

START_TEST(an_image_reads_as_the_snapshot_does)
{
    fill();
    snapshot = take(fd);
    keep();
    same();
    ck_assert_int_eq(stats_snapshot_counter(again, "received"), 100);
    ck_assert_int_eq(stats_snapshot_partition(again, 1, "assigned"), 901);
    ck_assert_str_eq(stats_snapshot_state(again, "phase"), "polling");
}
END_TEST

START_TEST(an_image_of_an_empty_segment_is_an_empty_one)
{
    snapshot = take(fd);
    keep();
    same();
    ck_assert_uint_eq(stats_snapshot_partitions(again), 0);
}
END_TEST

START_TEST(an_image_is_of_its_moment_whatever_comes_after_it)
{
    fill();
    snapshot = take(fd);
    stats_add(writer, CONSUMER_RECEIVED, 1000);
    set_partition(5, 1);
    keep();
    same();
}
END_TEST

static void is_torn(size_t selector)
{
    snapshot->group_torn[selector] = true;
    snapshot->torn = true;
}

START_TEST(what_was_torn_is_unknown_in_an_image_and_nothing_else_is)
{
    fill();
    snapshot = take(fd);
    is_torn(STATS_SELECTOR_STATUS(STATS_RING_COUNT));
    is_torn(STATS_SELECTOR_PARTITION(STATS_RING_COUNT) + 1); /* the last one in use */
    keep();
    same();
    ck_assert(stats_snapshot_status(again, "phase_since_us") == STATS_UNKNOWN);
    ck_assert(stats_snapshot_partition(again, 1, "high") == STATS_UNKNOWN);
    ck_assert(stats_snapshot_partition(again, 0, "high") != STATS_UNKNOWN);
}
END_TEST

/* As if so many lines had come between the selectors' first reading and their second. */
static size_t overtaken_by(uint64_t lines)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    stats_snapshot_free(snapshot);
    stats_snapshot_free(again);
    snapshot = take(fd);
    snapshot->after[STATS_SELECTOR_RING(STATS_RING_LINES)] += lines;
    keep();
    same_rings();
    size_t count = stats_snapshot_ring(again, STATS_RING_LINES, entries);
    for (size_t i = 0; i < count; i++) /* up to line 39 */
        ck_assert_int_eq(entries[i].number, (int64_t)(40 - count + i));
    return count;
}

START_TEST(entries_that_the_writer_overtook_are_no_entries_of_an_image)
{
    fill();
    ck_assert_uint_eq(overtaken_by(0), STATS_RING_ENTRIES);
    ck_assert_uint_eq(overtaken_by(1), STATS_RING_ENTRIES - 1);
    ck_assert_uint_eq(overtaken_by(7), STATS_RING_ENTRIES - 7);
    ck_assert_uint_eq(overtaken_by(16), 0);
    ck_assert_uint_eq(overtaken_by(1000000), 0);
}
END_TEST

START_TEST(a_head_that_went_back_is_read_as_one_that_stood)
{
    fill();
    snapshot = take(fd);
    snapshot->after[STATS_SELECTOR_RING(STATS_RING_LINES)] = 0;
    keep();
    same();
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    ck_assert_uint_eq(stats_snapshot_ring(again, STATS_RING_LINES, entries), STATS_RING_ENTRIES);
    ck_assert_int_eq(entries[0].number, 24);
}
END_TEST

CHECK_MAIN_WITH("common/stats/reader_image", prepare, clean_up, an_image_reads_as_the_snapshot_does,
                an_image_of_an_empty_segment_is_an_empty_one,
                an_image_is_of_its_moment_whatever_comes_after_it,
                what_was_torn_is_unknown_in_an_image_and_nothing_else_is,
                entries_that_the_writer_overtook_are_no_entries_of_an_image,
                a_head_that_went_back_is_read_as_one_that_stood)
