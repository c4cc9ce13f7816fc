/* All records of a topic, read in the order of their timestamps: what librdkafka hands out is written down
 * here. */
#include "tools/kaudit/topic.h"

#include "tests/support/fake_clock.h"
#include "tests/tools/kaudit/fake_queues.h"

static struct kafka_watermarks extents[FAKE_PARTITIONS];
static struct topic_reader *reader;
static struct topic_record record;
static struct error error;

/* Behind its last record a partition says that it ends, unless a later one came. */
static void end_partition(int32_t partition)
{
    const struct fake_partition *from = &fake.partitions[partition];
    int64_t last = from->count == 0 ? -1 : from->messages[from->count - 1].message.offset;
    if (last < extents[partition].high)
        fake_add_error(partition, extents[partition].high, RD_KAFKA_RESP_ERR__PARTITION_EOF);
}

static int open_topic(int partitions)
{
    const struct cluster cluster = {.kafka.rk = FAKE_RK};
    for (int32_t i = 0; i < partitions; i++)
        end_partition(i);
    return topic_open(&reader, &cluster, "payments", extents, partitions, &error);
}

static void opens(int partitions)
{
    ck_assert_msg(open_topic(partitions) == 0, "%s", error.text);
}

static void close_topic(void)
{
    topic_close(reader);
    reader = NULL;
    ck_assert_int_eq(fake.messages_out, 0);
    ck_assert_int_eq(fake.queues_open, 0);
    ck_assert_int_eq(fake.reading, 0);
    ck_assert_int_eq(fake.topics_open, 0);
}

static void tear_down(void)
{
    close_topic();
    fake_release();
}

static void add(int32_t partition, int64_t offset, int64_t timestamp_ms)
{
    fake_add(partition, offset, timestamp_ms);
    extents[partition].high = offset + 1;
}

/* "0:1 2:0 ", partition and offset of each, until the end. */
static const char *all(void)
{
    static char text[1024];
    size_t used = 0;
    int answer;
    text[0] = '\0';
    while ((answer = topic_next(reader, &record, &error)) == 1)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d:%d ", (int)record.message->partition,
                                 (int)record.message->offset);
    ck_assert_msg(answer == 0, "%s", error.text);
    ck_assert_int_eq(topic_next(reader, &record, &error), 0); /* it stays at the end */
    return text;
}

/* --- the order ----------------------------------------------------------------------------------------- */

START_TEST(records_come_in_the_order_of_their_timestamps_over_all_partitions)
{
    add(0, 0, 40), add(0, 1, 41), add(0, 2, 90);
    add(1, 0, 30), add(1, 1, 60);
    add(2, 0, 20), add(2, 1, 45), add(2, 2, 46);
    add(3, 0, 10), add(3, 1, 80);
    opens(4);
    ck_assert_str_eq(all(), "3:0 2:0 1:0 0:0 0:1 2:1 2:2 1:1 3:1 0:2 ");
}
END_TEST

START_TEST(those_of_one_millisecond_come_in_the_order_of_their_numbers)
{
    static const char *const numbers[] = {"3", "1", "2"};
    for (int32_t i = 0; i < 3; i++) {
        fake_set_header(fake_add(i, 0, 7), HEADER_SEQ, numbers[i]);
        extents[i].high = 1;
    }
    opens(3);
    ck_assert_str_eq(all(), "1:0 2:0 0:0 ");
}
END_TEST

START_TEST(many_records_of_few_partitions_are_each_read_once)
{
    for (int64_t i = 0; i < 60; i++) {
        add(0, i, i * 7 % 60);
        add(1, i, i);
    }
    opens(2);
    const char *text = all();
    size_t count = 0;
    for (const char *at = text; (at = strchr(at, ' ')) != NULL; at++)
        count++;
    ck_assert_uint_eq(count, 120);
}
END_TEST

/* --- from where to where ------------------------------------------------------------------------------- */

START_TEST(a_partition_is_read_from_its_first_record_to_what_was_its_end)
{
    add(0, 5, 50), add(0, 6, 60);
    extents[0].low = 5;
    fake_add(0, 7, 70); /* it came after we began */
    fake_add(0, 8, 80);
    opens(1);
    ck_assert_int_eq(fake.partitions[0].begun_at, 5);
    ck_assert_str_eq(all(), "0:5 0:6 ");
}
END_TEST

START_TEST(offsets_without_a_record_end_where_the_partition_does)
{
    add(0, 0, 10);
    fake_add_error(0, 1, RD_KAFKA_RESP_ERR__PARTITION_EOF); /* a broker that lags behind: not the end */
    add(0, 1, 20);
    extents[0].high = 4; /* markers of transactions */
    extents[1].high = 2; /* and nothing else */
    opens(2);
    ck_assert_str_eq(all(), "0:0 0:1 ");
}
END_TEST

START_TEST(an_empty_partition_is_not_asked)
{
    extents[0] = (struct kafka_watermarks){3, 3}; /* retention took all */
    add(1, 0, 10);
    opens(3);
    ck_assert_int_eq(fake.queues_open, 1);
    ck_assert_int_eq(fake.reading, 1);
    ck_assert_str_eq(all(), "1:0 ");
    close_topic();
    opens(0);
    ck_assert_str_eq(all(), "");
}
END_TEST

START_TEST(a_record_is_there_until_the_next_is_asked_for)
{
    fake.batch_fails = -1; /* so that each is fetched alone */
    add(0, 0, 10), add(0, 1, 20);
    opens(1);
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
    ck_assert_int_eq(fake.messages_out, 1);
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
    ck_assert_int_eq(record.message->offset, 1);
    ck_assert_int_eq(fake.messages_out, 1); /* the first was given back */
}
END_TEST

