/* A group's offsets are set: by the members that own the partitions. Without members: test_reset_stopped.c.
 */
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_group.h"
#include "tests/consumer/fake_sink.h"
#include "tests/support/capture.h"

#include "common/reset_spec.h"
#include "consumer/reset.h"

/* Partitions 0 and 1 of a topic that holds 5 to 50 are ours, at 10 and 20. */
static void open_consumer(void)
{
    consumer_begin();
    sink_begin();
    group_begin();
    for (int i = 0; i < FAKE_TOPIC_PARTITIONS; i++) {
        kafka.low[i] = 5;
        kafka.high[i] = 50;
        kafka.at_time[i] = 33;
    }
    begin(0, 10);
    begin(1, 20);
}

static void close_consumer(void)
{
    group_end();
    consumer_end();
}

static int64_t partitions;

/* The broker says what was committed: its answer is read back. */
static int reset(const char *text)
{
    struct reset_spec spec;
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(reset_spec_parse(&spec, text, &error), 0);
    capture_begin();
    int result = reset_owned(&consumer, &spec, &partitions, &error);
    capture_end();
    return result;
}

static void committed(int64_t first, int64_t second)
{
    kafka.group[0].offset = first;
    kafka.group[1].offset = second;
}

static void refuses(const char *text, const char *why)
{
    ck_assert_int_eq(reset(text), -1);
    ck_assert_str_eq(error.text, why);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(1)->position, 20);
}

static void is_at(int64_t first, int64_t second)
{
    ck_assert_int_eq(row(0)->position, first);
    ck_assert_int_eq(row(1)->position, second);
}

/* --- what is done -------------------------------------------------------------------------------------- */

START_TEST(all_that_are_ours_are_set_committed_and_read_back)
{
    committed(5, 5);
    ck_assert_int_eq(reset("earliest"), 0);
    SAID("who is in group; asked; flush; edge 0@-2 1@-2; edge 0@-1 1@-1; forget 0; result "
         "'payments [0] 10 → 5'; forget 1; result 'payments [1] 20 → 5'; commit 0@5 1@5; "
         "wait 5000 ms; queue gone; committed 0 1");
    ck_assert_int_eq(partitions, 2);
    is_at(5, 5);
    ck_assert(!partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(each_place_is_found)
{
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
    is_at(50, 50);
    committed(30, 30);
    ck_assert_int_eq(reset("offset:30"), 0);
    is_at(30, 30);
    committed(28, 28);
    ck_assert_int_eq(reset("shift:-2"), 0);
    is_at(28, 28);
    kafka_said();
    committed(33, 33);
    ck_assert_int_eq(reset("timestamp:7s"), 0);
    is_at(33, 33);
    ck_assert_ptr_nonnull(
        strstr(kafka_said(), "edge 0@-2 1@-2; edge 0@-1 1@-1; edge 0@7000 1@7000; forget 0"));
}
END_TEST

START_TEST(one_partition_can_be_meant)
{
    committed(10, 50);
    ck_assert_int_eq(reset("latest,partition=1"), 0);
    is_at(10, 50);
    ck_assert_int_eq(partitions, 1);
    kafka_said();
    ck_assert_int_eq(reset("latest,partition=7"), 0); /* another member's */
    SAID("who is in group; asked; flush");
    ck_assert_int_eq(partitions, 0);
}
END_TEST

START_TEST(a_dry_run_only_says_what_would_be)
{
    ck_assert_int_eq(reset("latest,dry-run"), 0);
    SAID("who is in group; asked; edge 0@-2 1@-2; edge 0@-1 1@-1; result 'payments [0] 10 → 50 "
         "(dry "
         "run)'; result 'payments [1] 20 → 50 (dry run)'");
    is_at(10, 20);
    ck_assert_int_eq(partitions, 2);
}
END_TEST

START_TEST(an_offset_that_the_topic_does_not_hold_becomes_its_edge_and_that_is_said)
{
    ck_assert_int_eq(reset("offset:500,dry-run"), 0);
    ck_assert_ptr_nonnull(
        strstr(kafka_said(), "'payments [0] 10 → 50, the end: the requested offset is beyond it (dry run)'"));
    ck_assert_int_eq(reset("offset:3,dry-run"), 0);
    ck_assert_ptr_nonnull(strstr(
        kafka_said(),
        "'payments [0] 10 → 5, the first that is there: the requested offset is before it (dry run)'"));
    ck_assert_int_eq(reset("shift:-7,dry-run"), 0);
    const char *said = kafka_said();
    ck_assert_ptr_nonnull(strstr(said, "'payments [0] 10 → 5, the first that is there: "));
    ck_assert_ptr_nonnull(strstr(said, "'payments [1] 20 → 13 (dry run)'"));
    ck_assert_int_eq(reset("offset:50,dry-run"), 0);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "'payments [0] 10 → 50 (dry run)'"));
}
END_TEST

START_TEST(where_nothing_was_committed_that_is_said)
{
    table_begin(&consumer.partitions, 0, 10, STATS_UNKNOWN);
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "'payments [0] nothing → 50'"));
}
END_TEST

