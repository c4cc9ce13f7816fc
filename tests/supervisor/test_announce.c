/* What the supervisor says to people: deaths, resumptions, who is ready, and the table at the end. */
#include "supervisor/announce.h"

#include <signal.h>

#include "tests/supervisor/fleet_stage.h"

static struct worker *bravo;
static struct stats_writer *writer;

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1", "--verbose");
    fleet_begin();
    fleet_all_ready();
    bravo = fleet_worker("bravo");
    writer = fleet_writer(bravo);
}

static void tear_down(void)
{
    stats_writer_close(writer);
    fleet_close();
}

static void partition(int32_t number, int id, int64_t value)
{
    int slot = stats_partition_slot(writer, "payments", number);
    stats_partition_set(writer, slot, id, value);
    stats_partition_publish(writer, slot);
}

static void dies(int exit_status, int signal, int core_dumped, enum restart_verdict verdict, int64_t delay_us)
{
    struct process_end end = {.exit_status = exit_status, .signal = signal, .core_dumped = core_dumped};
    bravo->last_death =
        (struct directory_death){.pid = 7, .phase = PHASE_POLLING, .heartbeat_age_us = 1500000, .time_us = 1};
    announce_death(bravo, &end, verdict, delay_us);
}

#define DEAD "[ksupervise] bravo (pid 7, generation 1) "

/* --- deaths -------------------------------------------------------------------------------------------- */

START_TEST(a_death_by_a_signal_says_when_where_and_what_follows)
{
    partition(1, PARTITION_COMMITTED, 40);
    partition(1, PARTITION_POSITION, 45);
    segment_refresh_whole(bravo);
    dies(-1, SIGSEGV, 1, RESTART_NOW, 0);
    ck_assert(fleet_has_said(DEAD "was killed by SIGSEGV (core dumped) while polling, 1.5 s after its last "
                                  "heartbeat; committed 1:40, processed up to 1:45; restarting at once\n"));
}
END_TEST

START_TEST(an_exit_says_its_code_and_meaning_and_no_heartbeat)
{
    char line[512];
    segment_release(bravo);
    dies(2, 0, 0, RESTART_LATER, 2500000);
    dies(0, 0, 0, RESTART_NEVER, 0);
    snprintf(line, sizeof line, DEAD "exited with 2 (%s) while polling; restarting in 2.5 s\n",
             exit_code_find(2)->meaning);
    ck_assert(fleet_has_said(line));
    ck_assert(fleet_has_said(DEAD "ended\n"));
}
END_TEST

START_TEST(what_is_not_known_of_a_death_is_not_said)
{
    struct process_end end = {.exit_status = -1, .signal = SIGKILL};
    segment_release(bravo);
    bravo->last_death =
        (struct directory_death){.pid = 7, .phase = STATS_UNKNOWN, .heartbeat_age_us = STATS_UNKNOWN};
    announce_death(bravo, &end, RESTART_HOLD, 0);
    ck_assert(fleet_has_said(DEAD "was killed by SIGKILL\n"));
}
END_TEST

/* --- resuming ------------------------------------------------------------------------------------------ */

static void resumes(int32_t number, int64_t committed, int64_t end)
{
    partition(number, PARTITION_ASSIGNED, 1);
    partition(number, PARTITION_COMMITTED, committed);
    partition(number, PARTITION_RESUMED, committed);
    partition(number, PARTITION_RESUMED_COMMITTED, committed);
    struct progress_row *rows = realloc(bravo->progress.rows, (bravo->progress.count + 1) * sizeof *rows);
    rows[bravo->progress.count] = (struct progress_row){.topic = "payments", .partition = number, .end = end};
    bravo->progress = (struct worker_progress){rows, bravo->progress.count + 1};
}

START_TEST(a_resumption_says_how_much_may_come_again_and_how_long_it_took)
{
    bravo->generation = 2;
    bravo->resume_told = false;
    bravo->died_us = clock_monotonic_us() - 1500;
    bravo->last_death = (struct directory_death){.exit_status = STATS_UNKNOWN, .signal = SIGKILL};
    resumes(1, 40, 47);
    announce_resume(bravo);
    ck_assert(bravo->resume_told);
    ck_assert(
        fleet_has_said("bravo resumed at 40 (committed 40), redelivering at most 7; 2 ms after the death\n"));
    ck_assert(!fleet_has_said("  payments [1]"));
}
END_TEST

