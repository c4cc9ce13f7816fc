/* support.h: what the tests of common/stats share: names of their own, so that two runs can go side by side,
 * and segments that can be tampered with. */
#ifndef KSUPERVISE_TESTS_COMMON_STATS_SUPPORT_H
#define KSUPERVISE_TESTS_COMMON_STATS_SUPPORT_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/stats/layout.h"
#include "common/stats/create.h"
#include "common/stats/reader.h"
#include "common/stats/writer.h"
#include "tests/support/check_main.h"

#define CAPACITY 16

static char instance_name[NAME_BYTES];

__attribute__((unused)) static int unlink_one(void *context, const char *instance, const char *worker,
                                              uint64_t generation)
{
    (void)context;
    stats_segment_unlink(instance, worker, generation);
    return 0;
}

__attribute__((unused)) static void remove_segments(void)
{
    stats_segment_scan(instance_name, unlink_one, NULL);
}

__attribute__((unused)) static void name_instance(void)
{
    snprintf(instance_name, sizeof instance_name, "check-%d", (int)getpid());
    remove_segments(); /* of a run that was killed */
}

__attribute__((unused)) static struct stats_identity identity_of(enum stats_kind kind, uint64_t generation)
{
    struct stats_identity identity = {.kind = kind, .partition_capacity = CAPACITY, .generation = generation};
    snprintf(identity.instance, sizeof identity.instance, "%s", instance_name);
    snprintf(identity.worker, sizeof identity.worker, "bravo");
    snprintf(identity.client, sizeof identity.client, "bravo");
    snprintf(identity.group, sizeof identity.group, "test_group_bravo");
    return identity;
}

__attribute__((unused)) static int create(enum stats_kind kind, uint64_t generation, int previous_fd)
{
    struct error error = ERROR_INIT;
    struct stats_identity identity = identity_of(kind, generation);
    int fd = stats_segment_create(&identity, previous_fd, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    return fd;
}

__attribute__((unused)) static struct stats_writer *open_writer(int fd)
{
    struct error error = ERROR_INIT;
    struct stats_writer *writer;
    ck_assert_msg(stats_writer_open(&writer, fd, &error) == 0, "%s", error.text);
    return writer;
}

__attribute__((unused)) static struct stats_snapshot *take(int fd)
{
    struct error error = ERROR_INIT;
    struct stats_snapshot *snapshot;
    ck_assert_msg(stats_snapshot_take(&snapshot, fd, &error) == 0, "%s", error.text);
    return snapshot;
}

/* A copy of a segment's bytes in memory of its own, to be damaged. */
struct image {
    unsigned char *bytes;
    size_t size;
};

__attribute__((unused)) static struct image image_of(int fd)
{
    struct stat status;
    ck_assert_int_eq(fstat(fd, &status), 0);
    struct image image = {malloc((size_t)status.st_size), (size_t)status.st_size};
    ck_assert_int_eq(pread(fd, image.bytes, image.size, 0), (ssize_t)image.size);
    return image;
}

__attribute__((unused)) static int memory_file(const void *bytes, size_t size)
{
    int fd = memfd_create("segment", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    return fd;
}

#endif
