#include "supervisor/publish.h"

#include "tests/supervisor/fleet_case.h"

static struct directory_worker row_of(const char *name)
{
    struct directory *directory;
    struct directory_worker row;
    ck_assert_int_eq(directory_open(&directory, fleet_instance, &error), 0);
    ck_assert(directory_worker(directory, fleet_worker(name)->index, &row));
    directory_free(directory);
    return row;
}

START_TEST(the_directory_says_of_each_worker_what_it_is)
{
    open_real();
    fleet_begin();
    fleet_all_ready();
    struct worker *bravo = fleet_worker("bravo");
    bravo->restarts = 4;
    bravo->next_restart_us = 99;
    snprintf(bravo->trouble, sizeof bravo->trouble, "the disk is full");
    publish_worker(bravo);
    struct directory_worker row = row_of("bravo");
    ck_assert_str_eq(row.name, "bravo");
    ck_assert_str_eq(row.client, "bravo");
    ck_assert_str_eq(row.group, "test_group_bravo");
    ck_assert_str_eq(row.reason, "the disk is full");
    ck_assert_int_eq(row.kind, STATS_KIND_CONSUMER);
    ck_assert_int_eq(row.state, WORKER_READY);
    ck_assert_int_eq(row.state_since_us, bravo->state_since_us);
    ck_assert_int_eq(row.pid, bravo->process.pid);
    ck_assert_int_eq(row.start_ticks, 7);
    ck_assert_int_eq(row.generation, 1);
    ck_assert_int_eq(row.restarts, 4);
    ck_assert_int_eq(row.next_restart_us, 99);
    ck_assert_int_eq(row.retired, 0);
    snprintf(bravo->reason, sizeof bravo->reason, "the reason");
    bravo->retired = true;
    publish_worker(bravo);
    row = row_of("bravo");
    ck_assert_str_eq(row.reason, "the reason");
    ck_assert_int_eq(row.retired, 1);
    ck_assert_int_eq(row_of(PRODUCER_WORKER).kind, STATS_KIND_PRODUCER);
}
END_TEST

CHECK_MAIN_WITH("supervisor/publish", NULL, fleet_close, the_directory_says_of_each_worker_what_it_is)