START_TEST(of_several_partitions_the_sums_are_said_and_each_of_them_where_more_is_wanted)
{
    bravo->generation = 2;
    bravo->resume_told = false;
    resumes(1, 40, 47);
    resumes(2, 10, 11);
    announce_resume(bravo);
    ck_assert(fleet_has_said(
        "bravo resumed at 50 (committed 50), redelivering at most 8; sums over 2 partitions\n"));
    ck_assert(fleet_has_said("  payments [1] resumed at 40 (committed 40), redelivering at most 7\n"));
    ck_assert(fleet_has_said("  payments [2] resumed at 10 (committed 10), redelivering at most 1\n"));
}
END_TEST

START_TEST(a_first_start_resumes_nothing_and_one_without_partitions_says_it_later)
{
    bravo->resume_told = false;
    announce_resume(bravo);
    ck_assert(bravo->resume_told);
    bravo->generation = 2;
    bravo->resume_told = false;
    announce_resume(bravo);
    ck_assert(!bravo->resume_told);
    ck_assert(!fleet_has_said("resumed"));
}
END_TEST

/* --- the whole fleet ----------------------------------------------------------------------------------- */

START_TEST(who_is_ready_is_said_with_its_partitions)
{
    fleet_scale(&fleet, "bravo", 2, &(struct error){0});
    fleet_worker("bravo.2")->state = WORKER_READY_IDLE;
    stats_status_set(writer, CONSUMER_ASSIGNED, 1);
    stats_status_publish(writer);
    announce_ready(&fleet);
    stats_status_set(writer, CONSUMER_ASSIGNED, 3);
    stats_status_publish(writer);
    segment_release(fleet_worker("zulu"));
    announce_ready(&fleet);
    ck_assert(fleet_has_said("ready: bravo (1 partition), zulu"));
    ck_assert(fleet_has_said("ready: bravo (3 partitions), zulu, bravo.2 (" WORKER_IDLE_TEXT ")\n"));
}
END_TEST

START_TEST(the_table_at_the_end_has_the_counters_of_each)
{
    bravo->restarts = 4;
    stats_add(writer, CONSUMER_RECEIVED, 12);
    stats_add(writer, CONSUMER_PROCESSED, 11);
    stats_add(writer, CONSUMER_FAILED, 1);
    stats_add(writer, CONSUMER_COMMITS, 3);
    partition(1, PARTITION_COMMITTED, 40);
    segment_release(fleet_worker("zulu")); /* nothing is known of it */
    struct stats_writer *producer = fleet_writer(fleet_worker(PRODUCER_WORKER));
    stats_add(producer, PRODUCER_PRODUCED, 9);
    stats_add(producer, PRODUCER_ACKNOWLEDGED, 8);
    stats_add(producer, PRODUCER_FAILED, 1);
    announce_summary(&fleet);
    stats_writer_close(producer);
    ck_assert(
        fleet_has_said("worker           restarts   received  processed     failed    commits  committed\n"));
    ck_assert(
        fleet_has_said("bravo                   4         12         11          1          3  1:40\n"));
    ck_assert(fleet_has_said("producer                0 produced 9, acknowledged 8, failed 1\n"));
    ck_assert(fleet_has_said("zulu                    0 no statistics\n"));
}
END_TEST

/* One whose last generation was not told, as no broker answered it. */
START_TEST(the_table_does_not_say_that_nothing_is_committed_where_that_is_not_known)
{
    stats_add(writer, CONSUMER_COMMITS, 3);
    announce_summary(&fleet);
    ck_assert(
        fleet_has_said("bravo                   0          0          0          0          3  not known\n"));
}
END_TEST

START_TEST(nothing_is_committed_by_one_that_never_committed)
{
    announce_summary(&fleet);
    ck_assert(
        fleet_has_said("bravo                   0          0          0          0          0  nothing\n"));
}
END_TEST

CHECK_MAIN_WITH("supervisor/announce", set_up, tear_down,
                a_death_by_a_signal_says_when_where_and_what_follows,
                an_exit_says_its_code_and_meaning_and_no_heartbeat, what_is_not_known_of_a_death_is_not_said,
                a_resumption_says_how_much_may_come_again_and_how_long_it_took,
                of_several_partitions_the_sums_are_said_and_each_of_them_where_more_is_wanted,
                a_first_start_resumes_nothing_and_one_without_partitions_says_it_later,
                who_is_ready_is_said_with_its_partitions, the_table_at_the_end_has_the_counters_of_each,
                the_table_does_not_say_that_nothing_is_committed_where_that_is_not_known,
                nothing_is_committed_by_one_that_never_committed)
