#include "tests/support/check_main.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "supervisor/lock.h"

static char runtime[64];
static char folder[96];
static struct error error;

/* --- calls that fail ----------------------------------------------------------------------------------- */

static struct {
    int flock, ftruncate, pwrite; /* the errno; 0: it does not fail */
} failing;

static int fails_or(int cause, long result)
{
    errno = cause != 0 ? cause : errno;
    return cause != 0 ? -1 : (int)result;
}

int flock(int fd, int operation)
{
    return fails_or(failing.flock, failing.flock != 0 ? 0 : syscall(SYS_flock, fd, operation));
}

int ftruncate(int fd, off_t length)
{
    return fails_or(failing.ftruncate, syscall(SYS_ftruncate, fd, length));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return fails_or(failing.pwrite, syscall(SYS_pwrite64, fd, bytes, length, offset));
}

/* --- the folder ---------------------------------------------------------------------------------------- */

static void make_runtime(void)
{
    snprintf(runtime, sizeof runtime, "/tmp/check-lock-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(runtime));
    snprintf(folder, sizeof folder, "%s/ksupervise", runtime);
    setenv("XDG_RUNTIME_DIR", runtime, 1);
}

static void remove_runtime(void)
{
    char path[160];
    static const char *const instances[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.lock", folder, instances[i]);
        unlink(path);
    }
    unlink(folder);
    rmdir(folder);
    rmdir(runtime);
}

static void refused(const char *text)
{
    ck_assert_int_eq(lock_take("one", &error), -1);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

START_TEST(the_first_one_gets_it_and_leaves_its_pid)
{
    int fd = lock_take("one", &error);
    ck_assert_msg(fd != -1, "%s", error.text);
    char text[32] = "";
    ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
    ck_assert_int_eq(strtol(text, NULL, 10), getpid());
    close(fd);
}
END_TEST

/* A process that takes the lock and holds it until it is killed. */
static pid_t holder(void)
{
    int ends[2];
    char taken = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        taken = lock_take("one", &error) != -1;
        if (write(ends[1], &taken, 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &taken, 1), 1);
    ck_assert_int_eq(taken, 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

START_TEST(a_second_one_is_refused_with_the_pid_of_the_first)
{
    pid_t pid = holder();
    char text[64];
    snprintf(text, sizeof text, "instance 'one' is already running (pid %d)", (int)pid);
    refused(text);
    refused("--instance");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(the_lock_of_one_that_was_killed_is_free)
{
    pid_t pid = holder();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    int fd = lock_take("one", &error);
    ck_assert_msg(fd != -1, "%s", error.text);
    close(fd);
}
END_TEST

START_TEST(a_shorter_pid_does_not_keep_digits_of_the_longer_one)
{
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    char path[160];
    snprintf(path, sizeof path, "%s/one.lock", folder);
    FILE *file = fopen(path, "w");
    fputs("123456789012345\n", file);
    fclose(file);
    int fd = lock_take("one", &error);
    char text[64] = "", expected[64];
    ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
    snprintf(expected, sizeof expected, "%d\n", (int)getpid());
    ck_assert_str_eq(text, expected);
    close(fd);
}
END_TEST

START_TEST(two_instances_run_side_by_side)
{
    int one = lock_take("one", &error), two = lock_take("two", &error);
    ck_assert_int_ne(one, -1);
    ck_assert_int_ne(two, -1);
    close(one);
    close(two);
}
END_TEST

START_TEST(its_folder_is_private)
{
    struct stat info;
    close(lock_take("one", &error));
    ck_assert_int_eq(stat(folder, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_folder_that_others_may_enter_is_refused)
{
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    ck_assert_int_eq(chmod(folder, 0750), 0);
    refused("mode 0700");
    ck_assert_int_eq(chmod(folder, 0701), 0);
    refused("mode 0700");
}
END_TEST

START_TEST(a_link_in_the_folders_place_is_refused)
{
    ck_assert_int_eq(symlink("/tmp", folder), 0);
    refused("is a link, not a folder");
}
END_TEST

START_TEST(a_link_in_the_lock_files_place_is_not_followed)
{
    char path[160];
    snprintf(path, sizeof path, "%s/one.lock", folder);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    char elsewhere[96];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", runtime);
    ck_assert_int_eq(symlink(elsewhere, path), 0);
    refused("is a link, not a file");
    ck_assert_int_eq(access(elsewhere, F_OK), -1);
}
END_TEST

START_TEST(a_runtime_folder_that_is_not_there_is_not_used)
{
    setenv("XDG_RUNTIME_DIR", "/no/such/folder", 1);
    char instance[32];
    snprintf(instance, sizeof instance, "check-%d", (int)getpid());
    int fd = lock_take(instance, &error);
    ck_assert_msg(fd != -1, "%s", error.text);
    char path[160], link[160] = "", name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ck_assert_int_gt(readlink(name, link, sizeof link - 1), 0);
    snprintf(path, sizeof path, "/tmp/ksupervise-%u/%s.lock", (unsigned)getuid(), instance);
    ck_assert_str_eq(link, path);
    unlink(path);
    close(fd);
}
END_TEST

static void fails(int *call, int cause, const char *what)
{
    char text[192];
    *call = cause;
    snprintf(text, sizeof text, "cannot %s %s/one.lock: %s", what, folder, strerror(cause));
    error = (struct error)ERROR_INIT;
    refused(text);
    *call = 0;
    int fd = lock_take("one", &error); /* nobody holds it */
    ck_assert_msg(fd != -1, "%s", error.text);
    close(fd);
}

START_TEST(a_lock_that_cannot_be_taken_or_written_is_named_with_the_cause_and_is_not_held)
{
    fails(&failing.flock, ENOLCK, "lock");
    fails(&failing.ftruncate, EIO, "write");
    fails(&failing.pwrite, ENOSPC, "write");
}
END_TEST

CHECK_MAIN_WITH("supervisor/lock", make_runtime, remove_runtime, the_first_one_gets_it_and_leaves_its_pid,
                a_second_one_is_refused_with_the_pid_of_the_first, the_lock_of_one_that_was_killed_is_free,
                a_shorter_pid_does_not_keep_digits_of_the_longer_one, two_instances_run_side_by_side,
                its_folder_is_private, a_folder_that_others_may_enter_is_refused,
                a_link_in_the_folders_place_is_refused, a_link_in_the_lock_files_place_is_not_followed,
                a_runtime_folder_that_is_not_there_is_not_used,
                a_lock_that_cannot_be_taken_or_written_is_named_with_the_cause_and_is_not_held)
