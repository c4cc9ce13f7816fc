/* Every value of a worker, as a visitor meets them: written down as one text, and then looked at. */
#include "tests/support/fake_clock.h"

#include "common/view/values.h"

#include "tests/common/view/instance_case.h"

static FILE *story;

static void on_open(void *context, enum values_part part, const char *name, int32_t number)
{
    static const char *const parts[] = {"worker", "group", "object", "list", "partition", "entry"};
    (void)context;
    fprintf(story, "<%s %s %d>", parts[part], name == NULL ? "-" : name, (int)number);
}

static void on_close(void *context, enum values_part part)
{
    (void)context;
    fprintf(story, "</%d>\n", (int)part);
}

static void on_value(void *context, const char *name, struct stat_value value)
{
    (void)context;
    if (value.type == VALUE_NUMBER)
        fprintf(story, "%s=%lld;", name, (long long)value.number);
    else if (value.type == VALUE_REAL)
        fprintf(story, "%s=%.2f;", name, value.real);
    else if (value.type == VALUE_BOOLEAN)
        fprintf(story, "%s=%s;", name, value.boolean ? "yes" : "no");
    else
        fprintf(story, "%s=%s;", name, value.type == VALUE_TEXT ? value.text : "?");
}

static void tell_with(size_t index, const struct rates *rates)
{
    static const struct values_visitor visitor = {on_open, on_value, on_close, NULL};
    size_t bytes;
    free(shown);
    story = open_memstream(&shown, &bytes);
    values_of_worker(&view, &view.workers[index], rates, &visitor);
    fclose(story);
}

static void tell(size_t index)
{
    collect(&everything);
    tell_with(index, NULL);
}

static void refuse_text(const char *text)
{
    ck_assert_msg(strstr(shown, text) == NULL, "'%s' is in:\n%s", text, shown);
}

START_TEST(a_worker_tells_who_and_how_it_is)
{
    char who[512];
    tell(0);
    ck_assert_ptr_eq(strstr(shown, "<worker bravo 0>"), shown);
    snprintf(who, sizeof who,
             "name=bravo;client=bravo;kind=consumer;group=test_group_bravo;generation=2;pid=%d;alive=yes;"
             "other_pid_namespace=no;state=ready;state_since_us=%lld;restarts=1;next_restart_us=?;reason=?;"
             "retired=no;problem=?;created_us=%lld;heartbeat_us=?;torn=no;lag=7;",
             (int)getpid(), (long long)(fake_wall_us - 3 * US_PER_SECOND), (long long)fake_wall_us);
    expect(who);
    ck_assert_ptr_nonnull(strstr(strstr(shown, "torn=no;"), "last_death=?;<group status 0>"));
    tell(1);
    expect("kind=producer;group=?;");
    expect("torn=no;last_death=?;"); /* and no lag */
}
END_TEST

START_TEST(values_stand_in_their_sections)
{
    tell(0);
    expect("<group status 0>phase=polling;phase_since_us=77;assigned_partitions=");
    expect("<group counters 0>received=0;processed=1042;");
    expect("rates=?;");
    expect("<object latency 0><object process_us 0>count=10;sum=10000;p50=1000;p90=1000;p99=1000;p99_9=1000;"
           "max=1000;</2>");
    expect("<object commit_us 0>count=0;sum=?;p50=?;p90=?;p99=?;p99_9=?;max=?;</2>");
    expect("<list partitions 0><partition payments 0>assigned=yes;");
    expect("<partition payments 2>");
    expect("<list rebalances 0></3>");
    expect("<list errors 0><entry - 0>time_us=1772099522102594;number=-195;text=broker down ?[31m;</5>");
    expect("<list lines 0></3>");
    ck_assert_str_eq(shown + strlen(shown) - 5, "</0>\n");
}
END_TEST

/* `text` within the partition `payments 0` or 2. */
static bool partition_has(int number, const char *text)
{
    char head[64];
    snprintf(head, sizeof head, "<partition payments %d>", number);
    const char *begin = strstr(shown, head), *found = begin == NULL ? NULL : strstr(begin, text);
    return found != NULL && found < strstr(begin, "</4>");
}

START_TEST(a_partition_has_its_values_and_those_that_follow_from_them)
{
    int slot = stats_partition_slot(bravo, "payments", 2);
    stats_partition_set(bravo, slot, PARTITION_PROCESSED_AT, fake_wall_us + 5);
    stats_partition_publish(bravo, slot);
    tell(0);
    ck_assert(partition_has(0, ";committed=100;") && partition_has(2, ";committed=50;"));
    ck_assert(partition_has(0, ";lag=7;") && partition_has(2, ";lag=0;"));
    ck_assert(partition_has(0, ";lag_ms=?;") && partition_has(2, ";lag_ms=0;"));
    ck_assert(partition_has(2, ";updated_us=1772099522102599;"));
    ck_assert(!partition_has(0, ";updated_us=1772099522102599;") && !partition_has(0, ";updated_us=?;"));
}
END_TEST

