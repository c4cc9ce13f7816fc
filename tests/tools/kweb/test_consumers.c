/* What each consumer has acknowledged, and which partition is meant by an offset. */
#include "tests/support/fake_clock.h"

#include "tools/kweb/consumers.h"
#include "tools/kweb/call.h"

#include "common/clock.h"
#include "tests/common/view/instance_case.h"
#include "tests/tools/kweb/exchange_case.h"
#include "tests/tools/kweb/supervisor_case.h"

static void set(int32_t partition, int id, int64_t value)
{
    int slot = stats_partition_slot(bravo, "payments", partition);
    stats_partition_set(bravo, slot, id, value);
    stats_partition_publish(bravo, slot);
}

/* Committed before 100, and of the next ones those whose bits are set were acknowledged; delivered before
 * 110. */
static void set_acknowledged(int32_t partition, int64_t map)
{
    set(partition, PARTITION_LOW, 90);
    set(partition, PARTITION_COMMITTED, 100);
    set(partition, PARTITION_ACKNOWLEDGED_NEXT, 100);
    set(partition, PARTITION_ACKNOWLEDGED_MAP, map);
    set(partition, PARTITION_ACKNOWLEDGED_AHEAD, __builtin_popcountll((unsigned long long)map));
    set(partition, PARTITION_POSITION, 110);
    set(partition, PARTITION_HIGH, 112);
}

static void prepare(void)
{
    instance_prepare();
    settings.instance = instance_name;
    supervisor_prepare();
    supervisor_listens(64);
}

static void clean_up(void)
{
    calls_close(&kweb);
    clean_up_exchange();
    supervisor_clean_up();
    instance_clean_up();
}

/* bravo's, with the reference in *all. */
static json_t *status(json_t **all)
{
    ask("GET", "/consumers/status");
    serve();
    *all = answered(200);
    json_t *consumers = json_object_get(*all, "consumers");
    ck_assert_uint_eq(json_object_size(consumers), 1); /* no producer */
    return json_object_get(consumers, "bravo");
}

static void counts(int64_t acknowledged, int64_t pending)
{
    json_t *all, *bravos = status(&all);
    ck_assert_int_eq(json_integer_value(json_object_get(bravos, "acknowledged")), acknowledged);
    ck_assert_int_eq(json_integer_value(json_object_get(bravos, "pending")), pending);
    json_decref(all);
}

static void are_unknown(const char *name)
{
    json_t *all, *bravos = status(&all);
    ck_assert_msg(json_is_null(json_object_get(bravos, name)), "%s", fake.body);
    json_decref(all);
}

START_TEST(records_are_acknowledged_before_the_frontier_and_one_by_one_ahead_of_it)
{
    set_acknowledged(0, 0x2a);
    set_acknowledged(2, 0);
    counts(10 + 3 + 10, 12 - 3 + 12);
}
END_TEST

START_TEST(what_lies_below_the_low_watermark_is_not_there_any_more)
{
    set_acknowledged(0, 0);
    set_acknowledged(2, 0);
    set(0, PARTITION_LOW, 105);
    counts(0 + 10, 7 + 12);
    set_acknowledged(0, 0x3ff & ~1); /* 101 to 109 */
    set(0, PARTITION_LOW, 105);
    counts(5 + 10, 2 + 12);
}
END_TEST

START_TEST(before_the_first_commit_nothing_is_acknowledged)
{
    set_acknowledged(0, 0);
    set_acknowledged(2, 0);
    set(0, PARTITION_COMMITTED, STATS_UNKNOWN);
    counts(0 + 10, 22 + 12);
}
END_TEST

