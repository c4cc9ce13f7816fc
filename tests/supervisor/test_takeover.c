/* What a supervisor takes over from one that died: generations, counters, the scale, and survivors' ends. */
#include "supervisor/takeover.h"

#include "tests/supervisor/fleet_stage.h"

static struct directory_writer *former;
static struct error error;
static char former_name[32];

/* The directory of a supervisor that was there before, under a name that this one does not have. */
static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1");
    snprintf(former_name, sizeof former_name, "check-former-%d", (int)getpid());
    ck_assert_msg(directory_create(&former, former_name, "birth", 8, &error) == 0, "%s", error.text);
}

static void tear_down(void)
{
    directory_close(former, true);
    fleet_close();
}

static void was(uint32_t index, const char *name, const char *client, int64_t generation, int64_t restarts,
                bool retired)
{
    struct directory_worker row;
    directory_worker_init(&row);
    snprintf(row.name, sizeof row.name, "%s", name);
    snprintf(row.client, sizeof row.client, "%s", client);
    row.kind = STATS_KIND_CONSUMER;
    row.generation = generation;
    row.restarts = restarts;
    row.retired = retired;
    ck_assert_int_eq(directory_publish(former, index, &row, &error), 0);
}

static void takes_over(void)
{
    struct directory *directory;
    ck_assert_msg(directory_open(&directory, former_name, &error) == 0, "%s", error.text);
    takeover(&fleet, directory);
}

START_TEST(generations_and_counters_go_on)
{
    was(0, "BRAVO", "bravo", 7, 6, false);
    was(1, "zulu", "zulu", -1, -1, false); /* no such numbers: nothing that is read is trusted */
    fleet_worker("zulu")->generation = 3;
    takes_over();
    ck_assert_uint_eq(fleet_worker("bravo")->generation, 7);
    ck_assert_uint_eq(fleet_worker("bravo")->restarts, 6);
    ck_assert_uint_eq(fleet_worker("zulu")->generation, 0);
    ck_assert_uint_eq(fleet_worker("zulu")->restarts, 0);
    ck_assert_uint_eq(fleet.worker_count, 4);
    char line[128];
    snprintf(line, sizeof line, "taking over from pid %d: counters and generations continue\n",
             (int)getpid());
    ck_assert(fleet_has_said(line));
}
END_TEST

START_TEST(workers_that_were_scaled_come_again_also_behind_an_empty_slot)
{
    was(0, "bravo", "bravo", 1, 0, false);
    was(2, "bravo.2", "bravo", 5, 4, false);
    was(3, "bravo.3", "bravo", 2, 1, true);
    was(4, "yank", "yank", 9, 8, false);
    takes_over();
    ck_assert_uint_eq(fleet_worker("bravo.2")->generation, 5);
    ck_assert(!fleet_worker("bravo.2")->retired);
    ck_assert(fleet_worker("bravo.3")->retired);
    ck_assert(fleet_worker("yank")->retired); /* no client any more: only its numbers are kept */
    ck_assert_uint_eq(fleet_worker("yank")->generation, 9);
    ck_assert(fleet_has_said("; bravo has 2 workers, as it was scaled\n"));
}
END_TEST

/* One that was added (kctl add-client), or is no longer in the file, and was scaled. */
START_TEST(none_of_a_client_that_is_gone_comes_again)
{
    was(0, "yank", "yank", 9, 8, false);
    was(1, "yank.2", "yank", 2, 1, false);
    was(2, "yank.3", "YANK", 2, 1, false);
    takes_over();
    ck_assert(fleet_worker("yank")->retired);
    ck_assert(fleet_worker("yank.2")->retired);
    ck_assert(fleet_worker("yank.3")->retired);
    ck_assert_uint_eq(fleet_worker("yank.2")->generation, 2);
    ck_assert(!fleet_has_said("as it was scaled"));
}
END_TEST

START_TEST(what_is_no_consumer_of_a_client_does_not_come_again)
{
    struct directory_worker row;
    was(0, "nobody", "", 1, 0, false);
    directory_worker_init(&row);
    snprintf(row.name, sizeof row.name, "old");
    snprintf(row.client, sizeof row.client, "old");
    row.kind = STATS_KIND_PRODUCER;
    ck_assert_int_eq(directory_publish(former, 1, &row, &error), 0);
    takes_over();
    ck_assert_uint_eq(fleet.worker_count, 4);
    ck_assert(!fleet_has_said("as it was scaled"));
}
END_TEST

/* One that was started for `produce`: the next one goes on with its numbers, when there is one. */
START_TEST(a_producer_that_is_none_of_the_configuration_is_kept_in_mind)
{
    struct directory_worker row;
    fleet_close();
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--no-producer");
    directory_worker_init(&row);
    snprintf(row.name, sizeof row.name, "producer");
    row.kind = STATS_KIND_PRODUCER;
    row.generation = 4;
    ck_assert_int_eq(directory_publish(former, 0, &row, &error), 0);
    takes_over();
    ck_assert(fleet_worker("producer")->retired);
    ck_assert_uint_eq(fleet_worker("producer")->generation, 4);
}
END_TEST

START_TEST(a_process_that_survived_its_supervisor_is_ended_and_no_stranger)
{
    struct directory_worker row;
    directory_worker_init(&row);
    snprintf(row.name, sizeof row.name, "bravo");
    row.kind = STATS_KIND_CONSUMER;
    row.pid = 4711;
    directory_publish(former, 0, &row, &error);
    takes_over();
    ck_assert_int_eq(fake_survivor.exit_status, 0); /* without its start time it may be anybody */
    row.start_ticks = 99;
    directory_publish(former, 0, &row, &error);
    takes_over();
    ck_assert_int_eq(fake_survivor.exit_status, 4711);
    ck_assert_int_eq(fake_survivor.signal, 99);
    fake_survivor = (struct process_end){0};
    row.pid = 0;
    directory_publish(former, 0, &row, &error);
    takes_over();
    ck_assert_int_eq(fake_survivor.signal, 0);
}
END_TEST

START_TEST(where_there_was_none_nothing_is_taken_over)
{
    takeover(&fleet, NULL);
    ck_assert(!fleet_has_said("taking over"));
}
END_TEST

START_TEST(the_directory_of_the_instance_is_looked_for)
{
    struct directory *found = takeover_look(&fleet);
    ck_assert_ptr_nonnull(found); /* its own, which stands for a dead one's */
    directory_free(found);
    static struct settings other;
    other = *fleet.settings;
    other.instance = "check-nobody";
    fleet.settings = &other;
    ck_assert_ptr_null(takeover_look(&fleet));
    fleet.settings = config_settings(fleet.config);
}
END_TEST

CHECK_MAIN_WITH("supervisor/takeover", set_up, tear_down, generations_and_counters_go_on,
                workers_that_were_scaled_come_again_also_behind_an_empty_slot,
                none_of_a_client_that_is_gone_comes_again,
                what_is_no_consumer_of_a_client_does_not_come_again,
                a_producer_that_is_none_of_the_configuration_is_kept_in_mind,
                a_process_that_survived_its_supervisor_is_ended_and_no_stranger,
                where_there_was_none_nothing_is_taken_over, the_directory_of_the_instance_is_looked_for)
