/* How records are sent: what is stored, in which order of numbers, with which properties; and the ledger. */
#include "tests/producer/deliver_case.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <poll.h>

#include "common/kafka_header.h"
#include "common/ledger.h"
#include "tests/support/capture.h"

/* --- reading back -------------------------------------------------------------------------------------- */

static rd_kafka_t *open_reader(void)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster()), why,
                      sizeof why);
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof why);
    rd_kafka_conf_set(conf, "log_level", "2", why, sizeof why);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    ck_assert_msg(reader != NULL, "%s", why);
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(8);
    for (int32_t i = 0; i < (int32_t)delivery.partition_count; i++)
        if (delivery.partitions[i].known)
            rd_kafka_topic_partition_list_add(all, settings.topic, i)->offset = 0;
    rd_kafka_assign(reader, all);
    rd_kafka_topic_partition_list_destroy(all);
    return reader;
}

static rd_kafka_message_t *read_one(rd_kafka_t *reader)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, ANSWER_MS);
    ck_assert_ptr_nonnull(message);
    ck_assert_msg(message->err == 0, "%s", rd_kafka_err2str(message->err));
    return message;
}

static void close_reader(rd_kafka_t *reader)
{
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
}

static void header_is(const rd_kafka_message_t *message, const char *name, const void *value, size_t bytes)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_message_headers(message, &headers);
    struct kafka_header found = kafka_header_find(headers, name);
    ck_assert_msg(found.length == bytes && memcmp(found.data, value, bytes) == 0, "%s: '%.*s'", name,
                  (int)found.length, found.data);
}

START_TEST(a_record_is_stored_with_its_value_its_key_and_its_headers)
{
    char value[RECORD_ENCODED_MAX], key[RECORD_KEY_BYTES], schema[SCHEMA_HEADER_BYTES];
    LOAD("--quiet", "--name=alpha");
    open_loaded(NULL);
    ck_assert_int_eq(send_next(), DELIVERY_QUEUED);
    size_t value_bytes = record_encode(&record, value, sizeof value);
    size_t key_bytes = record_key(&record, key);
    size_t schema_bytes = schema_header(settings.schema, schema);
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    rd_kafka_t *reader = open_reader();
    rd_kafka_message_t *message = read_one(reader);
    ck_assert_str_eq(rd_kafka_topic_name(message->rkt), "payments");
    ck_assert_uint_eq(message->len, value_bytes);
    ck_assert_mem_eq(message->payload, value, value_bytes);
    ck_assert_uint_gt(key_bytes, 0);
    ck_assert_uint_eq(message->key_len, key_bytes);
    ck_assert_mem_eq(message->key, key, key_bytes);
    header_is(message, HEADER_SCHEMA, schema, schema_bytes);
    header_is(message, HEADER_PRODUCER, "alpha", 5);
    header_is(message, HEADER_SEQ, "1", 1);
    rd_kafka_message_destroy(message);
    close_reader(reader);
}
END_TEST

START_TEST(a_record_whose_key_field_is_missing_has_no_key)
{
    open_with("linger.ms=0", NULL);
    generator_next(&generator, settings.schema, clock_wall_us(), &record);
    record.present &= ~(UINT32_C(1) << settings.schema->key_field);
    ck_assert_int_eq(delivery_send(&delivery, &record), DELIVERY_QUEUED);
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    rd_kafka_t *reader = open_reader();
    rd_kafka_message_t *message = read_one(reader);
    ck_assert_ptr_null(message->key);
    ck_assert_uint_gt(message->len, 0);
    rd_kafka_message_destroy(message);
    close_reader(reader);
}
END_TEST

START_TEST(the_numbers_go_on_behind_those_of_an_earlier_process)
{
    struct stats_writer *stats = segment_open();
    stats_add(stats, PRODUCER_PRODUCED, 41);
    LOAD("--quiet", "--name=alpha", "-Xpartitioner=consistent");
    open_loaded(stats);
    generator_next(&generator, settings.schema, clock_wall_us(), &record);
    for (int i = 0; i < 2; i++) /* of one key, so that they lie in one partition */
        ck_assert_int_eq(delivery_send(&delivery, &record), DELIVERY_QUEUED);
    ck_assert_uint_eq(delivery.produced, 2);
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    rd_kafka_t *reader = open_reader();
    for (int i = 0; i < 2; i++) {
        rd_kafka_message_t *message = read_one(reader);
        header_is(message, HEADER_SEQ, i == 0 ? "42" : "43", 2);
        rd_kafka_message_destroy(message);
    }
    close_reader(reader);
    segment_close();
}
END_TEST

