/* A group without members: kconsume --reset. */
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_group.h"
#include "tests/consumer/fake_sink.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"
#include "consumer/membership.h"
#include "consumer/rebalance.h"
#include "consumer/reset.h"

/* Stands in for the real ones, which have a handle of their own. */
static char released[4][64];
static size_t released_count;

bool membership_force_leave(const struct settings *dead)
{
    snprintf(released[released_count++], sizeof released[0], "%s", dead->instance_id);
    return true;
}

int membership_join(rd_kafka_t *rk, const char *topic, struct error *why)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : error_set(why, "cannot subscribe to '%s'", topic);
}

/* The group has 10, 20 and nothing of a topic that holds 5 to 50. */
static void open_consumer(void)
{
    consumer_begin();
    sink_begin();
    group_begin();
    for (int i = 0; i < FAKE_TOPIC_PARTITIONS; i++) {
        kafka.low[i] = 5;
        kafka.high[i] = 50;
    }
    kafka.group[0].offset = 10;
    kafka.group[1].offset = 20;
    settings.supervised = false;
}

static void close_consumer(void)
{
    group_end();
    consumer_end();
}

static int reset(const char *text)
{
    settings.reset = text;
    error = (struct error)ERROR_INIT;
    capture_begin();
    int result = reset_stopped(&consumer, &error);
    capture_end();
    return result;
}

/* What the broker has once it was told. */
static void confirm(void)
{
    for (int i = 0; i < kafka.list->cnt; i++)
        kafka.group[kafka.list->elems[i].partition].offset = kafka.list->elems[i].offset;
}

START_TEST(all_partitions_are_set_as_if_they_had_been_assigned)
{
    kafka.while_waiting = confirm;
    ck_assert_int_eq(reset("latest"), EXIT_CODE_OK);
    ck_assert_str_eq(capture.text, "payments [0] 10 → 50\npayments [1] 20 → 50\npayments [2] nothing → 50\n");
    const char *said = kafka_said();
    ck_assert_ptr_eq(strstr(said, "who is in group; asked; partitions?; committed 0 1 2; who is in"), said);
    ck_assert_ptr_nonnull(strstr(said, "commit 0@50 1@50 2@50; wait 5000 ms; queue gone; committed 0 1 2"));
}
END_TEST

START_TEST(an_offset_of_none_is_an_offset)
{
    kafka.group[0].offset = 0;
    kafka.low[0] = 0;
    ck_assert_int_eq(reset("shift:+3,partition=0,dry-run"), EXIT_CODE_OK);
    ck_assert_str_eq(capture.text, "payments [0] 0 → 3 (dry run)\n");
}
END_TEST

START_TEST(only_the_one_that_is_meant_is_taken)
{
    kafka.while_waiting = confirm;
    ck_assert_int_eq(reset("earliest,partition=1"), EXIT_CODE_OK);
    ck_assert_str_eq(capture.text, "payments [1] 20 → 5\n");
    ck_assert_ptr_nonnull(strstr(kafka_said(), "commit 1@5; "));
    ck_assert_int_eq(kafka.group[0].offset, 10);
}
END_TEST

START_TEST(a_partition_that_the_topic_does_not_have_is_told)
{
    ck_assert_int_eq(reset("earliest,partition=7"), -1);
    ck_assert_str_eq(error.text, "topic payments has no partition 7");
}
END_TEST

START_TEST(members_are_looked_at_before_the_sink_is_touched)
{
    const struct fake_member outsider = {"id-9", NULL, "other", "/10.0.0.9", "payments", 2};
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    group_has(&outsider);
    ck_assert_int_eq(reset("latest"), -1);
    SAID("who is in group; asked");
    ck_assert_ptr_nonnull(strstr(error.text, "nothing was changed"));
}
END_TEST

START_TEST(a_sink_is_taken_over_and_moved_from_where_it_is)
{
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    sink.positions[0] = (struct sink_position){12, WITNESS_NONE, STATS_UNKNOWN};
    kafka.while_waiting = confirm;
    ck_assert_int_eq(reset("latest,partition=0"), EXIT_CODE_OK);
    const char *said = kafka_said();
    ck_assert_ptr_nonnull(strstr(said, "take 0; forget 0; outbox 0; who is in"));
    ck_assert_ptr_nonnull(strstr(said, "move 0 12→50; "));
}
END_TEST

START_TEST(a_dry_run_takes_nothing_over)
{
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    ck_assert_int_eq(reset("latest,dry-run"), EXIT_CODE_OK);
    ck_assert_ptr_null(strstr(kafka_said(), "take"));
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [0] 10 → 50 (dry run)\n"));
}
END_TEST

START_TEST(a_sink_that_does_not_answer_ends_it)
{
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    sink.takes_fail = 1;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "the database is away");
}
END_TEST

