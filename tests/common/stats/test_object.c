/* Shared-memory objects: made whole, opened with suspicion, read again while they change. */
#include "common/stats/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

enum { BYTES = 4096 };

static char name[64];
static unsigned char image[BYTES];
static struct error error;
static int fd;

/* --- system calls that fail when they are told to ------------------------------------------------------ */

static int interrupted;           /* so many calls are, first */
static size_t at_once = SIZE_MAX; /* bytes */
static int claim_fails, write_fails, mode_fails;
static int reads;
static void (*on_read)(void);

static bool is_interrupted(void)
{
    errno = EINTR;
    return interrupted > 0 && interrupted-- > 0;
}

ssize_t pwrite(int to, const void *bytes, size_t count, off_t offset)
{
    if (is_interrupted())
        return -1;
    errno = write_fails;
    return write_fails != 0 ? -1
                            : syscall(SYS_pwrite64, to, bytes, count < at_once ? count : at_once, offset);
}

ssize_t pread(int from, void *bytes, size_t count, off_t offset)
{
    if (is_interrupted())
        return -1;
    ssize_t got = syscall(SYS_pread64, from, bytes, count < at_once ? count : at_once, offset);
    reads++;
    if (on_read != NULL)
        on_read();
    return got;
}

int posix_fallocate(int of, off_t offset, off_t bytes)
{
    if (is_interrupted())
        return EINTR;
    return claim_fails != 0 ? claim_fails : (int)-syscall(SYS_fallocate, of, 0, offset, bytes);
}

