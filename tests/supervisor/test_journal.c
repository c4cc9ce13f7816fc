/* What happens to a fleet stands in its ring of events: in order, with its figures, and with who asked. */
#include "supervisor/journal.h"

#include <signal.h>
#include <sys/stat.h>

#include "common/stats/directory_layout.h"
#include "tests/supervisor/fleet_stage.h"

static struct events_reader *reader;
static struct event event; /* the last one that was looked at */

static void open_fleet(void)
{
    struct error error = ERROR_INIT;
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1", "--max-deaths", "2", "--hang-after", "8s");
    ck_assert_msg(events_reader_open(&reader, fleet_instance, &error) == 0, "%s", error.text);
}

static void close_fleet(void)
{
    fleet_close();
    events_reader_close(reader);
}

/* What has come since it was asked last: "bravo started, bravo ready". */
static const char *story(void)
{
    static char text[4096];
    static uint64_t after;
    size_t used = 0;
    uint64_t missed;
    text[0] = '\0';
    if (event.sequence == 0)
        after = 0;
    while (events_read(reader, after, &event, &missed, NULL) == 1) {
        ck_assert_uint_eq(missed, 0);
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", used > 0 ? ", " : "", event.worker,
                             event.worker[0] != '\0' ? " " : "", event_kind_name(event.kind));
        after = event.sequence;
    }
    return text;
}

static void begin_all(void)
{
    fleet_begin();
    fleet_all_ready();
    story();
}

static void dies(const char *name, int signal)
{
    fake_ends(&fleet_worker(name)->process, -1, signal);
    fleet_turn();
}

START_TEST(a_start_is_told_in_order)
{
    fleet_begin();
    ck_assert_str_eq(story(),
                     "supervisor-started, provision started, provision done, bravo started, zulu started, "
                     "producer started");
    ck_assert_int_eq(event.generation, 1);
    ck_assert_int_eq(event.pid, fleet_worker(PRODUCER_WORKER)->process.pid);
    FAKE_SAYS(fleet_worker("bravo"), "assigned", "i", (int64_t)3);
    FAKE_SAYS(fleet_worker("bravo"), "ready", "i", (int64_t)3);
    fleet_turn();
    FAKE_SAYS(fleet_worker("bravo"), "ready", "i", (int64_t)2); /* after a rebalance: it is not new */
    fleet_turn();
    ck_assert_str_eq(story(), "bravo assigned, bravo ready");
    ck_assert_int_eq(event.count, 3);
}
END_TEST

static void set_partition(struct stats_writer *writer, int32_t number, int64_t committed, int64_t position)
{
    int slot = stats_partition_slot(writer, "payments", number);
    stats_partition_set(writer, slot, PARTITION_ASSIGNED, 1);
    stats_partition_set(writer, slot, PARTITION_COMMITTED, committed);
    stats_partition_set(writer, slot, PARTITION_POSITION, position);
    stats_partition_publish(writer, slot);
}

static void find(enum event_kind kind)
{
    uint64_t missed, after = 0;
    while (events_read(reader, after, &event, &missed, NULL) == 1 && event.kind != (int64_t)kind)
        after = event.sequence;
    ck_assert_int_eq(event.kind, kind);
}

START_TEST(a_death_is_told_with_its_cause_and_where_it_left_the_group)
{
    begin_all();
    struct stats_writer *writer = fleet_writer(fleet_worker("bravo"));
    pid_t pid = fleet_worker("bravo")->process.pid;
    set_partition(writer, 0, 10, 12);
    set_partition(writer, 1, STATS_UNKNOWN, STATS_UNKNOWN);
    set_partition(writer, 2, 30, STATS_UNKNOWN);
    stats_phase(writer, PHASE_POLLING, 1);
    stats_writer_close(writer);
    dies("bravo", SIGKILL);
    ck_assert_str_eq(story(), "bravo died, bravo restarting, bravo started");
    find(EVENT_KIND_DIED);
    ck_assert_int_eq(event.pid, pid);
    ck_assert_int_eq(event.generation, 1);
    ck_assert_int_eq(event.from, 40);
    ck_assert_int_eq(event.to, 42);
    ck_assert_str_eq(event.text, "was killed by SIGKILL while polling");
    find(EVENT_KIND_RESTARTING);
    ck_assert_int_eq(event.count, 0);
}
END_TEST

