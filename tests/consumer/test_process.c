/* A filled batch: what is dropped, what is refused, how far positions move, what is counted. */
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_queue.h"
#include "tests/consumer/scripted_stage.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"

START_TEST(positions_move_past_what_was_processed)
{
    for (int64_t i = 10; i < 13; i++)
        add(fake_payment(0, i));
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 4);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_int_eq(row(1)->position, 21);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 4);
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 4);
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_TIME), 1);
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_SIZE), 0);
    ck_assert_uint_gt(counted(CONSUMER_BYTES), 4 * 50);
    ck_assert_uint_eq(published_histogram("batch_us").count, 1);
    ck_assert_int_eq(row(0)->last.read.offset, 12);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(a_full_batch_was_closed_by_its_size)
{
    for (int64_t i = 0; i < CONSUMER_BATCH; i++)
        add(fake_payment(0, 10 + i));
    consumer.batch.records = CONSUMER_BATCH;
    process();
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_SIZE), 1);
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_TIME), 0);
}
END_TEST

START_TEST(the_time_from_produced_to_processed_is_observed)
{
    static const int64_t ages_ms[] = {5, 5, 7, -1, 9}; /* without a timestamp: not observed */
    int64_t now_ms = clock_wall_us() / US_PER_MS;
    for (size_t i = 0; i < 5; i++) {
        struct fake *fake = fake_payment(0, 10 + (int64_t)i);
        fake->timestamp_ms = ages_ms[i] == -1 ? -1 : now_ms - ages_ms[i];
        add(fake);
    }
    process();
    struct stats_summary summary = published_histogram("process_us");
    ck_assert_uint_eq(summary.count, 4);
    int64_t part_us = clock_wall_us() % US_PER_MS;
    ck_assert_int_eq(summary.sum, (5 + 5 + 7 + 9) * US_PER_MS + 4 * part_us);
}
END_TEST

START_TEST(the_first_record_is_noted_once)
{
    int64_t first_us = clock_wall_us();
    add(fake_payment(0, 10));
    process();
    ck_assert(consumer.ever_received);
    fake_clock_advance(1000);
    add(fake_payment(0, 11));
    process();
    stats_status_publish(consumer.stats);
    ck_assert_int_eq(published_status("first_record_us"), first_us);
    ck_assert_int_eq(published_status("batch_records"), 0);
}
END_TEST

START_TEST(records_that_are_not_ours_or_were_seen_before_are_dropped)
{
    add(fake_payment(0, 10));
    add(fake_payment(5, 77));
    add(fake_payment(0, 10));
    add(fake_payment(1, 19));
    add(fake_payment(0, 11));
    ck_assert_uint_eq(process(), 2);
    ck_assert_uint_eq(counted(CONSUMER_SKIPPED), 3);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 2);
}
END_TEST

static char topic_places[3];

const char *rd_kafka_topic_name(const rd_kafka_topic_t *topic)
{
    return (const char *)(const void *)topic == &topic_places[2] ? "orders" : "payments";
}

START_TEST(records_of_another_topic_are_dropped)
{
    static const int topics[] = {0, 2, 1, 2, 0};
    static const int64_t offsets[] = {10, 11, 11, 12, 12};
    for (int i = 0; i < 5; i++) {
        struct fake *fake = fake_payment(0, offsets[i]);
        fake->message.rkt = (rd_kafka_topic_t *)(void *)&topic_places[topics[i]];
        add(fake);
    }
    ck_assert_uint_eq(process(), 3);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_uint_eq(counted(CONSUMER_SKIPPED), 2);
    ck_assert_ptr_eq(consumer.topic, &topic_places[0]); /* the last handle that is ours is known */
}
END_TEST

START_TEST(the_last_record_is_neither_processed_nor_counted)
{
    const struct witness witness = witness_at(9, "read");
    table_begin_behind(&consumer.partitions, 0, 10, &witness);
    add(fake_bytes(0, 9, "read", 4));
    add(fake_payment(0, 10));
    ck_assert_uint_eq(process(), 1);
    ck_assert_int_eq(row(0)->position, 11);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 1);
    ck_assert_uint_eq(counted(CONSUMER_SKIPPED), 0);
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 0);
}
END_TEST

START_TEST(what_came_before_an_offset_that_is_gone_is_processed_and_what_comes_behind_is_not)
{
    add(fake_payment(0, 10));
    struct fake *gone = fake_error(0, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    gone->message.offset = 11;
    add(gone);
    add(fake_payment(0, 30));
    ck_assert_uint_eq(process(), 1);
    ck_assert_int_eq(row(0)->position, 11);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
}
END_TEST

START_TEST(a_partition_moves_over_what_is_no_record)
{
    for (int i = 0; i < 2; i++) {
        struct fake *end = fake_error(0, RD_KAFKA_RESP_ERR__PARTITION_EOF);
        end->message.offset = 12;
        add(end);
        ck_assert_uint_eq(process(), 0);
        settled();
    }
    ck_assert_int_eq(row(0)->position, 12);
    ck_assert(partitions_dirty(&consumer.partitions));
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_TIME), 0); /* that is no batch */
    ck_assert(!consumer.ever_received);
}
END_TEST

/* --- dead records -------------------------------------------------------------------------------------- */

START_TEST(a_poison_record_is_passed_over_told_and_its_letter_sent)
{
    add(fake_payment(0, 10));
    add(fake_bytes(0, 11, "poison", 6));
    add(fake_payment(0, 12));
    ck_assert_uint_eq(process(), 3);
    SAID("letter 0@11");
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_int_eq(row(0)->commit.barrier, 11);
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 2);
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 1);
    ck_assert_ptr_eq(strstr(capture.text, "warning: payments [0] offset 11: decode: "), capture.text);
    ck_assert_ptr_nonnull(strstr(capture.text, "; it goes to payments.dlq\n"));
    ck_assert_str_eq(letters.id, "cluster/group/payments/0/11/1772099540102");
}
END_TEST