START_TEST(the_database_is_set_too)
{
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    committed(50, 50);
    ck_assert_int_eq(reset("latest,delete-rows"), 0);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "move 0 10→50 without rows; forget 0"));
}
END_TEST

START_TEST(a_reset_to_the_committed_offset_drops_old_acknowledgements)
{
    consumer.partitions.manual = true;
    begin(0, 10);
    table_process(&consumer.partitions, 0, 20);
    partition_acknowledge(&consumer.partitions, 0, 12, 15, &error);
    committed(10, 20);
    ck_assert_int_eq(reset("offset:10,partition=0"), 0);
    ck_assert_int_eq(acks_ahead(row(0)->acks), 0);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "commit 0@10; wait"));
}
END_TEST

/* --- what keeps it from being done --------------------------------------------------------------------- */

START_TEST(letters_are_waited_for_first)
{
    letters.flush = -1;
    refuses("latest", "nothing was changed: 2 dead letters are not acknowledged yet");
    ck_assert_int_eq(reset("latest,dry-run"), 0); /* which changes nothing anyway */
}
END_TEST

START_TEST(one_that_has_no_place_is_not_set_and_neither_are_the_others)
{
    partition_on_assigned(&consumer.partitions, 2);
    refuses("latest", "payments [2] is placing: assigned, but the start offset is not known (broker or "
                      "database away): retried with backoff; nothing was changed");
    committed(50, 20);
    ck_assert_int_eq(reset("latest,partition=0"), 0); /* it is not meant */
}
END_TEST

START_TEST(a_broker_that_does_not_say_what_it_holds_ends_it)
{
    kafka.list_offsets_one[0] = RD_KAFKA_RESP_ERR__TIMED_OUT;
    refuses("latest", "the broker does not say what topic payments holds; nothing was changed");
    kafka.list_offsets_one[0] = RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka.list_offsets_one[1] = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(reset("latest"), -1);
    is_at(10, 20); /* all are asked before one is moved */
    ck_assert_int_eq(partitions, 0);
}
END_TEST

START_TEST(a_database_that_does_not_move_ends_it)
{
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    sink.move = SINK_AGAIN;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "payments [0] could not be set to 50: the database is away");
}
END_TEST

START_TEST(a_commit_that_fails_is_no_success)
{
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    committed(10, 20);
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "the offsets could not be committed: "));
}
END_TEST

START_TEST(what_is_read_back_must_be_what_was_set)
{
    committed(50, 49);
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "payments [1] is committed at 49, not at 50");
    kafka.committed = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "cannot read back: Local: Timed out");
    kafka.committed = RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka.group[1].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR; /* of one alone */
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_str_eq(error.text, "cannot read back: Broker: Not coordinator");
}
END_TEST

START_TEST(what_is_not_meant_is_not_read_back)
{
    const struct place place = {.offset = 10, .committed = STATS_UNKNOWN, .witness = {9, 1, 2}};
    table_begin_at(&consumer.partitions, 0, &place);
    partition_event(&consumer.partitions, 0, EVENT_DOUBTED); /* so nothing of it is committed now */
    kafka.group[1].offset = 50;
    ck_assert_int_eq(reset("latest,partition=1"), 0);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "commit 1@50; wait 5000 ms; queue gone; committed 1"));
}
END_TEST

START_TEST(what_is_not_ours_is_not_read_back)
{
    begin(2, 30);
    partition_on_revoked(&consumer.partitions, 2);
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
    ck_assert_int_eq(partitions, 2);
}
END_TEST

/* --- who else is there --------------------------------------------------------------------------------- */

static const struct fake_member outsider = {"id-9", NULL, "other", "/10.0.0.9", "payments", 2};

START_TEST(members_outside_this_supervisor_are_named_and_nothing_is_changed)
{
    struct fake_member second = outsider;
    second.instance = "theirs";
    group_has(&outsider);
    group_has(&second);
    refuses("latest", "members outside this supervisor own partitions of group group: other at /10.0.0.9, "
                      "theirs at /10.0.0.9; stop them first, nothing was changed");
    SAID("who is in group; asked");
}
END_TEST

START_TEST(one_that_owns_nothing_that_is_meant_does_not_matter)
{
    struct fake_member idle = outsider;
    struct fake_member elsewhere = outsider;
    idle.partition = -1;
    elsewhere.topic = "orders";
    group_has(&idle);
    group_has(&elsewhere);
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
    group_has(&outsider);
    ck_assert_int_eq(reset("latest,partition=1"), 0); /* it owns 2 */
    ck_assert_int_eq(reset("latest,partition=2"), -1);
}
END_TEST