/* Of bravo's group; it died with partition 0. */
static void leave_a_dead_zulu(void)
{
    int fd = create_worker("zulu", STATS_KIND_CONSUMER, 2);
    pid_t pid = fork();
    if (pid == 0) {
        bravo = open_writer(fd);
        set(0, PARTITION_ASSIGNED, 1);
        set_acknowledged(0, 0);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    close(fd);
    list_worker(2, "zulu", STATS_KIND_CONSUMER, WORKER_BACKING_OFF);
}

static size_t count_partitions(const char *worker)
{
    ask("GET", "/consumers/status");
    serve();
    json_t *all = answered(200);
    json_t *status = json_object_get(json_object_get(all, "consumers"), worker);
    ck_assert_msg(status != NULL, "%s", fake.body);
    size_t count = json_array_size(json_object_get(status, "partitions"));
    json_decref(all);
    return count;
}

START_TEST(a_dead_ones_partition_is_the_living_ones_that_has_it_now)
{
    set_acknowledged(0, 0);
    set_acknowledged(2, 0);
    leave_a_dead_zulu();
    ck_assert_uint_eq(count_partitions("zulu"), 0);
    ck_assert_uint_eq(count_partitions("bravo"), 2);
    set(0, PARTITION_ASSIGNED, 0);
    ck_assert_uint_eq(count_partitions("zulu"), 1);
    ck_assert_uint_eq(count_partitions("bravo"), 1);
}
END_TEST

START_TEST(unknown_is_unknown)
{
    set_acknowledged(0, 0);
    set_acknowledged(2, 0);
    set(0, PARTITION_LOW, STATS_UNKNOWN);
    are_unknown("acknowledged");
    set(2, PARTITION_COMMITTED, STATS_UNKNOWN);
    set(2, PARTITION_LOW, STATS_UNKNOWN);
    are_unknown("pending");
}
END_TEST

START_TEST(without_a_partition_nothing_is_known)
{
    set(0, PARTITION_ASSIGNED, 0);
    set(2, PARTITION_ASSIGNED, 0);
    are_unknown("acknowledged");
    are_unknown("pending");
}
END_TEST

START_TEST(without_an_instance_it_says_so)
{
    settings.instance = "check-nobody";
    ask("GET", "/consumers/status");
    serve();
    is_refused(503, "");
}
END_TEST

/* --- acknowledging -------------------------------------------------------------------------------------- */

static void acknowledge(const char *offset, const char *partition)
{
    ask("POST", "/consumers/bravo/acknowledge");
    query("message_offset", offset);
    if (partition != NULL)
        query("partition", partition);
    serve();
}

static void asks(const char *argument)
{
    ck_assert_msg(exchange.response == NULL, "%s", fake.body);
    supervisor_takes();
    ck_assert(was_asked("ack") && was_asked("bravo"));
    ck_assert(was_asked(argument));
    calls_close(&kweb);
}

START_TEST(the_one_partition_that_waits_for_it_is_meant)
{
    set_acknowledged(0, 0x1);
    set_acknowledged(2, 0x2);
    acknowledge("100", NULL);
    asks("\xa5"
         "2:100");
    acknowledge("101", NULL);
    asks("\xa5"
         "0:101");
}
END_TEST

START_TEST(of_several_the_caller_says_which)
{
    set_acknowledged(0, 0);
    set_acknowledged(2, 0);
    acknowledge("109", NULL);
    is_refused(409, "partition=P");
    json_t *problem = answered(409);
    ck_assert_uint_eq(json_array_size(json_object_get(problem, "candidates")), 2);
    json_decref(problem);
    acknowledge("109", "2");
    asks("2:109");
}
END_TEST

START_TEST(what_was_acknowledged_or_not_delivered_waits_nowhere)
{
    set_acknowledged(0, 0x1);
    set_acknowledged(2, 0x1);
    static const char *const offsets[] = {"0", "99", "100", "110", "9223372036854775807"};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        acknowledge(offsets[i], NULL);
        is_refused(409, "no record with this offset is waiting");
    }
}
END_TEST

START_TEST(who_is_not_there_is_not_found)
{
    ask("POST", "/consumers/zulu/acknowledge");
    query("message_offset", "1");
    serve();
    is_refused(404, "'zulu'");
}
END_TEST

/* --- all of them ---------------------------------------------------------------------------------------- */

START_TEST(a_reset_of_all_asks_each_and_tells_of_each)
{
    list_worker(2, "zulu", STATS_KIND_CONSUMER, WORKER_READY);
    ask("POST", "/consumers/reset");
    serve();
    supervisor_takes();
    ck_assert(was_asked("bravo") && was_asked("earliest"));
    supervisor_answers(NULL, "payments [0] 1 → 0");
    supervisor_takes();
    ck_assert(was_asked("zulu"));
    supervisor_answers("zulu is held", NULL);
    json_t *problem = answered(409), *consumers = json_object_get(problem, "consumers");
    ck_assert(json_is_true(json_object_get(json_object_get(consumers, "bravo"), "reset")));
    ck_assert(json_is_false(json_object_get(json_object_get(consumers, "zulu"), "reset")));
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(consumers, "zulu"), "detail")),
                     "zulu is held");
    json_decref(problem);
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/consumers", prepare, clean_up,
                records_are_acknowledged_before_the_frontier_and_one_by_one_ahead_of_it,
                what_lies_below_the_low_watermark_is_not_there_any_more,
                before_the_first_commit_nothing_is_acknowledged, unknown_is_unknown,
                a_dead_ones_partition_is_the_living_ones_that_has_it_now,
                without_a_partition_nothing_is_known, without_an_instance_it_says_so,
                the_one_partition_that_waits_for_it_is_meant, of_several_the_caller_says_which,
                what_was_acknowledged_or_not_delivered_waits_nowhere, who_is_not_there_is_not_found,
                a_reset_of_all_asks_each_and_tells_of_each)
