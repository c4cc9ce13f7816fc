/* What a death is held against, what is told of it, and what the next supervisor knows. */
#include <signal.h>

#include "common/stats/kept.h"
#include "supervisor/evidence.h"
#include "tests/supervisor/fleet_stage.h"

static struct worker *bravo;
static struct stats_writer *writer; /* one for all: each begins with its first slot */

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo", "--no-producer", "--bootstrap", "h:1");
    fleet_begin();
    bravo = fleet_worker("bravo");
    fleet_all_ready();
    writer = fleet_writer(bravo);
}

static void tear_down(void)
{
    stats_writer_close(writer);
    fleet_close();
}

/* The segment says: processing, with these offsets of that partition in flight. */
static void flies(int32_t partition, int64_t first, int64_t end)
{
    stats_phase(writer, PHASE_PROCESSING, clock_wall_us());
    int slot = stats_partition_slot(writer, "payments", partition);
    stats_partition_set(writer, slot, PARTITION_ASSIGNED, 1);
    stats_partition_set(writer, slot, PARTITION_INFLIGHT_FIRST, first);
    stats_partition_set(writer, slot, PARTITION_INFLIGHT_END, end);
    stats_partition_publish(writer, slot);
}

static void dies_of(int exit_status, int signal)
{
    struct process_end end = {.exit_status = exit_status, .signal = signal};
    evidence_of_death(bravo, &end);
}

static const char *candidates(bool quarantined)
{
    static char text[POISON_TEXT_BYTES];
    poison_text(&fleet.poison, bravo->group, "payments", quarantined, text, sizeof text);
    return text;
}

/* --- what is held against records ----------------------------------------------------------------------- */

START_TEST(a_crash_makes_all_that_was_in_flight_candidate_and_tells_it)
{
    flies(1, 40, 50);
    flies(2, 7, 8);
    dies_of(-1, SIGSEGV);
    ck_assert_str_eq(candidates(false), "1:40-50,2:7-8");
    ck_assert(!fleet_has_said("another supervisor will not know"));
    ck_assert(
        fleet_has_said("bravo: one of the records in flight may have caused SIGSEGV: payments [1] 40 to 49, "
                       "[2] 7 to 7 (at most 11); the next process takes them one by one"));
}
END_TEST

START_TEST(a_partition_with_nothing_in_flight_is_not_candidate)
{
    flies(0, STATS_UNKNOWN, STATS_UNKNOWN);
    flies(1, 40, 40);
    flies(2, 50, 40);
    flies(3, STATS_UNKNOWN, 40);
    flies(4, 0, 1);
    dies_of(-1, SIGABRT);
    ck_assert_str_eq(candidates(false), "4:0-1");
}
END_TEST

START_TEST(the_second_crash_at_one_record_alone_quarantines_it)
{
    flies(1, 40, 50);
    dies_of(-1, SIGSEGV);
    bravo->generation = 2;
    flies(1, 44, 45);
    dies_of(-1, SIGBUS);
    ck_assert_str_eq(candidates(true), "1:44");
    ck_assert(fleet_has_said("payments [1] offset 44 killed bravo twice (SIGSEGV in generation 1, SIGBUS in "
                             "generation 2): quarantined, it goes to the dead letters undecoded"));
}
END_TEST

START_TEST(a_hang_is_held_against_records_whatever_killed_the_process)
{
    flies(1, 40, 50);
    bravo->hung = true;
    dies_of(-1, SIGKILL);
    ck_assert_str_eq(candidates(false), "1:40-50");
    ck_assert(fleet_has_said("may have caused a hang: "));
}
END_TEST

START_TEST(no_exit_no_kill_and_no_operator_s_signal_is_a_record_s_fault)
{
    flies(1, 40, 50);
    dies_of(1, 0);
    dies_of(-1, SIGKILL);
    dies_of(-1, SIGTERM);
    bravo->signalled = true;
    dies_of(-1, SIGSEGV);
    ck_assert_uint_eq(fleet.poison.count, 0);
}
END_TEST

START_TEST(outside_of_processing_and_without_a_segment_no_record_is_to_blame)
{
    flies(1, 40, 50);
    stats_phase(writer, PHASE_COMMITTING, clock_wall_us());
    dies_of(-1, SIGSEGV);
    segment_release(bravo);
    dies_of(-1, SIGSEGV);
    ck_assert_uint_eq(fleet.poison.count, 0);
}
END_TEST

START_TEST(only_a_consumer_has_records_in_flight)
{
    flies(1, 40, 50);
    bravo->kind = KIND_PRODUCER;
    dies_of(-1, SIGSEGV);
    bravo->kind = KIND_CONSUMER;
    ck_assert_uint_eq(fleet.poison.count, 0);
}
END_TEST