START_TEST(what_the_broker_does_not_say_ends_it)
{
    kafka.topic_partitions = 0;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "topic payments does not exist");
    kafka.metadata = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "topic payments cannot be asked about");
    kafka.metadata = RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka.topic_partitions = 3;
    kafka.group[2].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot ask for the group's offsets: Broker: Not coordinator"));
    kafka.group[0].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    kafka.group[2].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot ask for the group's offsets: Broker: Not coordinator"));
    kafka.committed = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "cannot ask for the group's offsets: Local: Timed out");
}
END_TEST

START_TEST(a_supervisor_hears_why_it_failed)
{
    settings.supervised = true;
    kafka.topic_partitions = 0;
    ck_assert_int_eq(reset("latest"), -1);
    SAID("who is in group; asked; who is in group; asked; partitions?; failed 'topic payments does not "
         "exist'");
    ck_assert_int_eq(reset("nowhere"), -1);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "failed ''nowhere' is not a reset target"));
}
END_TEST

/* What a supervisor says is done has to be so: it is told when the commit stands. */
START_TEST(what_was_not_committed_is_not_told)
{
    kafka.while_waiting = NULL; /* the broker has what it had */
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(capture.text, "");
    ck_assert_str_eq(error.text, "payments [0] is committed at 10, not at 50");
}
END_TEST

START_TEST(workers_that_died_leave_the_group_first)
{
    const struct fake_member dead = {"id-1", "main.host.bravo", "kconsume", "/127.0.0.1", "payments", 0};
    const struct fake_member other = {"id-2", "main.host.bravo.2", "kconsume", "/127.0.0.1", "payments", 1};
    settings.supervised = true;
    settings.client = "bravo";
    settings.instance_id = "main.host.bravo";
    group_has(&dead);
    group_has(&other);
    kafka.while_waiting = confirm;
    ck_assert_int_eq(reset("latest,dry-run"), EXIT_CODE_OK);
    ck_assert_uint_eq(released_count, 0);
    ck_assert_int_eq(reset("latest"), EXIT_CODE_OK);
    ck_assert_uint_eq(released_count, 2);
    ck_assert_str_eq(released[0], "main.host.bravo");
    ck_assert_str_eq(released[1], "main.host.bravo.2");
    settings.supervised = false; /* by hand: who knows whether they run */
    ck_assert_int_eq(reset("latest"), EXIT_CODE_OK);
    ck_assert_uint_eq(released_count, 2);
}
END_TEST

/* --- the embedded broker ------------------------------------------------------------------------------- */

static void give(void)
{
    if (group.polls < 3)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);
    rd_kafka_topic_partition_list_add_range(list, "payments", 0, 2);
    rebalance_callback(FAKE_RK, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, list, &consumer);
    rd_kafka_topic_partition_list_destroy(list);
}

START_TEST(the_embedded_broker_takes_commits_of_members_so_it_joins_and_reads_nothing)
{
    letters.source.cluster = "mockCluster0123";
    kafka.while_waiting = confirm;
    group.on_poll = give;
    group.message = &fake_bytes(0, 10, "record", 6)->message; /* is nobody's to process */
    ck_assert_int_eq(reset("latest"), EXIT_CODE_OK);
    const char *said = kafka_said();
    ck_assert_ptr_eq(strstr(said, "partitions?; subscribe -1; committed 0 1 2; "), said);
    ck_assert_ptr_nonnull(strstr(said, "pause 0 1 2;"));
    ck_assert_ptr_nonnull(strstr(said, "commit 0@50 1@50 2@50;"));
    ck_assert_int_eq(group.polls, 3);
}
END_TEST

START_TEST(a_group_that_gives_nothing_is_waited_for_twenty_seconds)
{
    letters.source.cluster = "mockCluster0123";
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "group group assigns no partitions");
    ck_assert_int_ge(clock_monotonic_us() - began_us, 20 * US_PER_SECOND);
    ck_assert_int_le(clock_monotonic_us() - began_us, 20 * US_PER_SECOND + 50 * US_PER_MS);
    group.subscribe = RD_KAFKA_RESP_ERR__INVALID_ARG;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot subscribe to 'payments'"));
}
END_TEST

CHECK_MAIN_WITH("consumer/reset: stopped", open_consumer, close_consumer,
                all_partitions_are_set_as_if_they_had_been_assigned, an_offset_of_none_is_an_offset,
                only_the_one_that_is_meant_is_taken, a_partition_that_the_topic_does_not_have_is_told,
                members_are_looked_at_before_the_sink_is_touched,
                a_sink_is_taken_over_and_moved_from_where_it_is, a_dry_run_takes_nothing_over,
                a_sink_that_does_not_answer_ends_it, what_the_broker_does_not_say_ends_it,
                a_supervisor_hears_why_it_failed, what_was_not_committed_is_not_told,
                workers_that_died_leave_the_group_first,
                the_embedded_broker_takes_commits_of_members_so_it_joins_and_reads_nothing,
                a_group_that_gives_nothing_is_waited_for_twenty_seconds)
