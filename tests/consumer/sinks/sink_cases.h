/* sink_cases.h: what every database at the end of a pipeline has to do (sink.h), as tests. Stands in the one
 * source file of a database's test, which defines
 *
 *   const struct stage_class *const stage       the stage
 *   begin(), end()                              an empty database, and a sink that is open on it: the fixture
 *   void *open_sink(void)                       another one on the same database
 *   const char *ask(const char *sql)            by a client of the test's own: `a|b;c|NULL;`
 *   void refuse(event, table, when)             from now on "UPDATE", … of such rows (`OLD.kafka_offset = 1`)
 *                                               fails
 *   void allow(table)                           not any more
 *   void refuse_commits(bool refused)           with rows of the topic
 *
 * and lists SINK_CASES among its tests. One topic, "letters", of the workload messages.
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_SINK_CASES_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_SINK_CASES_H

#include "tests/consumer/sinks/sink_work.h"

void refuse(const char *event, const char *table, const char *when);
void allow(const char *table);
void refuse_commits(bool refused);

/* --- where to go on ------------------------------------------------------------------------------------ */

START_TEST(an_empty_database_knows_no_place)
{
    struct sink_position position;
    ck_assert_int_eq(stage->sink->take(sink, &source, 3, &position, &error), 0);
    ck_assert_int_eq(position.next_offset, STATS_UNKNOWN);
    ck_assert_int_eq(position.witness.offset, STATS_UNKNOWN);
    ck_assert_int_eq(position.group_had_ms, STATS_UNKNOWN);
    ck_assert_str_eq(ask("SELECT cluster, consumer_group, topic, kafka_partition, epoch, next_offset "
                         "FROM ksupervise_offsets"),
                     "cluster-1|group-1|letters|3|1|NULL;");
    ck_assert_int_eq(take(sink, 3), STATS_UNKNOWN);
    ck_assert_str_eq(ask(PLACES), "3|2|NULL;");
}
END_TEST

START_TEST(a_commit_is_rows_places_and_letters)
{
    take(sink, 0);
    take(sink, 2);
    add_item(0, 5, "héllo");
    add_item(2, 7, "");
    add_death(0, 6, "marek", "no good");
    add_range(0, STATS_UNKNOWN, 7)->next.witness = (struct witness){6, 1006, -77};
    add_range(2, STATS_UNKNOWN, 8)->next.group_had_ms = 1772099540102;
    ck_assert_msg(commit(sink) == SINK_DONE, "%s", error.text);
    ck_assert_str_eq(ask("SELECT * FROM letters ORDER BY 1"), "0|5|1005000|héllo|k;2|7|1007000||k;");
    ck_assert_str_eq(ask(PLACES), "0|1|7;2|1|8;");
    ck_assert_str_eq(ask("SELECT cluster, consumer_group, topic, kafka_partition, kafka_offset, timestamp_ms "
                         "FROM ksupervise_outbox"),
                     "cluster-1|group-1|letters|0|6|1006;");
    struct sink_position position;
    ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE);
    ck_assert_int_eq(position.next_offset, 7);
    ck_assert_int_eq(position.witness.offset, 6);
    ck_assert_int_eq(position.witness.timestamp_ms, 1006);
    ck_assert_int_eq(position.witness.hash, -77);
    ck_assert_int_eq(position.group_had_ms, STATS_UNKNOWN);
    ck_assert_int_eq(reread(sink, 2, &position), SINK_DONE);
    ck_assert_int_eq(position.witness.offset, STATS_UNKNOWN);
    ck_assert_int_eq(position.group_had_ms, 1772099540102);
    void *other = open_sink(); /* takes it over where the first stopped, witness included */
    ck_assert_int_eq(stage->sink->take(other, &source, 0, &position, &error), 0);
    ck_assert_int_eq(position.next_offset, 7);
    ck_assert_int_eq(position.witness.hash, -77);
    stage->close(other);
}
END_TEST

START_TEST(a_batch_of_letters_alone_is_a_commit)
{
    take(sink, 0);
    add_death(0, 0, "a", "b");
    add_range(0, STATS_UNKNOWN, 1);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    ck_assert_str_eq(ask(PLACES), "0|1|1;");
    ck_assert_str_eq(ask(OUTBOX), "0|0;");
    ck_assert_str_eq(ask(ROWS), "");
}
END_TEST

