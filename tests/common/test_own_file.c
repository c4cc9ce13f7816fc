#include "common/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/check_main.h"

static char folder[64], path[96];
static struct error error;

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/check-own-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/it", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

static void refused(int flags, const char *text)
{
    ck_assert_int_eq(own_file_open(path, flags, 0600, &error), -1);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
    ck_assert(!own_file_is(AT_FDCWD, path));
    ck_assert_int_eq(own_file_check(path, S_IFREG, &error), -1);
}

START_TEST(a_file_of_this_user_is_opened)
{
    int fd = own_file_open(path, O_CREAT | O_RDWR, 0600, &error);
    ck_assert_msg(fd != -1, "%s", error.text);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert(own_file_is(AT_FDCWD, path));
    ck_assert_int_eq(own_file_check(path, S_IFREG, &error), 0);
    close(fd);
}
END_TEST

START_TEST(what_is_not_there_is_enoent)
{
    ck_assert_int_eq(own_file_open(path, O_RDONLY, 0, &error), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(own_file_check(path, S_IFREG, &error), 0);
}
END_TEST

/* The alarm ends a test that waits in open(). */
START_TEST(a_fifo_is_refused_at_once)
{
    alarm(5);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refused(O_RDONLY, "is a FIFO, not a file");
    refused(O_WRONLY, "is a FIFO, not a file");
    refused(O_RDWR | O_CREAT, "is a FIFO, not a file");
}
END_TEST

START_TEST(a_link_is_not_followed)
{
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    refused(O_RDONLY, "is a link");
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused_and_its_owner_told)
{
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    snprintf(path, sizeof path, "/etc/passwd");
    refused(O_RDONLY, "is a file of uid 0, not of this user");
    ck_assert_int_eq(errno, EPERM);
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    snprintf(path, sizeof path, "%s/it", folder);
}
END_TEST

START_TEST(a_folder_is_no_socket)
{
    ck_assert_int_eq(own_file_check(folder, S_IFDIR, &error), 0);
    ck_assert_int_eq(own_file_check(folder, S_IFSOCK, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is a folder, not a socket"));
}
END_TEST

CHECK_MAIN_WITH("common/own_file", make_folder, remove_folder, a_file_of_this_user_is_opened,
                what_is_not_there_is_enoent, a_fifo_is_refused_at_once, a_link_is_not_followed,
                a_file_of_somebody_else_is_refused_and_its_owner_told, a_folder_is_no_socket)