int fchmod(int of, mode_t mode)
{
    errno = mode_fails;
    return mode_fails != 0 ? -1 : (int)syscall(SYS_fchmod, of, mode);
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static void begin(void)
{
    snprintf(name, sizeof name, "/test-object.%d", (int)getpid());
    shm_unlink(name); /* of a run that was killed */
    for (size_t i = 0; i < BYTES; i++)
        image[i] = (unsigned char)(i * 7);
    error = (struct error)ERROR_INIT;
    fd = -1;
}

static void end(void)
{
    if (fd != -1)
        close(fd);
    shm_unlink(name);
}

static void make(void)
{
    fd = object_create(name, image, BYTES, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
}

static void is_there(bool there)
{
    int looked = shm_open(name, O_RDONLY, 0);
    ck_assert_int_eq(looked != -1, there);
    if (there)
        close(looked);
}

/* With this errno. */
static void is_not_made(int cause, const char *why)
{
    ck_assert_int_eq(object_create(name, image, BYTES, &error), -1);
    ck_assert_int_eq(errno, cause);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' does not say '%s'", error.text, why);
    is_there(false);
}

/* --- making -------------------------------------------------------------------------------------------- */

START_TEST(it_is_made_whole_for_its_owner_alone_whatever_the_umask)
{
    struct stat status;
    unsigned char read[BYTES];
    mode_t before = umask(0777);
    make();
    umask(before);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(object_bytes(fd), BYTES);
    ck_assert(object_read(fd, read, BYTES, 0));
    ck_assert_mem_eq(read, image, BYTES);
}
END_TEST

START_TEST(a_name_that_is_taken_is_left_alone)
{
    make();
    ck_assert_int_eq(object_create(name, image, 1, &error), -1);
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(object_bytes(fd), BYTES);
}
END_TEST

START_TEST(signals_and_short_writes_and_reads_lose_nothing)
{
    unsigned char read[BYTES];
    interrupted = 3;
    at_once = 1000;
    make();
    interrupted = 2;
    ck_assert(object_read(fd, read, BYTES, 0));
    ck_assert_mem_eq(read, image, BYTES);
    at_once = 1;
    ck_assert(object_read(fd, read, 96, 4000));
    ck_assert_mem_eq(read, image + 4000, 96);
}
END_TEST

START_TEST(what_cannot_be_made_leaves_nothing_and_says_what_to_do)
{
    claim_fails = ENOSPC;
    is_not_made(ENOSPC, "/dev/shm is full: no room for the 4 KiB of");
    claim_fails = EFBIG;
    is_not_made(EFBIG, "needs 4 KiB, more than the file size limit allows: raise ulimit -f");
    claim_fails = EINVAL;
    is_not_made(EINVAL, "cannot claim 4 KiB for");
    claim_fails = 0;
    write_fails = EIO;
    is_not_made(EIO, "cannot write");
    write_fails = 0;
    mode_fails = EPERM;
    is_not_made(EPERM, "cannot set the mode of");
}
END_TEST

START_TEST(filled_again_nothing_of_the_former_stays)
{
    make();
    ck_assert_int_eq(object_fill(fd, name, image, 1025, &error), 0);
    ck_assert_int_eq(object_bytes(fd), 1025);
    claim_fails = ENOSPC;
    ck_assert_int_eq(object_fill(fd, name, image, 1025, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "2 KiB")); /* of which the last is begun */
}
END_TEST

START_TEST(the_version_is_stored_where_it_belongs)
{
    uint32_t version;
    make();
    ck_assert_int_eq(object_publish_version(fd, name, 8, 0x01020304, &error), 0);
    ck_assert(object_read(fd, &version, sizeof version, 8));
    ck_assert_uint_eq(version, 0x01020304);
    write_fails = EIO;
    ck_assert_int_eq(object_publish_version(fd, name, 8, 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, name));
}
END_TEST

/* --- opening and reading ------------------------------------------------------------------------------- */

START_TEST(an_object_is_opened_for_reading)
{
    make();
    close(fd);
    fd = object_open(name, &error);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}
END_TEST

START_TEST(one_that_is_not_there_is_not_running)
{
    ck_assert_int_eq(object_open(name, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    ck_assert_ptr_nonnull(strstr(error.text, "there is no /dev/shm/"));
}
END_TEST

START_TEST(what_is_no_file_is_not_read)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm%s", name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    int before = dup(0);
    close(before);
    ck_assert_int_eq(object_open(name, &error), -1);
    ck_assert_int_ne(error.exit_code, EXIT_CODE_NOT_RUNNING);
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before); /* no descriptor stays */
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(an_object_that_ended_is_not_read_short)
{
    unsigned char read[16];
    make();
    ck_assert(!object_read(fd, read, 16, BYTES - 15));
    ck_assert(object_read(fd, read, 16, BYTES - 16));
    ck_assert(!object_read(-1, read, 1, 0));
    ck_assert_int_eq(object_bytes(-1), -1);
}
END_TEST

/* --- a group that changes ------------------------------------------------------------------------------ */

enum { SELECTOR = 0, COPIES = 64, COPY_BYTES = 32 };

static int changes;

static void select_copy(uint64_t publication)
{
    ck_assert_int_eq(syscall(SYS_pwrite64, fd, &publication, sizeof publication, SELECTOR),
                     sizeof publication);
}

/* The writer publishes again between the two looks of a reader, so many times. */
static void publish_meanwhile(void)
{
    static uint64_t publication = 100;
    if (reads % 3 == 2 && changes > 0) {
        changes--;
        select_copy(++publication);
    }
}

static bool read_group(unsigned char copies[2 * COPY_BYTES], uint64_t *publication)
{
    reads = 0;
    memset(copies, 0, 2 * COPY_BYTES);
    return object_read_group(fd, SELECTOR, COPIES, COPY_BYTES, copies, publication);
}

START_TEST(the_copy_that_the_selector_names_is_read)
{
    unsigned char copies[2 * COPY_BYTES];
    uint64_t publication;
    make();
    for (uint64_t i = 6; i < 8; i++) {
        size_t at = i % 2 * COPY_BYTES;
        select_copy(i);
        ck_assert(read_group(copies, &publication));
        ck_assert_uint_eq(publication, i);
        ck_assert_mem_eq(copies + at, image + COPIES + at, COPY_BYTES);
        ck_assert_uint_eq(copies[(at + COPY_BYTES) % (2 * COPY_BYTES)], 0); /* and not the other */
    }
}
END_TEST

START_TEST(one_that_changed_meanwhile_is_read_again_but_not_for_ever)
{
    unsigned char copies[2 * COPY_BYTES];
    uint64_t publication;
    make();
    on_read = publish_meanwhile;
    changes = 2;
    ck_assert(read_group(copies, &publication));
    ck_assert_uint_eq(publication, 102);
    ck_assert_int_eq(reads, 3 * 3);
    changes = 1000;
    ck_assert(!read_group(copies, &publication));
    ck_assert_int_lt(reads, 100);
}
END_TEST

START_TEST(one_that_ended_is_not_read)
{
    unsigned char copies[2 * COPY_BYTES];
    uint64_t publication;
    make();
    select_copy(1);
    ck_assert_int_eq(ftruncate(fd, COPIES + 2 * COPY_BYTES - 1), 0);
    ck_assert(!read_group(copies, &publication));
    ck_assert_int_eq(ftruncate(fd, 4), 0);
    ck_assert(!read_group(copies, &publication));
}
END_TEST

CHECK_MAIN_WITH("common/stats/object", begin, end, it_is_made_whole_for_its_owner_alone_whatever_the_umask,
                a_name_that_is_taken_is_left_alone, signals_and_short_writes_and_reads_lose_nothing,
                what_cannot_be_made_leaves_nothing_and_says_what_to_do,
                filled_again_nothing_of_the_former_stays, the_version_is_stored_where_it_belongs,
                an_object_is_opened_for_reading, one_that_is_not_there_is_not_running,
                what_is_no_file_is_not_read, an_object_that_ended_is_not_read_short,
                the_copy_that_the_selector_names_is_read,
                one_that_changed_meanwhile_is_read_again_but_not_for_ever, one_that_ended_is_not_read)