START_TEST(commits_follow_each_other)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    ck_assert_int_eq(commit_one(sink, 0, 2, 9), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;0|1;0|9;");
    ck_assert_str_eq(ask(PLACES), "0|1|10;");
}
END_TEST

START_TEST(a_commit_from_elsewhere_than_where_the_database_is_writes_nothing)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 4), SINK_DONE);
    ck_assert_int_eq(commit_one(sink, 0, 4, 5), SINK_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(error.text, "the next offset is not the expected one"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 5), SINK_UNKNOWN);
    ck_assert_str_eq(ask(ROWS), "0|4;");
    ck_assert_str_eq(ask(PLACES), "0|1|5;");
    ck_assert_int_eq(commit_one(sink, 0, 5, 5), SINK_DONE);
}
END_TEST

START_TEST(who_was_replaced_writes_nothing)
{
    struct sink_position position;
    take(sink, 0);
    take(sink, 1);
    void *other = open_sink();
    ck_assert_int_eq(take(other, 1), STATS_UNKNOWN);
    add_item(0, 0, "ours");
    add_item(1, 0, "not ours");
    add_death(1, 1, NULL, "not ours");
    add_range(0, STATS_UNKNOWN, 1);
    add_range(1, STATS_UNKNOWN, 2);
    ck_assert_int_eq(commit(sink), SINK_LOST);
    ck_assert_int_eq(lost, 1);
    ck_assert_str_eq(ask(ROWS), "");
    ck_assert_str_eq(ask(OUTBOX), "");
    ck_assert_str_eq(ask(PLACES), "0|1|NULL;1|2|NULL;");
    ck_assert_int_eq(reread(sink, 1, &position), SINK_LOST);
    ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE);
    ck_assert_int_eq(move(sink, 1, STATS_UNKNOWN, 5, true), SINK_LOST);
    ck_assert_int_eq(commit_one(other, 1, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    stage->close(other);
}
END_TEST

START_TEST(a_restored_database_whose_epoch_is_an_older_one_is_taken_again_where_it_says)
{
    struct sink_position position;
    for (int i = 0; i < 3; i++)
        take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    ask("UPDATE ksupervise_offsets SET epoch = 1, next_offset = 1");
    ask("DELETE FROM letters WHERE kafka_offset = 1");
    ck_assert_int_eq(commit_one(sink, 0, 2, 2), SINK_LOST);
    ck_assert_int_eq(lost, 0);
    ck_assert_ptr_nonnull(strstr(error.text, "[0]: another process took it over, or the database was"));
    ck_assert_int_eq(reread(sink, 0, &position), SINK_LOST);
    ck_assert_int_eq(move(sink, 0, 1, 7, true), SINK_LOST);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_LOST); /* the offset alone is not enough */
    ck_assert_str_eq(ask(ROWS), "0|0;");
    ck_assert_int_eq(take(sink, 0), 1);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;0|1;");
    ck_assert_str_eq(ask(PLACES), "0|2|2;");
}
END_TEST

START_TEST(a_row_of_offsets_that_vanished_is_taken_anew)
{
    struct sink_position position;
    take(sink, 0);
    take(sink, 1);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ask("DELETE FROM ksupervise_offsets WHERE kafka_partition = 0");
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_LOST);
    ck_assert_int_eq(lost, 0);
    ck_assert_ptr_nonnull(strstr(error.text, "[0]: its row in ksupervise_offsets is gone"));
    ck_assert_int_eq(reread(sink, 0, &position), SINK_LOST);
    ck_assert_int_eq(reread(sink, 1, &position), SINK_DONE);
    ck_assert_int_eq(move(sink, 0, 1, 7, false), SINK_LOST);
    ck_assert_str_eq(ask(ROWS), "0|0;");
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 1), SINK_DONE);
    ck_assert_str_eq(ask(PLACES), "0|1|2;1|1|NULL;");
}
END_TEST