START_TEST(one_that_keeps_dying_is_held_and_released)
{
    begin_all();
    dies("bravo", SIGKILL);
    dies("bravo", SIGKILL);
    ck_assert_str_eq(story(), "bravo died, bravo restarting, bravo started, bravo died, bravo held");
    find(EVENT_KIND_HELD);
    ck_assert_str_eq(event.text, fleet_worker("bravo")->reason);
    fleet.cause = "an operator's release";
    fleet_start_worker(fleet_worker("bravo"));
    fleet.cause = NULL;
    ck_assert_str_eq(story(), "bravo released, bravo started");
    find(EVENT_KIND_RELEASED);
    ck_assert_str_eq(event.text, "an operator's release");
}
END_TEST

static void bravo_resumes(void)
{
    struct stats_writer *writer = fleet_writer(fleet_worker("bravo"));
    int slot = stats_partition_slot(writer, "payments", 0);
    stats_partition_set(writer, slot, PARTITION_RESUMED, 7);
    stats_partition_set(writer, slot, PARTITION_RESUMED_COMMITTED, 5);
    set_partition(writer, 0, 5, 7);
    stats_writer_close(writer);
    fleet_becomes_ready(fleet_worker("bravo"));
}

START_TEST(a_new_process_tells_where_it_goes_on)
{
    begin_all();
    dies("bravo", SIGKILL);
    bravo_resumes();
    ck_assert_str_eq(story(), "bravo died, bravo restarting, bravo started, bravo ready, bravo resumed");
    find(EVENT_KIND_RESUMED);
    ck_assert_int_eq(event.from, 5);
    ck_assert_int_eq(event.to, 7);
    ck_assert_int_eq(event.count, 0);
    ck_assert_ptr_nonnull(strstr(event.text, "ms after the death"));
}
END_TEST

START_TEST(after_a_restart_that_was_asked_for_there_was_no_death)
{
    begin_all();
    fleet_restart_worker(fleet_worker("bravo"));
    fake_ends(&fleet_worker("bravo")->process, 0, 0);
    fleet_turn();
    bravo_resumes();
    ck_assert_str_eq(story(), "bravo stopping, bravo stopped, bravo started, bravo ready, bravo resumed");
    find(EVENT_KIND_RESUMED);
    ck_assert_ptr_nonnull(strstr(event.text, "ms after the end"));
}
END_TEST

