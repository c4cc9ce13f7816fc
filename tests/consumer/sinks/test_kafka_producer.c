/* What the transactional producer does in each case of its header's table. */
#include "tests/consumer/sinks/fake_transactions.h"

#include "consumer/sinks/kafka_producer.h"
#include "tests/consumer/fake_messages.h"

enum { ITEMS = 3 };

static struct settings settings;
static struct pipeline pipeline = {.settings = &settings};
static struct kafka_producer producer;
static struct error error;
static struct fake *fakes[ITEMS];
static struct item items[ITEMS];
static struct sink_range ranges[] = {{0, 40, {43, WITNESS_NONE, STATS_UNKNOWN}},
                                     {1, 7, {9, WITNESS_NONE, STATS_UNKNOWN}}};
static struct sink_batch batch;

static void begin(void)
{
    memset(&kafka, 0, sizeof kafka);
    kafka.fails = "";
    kafka.partitions = 3;
    kafka.most = 1048588;
    error = (struct error)ERROR_INIT;
    settings = (struct settings){.topic = "payments",
                                 .client = "bravo",
                                 .instance_id = "default.host.bravo",
                                 .group_name = "group",
                                 .brokers = {.bootstrap = "127.0.0.1:9092"}};
    kafka_producer_init(&producer, &pipeline, "clean");
    for (int i = 0; i < ITEMS; i++) {
        fakes[i] = fake_bytes(0, 40 + i, "value", 5);
        fakes[i]->timestamp_ms = 1000 + i;
        items[i].message = &fakes[i]->message;
    }
    batch = (struct sink_batch){.items = items,
                                .item_count = ITEMS,
                                .ranges = ranges,
                                .range_count = 2,
                                .membership = FAKE_MEMBER,
                                .letters = "payments.dlq"};
}

static void end(void)
{
    kafka_producer_release(&producer);
    for (int i = 0; i < ITEMS; i++)
        rd_kafka_message_destroy(&fakes[i]->message);
}

/* What it does, from now on, and what comes of it. */
static void writes(enum sink_result wanted, const char *calls)
{
    kafka.calls[0] = '\0';
    error = (struct error)ERROR_INIT;
    enum sink_result result = kafka_producer_write(&producer, &batch, &error);
    ck_assert_msg(result == wanted, "%d: %s", (int)result, error.text);
    ck_assert_str_eq(kafka.calls, calls);
    ck_assert(result == SINK_DONE || error.text[0] != '\0');
}

#define RECORDS "record record record"

START_TEST(a_batch_is_one_transaction_and_the_first_makes_sure_of_the_topic)
{
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    ck_assert_int_eq(kafka.offsets, 43 + 9);
    writes(SINK_DONE, "begin " RECORDS " flush offsets commit");
}
END_TEST

START_TEST(a_record_keeps_its_timestamp_and_says_where_it_is_from)
{
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    ck_assert_str_eq(kafka.headers, "payments/0/42");
    ck_assert_int_eq(kafka.timestamp_ms, 1002);
}
END_TEST

START_TEST(without_a_key_a_record_stays_in_its_partition_where_there_is_one)
{
    char key[] = "k";
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    ck_assert_int_eq(kafka.partition, 0);
    fakes[2]->message.key = key;
    writes(SINK_DONE, "begin " RECORDS " flush offsets commit");
    ck_assert_int_eq(kafka.partition, RD_KAFKA_PARTITION_UA); /* by the key */
    fakes[2]->message.key = NULL;
    fakes[2]->message.partition = 3; /* of four */
    writes(SINK_DONE, "begin " RECORDS " flush offsets commit");
    ck_assert_int_eq(kafka.partition, RD_KAFKA_PARTITION_UA);
    fakes[2]->message.partition = 0;
}
END_TEST

START_TEST(letters_are_in_the_same_transaction)
{
    struct sink_death death = {&fakes[1]->message, rd_kafka_headers_new(1)};
    batch.deaths = &death;
    batch.death_count = 1;
    batch.item_count = 1;
    writes(
        SINK_DONE,
        "open init clean begin record payments.dlq payments.dlq flush offsets commit"); /* made, then sent */
    ck_assert_int_eq(kafka.timestamp_ms, 0);                                            /* the present */
    writes(SINK_DONE, "begin record payments.dlq flush offsets commit");
    rd_kafka_headers_destroy(death.headers);
}
END_TEST

START_TEST(offsets_alone_are_a_transaction_too)
{
    batch.item_count = 0;
    writes(SINK_DONE, "open init clean begin flush offsets commit");
}
END_TEST

