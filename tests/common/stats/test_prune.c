/* What is dead goes, what lives stays, and nothing of anybody else is touched. */
#include "common/stats/prune.h"
#include "common/stats/create.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/stats/directory.h"
#include "common/stats/events.h"
#include "common/stats/kept.h"
#include "tests/common/stats/support.h"

static struct pruned pruned;
static struct error error;

static bool is_there(const char *end)
{
    char path[256];
    snprintf(path, sizeof path, "/dev/shm/ksupervise.%u.%s%s", (unsigned)geteuid(), instance_name, end);
    return access(path, F_OK) == 0;
}

/* A supervisor and a worker, both killed: a directory, events, what is kept, and a segment. */
static void leave_an_instance(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct directory_writer *directory;
        struct events_writer *events;
        struct stats_identity identity = identity_of(STATS_KIND_CONSUMER, 1);
        directory_create(&directory, instance_name, "birth", 4, NULL);
        events_open(&events, instance_name, NULL);
        kept_write(instance_name, "kept", 4, NULL);
        open_writer(stats_segment_create(&identity, -1, NULL));
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert(is_there("") && is_there(".~events") && is_there(".~kept") && is_there(".bravo.1"));
}

static int prunes(bool dry_run)
{
    error = (struct error)ERROR_INIT;
    return instance_prune(instance_name, dry_run, &pruned, &error);
}

static void begin(void)
{
    name_instance();
}

static void end(void)
{
    prunes(false);
    remove_segments();
}

START_TEST(all_that_a_dead_instance_left_is_removed)
{
    leave_an_instance();
    ck_assert_int_eq(prunes(false), 0);
    ck_assert_uint_eq(pruned.objects, 4);
    ck_assert_uint_gt(pruned.bytes, 4096);
    ck_assert_uint_eq(pruned.living, 0);
    ck_assert(!is_there("") && !is_there(".~events") && !is_there(".~kept") && !is_there(".bravo.1") &&
              !is_there(".~"));
    ck_assert_int_eq(prunes(false), 0);
    ck_assert_uint_eq(pruned.objects, 0);
}
END_TEST

START_TEST(a_dry_run_counts_and_removes_nothing)
{
    leave_an_instance();
    ck_assert_int_eq(prunes(true), 0);
    ck_assert_uint_eq(pruned.objects, 4);
    ck_assert(is_there("") && is_there(".~events") && is_there(".~kept") && is_there(".bravo.1"));
}
END_TEST

START_TEST(a_living_supervisor_keeps_all_that_is_its_instances)
{
    struct directory_writer *directory;
    leave_an_instance();
    ck_assert_int_eq(directory_create(&directory, instance_name, "birth", 4, NULL), 0);
    ck_assert_int_eq(prunes(false), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is alive: nothing was removed"));
    ck_assert(is_there("") && is_there(".~kept") && is_there(".bravo.1"));
    directory_close(directory, true);
}
END_TEST

START_TEST(a_living_worker_keeps_its_segment)
{
    struct stats_identity identity = identity_of(STATS_KIND_CONSUMER, 2);
    leave_an_instance();
    int fd = stats_segment_create(&identity, -1, NULL);
    struct stats_writer *writer = open_writer(fd);
    ck_assert_int_eq(prunes(false), 0);
    ck_assert_uint_eq(pruned.objects, 4);
    ck_assert_uint_eq(pruned.living, 1);
    ck_assert(is_there(".bravo.2") && !is_there(".bravo.1"));
    stats_writer_close(writer);
    close(fd);
    ck_assert_int_eq(prunes(false), 0);
    ck_assert(!is_there(".bravo.2"));
}
END_TEST

START_TEST(an_instance_whose_name_only_begins_so_is_another_one)
{
    char other[64], name[128];
    leave_an_instance();
    snprintf(other, sizeof other, "%sx", instance_name);
    ck_assert_int_eq(kept_write(other, "kept", 4, NULL), 0);
    ck_assert_int_eq(prunes(false), 0);
    snprintf(name, sizeof name, "x.~kept");
    ck_assert(is_there(name));
    kept_unlink(other);
}
END_TEST

START_TEST(who_is_just_starting_is_not_disturbed)
{
    char name[128];
    leave_an_instance();
    snprintf(name, sizeof name, "/ksupervise.%u.%s.~", (unsigned)geteuid(), instance_name);
    int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
    ck_assert_int_eq(prunes(false), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is just starting"));
    ck_assert(is_there(".~kept") && is_there(".~"));
    close(fd);
}
END_TEST

static int count(void *context, const char *instance)
{
    if (strcmp(instance, instance_name) == 0)
        ++*(int *)context;
    return 0;
}

START_TEST(an_instance_is_found_once_whatever_is_left_of_it)
{
    int found = 0;
    leave_an_instance();
    ck_assert_int_eq(instance_scan(count, &found), 0);
    ck_assert_int_eq(found, 1);
    prunes(false);
    found = 0;
    ck_assert_int_eq(kept_write(instance_name, "kept", 4, NULL), 0);
    ck_assert_int_eq(instance_scan(count, &found), 0);
    ck_assert_int_eq(found, 1);
}
END_TEST

static int refuse(void *context, const char *instance)
{
    (void)context;
    ck_assert_msg(strncmp(instance, "no name", 7) != 0 && strncmp(instance, "zzzz", 4) != 0, "%s", instance);
    return 0;
}

START_TEST(what_has_no_name_that_an_instance_can_have_is_none)
{
    char names[2][NAME_BYTES + 64], longest[NAME_BYTES + 1];
    memset(longest, 'z', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0'; /* a byte too many */
    snprintf(names[0], sizeof names[0], "/ksupervise.%u.no name %d.x.1", (unsigned)geteuid(), (int)getpid());
    snprintf(names[1], sizeof names[1], "/ksupervise.%u.%s", (unsigned)geteuid(), longest);
    for (size_t i = 0; i < 2; i++)
        close(shm_open(names[i], O_CREAT | O_RDWR, 0600));
    int result = instance_scan(refuse, NULL);
    for (size_t i = 0; i < 2; i++)
        shm_unlink(names[i]);
    ck_assert_int_eq(result, 0);
}
END_TEST

CHECK_MAIN_WITH("common/stats/prune", begin, end, all_that_a_dead_instance_left_is_removed,
                a_dry_run_counts_and_removes_nothing, a_living_supervisor_keeps_all_that_is_its_instances,
                a_living_worker_keeps_its_segment, an_instance_whose_name_only_begins_so_is_another_one,
                who_is_just_starting_is_not_disturbed, an_instance_is_found_once_whatever_is_left_of_it,
                what_has_no_name_that_an_instance_can_have_is_none)
