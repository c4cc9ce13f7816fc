/* What librdkafka reports of records, and what becomes of it: librdkafka is stood in for, the segment is
 * real. */
#include "producer/reports.h"

#include "common/clock.h"
#include "common/stats/create.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/stats/reader.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

enum { CAPACITY = 4, LATENCY_US = 1500 };

static struct settings settings;
static struct delivery delivery;
static rd_kafka_message_t message;
static int fd;
static struct error error;

/* --- librdkafka ---------------------------------------------------------------------------------------- */

static struct {
    void (*report)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    void (*error)(rd_kafka_t *rk, int err, const char *reason, void *opaque);
    rd_kafka_msg_status_t status;
    rd_kafka_resp_err_t fatal;
} kafka;

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
                                 void (*report)(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                                void *opaque))
{
    (void)conf;
    kafka.report = report;
}

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf,
                                void (*on_error)(rd_kafka_t *rk, int err, const char *reason, void *opaque))
{
    (void)conf;
    kafka.error = on_error;
}

rd_kafka_msg_status_t rd_kafka_message_status(const rd_kafka_message_t *of)
{
    (void)of;
    return kafka.status;
}

int64_t rd_kafka_message_latency(const rd_kafka_message_t *of)
{
    (void)of;
    return LATENCY_US;
}

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *reason, size_t bytes)
{
    (void)rk;
    snprintf(reason, bytes, "the reason");
    return kafka.fatal;
}

/* --- the supervisor and the ledger --------------------------------------------------------------------- */

static int ready_said;

void worker_notify_count(struct worker_control *control, const char *method, int64_t count)
{
    (void)control;
    ck_assert_str_eq(method, "ready");
    ck_assert_int_eq(count, 1);
    ready_said++;
}

static struct {
    int notes;
    uint64_t seq;
    int32_t partition;
    int64_t offset;
    enum ledger_outcome outcome;
} noted;

