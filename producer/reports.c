#include "producer/reports.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"

#define PARTITIONS_MAX                                                                                       \
    100000 /* Kafka allows more, nobody has them; a bound on what a foreign broker makes us allocate */

/* --- partitions ---------------------------------------------------------------------------------------- */

static struct delivered_partition *partition_of(struct delivery *delivery, int32_t number)
{
    size_t index = (size_t)number;
    if (number < 0 || index >= PARTITIONS_MAX)
        return NULL;
    if (index >= delivery->partition_count) {
        size_t count = index + 16;
        struct delivered_partition *grown = realloc(delivery->partitions, count * sizeof *grown);
        if (grown == NULL)
            return NULL; /* it is not shown, and nothing else is lost */
        memset(grown + delivery->partition_count, 0, (count - delivery->partition_count) * sizeof *grown);
        delivery->partitions = grown;
        delivery->partition_count = count;
    }
    return &delivery->partitions[index];
}

static void tell_full(struct delivery *delivery, int32_t number)
{
    if (delivery->stats != NULL && stats_get(delivery->stats, PRODUCER_UNTRACKED) == 0)
        log_warning(
            "%s [%d]: no room for it in the statistics (is /dev/shm full?): whether all is done is not "
            "known",
            delivery->settings->topic, number);
    stats_add(delivery->stats, PRODUCER_UNTRACKED, 1);
}

static void note_offset(struct delivery *delivery, int32_t number, int64_t offset)
{
    struct delivered_partition *partition = partition_of(delivery, number);
    if (partition == NULL)
        return;
    if (!partition->known) {
        partition->known = true;
        partition->slot = stats_partition_slot(delivery->stats, delivery->settings->topic, number);
        if (partition->slot == -1)
            tell_full(delivery, number);
    }
    partition->offset = offset;
    partition->moved = true;
}

void reports_publish(struct delivery *delivery, int64_t wall_us)
{
    for (size_t i = 0; i < delivery->partition_count; i++) {
        struct delivered_partition *partition = &delivery->partitions[i];
        if (!partition->moved)
            continue;
        partition->moved = false;
        stats_partition_set(delivery->stats, partition->slot, PRODUCER_ACKNOWLEDGED_OFFSET,
                            partition->offset);
        stats_partition_set(delivery->stats, partition->slot, PRODUCER_ACKNOWLEDGED_AT, wall_us);
        stats_partition_publish(delivery->stats, partition->slot);
    }
}

/* --- failures ------------------------------------------------------------------------------------------ */

static void must_end(struct delivery *delivery, int exit_code)
{
    if (delivery->exit_code == EXIT_CODE_OK)
        delivery->exit_code = exit_code;
}

/* Errors that every further record would meet too. */
static bool is_hopeless(const struct delivery *delivery, rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        log_error("topic '%s' does not exist: 'ktopic provision' makes the workloads' topics",
                  delivery->settings->topic);
        return true;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        log_error("topic '%s': %s", delivery->settings->topic, rd_kafka_err2str(err));
        return true;
    default:
        return false;
    }
}

static void end_if_hopeless(struct delivery *delivery, rd_kafka_resp_err_t err)
{
    if (delivery->exit_code == EXIT_CODE_OK && is_hopeless(delivery, err))
        must_end(delivery, EXIT_CODE_CONFIG);
}

static void count_failure(struct delivery *delivery, rd_kafka_resp_err_t err)
{
    delivery->failed++;
    stats_add(delivery->stats, PRODUCER_FAILED, 1);
    end_if_hopeless(delivery, err);
}

void reports_refused(struct delivery *delivery, rd_kafka_resp_err_t err)
{
    if (delivery->watch.seq == delivery->seq) { /* the number goes to the next one, which nobody watches */
        delivery->watch.seq = 0;
        delivery->watch.over = true;
        delivery->watch.err = err;
    }
    count_failure(delivery, err);
    if (delivery->exit_code == EXIT_CODE_OK)
        log_error("a %s was refused: %s", delivery->settings->schema->name, rd_kafka_err2str(err));
}

_Static_assert(sizeof(void *) >= sizeof(uint64_t), "a pointer carries a seq");

/* librdkafka knows of a message without an acknowledgement whether it may be stored all the same. */
static void note_in_ledger(const struct delivery *delivery, const rd_kafka_message_t *message)
{
    enum ledger_outcome outcome = LEDGER_OUTCOME_ACKNOWLEDGED;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        outcome = rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED
                      ? LEDGER_OUTCOME_FAILED
                      : LEDGER_OUTCOME_UNKNOWN;
    ledger_note(delivery->ledger, (uint64_t)(uintptr_t)message->_private, message->partition, message->offset,
                outcome);
}

static void failed(struct delivery *delivery, const rd_kafka_message_t *message)
{
    bool told = delivery->purged || delivery->exit_code != EXIT_CODE_OK; /* the reason, once, is enough */
    count_failure(delivery, message->err);
    if (rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED)
        delivery->possibly_stored++;
    if (!told && delivery->exit_code == EXIT_CODE_OK)
        lines_failed(&delivery->lines, message);
}

static void note_watched(struct delivery_watch *watch, const rd_kafka_message_t *message)
{
    watch->over = true;
    watch->err = message->err;
    watch->possibly_stored = message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                             rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    watch->partition = message->partition;
    watch->offset = message->offset;
}

/* --- callbacks ----------------------------------------------------------------------------------------- */

void reports_say_ready(struct delivery *delivery)
{
    delivery->ready_said = true;
    stats_phase(delivery->stats, PHASE_PRODUCING, clock_wall_us());
    worker_notify_count(delivery->control, "ready", 1);
}

/* The hot one: once for each record. */
static void report_callback(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct delivery *delivery = opaque;
    (void)rk;
    if (delivery->ledger != NULL)
        note_in_ledger(delivery, message);
    if (delivery->watch.seq != 0 && delivery->watch.seq == (uint64_t)(uintptr_t)message->_private)
        note_watched(&delivery->watch, message);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        failed(delivery, message);
        return;
    }
    delivery->acknowledged++;
    stats_add(delivery->stats, PRODUCER_ACKNOWLEDGED, 1);
    stats_observe(delivery->stats, PRODUCER_DELIVERY_US, rd_kafka_message_latency(message), 1);
    note_offset(delivery, message->partition, message->offset);
    lines_delivered(&delivery->lines, delivery->settings->topic, message);
    if (!delivery->ready_said)
        reports_say_ready(delivery);
    kafka_outage_over(&delivery->outage);
}

static void fatal(struct delivery *delivery)
{
    char reason[256];
    rd_kafka_resp_err_t err = rd_kafka_fatal_error(delivery->rk, reason, sizeof reason);
    log_error("librdkafka gave up: %s", reason);
    must_end(delivery, kafka_exit_code(err));
}

static void error_callback(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct delivery *delivery = opaque;
    (void)rk;
    stats_add(delivery->stats, PRODUCER_BROKER_ERRORS, 1);
    kafka_outage_reason(&delivery->outage, (rd_kafka_resp_err_t)err, reason);
    if (err == RD_KAFKA_RESP_ERR__FATAL)
        fatal(delivery);
    else if (kafka_outage_error(&delivery->outage, (rd_kafka_resp_err_t)err))
        stats_event(delivery->stats, STATS_RING_ERRORS, clock_wall_us(), err, "%s", reason);
    else
        log_verbose("librdkafka: %s", reason);
}

void reports_register(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_dr_msg_cb(conf, report_callback);
    rd_kafka_conf_set_error_cb(conf, error_callback);
}
