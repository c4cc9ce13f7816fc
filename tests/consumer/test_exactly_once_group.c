/* The consumer's side of a sink whose places are the group's: another topic. */
#include "tests/consumer/exactly_once_case.h"

#include "common/exit_codes.h"
#include "consumer/group.h"

static struct {
    bool none; /* this process is no member */
    int asked;
    struct error recover; /* what it answers */
    const char *letters;  /* the topic that the last transaction had */
} membership;

static char fake_membership;
#define FAKE_MEMBER ((rd_kafka_consumer_group_metadata_t *)(void *)&fake_membership)

rd_kafka_consumer_group_metadata_t *group_membership(rd_kafka_t *rk, const char *group, struct error *why)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_str_eq(group, "group");
    membership.asked++;
    if (!membership.none)
        return FAKE_MEMBER;
    error_set(why, "no member");
    return NULL;
}

void rd_kafka_consumer_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *metadata)
{
    ck_assert_ptr_eq(metadata, FAKE_MEMBER);
    membership.asked--;
}

static int recover(void *state, const struct letter_source *source, struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    ck_assert_str_eq(source->cluster, "cluster");
    kafka_note_call("recover");
    *why = membership.recover;
    return why->text[0] == '\0' ? 0 : -1;
}

static enum sink_result transaction(void *state, const struct sink_batch *batch, int32_t *lost,
                                    struct error *why)
{
    ck_assert_ptr_eq(batch->membership, FAKE_MEMBER);
    membership.letters = batch->letters;
    return sink_commit(state, batch, lost, why);
}

static const struct sink_class topic_class = {.in_group = true, .recover = recover, .commit = transaction};

static void begin_group(void)
{
    begin_exactly_once();
    memset(&membership, 0, sizeof membership);
    membership.recover = (struct error)ERROR_INIT;
    consumer.sink.class = &topic_class;
    consumer.committer.by_sink = true;
}

static void end_group(void)
{
    ck_assert_int_eq(membership.asked, 0);
    end_exactly_once();
}

START_TEST(where_to_go_on_is_the_groups_to_say)
{
    struct sink_position found = SINK_POSITION_NONE;
    ck_assert_int_eq(exactly_once_position(&consumer, 0, &found, &error), 0);
    ck_assert_int_eq(found.next_offset, STATS_UNKNOWN);
    SAID("");
    ck_assert(exactly_once_in_group(&consumer) && !exactly_once_in_database(&consumer));
}
END_TEST

START_TEST(a_transaction_has_records_letters_and_offsets_and_is_the_commit)
{
    add(0, 10);
    add(1, 20);
    deaths_add(&consumer.deaths, add(0, 11), "validate", "why");
    ck_assert(commit(2));
    SAID("transaction 0 10→12 1 20→21, 2 rows, dead 0@11"); /* and no letter beside it */
    ck_assert_str_eq(membership.letters, "payments.dlq");
    ck_assert_int_eq(row(0)->commit.committed, 12);
    ck_assert_int_eq(row(1)->commit.committed, 21);
    partitions_move(&consumer.partitions, 1);
    commit_async(&consumer.committer);
    ck_assert_int_eq(commit_sync(&consumer.committer, COMMIT_SYNC_US, &error), 0);
    SAID(""); /* nothing is left to be committed */
}
END_TEST

START_TEST(who_is_no_member_writes_nothing)
{
    membership.none = true;
    add(0, 10);
    ck_assert(!commit(1));
    SAID("");
    membership.asked = 0;
    ck_assert_ptr_nonnull(strstr(capture.text, "no member"));
    partitions_apply_stops(&consumer.partitions);
    partitions_move(&consumer.partitions, 1);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_int_eq(row(0)->commit.committed, 10);
}
END_TEST

START_TEST(one_whose_end_is_not_known_asks_the_group)
{
    sink.commit = SINK_UNKNOWN;
    add(0, 10);
    ck_assert(!commit(1));
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    ck_assert_int_eq(row(0)->commit.committed, 10);
}
END_TEST

static enum sink_result move(int64_t to, int64_t committed, bool delete_rows)
{
    const struct exactly_once_move one = {0, 10, to, committed, delete_rows};
    error = (struct error)ERROR_INIT;
    return exactly_once_move(&consumer, &one, &error);
}

START_TEST(a_move_is_a_transaction_of_the_offset_alone)
{
    ck_assert_int_eq(move(5, 10, false), SINK_DONE);
    SAID("transaction 0 10→5, 0 rows");
    ck_assert_int_eq(move(5, 5, false), SINK_DONE);
    SAID(""); /* it is there */
    ck_assert_int_eq(move(0, STATS_UNKNOWN, false), SINK_DONE);
    SAID("transaction 0 10→0, 0 rows");
    sink.commit = SINK_UNKNOWN;
    ck_assert_int_eq(move(7, 0, false), SINK_UNKNOWN);
}
END_TEST

START_TEST(what_was_written_is_not_deleted)
{
    ck_assert_int_eq(move(5, 10, true), SINK_AGAIN);
    ck_assert_str_eq(error.text, "records that were written to a topic cannot be deleted");
}
END_TEST

START_TEST(the_offsets_of_a_group_without_members_are_committed_as_all_are)
{
    settings.reset = "earliest";
    ck_assert(!exactly_once_commits_moves(&consumer));
    ck_assert_int_eq(move(5, 10, false), SINK_DONE);
    SAID("");
}
END_TEST

START_TEST(what_was_left_open_is_ended_before_anything_is_asked)
{
    ck_assert_int_eq(exactly_once_recover(&consumer, &error), 0);
    SAID("recover");
    error_set(&membership.recover, "the brokers are away");
    ck_assert_int_eq(exactly_once_recover(&consumer, &error), -1);
    ck_assert(!consumer.end.must_stop);
    error_set_code(&membership.recover, EXIT_CODE_CONFIG, "for show");
    capture_begin();
    ck_assert_int_eq(exactly_once_recover(&consumer, &error), -1);
    capture_end();
    ck_assert(consumer.end.must_stop && consumer.end.exit_code == EXIT_CODE_CONFIG);
    consumer.sink.class = &fake_sink_class;
    SAID("recover; recover");
    ck_assert_int_eq(exactly_once_recover(&consumer, &error), 0);
    SAID("");
}
END_TEST

START_TEST(there_is_no_outbox_to_serve)
{
    exactly_once_serve(&consumer);
    SAID("");
}
END_TEST

CHECK_MAIN_WITH("consumer/exactly_once, in the group", begin_group, end_group,
                where_to_go_on_is_the_groups_to_say,
                a_transaction_has_records_letters_and_offsets_and_is_the_commit,
                who_is_no_member_writes_nothing, one_whose_end_is_not_known_asks_the_group,
                a_move_is_a_transaction_of_the_offset_alone, what_was_written_is_not_deleted,
                the_offsets_of_a_group_without_members_are_committed_as_all_are,
                what_was_left_open_is_ended_before_anything_is_asked, there_is_no_outbox_to_serve)