START_TEST(a_pause_and_a_rate_are_told_when_they_change_something)
{
    begin_all();
    fleet_pause_worker(fleet_worker("bravo"), true);
    fleet_pause_worker(fleet_worker("bravo"), true);
    fleet_pause_worker(fleet_worker("bravo"), false);
    fleet_set_rate(fleet_worker(PRODUCER_WORKER), 500, 0);
    ck_assert_str_eq(story(), "bravo paused, bravo unpaused, producer rate");
    find(EVENT_KIND_RATE);
    ck_assert_int_eq(event.count, 500);
    fleet_set_rate(fleet_worker(PRODUCER_WORKER), 0, 2500000);
    ck_assert_int_eq(events_read(reader, event.sequence, &event, &(uint64_t){0}, NULL), 1);
    ck_assert_str_eq(event.text, "one every 2.500 s");
    ck_assert_int_eq(event.count, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_scale_is_told_before_what_it_does)
{
    struct error error = ERROR_INIT;
    begin_all();
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", 2, &error), 0);
    ck_assert_int_eq(fleet_scale(&fleet, "BRAVO", 1, &error), 0);
    ck_assert_int_eq(fleet_scale(&fleet, "nobody", 1, &error), -1);
    ck_assert_str_eq(story(), "bravo scaled, bravo.2 started, bravo scaled, bravo.2 stopping");
    find(EVENT_KIND_SCALED);
    ck_assert_int_eq(event.from, 1);
    ck_assert_int_eq(event.to, 2);
}
END_TEST

static void says_outage(const char *name, int64_t away)
{
    FAKE_SAYS(fleet_worker(name), "outage", "i", away);
    fleet_turn();
}

START_TEST(an_outage_is_told_once)
{
    begin_all();
    says_outage("bravo", 1);
    says_outage("zulu", 1);
    says_outage("zulu", 1);
    fake_monotonic_us += 3 * US_PER_SECOND;
    says_outage("bravo", 0);
    ck_assert_str_eq(story(), "bravo broker-away");
    says_outage("zulu", 0);
    says_outage("zulu", 0);
    ck_assert_str_eq(story(), "zulu broker-back");
    find(EVENT_KIND_BROKER_BACK);
    ck_assert_int_eq(event.count, 3000);
    says_outage("zulu", 1);
    ck_assert_str_eq(story(), "zulu broker-away");
}
END_TEST

START_TEST(one_that_dies_in_an_outage_does_not_keep_it_open)
{
    begin_all();
    says_outage("bravo", 1);
    dies("bravo", SIGKILL);
    ck_assert_str_eq(story(), "bravo broker-away, bravo died, bravo restarting, bravo started");
    fleet_becomes_ready(fleet_worker("bravo"));
    ck_assert_str_eq(story(), "bravo broker-back, bravo ready");
}
END_TEST

START_TEST(what_a_worker_says_of_its_group_and_its_troubles_is_told)
{
    struct worker *bravo = fleet_worker("bravo");
    begin_all();
    FAKE_SAYS(bravo, "revoked", "i", (int64_t)3);
    FAKE_SAYS(bravo, "lost", "i", (int64_t)2);
    FAKE_SAYS(bravo, "assigned", "i", (int64_t)1);
    FAKE_SAYS(bravo, "trouble", "s", "no dead letters");
    FAKE_SAYS(bravo, "trouble", "s", "no dead letters");
    FAKE_SAYS(bravo, "trouble", "s", "");
    FAKE_SAYS(bravo, "trouble", "s", "");
    FAKE_SAYS(bravo, "committed-gap", "iiii", (int64_t)2, (int64_t)10, (int64_t)30, (int64_t)20);
    FAKE_SAYS(bravo, "committed-gap", "ii", (int64_t)2, (int64_t)10); /* too short: nothing */
    FAKE_SAYS(bravo, "revoked", "");
    fleet_turn();
    ck_assert_str_eq(story(),
                     "bravo revoked, bravo revoked, bravo assigned, bravo trouble, bravo trouble-over, "
                     "bravo committed-gap");
    find(EVENT_KIND_COMMITTED_GAP);
    ck_assert_int_eq(event.partition, 2);
    ck_assert_int_eq(event.from, 10);
    ck_assert_int_eq(event.to, 30);
    ck_assert_int_eq(event.count, 20);
    find(EVENT_KIND_TROUBLE);
    ck_assert_str_eq(event.text, "no dead letters");
}
END_TEST

START_TEST(a_text_that_does_not_fit_leaves_room_for_who_asked)
{
    char longer[400];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    fleet.cause = "an operator's stop";
    journal_tell(fleet_worker("bravo"), EVENT_KIND_TROUBLE, "%s", longer);
    fleet.cause = NULL;
    story();
    find(EVENT_KIND_TROUBLE);
    ck_assert_uint_eq(strlen(event.text), sizeof event.text - 1);
    ck_assert_ptr_nonnull(strstr(event.text, "xxx; an operator's stop"));
}
END_TEST

START_TEST(an_end_in_order_is_the_last_that_is_told)
{
    begin_all();
    fleet.cause = "SIGTERM";
    fleet_stop(&fleet, 0);
    fleet_stop(&fleet, 0);
    fleet.cause = NULL;
    fake_ends(&fleet_worker(PRODUCER_WORKER)->process, 0, 0);
    fleet_turn();
    fake_ends(&fleet_worker("bravo")->process, 0, 0);
    fake_ends(&fleet_worker("zulu")->process, 0, 0);
    fleet_turn();
    ck_assert_str_eq(story(),
                     "supervisor-stopping, producer stopping, producer stopped, bravo stopping, zulu "
                     "stopping, bravo stopped, zulu stopped");
    find(EVENT_KIND_SUPERVISOR_STOPPING);
    ck_assert_str_eq(event.text, "SIGTERM");
    journal_close(&fleet, true);
    ck_assert_str_eq(story(), "supervisor-stopped");
    find(EVENT_KIND_SUPERVISOR_STOPPED);
    ck_assert_int_eq(event.count, 0);
    ck_assert_int_eq(event.pid, getpid());
}
END_TEST

START_TEST(without_room_for_events_the_fleet_runs_and_that_is_said_once)
{
    char name[STATS_NAME_BYTES], path[STATS_NAME_BYTES + 16];
    directory_name_beside(name, fleet_instance, ".~events");
    snprintf(path, sizeof path, "/dev/shm%s", name);
    events_close(fleet.events, true);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    journal_open(&fleet);
    ck_assert_ptr_null(fleet.events);
    fleet_begin();
    dies("bravo", SIGKILL);
    says_outage("zulu", 1);
    ck_assert_int_eq(rmdir(path), 0);
    const char *said = strstr(fleet_printed(), "no events are kept");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "no events are kept"));
}
END_TEST