START_TEST(with_dead_letters_off_it_is_passed_over)
{
    letters.topic = NULL;
    add(fake_bytes(0, 10, "poison", 6));
    ck_assert_uint_eq(process(), 1);
    SAID("");
    ck_assert_int_eq(row(0)->position, 11);
    ck_assert_ptr_nonnull(strstr(capture.text, "; passed over\n"));
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_ERRORS, &last), 1);
    ck_assert_ptr_eq(strstr(last.text, "[0] 10: decode: "), last.text);
}
END_TEST

START_TEST(many_poison_records_are_told_in_a_few_lines)
{
    for (int64_t i = 0; i < 10; i++)
        add(fake_bytes(0, 10 + i, "poison", 6));
    process();
    size_t lines = 0;
    for (const char *c = capture.text; *c != '\0'; c++)
        lines += *c == '\n';
    ck_assert_uint_eq(lines, 4);
    ck_assert_ptr_nonnull(strstr(capture.text, "and 7 more in this batch"));
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 10);
    for (int64_t i = 10; i < 13; i++)
        add(fake_bytes(0, 10 + i, "poison", 6));
    process();
    ck_assert_ptr_null(strstr(capture.text, "more in this batch"));
}
END_TEST

START_TEST(a_letter_that_is_not_even_kept_stops_its_partition_before_it)
{
    letters.refused_sends = 1;
    add(fake_payment(0, 10));
    add(fake_bytes(0, 11, "poison", 6));
    add(fake_bytes(0, 12, "poison", 6));
    add(fake_payment(0, 13));
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 2);
    SAID("letter 0@11"); /* none of what comes behind it */
    ck_assert_int_eq(row(0)->position, 11);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_int_gt(row(0)->until_us, clock_monotonic_us());
    ck_assert_int_eq(row(1)->position, 21);
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 0);
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 2);
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [0] offset 11: no producer; the partition waits\n"));
}
END_TEST

START_TEST(while_too_many_letters_are_under_way_nothing_is_processed_and_nothing_lost)
{
    letters.full = true;
    add(fake_payment(0, 10));
    consumer.batch.records = 1;
    ck_assert_uint_eq(process(), 0);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_ptr_nonnull(strstr(capture.text, "1 payments could not be processed: topic payments.dlq "
                                               "accepts no dead letters for now; retrying in "));
}
END_TEST

START_TEST(a_quarantined_record_is_not_decoded)
{
    ck_assert_int_eq(candidates_open(&consumer.candidates, NULL, "0:10,1:20", &error), 0);
    consumer.batch.records_max = 1;
    struct fake *fake = fake_payment(0, 10);
    size_t bytes = fake->message.len;
    add(fake);
    ck_assert_uint_eq(process(), 1);
    SAID("letter 0@10; flush; commit 0@11; wait 5000 ms; queue gone"); /* before the next one is tried */
    ck_assert_str_eq(letters.reason, "it killed its consumer whenever it was processed");
    ck_assert_uint_eq(script.seen, 0);
    ck_assert_uint_eq(counted(CONSUMER_BYTES), bytes);
    add(fake_payment(0, 11)); /* while a quarantined record is ahead elsewhere */
    ck_assert_uint_eq(process(), 1);
    ck_assert_uint_eq(script.seen, 1);
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 1);
    ck_assert_uint_eq(script.seen, 1);
    add(fake_payment(1, 21));
    add(fake_payment(1, 22));
    ck_assert_uint_eq(process(), 2);
    ck_assert_uint_eq(script.seen, 3);
    ck_assert(!consumer.candidates.ahead); /* they are behind, so nobody looks */
    candidates_close(&consumer.candidates);
}
END_TEST

/* It came with a partition that was given while the batch was being filled, which had room for many. */
START_TEST(nor_is_one_among_others_that_were_taken_before_it_was_known_to_be_ahead)
{
    ck_assert_int_eq(candidates_open(&consumer.candidates, NULL, "0:11", &error), 0);
    consumer.candidates.ahead = false;
    for (int64_t i = 10; i < 13; i++)
        add(fake_payment(0, i));
    ck_assert_uint_eq(process(), 3);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_uint_eq(script.seen, 2);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "letter 0@11"));
    ck_assert(!consumer.candidates.ahead && consumer.assignment_changed);
    candidates_close(&consumer.candidates);
}
END_TEST

CHECK_MAIN_WITH("consumer/process", open_consumer, close_consumer, positions_move_past_what_was_processed,
                a_full_batch_was_closed_by_its_size, the_time_from_produced_to_processed_is_observed,
                the_first_record_is_noted_once, records_that_are_not_ours_or_were_seen_before_are_dropped,
                records_of_another_topic_are_dropped, the_last_record_is_neither_processed_nor_counted,
                what_came_before_an_offset_that_is_gone_is_processed_and_what_comes_behind_is_not,
                a_partition_moves_over_what_is_no_record,
                a_poison_record_is_passed_over_told_and_its_letter_sent,
                with_dead_letters_off_it_is_passed_over, many_poison_records_are_told_in_a_few_lines,
                a_letter_that_is_not_even_kept_stops_its_partition_before_it,
                while_too_many_letters_are_under_way_nothing_is_processed_and_nothing_lost,
                a_quarantined_record_is_not_decoded,
                nor_is_one_among_others_that_were_taken_before_it_was_known_to_be_ahead)