/* The table of kafka_producer.h, with the producer open. */
START_TEST(each_failure_has_its_outcome)
{
    static const struct {
        const char *fails;
        rd_kafka_resp_err_t err;
        enum sink_result result;
        const char *calls, *next;
    } cases[] = {
        {"begin", RD_KAFKA_RESP_ERR__FENCED, SINK_AGAIN, "begin close", "open init "},
        {"record", RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, SINK_AGAIN, "begin record abort", ""},
        {"flush", RD_KAFKA_RESP_ERR__TIMED_OUT, SINK_AGAIN, "begin " RECORDS " flush abort", ""},
        {"offsets", RD_KAFKA_RESP_ERR__TIMED_OUT, SINK_AGAIN, "begin " RECORDS " flush offsets abort", ""},
        {"offsets", RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, SINK_AGAIN, "begin " RECORDS " flush offsets abort",
         ""},
        {"commit", RD_KAFKA_RESP_ERR__TIMED_OUT, SINK_UNKNOWN, "begin " RECORDS " flush offsets commit close",
         "open init "},
        {"commit", RD_KAFKA_RESP_ERR__FENCED, SINK_UNKNOWN, "begin " RECORDS " flush offsets commit close",
         "open init "},
        {"commit", RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, SINK_UNKNOWN,
         "begin " RECORDS " flush offsets commit abort", ""},
    };
    char next[200];
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kafka.fails = cases[i].fails;
        kafka.err = cases[i].err;
        writes(cases[i].result, cases[i].calls);
        kafka.fails = "";
        snprintf(next, sizeof next, "%sbegin " RECORDS " flush offsets commit", cases[i].next);
        writes(SINK_DONE, next);
    }
}
END_TEST

START_TEST(what_cannot_be_aborted_ends_with_the_next_epoch)
{
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    kafka.fails = "abort";
    kafka.err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    kafka.poison = 1;
    writes(SINK_AGAIN, "begin " RECORDS " flush abort close");
}
END_TEST

START_TEST(a_former_transaction_that_is_not_ended_yet_is_asked_for_again_by_the_same_handle)
{
    kafka.fails = "init";
    kafka.err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    writes(SINK_AGAIN, "open init");
    writes(SINK_AGAIN, "init");
    kafka.err = RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    writes(SINK_AGAIN, "init close");
    kafka.fails = "";
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
}
END_TEST

START_TEST(a_topic_that_is_not_there_or_a_handle_that_cannot_be_made_waits)
{
    kafka.partitions = 0;
    writes(SINK_AGAIN, "open init clean");
    ck_assert_str_eq(error.text, "there is no topic 'clean', and it could not be created");
    kafka.partitions = -1;
    writes(SINK_AGAIN, "clean");
    kafka_producer_release(&producer);
    kafka.fails = "open";
    writes(SINK_AGAIN, "open");
}
END_TEST

START_TEST(requests_are_smaller_than_the_topic_allows)
{
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    ck_assert_str_eq(kafka.batch_size, "1000000");
    kafka_producer_release(&producer);
    kafka_producer_init(&producer, &pipeline, "clean");
    kafka.most = 20000;
    writes(SINK_DONE, "open init clean close open init begin " RECORDS " flush offsets commit");
    ck_assert_str_eq(kafka.batch_size, "18976");
}
END_TEST

START_TEST(a_record_that_is_refused_is_found_and_told_and_the_others_are_written)
{
    kafka.poison = 2;
    writes(SINK_AGAIN, "open init clean begin " RECORDS " flush abort");
    ck_assert_ptr_null(kafka_producer_refuses(&producer, items[1].message));
    writes(SINK_AGAIN, "begin record flush record flush abort");
    ck_assert_ptr_nonnull(strstr(error.text, "refuses [0] offset 41"));
    ck_assert_ptr_nonnull(kafka_producer_refuses(&producer, items[1].message));
    ck_assert_ptr_null(kafka_producer_refuses(&producer, items[0].message));
    kafka.poison = 0;
    items[1] = items[2];
    batch.item_count = 2;
    writes(SINK_DONE, "begin record flush record flush flush offsets commit");
    writes(SINK_DONE, "begin record record flush offsets commit");
}
END_TEST

START_TEST(a_worker_has_the_same_id_in_each_generation_and_one_by_hand_its_own)
{
    char first[sizeof kafka.id];
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    ck_assert_str_eq(kafka.id, "group.default.host.bravo");
    settings.instance_id = NULL;
    kafka_producer_init(&producer, &pipeline, "clean");
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    memcpy(first, kafka.id, sizeof first);
    ck_assert_int_eq(strncmp(first, "group.", 6), 0);
    kafka_producer_init(&producer, &pipeline, "clean");
    writes(SINK_DONE, "open init clean begin " RECORDS " flush offsets commit");
    ck_assert_str_ne(kafka.id, first);
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/kafka_producer", begin, end,
                a_batch_is_one_transaction_and_the_first_makes_sure_of_the_topic,
                a_record_keeps_its_timestamp_and_says_where_it_is_from,
                without_a_key_a_record_stays_in_its_partition_where_there_is_one,
                letters_are_in_the_same_transaction, offsets_alone_are_a_transaction_too,
                each_failure_has_its_outcome, what_cannot_be_aborted_ends_with_the_next_epoch,
                a_former_transaction_that_is_not_ended_yet_is_asked_for_again_by_the_same_handle,
                a_topic_that_is_not_there_or_a_handle_that_cannot_be_made_waits,
                requests_are_smaller_than_the_topic_allows,
                a_record_that_is_refused_is_found_and_told_and_the_others_are_written,
                a_worker_has_the_same_id_in_each_generation_and_one_by_hand_its_own)
