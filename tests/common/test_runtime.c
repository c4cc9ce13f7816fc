/* The folder of sockets: each case has a runtime directory of its own. */
#include "common/runtime.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/check_main.h"

static char runtime[64], wanted[96], found[PATH_MAX];
static struct error error;
static uid_t somebody; /* who we are; 0: who we really are */

uid_t geteuid(void)
{
    return somebody != 0 ? somebody : (uid_t)syscall(SYS_geteuid);
}

uid_t getuid(void)
{
    return geteuid();
}

static void begin(void)
{
    snprintf(runtime, sizeof runtime, "/tmp/test-runtime-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(runtime));
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    snprintf(wanted, sizeof wanted, "%s/ksupervise", runtime);
    error = (struct error)ERROR_INIT;
}

static void end(void)
{
    unlink(wanted);
    rmdir(wanted);
    ck_assert_int_eq(rmdir(runtime), 0);
}

static void refuses(const char *why)
{
    ck_assert_int_eq(runtime_folder(found, sizeof found, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' does not say '%s'", error.text, why);
}

START_TEST(it_is_made_in_the_runtime_directory_for_us_alone)
{
    struct stat info;
    for (int i = 0; i < 2; i++) { /* and is there, the second time */
        ck_assert_msg(runtime_folder(found, sizeof found, &error) == 0, "%s", error.text);
        ck_assert_str_eq(found, wanted);
    }
    ck_assert_int_eq(stat(wanted, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0700);
}
END_TEST

START_TEST(one_that_others_may_enter_is_not_trusted)
{
    static const mode_t modes[] = {0710, 0704, 0701, 0720};
    ck_assert_int_eq(mkdir(wanted, 0700), 0);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ck_assert_int_eq(chmod(wanted, modes[i]), 0);
        refuses("is not a folder of yours with mode 0700: remove it");
    }
}
END_TEST

START_TEST(nor_is_a_link_to_one_or_a_file)
{
    ck_assert_int_eq(symlink(runtime, wanted), 0);
    refuses("is a link, not a folder: not used; remove it");
    unlink(wanted);
    FILE *file = fopen(wanted, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    chmod(wanted, 0700);
    refuses("is a file, not a folder: not used; remove it");
}
END_TEST

START_TEST(nor_is_one_of_somebody_else)
{
    ck_assert_int_eq(mkdir(wanted, 0700), 0);
    somebody = 4000000000;
    refuses("not of this user (uid 4000000000): not used");
}
END_TEST

/* Of somebody else, so that the real one is left alone. */
START_TEST(without_a_runtime_directory_it_is_in_tmp_by_the_users_number)
{
    char tmp[64];
    static const char *const directories[] = {"relative", "/tmp/no-such-runtime-directory", "/dev/null",
                                              NULL};
    somebody = 4000000000 - (uid_t)(getpid() & 0xffffff);
    snprintf(tmp, sizeof tmp, "/tmp/ksupervise-%u", (unsigned)somebody);
    for (size_t i = 0; i < 4; i++) {
        if (directories[i] != NULL)
            setenv("XDG_RUNTIME_DIR", directories[i], 1);
        else
            unsetenv("XDG_RUNTIME_DIR");
        refuses(tmp);
        ck_assert_int_eq(rmdir(tmp), 0);
    }
}
END_TEST

START_TEST(one_that_cannot_be_made_is_told_with_the_reason)
{
    setenv("XDG_RUNTIME_DIR", "/proc/self", 1);
    refuses("cannot make /proc/self/ksupervise: ");
    ck_assert_int_eq(runtime_socket(found, "instance", &error), -1);
}
END_TEST

START_TEST(a_socket_has_the_instances_name)
{
    char socket_path[RUNTIME_SOCKET_BYTES], expected[RUNTIME_SOCKET_BYTES];
    ck_assert_int_eq(runtime_socket(socket_path, "payments", &error), 0);
    snprintf(expected, sizeof expected, "%s/ksupervise/payments.sock", runtime);
    ck_assert_str_eq(socket_path, expected);
}
END_TEST

START_TEST(a_token_stands_beside_it)
{
    char token_path[PATH_MAX], expected[RUNTIME_SOCKET_BYTES];
    ck_assert_int_eq(runtime_token(token_path, "payments", &error), 0);
    snprintf(expected, sizeof expected, "%s/ksupervise/payments.token", runtime);
    ck_assert_str_eq(token_path, expected);
}
END_TEST

START_TEST(a_path_that_is_too_long_for_a_socket_is_refused)
{
    char socket_path[RUNTIME_SOCKET_BYTES], name[RUNTIME_SOCKET_BYTES];
    size_t longest = RUNTIME_SOCKET_BYTES - 1 - strlen(wanted) - strlen("/.sock");
    memset(name, 'n', sizeof name);
    name[longest] = '\0';
    ck_assert_int_eq(runtime_socket(socket_path, name, &error), 0);
    ck_assert_uint_eq(strlen(socket_path), RUNTIME_SOCKET_BYTES - 1);
    name[longest] = 'n';
    name[longest + 1] = '\0';
    ck_assert_int_eq(runtime_socket(socket_path, name, &error), -1);
    ck_assert_ptr_nonnull(
        strstr(error.text, "is too long for a socket: set XDG_RUNTIME_DIR to a shorter path"));
}
END_TEST

CHECK_MAIN_WITH("common/runtime", begin, end, it_is_made_in_the_runtime_directory_for_us_alone,
                one_that_others_may_enter_is_not_trusted, nor_is_a_link_to_one_or_a_file,
                nor_is_one_of_somebody_else, without_a_runtime_directory_it_is_in_tmp_by_the_users_number,
                one_that_cannot_be_made_is_told_with_the_reason, a_socket_has_the_instances_name,
                a_token_stands_beside_it, a_path_that_is_too_long_for_a_socket_is_refused)
