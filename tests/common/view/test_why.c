/* Why a worker does not move. */
#include "tests/support/fake_clock.h"

#include "common/view/why.h"

#include "tests/common/view/instance_case.h"

static char text[WHY_BYTES];

static void expect_why(const char *begin)
{
    why(&view, &view.workers[0], text);
    ck_assert_msg(strncmp(text, begin, strlen(begin)) == 0, "%s", text);
}

START_TEST(a_supervisor_that_is_stopped_keeps_the_dead_and_not_the_living)
{
    stats_heartbeat(bravo, clock_wall_us());
    collect(&everything);
    view.supervisor_stopped = true;
    expect_why("its last error");
    list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_JOINING); /* which it may long have done */
    collect(&everything);
    expect_why("it has been joining for");
    view.supervisor_stopped = true;
    expect_why("its last error");
    stats_writer_close(bravo);
    bravo = NULL;
    collect(&everything);
    view.supervisor_stopped = true;
    expect_why("its supervisor (pid ");
}
END_TEST

START_TEST(who_shows_no_sign_of_life_has_not_caught_up)
{
    set_partition(0, 107, 107);
    stats_heartbeat(bravo, clock_wall_us());
    collect(&everything);
    expect_why("its last error");
    fake_clock_advance(4 * US_PER_SECOND);
    collect(&everything);
    expect_why("its last error");
    fake_clock_advance(3 * US_PER_SECOND);
    collect(&everything);
    expect_why("it has shown no sign of life for 7 s: it hangs, or its process is stopped");
}
END_TEST

START_TEST(a_process_that_is_stopped_is_told_at_once)
{
    struct stats_liveness *liveness;
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, WUNTRACED), child);
    stats_heartbeat(bravo, clock_wall_us());
    collect(&everything);
    liveness = &view.workers[0].liveness;
    liveness->pid = child;
    expect_why("its process (pid ");
    ck_assert_ptr_nonnull(strstr(text, "is stopped: kill -CONT "));
    liveness->elsewhere = true; /* the number is somebody else's here */
    expect_why("its last error");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_line_for_each_worker)
{
    size_t bytes;
    collect(&everything);
    FILE *stream = open_memstream(&shown, &bytes);
    show_why(&view, stream);
    fclose(stream);
    expect("bravo: ");
    expect("\nproducer: ");
}
END_TEST

CHECK_MAIN_WITH("common/view/why", instance_prepare, instance_clean_up,
                a_supervisor_that_is_stopped_keeps_the_dead_and_not_the_living,
                who_shows_no_sign_of_life_has_not_caught_up, a_process_that_is_stopped_is_told_at_once,
                a_line_for_each_worker)