START_TEST(a_move_sets_the_place_and_deletes_rows_only_when_it_is_told)
{
    struct sink_position position;
    take(sink, 0);
    take(sink, 1);
    add_item(0, 4, "a");
    add_item(0, 5, "b");
    add_item(0, 6, "c");
    add_item(1, 5, "d");
    add_range(0, STATS_UNKNOWN, 7)->next.witness = (struct witness){6, 1006, 1};
    add_range(1, STATS_UNKNOWN, 6);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    ck_assert_int_eq(move(sink, 0, 7, 10, false), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|4;0|5;0|6;1|5;");
    ck_assert_str_eq(ask(PLACES), "0|1|10;1|1|6;");
    ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE);
    ck_assert_int_eq(position.witness.offset, STATS_UNKNOWN);
    ck_assert_int_eq(move(sink, 0, 7, 5, true), SINK_UNKNOWN); /* from elsewhere */
    ck_assert_str_eq(ask(ROWS), "0|4;0|5;0|6;1|5;");
    ck_assert_int_eq(move(sink, 0, 10, 5, true), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|4;1|5;");
    ck_assert_str_eq(ask(PLACES), "0|1|5;1|1|6;");
}
END_TEST

START_TEST(a_first_place_is_set_by_a_move_from_nowhere)
{
    take(sink, 0);
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 40, false), SINK_DONE);
    ck_assert_int_eq(take(sink, 0), 40);
}
END_TEST

START_TEST(a_table_takes_one_group_and_one_cluster)
{
    struct sink_position position;
    const struct letter_source elsewhere = {"cluster-2", "group-1", "letters"};
    take(sink, 0);
    void *other = open_sink();
    ck_assert_int_eq(stage->sink->take(other, &elsewhere, 1, &position, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "table letters is filled by group group-1, or from another"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    snprintf(settings.group_name, sizeof settings.group_name, "group-2");
    ck_assert_int_eq(stage->sink->take(other, &source, 1, &position, &error), -1);
    ck_assert_str_eq(ask(PLACES), "0|1|NULL;");
    snprintf(settings.group_name, sizeof settings.group_name, "group-1");
    ck_assert_int_eq(take(other, 1), STATS_UNKNOWN); /* and nothing of that is left behind */
    ck_assert_int_eq(take(sink, 1), STATS_UNKNOWN);
    stage->close(other);
}
END_TEST

START_TEST(a_commit_that_the_database_refuses_in_its_midst_leaves_nothing)
{
    take(sink, 0);
    ask("CREATE UNIQUE INDEX mine ON letters (content)");
    add_item(0, 0, "same");
    add_item(0, 1, "same");
    add_death(0, 2, NULL, "x");
    add_range(0, STATS_UNKNOWN, 3);
    ck_assert_int_eq(commit(sink), SINK_AGAIN);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_str_eq(ask(ROWS), "");
    ck_assert_str_eq(ask(OUTBOX), "");
    ck_assert_str_eq(ask(PLACES), "0|1|NULL;");
    ask("DROP INDEX mine");
    ck_assert_int_eq(commit(sink), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;0|1;");
}
END_TEST

START_TEST(a_place_that_cannot_be_set_leaves_all_as_it_was)
{
    struct sink_position position;
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    refuse("UPDATE", "ksupervise_offsets", NULL);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_AGAIN);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_ptr_nonnull(strstr(error.text, "refused"));
    ck_assert_int_eq(move(sink, 0, 1, 0, true), SINK_AGAIN);
    ck_assert_int_eq(stage->sink->take(sink, &source, 0, &position, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "refused"));
    allow("ksupervise_offsets");
    ck_assert_str_eq(ask(ROWS), "0|0;");
    ck_assert_str_eq(ask(PLACES), "0|1|1;");
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
}
END_TEST

START_TEST(a_letter_that_cannot_be_kept_leaves_all_as_it_was)
{
    take(sink, 0);
    refuse("INSERT", "ksupervise_outbox", "NEW.kafka_offset = 2");
    add_item(0, 0, "a");
    add_death(0, 1, "k", "v");
    add_death(0, 2, "k", "v");
    add_range(0, STATS_UNKNOWN, 3);
    ck_assert_int_eq(commit(sink), SINK_AGAIN);
    ck_assert_str_eq(ask(ROWS), "");
    ck_assert_str_eq(ask(OUTBOX), "");
    ck_assert_str_eq(ask(PLACES), "0|1|NULL;");
    allow("ksupervise_outbox");
    ck_assert_int_eq(commit(sink), SINK_DONE);
    ck_assert_str_eq(ask(OUTBOX), "0|1;0|2;");
}
END_TEST

START_TEST(rows_that_cannot_be_deleted_leave_the_place_as_it_was)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    refuse("DELETE", "letters", NULL);
    ck_assert_int_eq(move(sink, 0, 1, 0, true), SINK_AGAIN);
    ck_assert_str_eq(ask(PLACES), "0|1|1;");
    ck_assert_int_eq(move(sink, 0, 1, 0, false), SINK_DONE);
    allow("letters");
    ck_assert_str_eq(ask(PLACES), "0|1|0;");
}
END_TEST

START_TEST(what_became_of_a_commit_that_failed_is_not_known)
{
    struct sink_position position;
    take(sink, 0);
    refuse_commits(true);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_UNKNOWN);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    refuse_commits(false);
    ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE);
    ck_assert_int_eq(position.next_offset, STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;");
}
END_TEST