START_TEST(a_start_after_one_that_died_says_whose_place_it_takes)
{
    story();
    journal_start(&fleet, 4711);
    ck_assert_str_eq(story(), "supervisor-started");
    ck_assert_str_eq(event.text, "took over from pid 4711, which died");
    ck_assert_int_eq(event.count, (int64_t)fleet.worker_count);
    journal_start(&fleet, 0);
    story();
    ck_assert_str_eq(event.text, "fresh");
}
END_TEST

START_TEST(one_that_is_killed_is_told_with_the_reason_and_how_long_it_was_silent)
{
    begin_all();
    int64_t since_us = clock_monotonic_us();
    fake_clock_advance(1234 * US_PER_MS);
    journal_kill(fleet_worker("bravo"), since_us, "it does not end");
    ck_assert_str_eq(story(), "bravo killed");
    find(EVENT_KIND_KILLED);
    ck_assert_int_eq(event.count, 1234);
    ck_assert_str_eq(event.text, "it does not end");
    ck_assert_int_eq(event.pid, fleet_worker("bravo")->process.pid);
}
END_TEST

CHECK_MAIN_WITH("supervisor/journal", open_fleet, close_fleet, a_start_is_told_in_order,
                a_death_is_told_with_its_cause_and_where_it_left_the_group,
                one_that_keeps_dying_is_held_and_released, a_new_process_tells_where_it_goes_on,
                after_a_restart_that_was_asked_for_there_was_no_death,
                a_pause_and_a_rate_are_told_when_they_change_something, a_scale_is_told_before_what_it_does,
                an_outage_is_told_once, one_that_dies_in_an_outage_does_not_keep_it_open,
                what_a_worker_says_of_its_group_and_its_troubles_is_told,
                a_text_that_does_not_fit_leaves_room_for_who_asked, an_end_in_order_is_the_last_that_is_told,
                without_room_for_events_the_fleet_runs_and_that_is_said_once,
                a_start_after_one_that_died_says_whose_place_it_takes,
                one_that_is_killed_is_told_with_the_reason_and_how_long_it_was_silent)
