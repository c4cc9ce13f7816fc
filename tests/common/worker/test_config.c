#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <msgpack.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/exit_codes.h"
#include "common/worker/config.h"
#include "tests/common/sample_program.h"

/* --- system calls that fail when they are told to ------------------------------------------------------ */

static int interrupted;           /* so many calls are, first */
static size_t at_once = SIZE_MAX; /* bytes */
static int write_fails;

static bool is_interrupted(void)
{
    errno = EINTR;
    return interrupted > 0 && interrupted-- > 0;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (is_interrupted())
        return -1;
    errno = write_fails;
    return write_fails != 0 ? -1 : syscall(SYS_write, fd, bytes, count < at_once ? count : at_once);
}

ssize_t read(int fd, void *bytes, size_t count)
{
    return is_interrupted() ? -1 : syscall(SYS_read, fd, bytes, count < at_once ? count : at_once);
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static struct sample sample;
static struct error error;

static void release(void)
{
    options_release(&sample_program, &sample);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A descriptor with these bytes in front of the reader. */
static int holding(const void *bytes, size_t length)
{
    int fd = memfd_create("check", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void refuses(int fd, const char *text)
{
    ck_assert_int_eq(worker_config_read(fd, &sample_program, &sample, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

START_TEST(what_is_written_is_read_back_into_the_options)
{
    static const struct worker_setting settings[] = {
        {"verbose", "yes"}, {"group", "g€"}, {"batch-wait", "250ms"}, {"from", "latest"}, {"rate", "-3"}};
    int fd = worker_config_write(settings, COUNT(settings), &error);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(worker_config_read(fd, &sample_program, &sample, &error) == 0, "%s", error.text);
    ck_assert(sample.verbose);
    ck_assert_str_eq(sample.group, "g€");
    ck_assert_int_eq(sample.wait_us, 250000);
    ck_assert_int_eq(sample.from, 1);
    ck_assert_int_eq(sample.rate, -3);
    ck_assert(options_given(&sample_program, &sample, "rate"));
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1); /* closed */
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(signals_and_short_writes_and_reads_lose_nothing)
{
    static const struct worker_setting settings[] = {{"group", "mine"}, {"rate", "5"}};
    interrupted = 2;
    at_once = 3;
    int fd = worker_config_write(settings, 2, &error);
    ck_assert_int_ge(fd, 0);
    interrupted = 2;
    ck_assert_msg(worker_config_read(fd, &sample_program, &sample, &error) == 0, "%s", error.text);
    ck_assert_str_eq(sample.group, "mine");
    ck_assert_int_eq(sample.rate, 5);
}
END_TEST

START_TEST(one_that_cannot_be_written_is_an_error_and_leaves_no_descriptor)
{
    static const struct worker_setting setting = {"group", "mine"};
    int before = dup(0);
    close(before);
    write_fails = ENOSPC;
    ck_assert_int_eq(worker_config_write(&setting, 1, &error), -1);
    write_fails = 0;
    ck_assert_ptr_nonnull(strstr(error.text, "cannot hand over a worker's configuration: No space left"));
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before);
}
END_TEST

START_TEST(a_name_that_comes_again_is_a_list)
{
    static const struct worker_setting settings[] = {
        {"property", "a=1"}, {"property", "b=2"}, {"property", "a=3"}};
    int fd = worker_config_write(settings, COUNT(settings), &error);
    ck_assert_int_eq(worker_config_read(fd, &sample_program, &sample, &error), 0);
    ck_assert_uint_eq(sample.properties.count, 3);
    ck_assert_str_eq(sample.properties.items[2], "a=3");
}
END_TEST

START_TEST(nothing_is_a_configuration_too)
{
    int fd = worker_config_write(NULL, 0, &error);
    ck_assert_int_eq(worker_config_read(fd, &sample_program, &sample, &error), 0);
}
END_TEST

START_TEST(the_descriptor_is_sealed_and_not_inherited)
{
    static const struct worker_setting settings[] = {{"group", "mine"}};
    int fd = worker_config_write(settings, 1, &error);
    int seals = fcntl(fd, F_GET_SEALS);
    ck_assert_int_eq(seals, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
    ck_assert_int_eq(ftruncate(fd, 0), -1);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
    close(fd);
}
END_TEST

START_TEST(any_messagepack_reader_reads_it)
{
    static const struct worker_setting settings[] = {{"group", "mine"}, {"rate", "5"}};
    static const uint8_t expected[] = {0x82, 0xa5, 'g',  'r', 'o', 'u', 'p', 0xa4, 'm', 'i',
                                       'n',  'e',  0xa4, 'r', 'a', 't', 'e', 0xa1, '5'};
    uint8_t bytes[64];
    int fd = worker_config_write(settings, 2, &error);
    ck_assert_int_eq(read(fd, bytes, sizeof bytes), (ssize_t)sizeof expected);
    ck_assert_mem_eq(bytes, expected, sizeof expected);
    close(fd);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    static const uint8_t whole[] = {0x82, 0xa5, 'g',  'r', 'o', 'u', 'p', 0xa4, 'm', 'i',
                                    'n',  'e',  0xa4, 'r', 'a', 't', 'e', 0xa1, '5'};
    for (size_t length = 0; length < sizeof whole; length++)
        refuses(holding(whole, length), "the configuration on descriptor 3");
}
END_TEST

START_TEST(damage_is_refused_with_its_place)
{
    static const uint8_t no_map[] = {0x91, 0xc0};
    refuses(holding(no_map, sizeof no_map), "is not a map");
    static const uint8_t number_as_value[] = {0x81, 0xa4, 'r', 'a', 't', 'e', 0x05};
    refuses(holding(number_as_value, sizeof number_as_value), "damaged at byte 6");
    static const uint8_t a_nul[] = {0x81, 0xa5, 'g', 'r', 'o', 'u', 'p', 0xa2, 'a', 0};
    refuses(holding(a_nul, sizeof a_nul), "damaged");
}
END_TEST

START_TEST(a_text_that_is_longer_than_any_of_ours_is_refused_not_cut)
{
    static char value[WORKER_VALUE_BYTES + 1];
    memset(value, 'a', sizeof value - 1);
    struct worker_setting setting = {"group", value};
    ck_assert_int_eq(worker_config_write(&setting, 1, &error), -1);
    ck_assert_str_eq(error.text, "group has 16384 bytes: a worker takes at most 16383");
    value[sizeof value - 2] = '\0';
    int fd = worker_config_write(&setting, 1, &error);
    ck_assert_int_eq(worker_config_read(fd, &sample_program, &sample, &error),
                     0); /* what one side hands over, the other takes */
    setting = (struct worker_setting){value, "x"};
    refuses(worker_config_write(&setting, 1, &error), "damaged");
}
END_TEST

START_TEST(a_bad_value_or_an_unknown_name_is_named)
{
    static const struct worker_setting unknown[] = {{"groop", "x"}};
    refuses(worker_config_write(unknown, 1, &error), "unknown option 'groop'; did you mean 'group'?");
    static const struct worker_setting bad[] = {{"rate", "fast"}};
    refuses(worker_config_write(bad, 1, &error), "rate: 'fast' is not a whole number");
}
END_TEST

START_TEST(a_descriptor_that_is_not_there_is_told_as_a_misuse_of_the_flag)
{
    refuses(1000, "only ksupervise gives this flag");
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    refuses(folder, "only ksupervise gives this flag");
    ck_assert_int_eq(fcntl(folder, F_GETFD), -1); /* closed in any case */
}
END_TEST

CHECK_MAIN_WITH("common/worker/config", NULL, release, what_is_written_is_read_back_into_the_options,
                signals_and_short_writes_and_reads_lose_nothing,
                one_that_cannot_be_written_is_an_error_and_leaves_no_descriptor,
                a_name_that_comes_again_is_a_list, nothing_is_a_configuration_too,
                the_descriptor_is_sealed_and_not_inherited, any_messagepack_reader_reads_it,
                every_truncation_is_refused, damage_is_refused_with_its_place,
                a_text_that_is_longer_than_any_of_ours_is_refused_not_cut,
                a_bad_value_or_an_unknown_name_is_named,
                a_descriptor_that_is_not_there_is_told_as_a_misuse_of_the_flag)