START_TEST(a_record_that_librdkafka_does_not_take_is_counted_and_told_and_takes_no_number)
{
    open_with("message.max.bytes=1000", NULL);
    char long_text[1200];
    memset(long_text, 'x', sizeof long_text);
    generator_next(&generator, settings.schema, clock_wall_us(), &record);
    int field = 0;
    while (record.schema->fields[field].type != FIELD_STRING)
        field++;
    record.present |= UINT32_C(1) << field;
    record.values[field].text = (struct mp_view){long_text, sizeof long_text};
    capture_begin();
    ck_assert_int_eq(delivery_send(&delivery, &record), DELIVERY_REFUSED);
    ck_assert_str_eq(capture_end(), "error: a payment was refused: Broker: Message size too large\n");
    ck_assert_uint_eq(delivery.failed, 1);
    ck_assert_uint_eq(delivery.produced, 0);
    ck_assert_uint_eq(delivery.seq, 1);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_OK);
}
END_TEST

/* --- opening ------------------------------------------------------------------------------------------- */

static const char *property(const char *name)
{
    static char value[64];
    size_t bytes = sizeof value;
    ck_assert_int_eq(rd_kafka_conf_get(rd_kafka_conf(delivery.rk), name, value, &bytes), RD_KAFKA_CONF_OK);
    return value;
}

START_TEST(it_sends_idempotently_unless_the_user_says_otherwise)
{
    open_with("linger.ms=7", NULL);
    ck_assert_str_eq(property("enable.idempotence"), "true");
    ck_assert_str_eq(property("retry.backoff.ms"), "50");
    ck_assert_str_eq(property("linger.ms"), "7");
    close_delivery();
    settings = (struct settings){0};
    delivery = (struct delivery){0};
    open_with("enable.idempotence=false", NULL);
    ck_assert_str_eq(property("enable.idempotence"), "false");
}
END_TEST

