/* Names of what is published, as people and JSON see them. */
#include "common/stats/definitions.h"

#include <string.h>

#include "common/stats/directory.h"
#include "tests/support/check_main.h"

START_TEST(kinds_and_types_have_their_names_and_what_is_out_of_the_list_a_question_mark)
{
    ck_assert_str_eq(stats_kind_name(STATS_KIND_CONSUMER), "consumer");
    ck_assert_str_eq(stats_kind_name(STATS_KIND_PRODUCER), "producer");
    ck_assert_str_eq(stats_kind_name((enum stats_kind)99), "?");
    ck_assert_str_eq(stats_type_name(STATS_COUNTER), "counter");
    ck_assert_str_eq(stats_type_name(STATS_HISTOGRAM), "histogram");
    ck_assert_str_eq(stats_type_name(STATS_NAME), "name");
    ck_assert_str_eq(stats_type_name((enum stats_type)(STATS_NAME + 1)), "?");
    ck_assert_str_eq(stats_section_scope(STATS_SECTION_PARTITION), "partition");
    ck_assert_str_eq(stats_section_scope((enum stats_section)(STATS_SECTION_PARTITION + 1)), "worker");
}
END_TEST

START_TEST(phases_have_their_names)
{
    ck_assert_str_eq(stats_phase_name(PHASE_STARTING), "starting");
    ck_assert_str_eq(stats_phase_name(PHASE_PRODUCING), "producing");
    ck_assert_str_eq(stats_phase_name((enum stats_phase)99), "?");
}
END_TEST

START_TEST(states_of_a_worker_have_their_names)
{
    ck_assert_str_eq(worker_state_name(WORKER_DOWN), "down");
    ck_assert_str_eq(worker_state_name(WORKER_DONE), "done");
    ck_assert_str_eq(worker_state_name((enum worker_state)(WORKER_DONE + 1)), "?");
}
END_TEST

START_TEST(no_name_stands_twice_in_a_kinds_definitions)
{
    static const enum stats_kind kinds[] = {STATS_KIND_CONSUMER, STATS_KIND_PRODUCER};
    for (size_t k = 0; k < 2; k++) {
        size_t count;
        const struct stats_definition *all = stats_definitions(kinds[k], &count);
        ck_assert_uint_gt(count, 10);
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < i; j++)
                ck_assert(all[i].section != all[j].section || strcmp(all[i].name, all[j].name) != 0);
    }
}
END_TEST

START_TEST(the_sections_are_all_of_the_definitions)
{
    size_t count, found = 0;
    stats_definitions(STATS_KIND_PRODUCER, &count);
    for (int section = 0; section < 16; section++)
        found += stats_section_count(STATS_KIND_PRODUCER, (enum stats_section)section);
    ck_assert_uint_eq(found, count);
    ck_assert_uint_gt(stats_section_count(STATS_KIND_PRODUCER, STATS_SECTION_PARTITION), 0);
}
END_TEST

START_TEST(of_a_worker_that_nobody_knows_nothing_is_known)
{
    struct directory_worker worker;
    memset(&worker, 0x55, sizeof worker);
    directory_worker_init(&worker);
    ck_assert_str_eq(worker.name, "");
    ck_assert_str_eq(worker.reason, "");
    ck_assert_int_eq(worker.pid, 0);
    ck_assert_int_eq(worker.restarts, 0);
    ck_assert_int_eq(worker.last_death.signal, 0);
    const int64_t unknown[] = {worker.state_since_us,     worker.next_restart_us,
                               worker.last_death.time_us, worker.last_death.exit_status,
                               worker.last_death.phase,   worker.last_death.heartbeat_age_us};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_int_eq(unknown[i], STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN("common/stats/definitions",
           kinds_and_types_have_their_names_and_what_is_out_of_the_list_a_question_mark,
           phases_have_their_names, states_of_a_worker_have_their_names,
           no_name_stands_twice_in_a_kinds_definitions, the_sections_are_all_of_the_definitions,
           of_a_worker_that_nobody_knows_nothing_is_known)
