/* What a supervisor keeps for its successor. */
#include "common/stats/kept.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/stats/directory_layout.h"
#include "tests/support/check_main.h"

static char instance[32], path[256];
static struct error error;

static void begin(void)
{
    char directory[STATS_NAME_BYTES];
    snprintf(instance, sizeof instance, "test-%d", (int)getpid());
    directory_name(directory, instance);
    snprintf(path, sizeof path, "/dev/shm%s%s.~kept", directory[0] == '/' ? "" : "/", directory);
    kept_unlink(instance); /* of a run that was killed */
    error = (struct error)ERROR_INIT;
}

static void end(void)
{
    kept_unlink(instance);
}

static void keeps(const char *text)
{
    size_t length = 0;
    char *kept = kept_read(instance, &length);
    ck_assert_ptr_nonnull(kept);
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_mem_eq(kept, text, length);
    free(kept);
}

static void write_text(const char *text)
{
    ck_assert_msg(kept_write(instance, text, strlen(text), &error) == 0, "%s", error.text);
}

static bool reads_fail;

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    errno = EIO;
    return reads_fail ? -1 : syscall(SYS_pread64, fd, bytes, count, offset);
}

static int open_descriptors(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

START_TEST(what_is_written_is_read_until_it_is_written_again)
{
    int before = open_descriptors();
    write_text("first, and longer");
    keeps("first, and longer");
    write_text("2");
    keeps("2");
    ck_assert_int_eq(open_descriptors(), before);
    ck_assert_int_eq(access(path, R_OK), 0);
}
END_TEST

START_TEST(nothing_is_kept_before_or_after)
{
    size_t length;
    ck_assert_ptr_null(kept_read(instance, &length));
    write_text("text");
    kept_unlink(instance);
    ck_assert_ptr_null(kept_read(instance, &length));
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(what_a_supervisor_left_that_was_killed_while_it_wrote_does_not_hinder_and_goes)
{
    char fresh[260];
    snprintf(fresh, sizeof fresh, "%s~", path);
    FILE *file = fopen(fresh, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    write_text("text");
    keeps("text");
    ck_assert_int_eq(access(fresh, F_OK), -1);
    file = fopen(fresh, "w");
    fclose(file);
    kept_unlink(instance);
    ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(one_that_cannot_take_its_place_is_an_error_and_leaves_nothing)
{
    char fresh[260];
    snprintf(fresh, sizeof fresh, "%s~", path);
    write_text("text");
    kept_unlink(instance);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    int before = open_descriptors();
    ck_assert_int_eq(kept_write(instance, "text", 4, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is a folder, not a file"));
    ck_assert_int_eq(open_descriptors(), before);
    ck_assert_int_eq(access(fresh, F_OK), -1);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(mkdir(fresh, 0700), 0); /* where it would be made */
    ck_assert_int_eq(kept_write(instance, "text", 4, &error), -1);
    ck_assert_int_eq(rmdir(fresh), 0);
}
END_TEST

START_TEST(one_that_cannot_be_read_is_none)
{
    size_t length;
    write_text("text");
    reads_fail = true;
    ck_assert_ptr_null(kept_read(instance, &length));
    reads_fail = false;
    keeps("text");
}
END_TEST

START_TEST(one_that_is_empty_or_too_large_is_not_read)
{
    size_t length;
    int before = open_descriptors();
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_null(kept_read(instance, &length));
    ck_assert_int_eq(ftruncate(fileno(file), KEPT_BYTES_MAX), 0);
    void *kept = kept_read(instance, &length);
    ck_assert_ptr_nonnull(kept);
    free(kept);
    ck_assert_uint_eq(length, KEPT_BYTES_MAX);
    ck_assert_int_eq(ftruncate(fileno(file), KEPT_BYTES_MAX + 1), 0);
    ck_assert_ptr_null(kept_read(instance, &length));
    fclose(file);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

CHECK_MAIN_WITH("common/stats/kept", begin, end, what_is_written_is_read_until_it_is_written_again,
                nothing_is_kept_before_or_after,
                what_a_supervisor_left_that_was_killed_while_it_wrote_does_not_hinder_and_goes,
                one_that_cannot_take_its_place_is_an_error_and_leaves_nothing,
                one_that_cannot_be_read_is_none, one_that_is_empty_or_too_large_is_not_read)