START_TEST(a_check_finds_what_librdkafka_or_our_rules_refuse)
{
    LOAD("--quiet");
    ck_assert_int_eq(delivery_check(&settings, &error), 0);
    settings_release(&settings);
    settings = (struct settings){0};
    LOAD("--quiet", "-Xlinger.ms=soon");
    ck_assert_int_eq(delivery_check(&settings, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "linger.ms"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    settings_release(&settings);
    settings = (struct settings){0};
    LOAD("--quiet", "-Xmax.in.flight=6"); /* not with idempotence */
    ck_assert_int_eq(delivery_check(&settings, &error), -1);
    settings_release(&settings);
    settings = (struct settings){0};
    LOAD("--quiet", "-Xtransactional.id=mine");
    ck_assert_int_eq(delivery_check(&settings, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "transactional.id"));
}
END_TEST

START_TEST(what_was_never_opened_can_be_closed)
{
    delivery_close(&delivery);
    LOAD("--quiet", "-Xlinger.ms=soon");
    ck_assert_int_eq(worker_control_start(&control, false, NULL, NULL, &error), 0);
    ck_assert_int_eq(delivery_open(&delivery, &settings, control, NULL, &error), -1);
}
END_TEST

START_TEST(closing_leaves_no_descriptor_of_its_own)
{
    open_with("linger.ms=0", NULL);
    int wake_fd = delivery.wake_fd;
    delivery_close(&delivery);
    ck_assert_int_eq(fcntl(wake_fd, F_GETFD), -1);
    delivery = (struct delivery){0};
}
END_TEST

/* --- waiting ------------------------------------------------------------------------------------------- */

static bool later_than(int64_t began_us, int64_t us)
{
    return clock_monotonic_us() - began_us >= us;
}

START_TEST(a_wait_ends_when_its_descriptor_is_readable)
{
    int ends[2];
    open_with("linger.ms=0", NULL);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    int64_t began_us = clock_monotonic_us();
    delivery_wait(&delivery, 15 * US_PER_SECOND, ends[0]);
    ck_assert(!later_than(began_us, 10 * US_PER_SECOND));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_wait_ends_when_it_is_asked_to_stop)
{
    open_with("linger.ms=0", NULL);
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    while (worker_control_wanted(control) == WORKER_RUN && !later_than(began_us, 10 * US_PER_SECOND))
        delivery_wait(&delivery, 15 * US_PER_SECOND, -1);
    ck_assert_int_eq(worker_control_wanted(control), WORKER_DRAIN_LEAVE);
    ck_assert(!later_than(began_us, 10 * US_PER_SECOND));
}
END_TEST

START_TEST(a_wait_for_nothing_takes_its_time_and_no_more)
{
    open_with("linger.ms=0", NULL);
    int64_t began_us = clock_monotonic_us();
    while (delivery_wait(&delivery, 1200 * US_PER_MS, -1), !later_than(began_us, 1200 * US_PER_MS))
        ck_assert(!later_than(began_us, 10 * US_PER_SECOND));
    struct pollfd wake = {.fd = delivery.wake_fd, .events = POLLIN};
    ck_assert_int_eq(poll(&wake, 1, 0), 0); /* what woke it is used up: the next wait is one */
}
END_TEST

START_TEST(what_is_outstanding_is_flushed_a_moment_at_a_time)
{
    open_with("linger.ms=60000", NULL);
    ck_assert(!delivery_flush(&delivery));
    send_all(3);
    int64_t began_us = clock_monotonic_us();
    while (delivery_flush(&delivery))
        ck_assert(!later_than(began_us, 10 * US_PER_SECOND));
    ck_assert_uint_eq(delivery.acknowledged, 3);
}
END_TEST

static uint64_t heartbeats(void)
{
    struct stats_liveness liveness;
    struct stats_snapshot *snapshot = segment_look();
    stats_snapshot_liveness(snapshot, &liveness);
    stats_snapshot_free(snapshot);
    return liveness.heartbeat_tick;
}

START_TEST(how_much_is_outstanding_is_published_with_a_heartbeat)
{
    open_with("linger.ms=60000", segment_open());
    send_all(3);
    delivery.published_us = 0;
    delivery_serve(&delivery);
    ck_assert_int_eq(published_status("queue_depth"), 3);
    ck_assert_uint_eq(heartbeats(), 1);
    send_all(1);
    delivery_serve(&delivery);
    ck_assert_int_eq(published_status("queue_depth"), 3); /* not each time */
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_int_eq(published_status("queue_depth"), 0);
    ck_assert_int_eq(published_status("phase"), PHASE_PRODUCING);
    segment_close();
}
END_TEST

/* --- the end ------------------------------------------------------------------------------------------- */

START_TEST(the_end_says_how_many_were_sent)
{
    LOAD("--rate=0", "-Xlinger.ms=1");
    open_loaded(NULL);
    send_all(7);
    capture_begin();
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_ptr_nonnull(strstr(capture_end(), "7 payments sent and acknowledged\n"));
    capture_begin();
    settings.quiet = true;
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    settings.quiet = false;
    settings.supervised = true;
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    settings.supervised = false;
    settings.mode = MODE_STDIN;
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_ptr_null(strstr(capture_end(), "sent and acknowledged"));
}
END_TEST

START_TEST(the_end_says_how_many_were_not_delivered_and_how_many_may_be_stored)
{
    open_with("linger.ms=1", NULL);
    send_all(2);
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    delivery.failed = 1;
    capture_begin();
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_str_eq(capture_end(), "error: 1 payments of 3 were not delivered\n");
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_UNDELIVERED);
    delivery.possibly_stored = 1;
    capture_begin();
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_str_eq(capture_end(),
                     "error: 1 payments of 3 were not delivered (1 of them may be stored all the same)\n");
}
END_TEST

/* --- the ledger ---------------------------------------------------------------------------------------- */

static char ledger_path[64];
static int syncs;        /* by the thread of the test */
static int syncs_fail;   /* errno */
static pthread_t sender; /* the test's */

int fdatasync(int fd)
{
    (void)fd;
    if (!pthread_equal(pthread_self(), sender))
        return 0;
    syncs++;
    errno = syncs_fail;
    return syncs_fail == 0 ? 0 : -1;
}

static void open_with_ledger(void)
{
    sender = pthread_self();
    snprintf(ledger_path, sizeof ledger_path, "/tmp/test-deliver-%d", (int)getpid());
    unlink(ledger_path); /* of a run that was killed */
    LOAD("--quiet", "--name=alpha", "--ledger", ledger_path, "-Xlinger.ms=60000");
    open_loaded(NULL);
}

static int ledger_lines(const char *word)
{
    char line[LEDGER_LINE_BYTES];
    int count = 0;
    FILE *file = fopen(ledger_path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += strstr(line, word) != NULL;
    fclose(file);
    return count;
}

START_TEST(every_record_is_in_the_ledger_and_on_the_disk_when_it_ends)
{
    open_with_ledger();
    ck_assert_int_eq(ledger_lines(" 1 payments alpha\n"), 1);
    send_all(5);
    int before = syncs;
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_int_eq(ledger_lines(LEDGER_ACKNOWLEDGED), 5);
    ck_assert_int_eq(syncs, before + 1);
    unlink(ledger_path);
}
END_TEST

START_TEST(what_was_reported_is_in_the_file_with_the_next_publication)
{
    open_with_ledger();
    send_all(1);
    ck_assert_int_eq(rd_kafka_flush(delivery.rk, ANSWER_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    delivery.published_us = 0;
    delivery_serve(&delivery);
    ck_assert_int_eq(ledger_lines(LEDGER_ACKNOWLEDGED), 1);
    unlink(ledger_path);
}
END_TEST

START_TEST(a_ledger_that_cannot_be_kept_ends_the_producer_and_is_told_once)
{
    open_with_ledger();
    send_all(1);
    syncs_fail = EIO;
    capture_begin();
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_LEDGER);
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    const char *told = strstr(capture_end(), "--ledger: cannot write ");
    ck_assert_ptr_nonnull(told);
    ck_assert_ptr_null(strstr(told + 1, "--ledger: cannot write "));
    unlink(ledger_path);
}
END_TEST

START_TEST(a_mistake_about_the_ledger_is_told_before_anything_is_connected)
{
    LOAD("--quiet", "--ledger=/tmp");
    ck_assert_int_eq(worker_control_start(&control, false, NULL, NULL, &error), 0);
    ck_assert_int_eq(delivery_open(&delivery, &settings, control, NULL, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_null(delivery.rk);
}
END_TEST

START_TEST(a_watched_record_is_sent_like_any_other_and_told_where_it_is)
{
    LOAD("--quiet");
    open_loaded(NULL);
    send_all(3);
    generator_next(&generator, settings.schema, clock_wall_us(), &record);
    ck_assert_int_eq(delivery_send_watched(&delivery, &record), DELIVERY_QUEUED);
    send_all(1);
    ck_assert_uint_eq(delivery.watch.seq, 4);
    delivery_drain(&delivery, ANSWER_MS * US_PER_MS);
    ck_assert(delivery.watch.over);
    ck_assert_int_eq(delivery.watch.err, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_ge(delivery.watch.partition, 0);
    ck_assert_int_ge(delivery.watch.offset, 0);
    ck_assert_uint_eq(delivery.acknowledged, 5);
}
END_TEST

CHECK_MAIN_WITH("producer/deliver: sending", NULL, close_delivery,
                a_watched_record_is_sent_like_any_other_and_told_where_it_is,
                a_record_is_stored_with_its_value_its_key_and_its_headers,
                a_record_whose_key_field_is_missing_has_no_key,
                the_numbers_go_on_behind_those_of_an_earlier_process,
                a_record_that_librdkafka_does_not_take_is_counted_and_told_and_takes_no_number,
                it_sends_idempotently_unless_the_user_says_otherwise,
                a_check_finds_what_librdkafka_or_our_rules_refuse, what_was_never_opened_can_be_closed,
                closing_leaves_no_descriptor_of_its_own, a_wait_ends_when_its_descriptor_is_readable,
                a_wait_ends_when_it_is_asked_to_stop, a_wait_for_nothing_takes_its_time_and_no_more,
                what_is_outstanding_is_flushed_a_moment_at_a_time,
                how_much_is_outstanding_is_published_with_a_heartbeat, the_end_says_how_many_were_sent,
                the_end_says_how_many_were_not_delivered_and_how_many_may_be_stored,
                every_record_is_in_the_ledger_and_on_the_disk_when_it_ends,
                what_was_reported_is_in_the_file_with_the_next_publication,
                a_ledger_that_cannot_be_kept_ends_the_producer_and_is_told_once,
                a_mistake_about_the_ledger_is_told_before_anything_is_connected)
