/* Links to this very test stand for ksupervise. */
#include "supervisor/process/programs.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "tests/support/check_main.h"

static char base[64], exe[PATH_MAX], exe_folder[PATH_MAX], found[PATH_MAX];

static void in_base(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", base, name);
}

static void make_folder(const char *name)
{
    char path[256];
    in_base(path, name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_program(const char *name)
{
    char path[256];
    in_base(path, name);
    int fd = open(path, O_CREAT | O_WRONLY, 0700);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void make_link(const char *target, const char *name)
{
    char path[256];
    in_base(path, name);
    ck_assert_int_eq(symlink(target, path), 0);
}

/* v1/bin with a supervisor and a worker, `current` leading there, and a link in local/. */
static void install(void)
{
    snprintf(base, sizeof base, "/tmp/check-folder-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    ck_assert_int_gt(length, 0);
    exe[length] = '\0';
    snprintf(exe_folder, sizeof exe_folder, "%.*s", (int)(strrchr(exe, '/') - exe), exe);
    make_folder("v1");
    make_folder("v1/bin");
    make_program("v1/bin/kconsume");
    make_link(exe, "v1/bin/ksupervise");
    make_link("v1", "current");
    make_folder("local");
    make_link("../current/bin/ksupervise", "local/ksupervise");
}

static void uninstall(void)
{
    static const char *const names[] = {"local/ksupervise", "local",  "current", "v1/bin/ksupervise",
                                        "v1/bin/kconsume",  "v1/bin", "v1",      ""};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        in_base(path, names[i]);
        remove(path);
    }
}

static void is(const char *started_as, const char *expected)
{
    struct error error = ERROR_INIT;
    ck_assert_int_eq(folder_find(found, sizeof found, started_as, "kconsume", &error), 0);
    ck_assert_str_eq(found, expected);
}

START_TEST(a_link_in_the_path_is_kept_so_that_it_can_be_moved)
{
    char path[256], expected[256];
    in_base(path, "current/bin/ksupervise");
    in_base(expected, "current/bin");
    is(path, expected);
}
END_TEST

START_TEST(a_relative_path_is_of_the_working_folder)
{
    char expected[256];
    in_base(expected, "current/bin");
    ck_assert_int_eq(chdir(base), 0);
    is("current/bin/ksupervise", expected);
    in_base(expected, "./current/bin");
    is("./current/bin/ksupervise", expected);
}
END_TEST

START_TEST(a_link_to_the_program_is_followed_to_where_the_workers_are)
{
    char path[256], expected[256];
    in_base(path, "local/ksupervise");
    in_base(expected, "local/../current/bin");
    is(path, expected);
}
END_TEST

START_TEST(a_path_that_does_not_lead_to_us_is_not_believed)
{
    is(NULL, exe_folder);
    is("/bin/sh", exe_folder);
    is("/dev/fd/3", exe_folder);
    is("/no/such/program", exe_folder);
    is(exe, exe_folder); /* no worker beside: what there was before */
}
END_TEST

CHECK_MAIN_WITH("supervisor/folder", install, uninstall, a_link_in_the_path_is_kept_so_that_it_can_be_moved,
                a_relative_path_is_of_the_working_folder,
                a_link_to_the_program_is_followed_to_where_the_workers_are,
                a_path_that_does_not_lead_to_us_is_not_believed)
