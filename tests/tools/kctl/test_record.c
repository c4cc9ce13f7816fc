/* What stands behind `kctl produce`, as one text. */
#include "tools/kctl/record.h"

#include <sys/mman.h>

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static char record[RPC_TEXT_BYTES];
static const char *target;
static struct error error;

static int take(int count, const char *const *words)
{
    const struct operands operands = {(char **)(uintptr_t)words, count};
    error = (struct error)ERROR_INIT;
    return record_words(&operands, &target, record, &error);
}

#define TAKE(...)                                                                                            \
    take((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void refuses(int result, const char *why)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, why) != NULL, "%s", error.text);
}

static void give_stdin(const char *text, size_t length)
{
    int fd = memfd_create("record", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, text, length), (ssize_t)length);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
}

START_TEST(words_are_lines_and_json_is_one)
{
    ck_assert_int_eq(TAKE("user=a b", "amount=1"), 0);
    ck_assert_str_eq(record, "user=a b\namount=1");
    ck_assert_str_eq(target, "");
    ck_assert_int_eq(TAKE("producer", "{\"user\":\n1}"), 0);
    ck_assert_str_eq(record, "{\"user\":\n1}");
    ck_assert_str_eq(target, "producer");
}
END_TEST

START_TEST(standard_input_is_taken_as_it_is)
{
    give_stdin("{}\n", 3);
    ck_assert_int_eq(TAKE("-"), 0);
    ck_assert_str_eq(record, "{}\n");
}
END_TEST

START_TEST(what_is_no_record_or_more_than_one_is_a_usage_error)
{
    static char longest[RPC_TEXT_BYTES + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '{';
    refuses(take(0, NULL), "which record?");
    refuses(TAKE("producer"), "which record?");
    refuses(TAKE("{}", "{}"), "unexpected word '{}'");
    refuses(TAKE("-", "a=1"), "unexpected word 'a=1'");
    refuses(TAKE("user=a\nb"), "goes into JSON");
    refuses(TAKE(longest), "at most 4095 bytes");
    longest[RPC_TEXT_BYTES - 1] = '\0';
    ck_assert_int_eq(TAKE(longest), 0);
    ck_assert_uint_eq(strlen(record), RPC_TEXT_BYTES - 1);
    give_stdin(longest, RPC_TEXT_BYTES);
    refuses(TAKE("-"), "at most 4095 bytes");
}
END_TEST

START_TEST(a_nul_byte_ends_no_record_in_silence)
{
    give_stdin("{}\0{}", 5);
    refuses(TAKE("-"), "a NUL byte");
}
END_TEST

CHECK_MAIN("tools/kctl/record", words_are_lines_and_json_is_one, standard_input_is_taken_as_it_is,
           what_is_no_record_or_more_than_one_is_a_usage_error, a_nul_byte_ends_no_record_in_silence)