START_TEST(places_that_cannot_be_read_are_asked_for_again)
{
    struct sink_position position;
    take(sink, 0);
    ask("ALTER TABLE ksupervise_offsets RENAME TO away");
    ck_assert_int_eq(reread(sink, 0, &position), SINK_AGAIN);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ask("ALTER TABLE away RENAME TO ksupervise_offsets");
    ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE);
}
END_TEST

/* --- the outbox ---------------------------------------------------------------------------------------- */

START_TEST(letters_come_back_from_the_outbox_as_they_went)
{
    take(sink, 0);
    take(sink, 1);
    add_death(0, 3, NULL, NULL);
    add_death(0, 1, "", "");
    add_death(0, 2, "key", "value");
    add_death(1, 1, "other", "other");
    add_range(0, STATS_UNKNOWN, 4);
    add_range(1, STATS_UNKNOWN, 2);
    ck_assert_msg(commit(sink) == SINK_DONE, "%s", error.text);
    list_letters(sink, 0);
    ck_assert_uint_eq(kept.count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(kept.body[i].partition, 0);
        ck_assert_int_eq(kept.body[i].offset, 1 + (int64_t)i);
        ck_assert_int_eq(kept.body[i].timestamp_ms, 1001 + (int64_t)i);
        ck_assert_str_eq(kept.why[i], "because");
    }
    ck_assert_ptr_nonnull(kept.body[0].key); /* empty is another thing than nothing */
    ck_assert_ptr_nonnull(kept.body[0].value);
    ck_assert_uint_eq(kept.body[0].key_length, 0);
    ck_assert_uint_eq(kept.body[0].value_length, 0);
    ck_assert_str_eq(kept.key[1], "key");
    ck_assert_str_eq(kept.value[1], "value");
    ck_assert_uint_eq(kept.body[1].key_length, 3);
    ck_assert_uint_eq(kept.body[1].value_length, 5);
    ck_assert_ptr_null(kept.body[2].key);
    ck_assert_ptr_null(kept.body[2].value);
    list_letters(sink, 1);
    ck_assert_uint_eq(kept.count, 1);
    ck_assert_int_eq(kept.body[0].partition, 1);
    list_letters(sink, 2);
    ck_assert_uint_eq(kept.count, 0);
}
END_TEST

START_TEST(letters_that_were_sent_leave_the_outbox_and_no_others)
{
    take(sink, 0);
    take(sink, 1);
    for (int64_t offset = 0; offset < 3; offset++) {
        add_death(0, offset, "k", "v");
        add_death(1, offset, "k", "v");
    }
    add_range(0, STATS_UNKNOWN, 3);
    add_range(1, STATS_UNKNOWN, 3);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    const struct letter_origin sent[] = {{0, 0, 1000}, {1, 2, 1002}, {7, 7, 1007}};
    ck_assert_int_eq(stage->sink->forwarded(sink, sent, 2, &error), 0);
    ck_assert_str_eq(ask(OUTBOX), "0|1;0|2;1|0;1|1;");
    ck_assert_int_eq(stage->sink->forwarded(sink, sent, 3, &error), 0); /* gone already, or never there */
    ck_assert_str_eq(ask(OUTBOX), "0|1;0|2;1|0;1|1;");
    list_letters(sink, 1);
    ck_assert_uint_eq(kept.count, 2);
}
END_TEST