START_TEST(a_partition_that_was_given_up_is_not_assigned)
{
    int slot = stats_partition_slot(bravo, "payments", 2);
    stats_partition_set(bravo, slot, PARTITION_ASSIGNED, 0);
    stats_partition_publish(bravo, slot);
    tell(0);
    ck_assert_ptr_nonnull(strstr(strstr(shown, "<partition payments 2>"), "assigned=no;"));
    stats_partition_set(bravo, slot, PARTITION_ASSIGNED, STATS_UNKNOWN);
    stats_partition_publish(bravo, slot);
    tell(0);
    ck_assert_ptr_nonnull(strstr(strstr(shown, "<partition payments 2>"), "assigned=?;"));
}
END_TEST

START_TEST(the_partitions_of_a_producer_have_no_lag)
{
    int slot = stats_partition_slot(producer, "orders", 4);
    stats_partition_set(producer, slot, PRODUCER_ACKNOWLEDGED_AT, 6000);
    stats_partition_publish(producer, slot);
    tell(1);
    expect("<partition orders 4>acknowledged_offset=?;acknowledged_us=6000;updated_us=6000;</4>");
}
END_TEST

START_TEST(a_worker_without_a_segment_is_what_its_directory_says)
{
    collect(&(struct view_request){.lazy = true});
    tell_with(0, NULL);
    expect("generation=2;");
    expect("alive=no;other_pid_namespace=no;state=ready;");
    expect("created_us=?;heartbeat_us=?;torn=no;lag=?;");
    expect("<group counters 0></1>");
    expect("<list partitions 0></3>");
    expect("<list errors 0></3>");
}
END_TEST

START_TEST(there_is_no_process_0)
{
    collect(&everything);
    view.workers[0].liveness.pid = 0;
    tell_with(0, NULL);
    expect("pid=?;alive=yes");
    view.workers[0].liveness.pid = 1;
    tell_with(0, NULL);
    expect("pid=1;alive=yes");
}
END_TEST

static void publish_death(int64_t exit_status, int64_t signal, int64_t phase)
{
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "bravo");
    entry.retired = 1;
    snprintf(entry.reason, sizeof entry.reason, "!");
    entry.last_death = (struct directory_death){.time_us = 11,
                                                .exit_status = exit_status,
                                                .signal = signal,
                                                .core_dumped = signal > 0,
                                                .generation = 1,
                                                .pid = 12,
                                                .user_us = 13,
                                                .system_us = 14,
                                                .max_rss_bytes = 15,
                                                .phase = phase,
                                                .heartbeat_age_us = 16};
    ck_assert_int_eq(directory_publish(directory, 0, &entry, NULL), 0);
}

START_TEST(a_death_is_told_with_all_that_is_known_of_it)
{
    publish_death(STATS_UNKNOWN, SIGSEGV, PHASE_COMMITTING);
    tell(0);
    expect("reason=!;retired=yes;");
    expect("<object last_death 0>time_us=11;generation=1;pid=12;exit_status=?;signal=11;core_dumped=yes;"
           "phase=committing;heartbeat_age_us=16;user_us=13;system_us=14;max_rss_bytes=15;</2>");
    publish_death(0, 0, STATS_UNKNOWN);
    tell(0);
    expect("exit_status=0;signal=?;core_dumped=no;phase=?;");
}
END_TEST

START_TEST(of_a_worker_that_nobody_supervises_restarts_are_unknown)
{
    directory_close(directory, true);
    directory = NULL;
    tell(0);
    expect("state=running;state_since_us=?;restarts=?;next_restart_us=?;");
    expect("client=bravo;kind=consumer;group=test_group_bravo;generation=2;");
}
END_TEST

START_TEST(rates_are_those_that_are_known)
{
    struct rates *rates = rates_new();
    tell(0);
    tell_with(0, rates);
    expect("<object rates 0></2>");
    rates_update(rates, "bravo", "processed", 100, 1000000);
    rates_update(rates, "bravo", "processed", 110, 2000000);
    rates_update(rates, "bravo", "processed", 150, 4000000);
    tell_with(0, rates);
    expect("<object rates 0><object processed 0>now=20.00;average=16.67;</2>\n</2>");
    refuse_text("rates=?");
    rates_free(rates);
}
END_TEST

CHECK_MAIN_WITH("common/view/values", instance_prepare, instance_clean_up, a_worker_tells_who_and_how_it_is,
                values_stand_in_their_sections, a_partition_has_its_values_and_those_that_follow_from_them,
                a_partition_that_was_given_up_is_not_assigned, the_partitions_of_a_producer_have_no_lag,
                a_worker_without_a_segment_is_what_its_directory_says, there_is_no_process_0,
                a_death_is_told_with_all_that_is_known_of_it,
                of_a_worker_that_nobody_supervises_restarts_are_unknown, rates_are_those_that_are_known)
