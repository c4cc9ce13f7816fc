/* A writer that publishes exactly between two reads of a reader, by hand: pread is the test's own here, and
 * the linker takes it before the C library's. What test_torn.c meets by chance, every group meets here. */
#include <sys/syscall.h>

#include "tests/common/stats/support.h"

enum { PARTITIONS = 3, STATUS = PARTITIONS };

static struct stats_writer *writer;
static struct stats_snapshot *snapshot;
static int slots[PARTITIONS];
static int64_t published[PARTITIONS + 1]; /* the last value of each group */
static int restless = -1;                 /* the group that is published after a read; -1: none */
static int publications;                  /* so many are left */

static void publish(int group)
{
    int64_t value = ++published[group];
    if (group == STATUS) {
        stats_status_set(writer, CONSUMER_ASSIGNED, value);
        stats_status_publish(writer);
        return;
    }
    stats_partition_set(writer, slots[group], PARTITION_POSITION, value);
    stats_partition_set(writer, slots[group], PARTITION_COMMITTED, value);
    stats_partition_publish(writer, slots[group]);
}

ssize_t pread(int fd, void *to, size_t bytes, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, to, bytes, offset);
    if (restless != -1 && publications > 0) {
        publications--;
        publish(restless);
    }
    return got;
}

static void set_up(void)
{
    name_instance();
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    writer = open_writer(fd);
    for (int i = 0; i < PARTITIONS; i++) {
        slots[i] = stats_partition_slot(writer, "payments", i);
        publish(i);
    }
    publish(STATUS);
    ck_assert_int_eq(stats_snapshot_take(&snapshot, fd, NULL), 0);
    close(fd);
}

static void tear_down(void)
{
    stats_snapshot_free(snapshot);
    stats_writer_close(writer);
    remove_segments();
}

static int64_t value_of(int group)
{
    if (group == STATUS)
        return stats_snapshot_status(snapshot, "assigned_partitions");
    int64_t position = stats_snapshot_partition(snapshot, (size_t)group, "position");
    ck_assert_int_eq(stats_snapshot_partition(snapshot, (size_t)group, "committed"), position);
    return position;
}

static void refresh(int group, int count)
{
    restless = group;
    publications = count;
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
    restless = -1;
}

START_TEST(a_group_that_is_published_while_it_is_read_is_read_again)
{
    for (int group = 0; group <= STATUS; group++)
        for (int count = 1; count <= 3; count++) {
            refresh(group, count);
            ck_assert(!stats_snapshot_torn(snapshot));
            ck_assert_int_eq(value_of(group), published[group]);
        }
}
END_TEST

START_TEST(one_that_never_rests_is_torn_and_unknown_and_no_other_is)
{
    for (int group = 0; group <= STATUS; group++) {
        refresh(group, INT32_MAX);
        ck_assert_msg(stats_snapshot_torn(snapshot), "group %d", group);
        for (int other = 0; other <= STATUS; other++)
            ck_assert_int_eq(value_of(other), other == group ? STATS_UNKNOWN : published[other]);
        refresh(-1, 0);
        ck_assert(!stats_snapshot_torn(snapshot)); /* it rests: known again */
        ck_assert_int_eq(value_of(group), published[group]);
    }
}
END_TEST

CHECK_MAIN_WITH("common/stats/reader: rereading", set_up, tear_down,
                a_group_that_is_published_while_it_is_read_is_read_again,
                one_that_never_rests_is_torn_and_unknown_and_no_other_is)