START_TEST(letters_that_cannot_leave_the_outbox_all_stay)
{
    take(sink, 0);
    for (int64_t offset = 0; offset < 3; offset++)
        add_death(0, offset, "k", "v");
    add_range(0, STATS_UNKNOWN, 3);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    refuse("DELETE", "ksupervise_outbox", "OLD.kafka_offset = 1");
    const struct letter_origin sent[] = {{0, 0, 1000}, {0, 1, 1001}, {0, 2, 1002}};
    ck_assert_int_eq(stage->sink->forwarded(sink, sent, 3, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "refused"));
    ck_assert_str_eq(ask(OUTBOX), "0|0;0|1;0|2;");
    allow("ksupervise_outbox");
    ck_assert_int_eq(stage->sink->forwarded(sink, sent, 3, &error), 0);
    ck_assert_str_eq(ask(OUTBOX), "");
}
END_TEST

START_TEST(an_outbox_that_cannot_be_read_is_told)
{
    take(sink, 0);
    ask("ALTER TABLE ksupervise_outbox RENAME TO away");
    memset(&kept, 0, sizeof kept);
    ck_assert_int_eq(stage->sink->outbox(sink, 0, keep_letter, &kept, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_uint_eq(kept.count, 0);
    ask("ALTER TABLE away RENAME TO ksupervise_outbox");
    list_letters(sink, 0);
}
END_TEST

/* A batch that came again after a row was set back: its letters are there still. */
START_TEST(a_letter_that_comes_again_replaces_itself)
{
    take(sink, 0);
    for (int i = 0; i < 2; i++) {
        clear_work();
        add_death(0, 0, i == 0 ? "old" : "new", i == 0 ? "old" : NULL);
        add_range(0, i == 0 ? STATS_UNKNOWN : 0, 1);
        ck_assert_int_eq(commit(sink), SINK_DONE);
        if (i == 0)
            ck_assert_int_eq(move(sink, 0, 1, 0, true), SINK_DONE);
    }
    list_letters(sink, 0);
    ck_assert_uint_eq(kept.count, 1);
    ck_assert_str_eq(kept.key[0], "new");
    ck_assert_ptr_null(kept.body[0].value);
}
END_TEST

/* A topic that was made anew has another record there. */
START_TEST(a_letter_of_a_former_topic_stands_beside_the_new_ones)
{
    take(sink, 0);
    add_death(0, 0, "former", "v");
    add_range(0, STATS_UNKNOWN, 1);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    ck_assert_int_eq(move(sink, 0, 1, 0, false), SINK_DONE);
    clear_work();
    add_death(0, 0, "new", "v");
    work.fakes[0]->timestamp_ms = 2000;
    add_range(0, 0, 1);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    list_letters(sink, 0);
    ck_assert_uint_eq(kept.count, 2);
    ck_assert_str_eq(kept.key[0], "former");
    ck_assert_str_eq(kept.key[1], "new");
    const struct letter_origin former = {0, 0, 1000}; /* a zombie's, perhaps */
    ck_assert_int_eq(stage->sink->forwarded(sink, &former, 1, &error), 0);
    list_letters(sink, 0);
    ck_assert_uint_eq(kept.count, 1);
    ck_assert_str_eq(kept.key[0], "new");
}
END_TEST

/* --- tables -------------------------------------------------------------------------------------------- */

START_TEST(a_table_gets_a_column_for_a_field_that_it_lacks)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ask("ALTER TABLE letters DROP COLUMN content");
    void *other = open_sink();
    ck_assert_int_eq(take(other, 0), 1);
    ck_assert_int_eq(commit_one(other, 0, 1, 1), SINK_DONE);
    ck_assert_str_eq(ask("SELECT kafka_offset, content, key FROM letters ORDER BY 1"), "0|NULL|k;1|one|k;");
    stage->close(other);
}
END_TEST

START_TEST(offsets_of_an_older_build_get_a_column_for_what_the_group_had)
{
    struct sink_position position;
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN group_had_ms");
    void *other = open_sink();
    ck_assert_int_eq(stage->sink->take(other, &source, 0, &position, &error), 0);
    ck_assert_int_eq(position.next_offset, 1);
    ck_assert_int_eq(position.group_had_ms, STATS_UNKNOWN);
    ck_assert_int_eq(move(other, 0, 1, 7, false), SINK_DONE);
    ck_assert_str_eq(ask("SELECT next_offset, group_had_ms FROM ksupervise_offsets"), "7|1007;");
    stage->close(other);
}
END_TEST

START_TEST(offsets_of_an_older_build_get_columns_for_witnesses)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN witness_offset");
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN witness_timestamp_ms");
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN witness_hash");
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN group_had_ms");
    void *other = open_sink();
    ck_assert_int_eq(take(other, 0), 1);
    clear_work();
    add_item(0, 1, "x");
    add_range(0, 1, 2)->next.witness = (struct witness){1, 1001, 9};
    ck_assert_msg(commit(other) == SINK_DONE, "%s", error.text);
    ck_assert_str_eq(ask("SELECT next_offset, witness_offset, witness_timestamp_ms, witness_hash "
                         "FROM ksupervise_offsets"),
                     "2|1|1001|9;");
    stage->close(other);
}
END_TEST