START_TEST(this_member_and_its_supervisors_are_ours)
{
    struct fake_member self = outsider;
    struct fake_member sibling = outsider;
    struct fake_member stranger = outsider;
    group.own = "id-1";
    self.id = "id-1";
    settings.client = "bravo";
    settings.instance_id = "main.host.bravo.2";
    sibling.instance = "main.host.bravo";
    stranger.instance = "main.hosts.bravo";
    struct fake_member first = self; /* ours twice: each has one partition here */
    first.partition = 0;
    self.partition = 1;
    group_has(&first);
    group_has(&self);
    group_has(&sibling);
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
    group_has(&stranger);
    ck_assert_int_eq(reset("latest"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "of group group: main.hosts.bravo at /10.0.0.9; stop"));
}
END_TEST

/* We have 0, our sibling 1, and 2 is on its way from one to the other. */
START_TEST(while_a_partition_is_between_two_members_nothing_is_changed)
{
    struct fake_member self = outsider;
    struct fake_member sibling = outsider;
    group.own = self.id = "id-1";
    settings.client = "bravo";
    settings.instance_id = "main.host.bravo";
    sibling.instance = "main.host.bravo.2";
    self.partition = 0;
    sibling.partition = 1;
    group_has(&self);
    group_has(&sibling);
    refuses("latest",
            "payments [2] belongs to no member now, as during a rebalance: try again; nothing was changed");
    refuses("latest,partition=2",
            "payments [2] belongs to no member now, as during a rebalance: try again; nothing was changed");
    committed(50, 20);
    ck_assert_int_eq(reset("latest,partition=0"), 0);
}
END_TEST

START_TEST(while_the_group_rebalances_nothing_is_changed)
{
    struct fake_member self = outsider;
    group.own = self.id = "id-1";
    group.state = RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE;
    group_has(&self);
    refuses("latest", "a rebalance is under way: try again; nothing was changed");
}
END_TEST

START_TEST(a_name_that_the_instances_has_too_does_not_widen_it)
{
    struct fake_member sibling = outsider;
    settings.client = "bravo";
    settings.instance_id = "x.bravo.bravo"; /* instance x.bravo? host bravo? The last one counts */
    sibling.instance = "x.delta";
    group_has(&sibling);
    ck_assert_int_eq(reset("latest"), -1);
}
END_TEST

START_TEST(one_without_an_id_has_no_siblings)
{
    struct fake_member sibling = outsider;
    settings.client = "bravo";
    sibling.instance = "main.host.bravo";
    group_has(&sibling);
    ck_assert_int_eq(reset("latest"), -1);
    settings.instance_id = "named-by-hand";
    ck_assert_int_eq(reset("latest"), -1);
}
END_TEST

START_TEST(a_group_that_nobody_describes_is_not_reset)
{
    group.silent = true;
    refuses("latest", "cannot tell who else is in group group; nothing was changed");
    group.silent = false;
    group.described = RD_KAFKA_RESP_ERR__TIMED_OUT;
    refuses("latest", "cannot tell who else is in group group: it rains; nothing was changed");
    group.described = RD_KAFKA_RESP_ERR_NO_ERROR;
    group.group_error = rd_kafka_error_new(RD_KAFKA_RESP_ERR_NOT_COORDINATOR, "no coordinator");
    refuses("latest", "cannot tell who else is in group group: no coordinator; nothing was changed");
}
END_TEST

START_TEST(a_group_that_is_not_there_has_no_members)
{
    group.group_error = rd_kafka_error_new(RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, "no such group");
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
}
END_TEST

START_TEST(the_embedded_broker_is_not_asked)
{
    letters.source.cluster = "mockCluster0123";
    group_has(&outsider);
    committed(50, 50);
    ck_assert_int_eq(reset("latest"), 0);
    ck_assert_ptr_null(strstr(kafka_said(), "who is in"));
}
END_TEST

CHECK_MAIN_WITH("consumer/reset", open_consumer, close_consumer,
                all_that_are_ours_are_set_committed_and_read_back, each_place_is_found,
                one_partition_can_be_meant, a_dry_run_only_says_what_would_be,
                where_nothing_was_committed_that_is_said,
                an_offset_that_the_topic_does_not_hold_becomes_its_edge_and_that_is_said,
                the_database_is_set_too, a_reset_to_the_committed_offset_drops_old_acknowledgements,
                letters_are_waited_for_first, one_that_has_no_place_is_not_set_and_neither_are_the_others,
                a_broker_that_does_not_say_what_it_holds_ends_it, a_database_that_does_not_move_ends_it,
                a_commit_that_fails_is_no_success, what_is_read_back_must_be_what_was_set,
                what_is_not_meant_is_not_read_back, what_is_not_ours_is_not_read_back,
                members_outside_this_supervisor_are_named_and_nothing_is_changed,
                one_that_owns_nothing_that_is_meant_does_not_matter, this_member_and_its_supervisors_are_ours,
                a_name_that_the_instances_has_too_does_not_widen_it,
                while_a_partition_is_between_two_members_nothing_is_changed,
                while_the_group_rebalances_nothing_is_changed, one_without_an_id_has_no_siblings,
                a_group_that_nobody_describes_is_not_reset, a_group_that_is_not_there_has_no_members,
                the_embedded_broker_is_not_asked)
