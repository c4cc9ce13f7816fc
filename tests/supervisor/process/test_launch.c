/* Starting a process so that its end is noticed, or not at all. */
#include "supervisor/process/launch.h"

#include <signal.h>

#include "tests/supervisor/fleet_stage.h"

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo", "--no-producer", "--bootstrap", "h:1");
}

START_TEST(a_process_has_the_program_of_its_kind_and_the_mask_that_we_were_started_with)
{
    sigemptyset(&fleet.original_mask);
    sigaddset(&fleet.original_mask, SIGUSR2);
    fleet_begin();
    const struct fake_process *fake = fake_newest();
    ck_assert_str_eq(fake->program, "kconsume");
    ck_assert_str_eq(fake_processes[0].program, "ktopic");
    ck_assert_int_eq(sigismember(&fake->mask, SIGUSR2), 1);
    ck_assert_int_eq(sigismember(&fake->mask, SIGUSR1), 0);
}
END_TEST

static void fails_to_watch(struct worker *worker)
{
    fake_spawn_unwatchable = true;
    worker->history = (struct restart_history){.consecutive = 5}; /* it is not tried again at once */
    states_dispatch(worker, EVENT_START);
    ck_assert_int_eq(worker->state, WORKER_BACKING_OFF);
    ck_assert_int_eq(worker->process.pid, 0);
    ck_assert_int_eq(worker->exit_watch.fd, -1);
    ck_assert_uint_eq(fake_newest()->group_kills, 1);
}

START_TEST(one_whose_end_cannot_be_noticed_is_ended_and_counts_as_not_started)
{
    fleet_begin();
    struct worker *bravo = fleet_worker("bravo");
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    fake_ends(&bravo->process, 0, 0);
    fleet_turn();
    fails_to_watch(bravo);
    int before = fleet_open_descriptors();
    for (int i = 0; i < 5; i++)
        fails_to_watch(bravo);
    ck_assert_int_eq(fleet_open_descriptors(), before); /* nothing is left open */
    ck_assert(fleet_has_said("bravo: cannot watch /nowhere/kconsume: Operation not permitted"));
}
END_TEST

CHECK_MAIN_WITH("supervisor/launch", set_up, fleet_close,
                a_process_has_the_program_of_its_kind_and_the_mask_that_we_were_started_with,
                one_whose_end_cannot_be_noticed_is_ended_and_counts_as_not_started)