START_TEST(many_partitions_in_flight_are_told_as_far_as_a_line_goes)
{
    for (int32_t p = 0; p < STATS_PARTITIONS_DEFAULT; p++)
        flies(p, INT64_C(1) << 60, (INT64_C(1) << 60) + 1);
    dies_of(-1, SIGSEGV);
    ck_assert(fleet_has_said("the next process takes them one by one"));
}
END_TEST

/* --- innocence ----------------------------------------------------------------------------------------- */

START_TEST(one_that_came_through_clears_the_candidates_of_its_partitions_alone)
{
    flies(1, 40, 50);
    flies(2, 60, 70);
    dies_of(-1, SIGSEGV);
    int slot = stats_partition_slot(writer, "payments", 2);
    stats_partition_set(writer, slot, PARTITION_ASSIGNED, 0);
    stats_partition_publish(writer, slot);
    bravo->state = WORKER_QUARANTINING;
    FAKE_SAYS(bravo, "ready", "i", (int64_t)1);
    fleet_turn();
    ck_assert_str_eq(candidates(false), "2:60-70");
    ck_assert(fleet_has_said("bravo came through the poison candidates: batches are whole again"));
}
END_TEST

START_TEST(without_a_segment_nobody_is_cleared)
{
    flies(1, 40, 50);
    dies_of(-1, SIGSEGV);
    segment_release(bravo);
    evidence_cleared(bravo);
    ck_assert_uint_eq(fleet.poison.count, 1);
    ck_assert(!fleet_has_said("came through"));
}
END_TEST

/* --- the next supervisor -------------------------------------------------------------------------------- */

/* What another supervisor of this instance finds. */
static size_t finds(void)
{
    poison_release(&fleet.poison);
    evidence_take_over(&fleet);
    return fleet.poison.count;
}

START_TEST(what_is_candidate_is_known_to_the_next_supervisor_of_the_same_Kafka)
{
    flies(1, 40, 50);
    flies(2, 40, 50);
    dies_of(-1, SIGSEGV);
    bravo->generation = 2;
    flies(2, STATS_UNKNOWN, STATS_UNKNOWN);
    flies(1, 44, 45);
    dies_of(-1, SIGSEGV);
    ck_assert_uint_eq(finds(), 3);
    ck_assert_str_eq(candidates(false), "1:40-50,2:40-50");
    ck_assert_str_eq(candidates(true), "1:44");
    snprintf(fleet.brokers.bootstrap, sizeof fleet.brokers.bootstrap, "elsewhere:1");
    ck_assert_uint_eq(finds(), 0);
    ck_assert(fleet_has_said(
        "inherited from the previous supervisor: 2 ranges of poison candidates and 1 quarantined ones"));
}
END_TEST

START_TEST(when_all_are_cleared_nothing_is_kept)
{
    size_t length;
    flies(1, 40, 50);
    dies_of(-1, SIGSEGV);
    void *bytes = kept_read(fleet_instance, &length);
    ck_assert_ptr_nonnull(bytes);
    free(bytes);
    evidence_cleared(bravo);
    ck_assert_ptr_null(kept_read(fleet_instance, &length));
    ck_assert_uint_eq(finds(), 0);
    ck_assert(!fleet_has_said("known from the supervisor before"));
}
END_TEST

START_TEST(with_the_embedded_broker_nothing_is_kept_for_its_records_end_with_it)
{
    size_t length;
    static struct settings embedded;
    const struct settings *before = fleet.settings;
    embedded = *before;
    embedded.brokers.bootstrap[0] = '\0';
    fleet.settings = &embedded;
    ck_assert(settings_embedded(&embedded));
    flies(1, 40, 50);
    dies_of(-1, SIGSEGV);
    ck_assert_uint_eq(fleet.poison.count, 1);
    ck_assert_ptr_null(kept_read(fleet_instance, &length));
    fleet.settings = before;
}
END_TEST

CHECK_MAIN_WITH(
    "supervisor/evidence", set_up, tear_down, a_crash_makes_all_that_was_in_flight_candidate_and_tells_it,
    a_partition_with_nothing_in_flight_is_not_candidate, the_second_crash_at_one_record_alone_quarantines_it,
    a_hang_is_held_against_records_whatever_killed_the_process,
    no_exit_no_kill_and_no_operator_s_signal_is_a_record_s_fault,
    outside_of_processing_and_without_a_segment_no_record_is_to_blame, only_a_consumer_has_records_in_flight,
    many_partitions_in_flight_are_told_as_far_as_a_line_goes,
    one_that_came_through_clears_the_candidates_of_its_partitions_alone, without_a_segment_nobody_is_cleared,
    what_is_candidate_is_known_to_the_next_supervisor_of_the_same_Kafka, when_all_are_cleared_nothing_is_kept,
    with_the_embedded_broker_nothing_is_kept_for_its_records_end_with_it)