/* --- what is told of a record -------------------------------------------------------------------------- */

static void add_headers(int64_t offset, const char *producer, const char *seq)
{
    struct fake_message *added = fake_add(0, offset, 10 + offset);
    extents[0].high = offset + 1;
    fake_set_header(added, "other", "x");
    if (producer != NULL)
        fake_set_header(added, HEADER_PRODUCER, producer);
    if (seq != NULL)
        fake_set_header(added, HEADER_SEQ, seq);
}

static void next_is(const char *producer, int64_t seq)
{
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
    ck_assert_int_eq(record.seq, seq);
    ck_assert_uint_eq(record.producer_length, producer != NULL ? strlen(producer) : 0);
    if (producer == NULL)
        ck_assert_ptr_null(record.producer);
    else
        ck_assert_mem_eq(record.producer, producer, record.producer_length);
}

START_TEST(its_producer_and_its_number_are_its_headers)
{
    add_headers(0, "one", "41");
    add_headers(1, NULL, "42");
    add_headers(2, "two", NULL);
    add_headers(3, "two", "4x");
    opens(1);
    next_is("one", 41);
    ck_assert_ptr_nonnull(record.headers);
    next_is(NULL, 42);
    next_is("two", -1);
    next_is("two", -1);
}
END_TEST

START_TEST(a_record_without_headers_or_a_timestamp_has_none)
{
    add(0, 0, -1);
    add(0, 1, 9);
    fake.partitions[0].messages[1].stamped_by = RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    opens(1);
    next_is(NULL, -1);
    ck_assert_ptr_null(record.headers);
    ck_assert_int_eq(record.timestamp_ms, 0);
    ck_assert(!record.broker_stamped);
    next_is(NULL, -1);
    ck_assert_int_eq(record.timestamp_ms, 9);
    ck_assert(record.broker_stamped);
}
END_TEST

/* --- what is no reading -------------------------------------------------------------------------------- */

START_TEST(an_error_in_the_middle_is_no_end)
{
    add(0, 0, 10), add(1, 0, 5);
    fake_add_error(0, 1, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    extents[0].high = 2;
    opens(2);
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
    ck_assert_int_eq(topic_next(reader, &record, &error), -1);
    ck_assert_ptr_eq(strstr(error.text, "reading topic payments, partition 0: "), error.text);
    ck_assert_ptr_nonnull(strstr(error.text, rd_kafka_err2str(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)));
}
END_TEST

static void cannot_open(int partitions, const char *why)
{
    ck_assert_int_eq(open_topic(partitions), -1);
    ck_assert_ptr_null(reader);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
    close_topic(); /* nothing was left open */
}

START_TEST(an_error_of_the_first_record_is_told_at_once)
{
    add(0, 0, 10);
    extents[1].high = 1;
    fake_add_error(1, 0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    cannot_open(2, "reading topic payments, partition 1: ");
}
END_TEST

START_TEST(a_partition_that_cannot_be_read_is_named_and_the_others_are_given_back)
{
    for (int32_t i = 0; i < 3; i++)
        add(i, 0, 10);
    fake.cannot_start = 1;
    cannot_open(3, "cannot read topic payments, partition 1: ");
}
END_TEST

START_TEST(a_topic_without_a_handle_is_an_error)
{
    fake.no_topic = true;
    cannot_open(1, "cannot read topic payments: out of memory");
}
END_TEST

START_TEST(a_partition_is_waited_for_thirty_seconds)
{
    add(0, 0, 10);
    fake.partitions[0].messages[0].waits_ms = 30000;
    opens(1);
    ck_assert_str_eq(all(), "0:0 ");
}
END_TEST

START_TEST(one_that_says_nothing_for_longer_is_told_with_what_to_look_at)
{
    add(0, 0, 10), add(1, 0, 10);
    fake.partitions[1].messages[0].waits_ms = 40000;
    int64_t began_us = clock_monotonic_us();
    cannot_open(2, "topic payments: no record of partition 1 for 30 s, and it is not at its end: does it "
                   "have a leader ('ktopic describe payments')?");
    ck_assert_int_eq((clock_monotonic_us() - began_us) / US_PER_SECOND, 30);
}
END_TEST

START_TEST(an_audit_that_takes_long_has_not_waited_long)
{
    add(0, 0, 10), add(0, 1, 20);
    fake.batch_fails = -1;
    opens(1);
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
    fake_clock_advance(100 * US_PER_SECOND); /* what is done with a record takes its time */
    fake.partitions[0].messages[1].waits_ms = 1000;
    ck_assert_int_eq(topic_next(reader, &record, &error), 1);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/topic", fake_reset, tear_down,
                records_come_in_the_order_of_their_timestamps_over_all_partitions,
                those_of_one_millisecond_come_in_the_order_of_their_numbers,
                many_records_of_few_partitions_are_each_read_once,
                a_partition_is_read_from_its_first_record_to_what_was_its_end,
                offsets_without_a_record_end_where_the_partition_does, an_empty_partition_is_not_asked,
                a_record_is_there_until_the_next_is_asked_for, its_producer_and_its_number_are_its_headers,
                a_record_without_headers_or_a_timestamp_has_none, an_error_in_the_middle_is_no_end,
                an_error_of_the_first_record_is_told_at_once,
                a_partition_that_cannot_be_read_is_named_and_the_others_are_given_back,
                a_topic_without_a_handle_is_an_error, a_partition_is_waited_for_thirty_seconds,
                one_that_says_nothing_for_longer_is_told_with_what_to_look_at,
                an_audit_that_takes_long_has_not_waited_long)