void ledger_note(struct ledger *ledger, uint64_t seq, int32_t partition, int64_t offset,
                 enum ledger_outcome outcome)
{
    ck_assert_ptr_eq(ledger, delivery.ledger);
    noted.notes++;
    noted.seq = seq;
    noted.partition = partition;
    noted.offset = offset;
    noted.outcome = outcome;
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static void begin(void)
{
    struct stats_identity identity = {
        .kind = STATS_KIND_PRODUCER, .partition_capacity = CAPACITY, .generation = 1};
    log_init();
    snprintf(identity.instance, sizeof identity.instance, "test-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "producer");
    snprintf(identity.client, sizeof identity.client, "producer");
    stats_segment_unlink(identity.instance, identity.worker, 1); /* of a run that was killed */
    fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    settings = (struct settings){
        .topic = "payments", .schema = schema_by_workload("payments"), .quiet = true, .supervised = true};
    delivery = (struct delivery){.settings = &settings};
    ck_assert_int_eq(stats_writer_open(&delivery.stats, fd, &error), 0);
    lines_init(&delivery.lines, &settings, clock_monotonic_us());
    reports_register(NULL);
}

static void end(void)
{
    stats_writer_close(delivery.stats);
    close(fd);
    free(delivery.partitions);
}

static const char *report(int32_t partition, int64_t offset, rd_kafka_resp_err_t err)
{
    message = (rd_kafka_message_t){
        .partition = partition, .offset = offset, .err = err, ._private = REPORT_OPAQUE(UINT64_C(77))};
    capture_begin();
    kafka.report(NULL, &message, &delivery);
    return capture_end();
}

static const char *has_error(rd_kafka_resp_err_t err)
{
    capture_begin();
    kafka.error(NULL, (int)err, "it rains", &delivery);
    return capture_end();
}

static uint64_t counted(int id)
{
    return stats_get(delivery.stats, id);
}

static struct stats_snapshot *look(void)
{
    struct stats_snapshot *snapshot = NULL;
    ck_assert_int_eq(stats_snapshot_take(&snapshot, fd, &error), 0);
    return snapshot;
}

static int64_t published(size_t index, const char *name)
{
    struct stats_snapshot *snapshot = look();
    int64_t value = stats_snapshot_partition(snapshot, index, name);
    stats_snapshot_free(snapshot);
    return value;
}

static size_t errors_in_the_ring(struct stats_ring_entry *last)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    struct stats_snapshot *snapshot = look();
    size_t count = stats_snapshot_ring(snapshot, STATS_RING_ERRORS, entries);
    *last = count > 0 ? entries[count - 1] : (struct stats_ring_entry){0};
    stats_snapshot_free(snapshot);
    return count;
}

/* --- watched ------------------------------------------------------------------------------------------- */

START_TEST(the_one_that_is_watched_is_told_apart_by_its_number)
{
    delivery.watch.seq = 78;
    report(1, 40, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!delivery.watch.over);
    delivery.watch.seq = 77;
    report(1, 41, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(delivery.watch.over && !delivery.watch.possibly_stored);
    ck_assert_int_eq(delivery.watch.err, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(delivery.watch.partition, 1);
    ck_assert_int_eq(delivery.watch.offset, 41);
    ck_assert_uint_eq(delivery.acknowledged, 2); /* it counts like any other */
}
END_TEST

START_TEST(of_a_watched_one_that_failed_it_is_known_whether_it_may_be_stored)
{
    static const struct {
        rd_kafka_msg_status_t status;
        bool possibly;
    } statuses[] = {{RD_KAFKA_MSG_STATUS_NOT_PERSISTED, false},
                    {RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED, true}};
    for (size_t i = 0; i < 2; i++) {
        delivery.watch = (struct delivery_watch){.seq = 77};
        kafka.status = statuses[i].status;
        report(-1, -1, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
        ck_assert(delivery.watch.over);
        ck_assert_int_eq(delivery.watch.err, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
        ck_assert_int_eq(delivery.watch.possibly_stored, statuses[i].possibly);
    }
}
END_TEST

START_TEST(a_watched_one_that_is_not_even_taken_is_over_and_its_number_is_free)
{
    delivery.seq = delivery.watch.seq = 5;
    capture_begin();
    reports_refused(&delivery, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    capture_end();
    ck_assert(delivery.watch.over);
    ck_assert_uint_eq(delivery.watch.seq, 0);
    ck_assert_int_eq(delivery.watch.err, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
}
END_TEST

/* --- acknowledged -------------------------------------------------------------------------------------- */

START_TEST(an_acknowledged_record_is_counted_with_how_long_it_took)
{
    report(1, 40, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_eq(delivery.acknowledged, 1);
    ck_assert_uint_eq(counted(PRODUCER_ACKNOWLEDGED), 1);
    ck_assert_uint_eq(delivery.failed, 0);
    struct stats_summary took;
    struct stats_snapshot *snapshot = look();
    stats_snapshot_histogram(snapshot, "delivery_us", &took);
    ck_assert_str_eq(stats_snapshot_state(snapshot, "phase"), "producing");
    stats_snapshot_free(snapshot);
    ck_assert_uint_eq(took.count, 1);
    ck_assert_int_eq(took.sum, LATENCY_US);
    ck_assert_int_eq(noted.notes, 0); /* without a ledger */
}
END_TEST

START_TEST(a_partitions_offset_is_published_when_it_has_moved)
{
    report(1, 40, RD_KAFKA_RESP_ERR_NO_ERROR);
    report(1, 41, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(ready_said, 1); /* with the first */
    report(0, 7, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(published(0, "acknowledged_offset"), STATS_UNKNOWN);
    reports_publish(&delivery, 1000);
    ck_assert_int_eq(published(0, "acknowledged_offset"), 41);
    ck_assert_int_eq(published(1, "acknowledged_offset"), 7);
    ck_assert_int_eq(published(0, "acknowledged_us"), 1000);
    report(0, 8, RD_KAFKA_RESP_ERR_NO_ERROR);
    reports_publish(&delivery, 2000);
    ck_assert_int_eq(published(0, "acknowledged_us"), 1000); /* not of the other */
    ck_assert_int_eq(published(1, "acknowledged_us"), 2000);
}
END_TEST

START_TEST(partitions_beyond_the_segments_room_are_counted_once_each_and_delivered_all_the_same)
{
    for (int32_t i = 0; i < 40; i++) {
        report(i, i, RD_KAFKA_RESP_ERR_NO_ERROR);
        report(i, i + 1, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    ck_assert_uint_eq(counted(PRODUCER_UNTRACKED), 40 - CAPACITY);
    ck_assert_uint_eq(delivery.acknowledged, 80);
    reports_publish(&delivery, 1000);
    ck_assert_int_eq(delivery.partitions[39].offset, 40);
}
END_TEST

START_TEST(a_partition_that_no_cluster_has_takes_no_memory)
{
    report(-1, 5, RD_KAFKA_RESP_ERR_NO_ERROR);
    report(INT32_MAX, 5, RD_KAFKA_RESP_ERR_NO_ERROR);
    report(100000, 5, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_eq(delivery.partition_count, 0);
    ck_assert_uint_eq(delivery.acknowledged, 3);
    report(99999, 5, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_ge(delivery.partition_count, 100000);
}
END_TEST

/* --- not delivered ------------------------------------------------------------------------------------- */

START_TEST(a_record_that_failed_is_counted_and_told_and_the_producer_goes_on)
{
    kafka.status = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    ck_assert_ptr_nonnull(strstr(report(1, -1, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), "was not delivered"));
    ck_assert_uint_eq(delivery.failed, 1);
    ck_assert_uint_eq(delivery.possibly_stored, 0);
    ck_assert_uint_eq(counted(PRODUCER_FAILED), 1);
    ck_assert_uint_eq(delivery.acknowledged, 0);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_OK);
    kafka.status = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    report(1, -1, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    ck_assert_uint_eq(delivery.possibly_stored, 1);
}
END_TEST

START_TEST(what_was_given_up_is_not_told_one_by_one)
{
    delivery.purged = true;
    ck_assert_str_eq(report(1, -1, RD_KAFKA_RESP_ERR__PURGE_QUEUE), "");
    ck_assert_uint_eq(delivery.failed, 1);
}
END_TEST

START_TEST(what_every_further_record_would_meet_ends_it_and_is_told_once)
{
    static const rd_kafka_resp_err_t hopeless[] = {
        RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION};
    for (size_t i = 0; i < sizeof hopeless / sizeof hopeless[0]; i++) {
        char wanted[256];
        delivery.exit_code = EXIT_CODE_OK;
        if (i < 2)
            snprintf(wanted, sizeof wanted,
                     "error: topic 'payments' does not exist: 'ktopic provision' makes the workloads' "
                     "topics\n");
        else
            snprintf(wanted, sizeof wanted, "error: topic 'payments': %s\n", rd_kafka_err2str(hopeless[i]));
        ck_assert_str_eq(report(1, -1, hopeless[i]), wanted);
        ck_assert_int_eq(delivery.exit_code, EXIT_CODE_CONFIG);
        ck_assert_str_eq(report(1, -1, hopeless[i]), "");
    }
}
END_TEST

START_TEST(a_record_that_was_not_taken_is_told_unless_it_ends_the_producer)
{
    capture_begin();
    reports_refused(&delivery, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    ck_assert_str_eq(capture_end(), "error: a payment was refused: Broker: Message size too large\n");
    ck_assert_uint_eq(delivery.failed, 1);
    capture_begin();
    reports_refused(&delivery, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    ck_assert_ptr_null(strstr(capture_end(), "was refused"));
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_CONFIG);
}
END_TEST

/* --- the ledger ---------------------------------------------------------------------------------------- */

START_TEST(the_ledger_has_each_record_with_what_became_of_it)
{
    static char place;
    delivery.ledger = (struct ledger *)(void *)&place;
    report(1, 40, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_eq(noted.seq, 77);
    ck_assert_int_eq(noted.partition, 1);
    ck_assert_int_eq(noted.offset, 40);
    ck_assert_int_eq(noted.outcome, LEDGER_OUTCOME_ACKNOWLEDGED);
    kafka.status = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    report(1, -1, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    ck_assert_int_eq(noted.outcome, LEDGER_OUTCOME_FAILED);
    kafka.status = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    report(1, -1, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    ck_assert_int_eq(noted.outcome, LEDGER_OUTCOME_UNKNOWN);
    ck_assert_int_eq(noted.notes, 3);
}
END_TEST

/* --- errors -------------------------------------------------------------------------------------------- */

START_TEST(a_fatal_error_ends_it_with_its_reason)
{
    kafka.fatal = RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    ck_assert_str_eq(has_error(RD_KAFKA_RESP_ERR__FATAL), "error: librdkafka gave up: the reason\n");
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_CONFIG);
    kafka.fatal = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    has_error(RD_KAFKA_RESP_ERR__FATAL);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_CONFIG); /* the first reason stays */
    delivery.exit_code = EXIT_CODE_OK;
    has_error(RD_KAFKA_RESP_ERR__FATAL);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_KAFKA_FATAL);
}
END_TEST

START_TEST(that_all_brokers_are_down_is_in_the_ring_and_other_errors_are_counted)
{
    struct stats_ring_entry last;
    ck_assert_str_eq(has_error(RD_KAFKA_RESP_ERR__TRANSPORT), "");
    ck_assert_uint_eq(counted(PRODUCER_BROKER_ERRORS), 1);
    ck_assert_uint_eq(errors_in_the_ring(&last), 0);
    has_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    ck_assert_uint_eq(errors_in_the_ring(&last), 1);
    ck_assert_str_eq(last.text, "it rains");
    ck_assert_int_eq(last.number, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    ck_assert_uint_eq(counted(PRODUCER_BROKER_ERRORS), 2);
    log_set_verbose(true);
    ck_assert_str_eq(has_error(RD_KAFKA_RESP_ERR__TRANSPORT), "librdkafka: it rains\n");
    log_set_verbose(false);
}
END_TEST

START_TEST(an_acknowledgement_ends_an_outage)
{
    has_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    ck_assert_uint_gt(delivery.outage.unanswered, 0);
    report(1, 40, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_eq(delivery.outage.unanswered, 0);
}
END_TEST

CHECK_MAIN_WITH("producer/reports", begin, end, the_one_that_is_watched_is_told_apart_by_its_number,
                of_a_watched_one_that_failed_it_is_known_whether_it_may_be_stored,
                a_watched_one_that_is_not_even_taken_is_over_and_its_number_is_free,
                an_acknowledged_record_is_counted_with_how_long_it_took,
                a_partitions_offset_is_published_when_it_has_moved,
                partitions_beyond_the_segments_room_are_counted_once_each_and_delivered_all_the_same,
                a_partition_that_no_cluster_has_takes_no_memory,
                a_record_that_failed_is_counted_and_told_and_the_producer_goes_on,
                what_was_given_up_is_not_told_one_by_one,
                what_every_further_record_would_meet_ends_it_and_is_told_once,
                a_record_that_was_not_taken_is_told_unless_it_ends_the_producer,
                the_ledger_has_each_record_with_what_became_of_it, a_fatal_error_ends_it_with_its_reason,
                that_all_brokers_are_down_is_in_the_ring_and_other_errors_are_counted,
                an_acknowledgement_ends_an_outage)