#define NARROW_OUTBOX                                                                                        \
    "CREATE TABLE ksupervise_outbox (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, topic TEXT NOT "   \
    "NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL, timestamp_ms BIGINT, "            \
    "message_key BYTEA, message_value BYTEA, headers BYTEA, "                                                \
    "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition, kafka_offset))"

START_TEST(an_outbox_of_an_older_build_is_made_as_todays_and_keeps_its_letters)
{
    take(sink, 0);
    add_death(0, 0, "old", "v");
    add_range(0, STATS_UNKNOWN, 1);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    ask("CREATE TABLE old AS SELECT * FROM ksupervise_outbox");
    ask("DROP TABLE ksupervise_outbox");
    ask(NARROW_OUTBOX);
    ask("INSERT INTO ksupervise_outbox SELECT * FROM old");
    ask("DROP TABLE old");
    void *other = open_sink();
    ck_assert_int_eq(take(other, 0), 1);
    clear_work();
    add_death(0, 0, "new", "v");
    work.fakes[0]->timestamp_ms = 2000;
    add_range(0, 1, 2);
    ck_assert_msg(commit(other) == SINK_DONE, "%s", error.text);
    list_letters(other, 0);
    ck_assert_uint_eq(kept.count, 2);
    ck_assert_str_eq(kept.key[0], "old");
    stage->close(other);
}
END_TEST

START_TEST(a_topic_called_as_a_table_of_ours_is_refused)
{
    void *other = NULL;
    settings.topic = "ksupervise_outbox";
    ck_assert_int_eq(stage->open(&other, "", &pipeline, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "ksupervise_outbox"));
    settings.topic = "ksupervise_offsets";
    settings.check = true;
    ck_assert_int_eq(stage->open(&other, "", &pipeline, &error), -1);
    ck_assert_ptr_null(other);
}
END_TEST

#define SINK_CASES                                                                                           \
    an_empty_database_knows_no_place, a_commit_is_rows_places_and_letters,                                   \
        a_batch_of_letters_alone_is_a_commit, commits_follow_each_other,                                     \
        a_commit_from_elsewhere_than_where_the_database_is_writes_nothing, who_was_replaced_writes_nothing,  \
        a_restored_database_whose_epoch_is_an_older_one_is_taken_again_where_it_says,                        \
        a_row_of_offsets_that_vanished_is_taken_anew,                                                        \
        a_move_sets_the_place_and_deletes_rows_only_when_it_is_told,                                         \
        a_first_place_is_set_by_a_move_from_nowhere, a_table_takes_one_group_and_one_cluster,                \
        a_commit_that_the_database_refuses_in_its_midst_leaves_nothing,                                      \
        a_place_that_cannot_be_set_leaves_all_as_it_was, a_letter_that_cannot_be_kept_leaves_all_as_it_was,  \
        rows_that_cannot_be_deleted_leave_the_place_as_it_was,                                               \
        what_became_of_a_commit_that_failed_is_not_known, places_that_cannot_be_read_are_asked_for_again,    \
        letters_that_cannot_leave_the_outbox_all_stay, an_outbox_that_cannot_be_read_is_told,                \
        letters_come_back_from_the_outbox_as_they_went,                                                      \
        letters_that_were_sent_leave_the_outbox_and_no_others, a_letter_that_comes_again_replaces_itself,    \
        a_letter_of_a_former_topic_stands_beside_the_new_ones,                                               \
        an_outbox_of_an_older_build_is_made_as_todays_and_keeps_its_letters,                                 \
        a_table_gets_a_column_for_a_field_that_it_lacks,                                                     \
        offsets_of_an_older_build_get_a_column_for_what_the_group_had,                                       \
        offsets_of_an_older_build_get_columns_for_witnesses, a_topic_called_as_a_table_of_ours_is_refused

#endif
