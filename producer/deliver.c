#include "producer/deliver.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/kafka_rules.h"
#include "common/log.h"
#include "producer/reports.h"

#define REACH_MS       10000
#define PUBLISH_US     (50 * US_PER_MS)
#define DRAIN_SLICE_MS 50
#define PURGE_MS       1000

/* --- sending ------------------------------------------------------------------------------------------- */

/* What a record is produced with; made once, only these places change. The key is the last, so that it can be
 * left out. */
enum { VU_TOPIC, VU_FLAGS, VU_OPAQUE, VU_VALUE, VU_SCHEMA, VU_PRODUCER, VU_SEQ, VU_KEY, VU_COUNT };
_Static_assert(VU_COUNT == DELIVERY_VUS, "deliver.h has the room");

static rd_kafka_vu_t header(const char *name, const void *value, size_t bytes)
{
    rd_kafka_vu_t vu = {.vtype = RD_KAFKA_VTYPE_HEADER};
    vu.u.header.name = name;
    vu.u.header.val = value;
    vu.u.header.size = (ssize_t)bytes;
    return vu;
}

static void make_vus(struct delivery *delivery)
{
    const char *name = delivery->settings->name;
    rd_kafka_vu_t *vus = delivery->vus;
    vus[VU_TOPIC] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = delivery->topic};
    vus[VU_FLAGS] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    vus[VU_OPAQUE] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = NULL};
    vus[VU_VALUE] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {delivery->value, 0}};
    vus[VU_SCHEMA] = header(HEADER_SCHEMA, delivery->schema_header, delivery->schema_header_bytes);
    vus[VU_PRODUCER] = header(HEADER_PRODUCER, name, strlen(name));
    vus[VU_SEQ] = header(HEADER_SEQ, delivery->seq_text, 0);
    vus[VU_KEY] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {delivery->key, 0}};
}

static rd_kafka_resp_err_t produce(struct delivery *delivery, size_t value_bytes, size_t key_bytes)
{
    rd_kafka_vu_t *vus = delivery->vus;
    vus[VU_VALUE].u.mem.size = value_bytes;
    vus[VU_KEY].u.mem.size = key_bytes;
    vus[VU_OPAQUE].u.ptr = REPORT_OPAQUE(delivery->seq);
    vus[VU_SEQ].u.header.size = (ssize_t)integer_format((int64_t)delivery->seq, delivery->seq_text);
    rd_kafka_error_t *error = rd_kafka_produceva(delivery->rk, vus, key_bytes == 0 ? VU_KEY : VU_COUNT);
    if (error == NULL)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return err;
}

enum delivery_answer delivery_send(struct delivery *delivery, const struct record *record)
{
    size_t bytes = record_encode(record, delivery->value, sizeof delivery->value);
    rd_kafka_resp_err_t err = produce(delivery, bytes, record_key(record, delivery->key));
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        stats_add(delivery->stats, PRODUCER_QUEUE_FULL, 1);
        return DELIVERY_FULL;
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        reports_refused(delivery, err);
        return DELIVERY_REFUSED;
    }
    delivery->seq++;
    delivery->produced++;
    stats_add(delivery->stats, PRODUCER_PRODUCED, 1);
    stats_add(delivery->stats, PRODUCER_BYTES, bytes);
    return DELIVERY_QUEUED;
}

enum delivery_answer delivery_send_watched(struct delivery *delivery, const struct record *record)
{
    delivery->watch = (struct delivery_watch){.seq = delivery->seq};
    enum delivery_answer answer = delivery_send(delivery, record);
    if (answer == DELIVERY_FULL)
        delivery->watch.seq = 0; /* another may get the number */
    return answer;
}

/* --- opening ------------------------------------------------------------------------------------------- */

/* Ours unless the user's -X says otherwise. */
static const struct kafka_property defaults[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"retry.backoff.ms", "50"},
    /* A missing topic is reported after 5 s instead of 30; one that is just being created is still
       waited for. */
    {"topic.metadata.propagation.max.ms", "5000"},
    {"topic.metadata.refresh.interval.ms", "10000"},
    {NULL, NULL},
};

static void wake(void *context)
{
    const struct delivery *delivery = context;
    uint64_t one = 1;
    ssize_t written = write(delivery->wake_fd, &one, sizeof one);
    (void)written; /* a full counter is readable already */
}

/* librdkafka writes to the same descriptor when callbacks arrive, so one poll waits for everything. */
static int open_wake(struct delivery *delivery, struct error *error)
{
    static const uint64_t one = 1;
    delivery->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (delivery->wake_fd == -1)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_FAILED),
                              "cannot create an eventfd: %m");
    delivery->queue = rd_kafka_queue_get_main(delivery->rk);
    rd_kafka_queue_io_event_enable(delivery->queue, delivery->wake_fd, &one, sizeof one);
    worker_control_set_wake(delivery->control, wake, delivery);
    return 0;
}

/* NULL with the error. */
static rd_kafka_conf_t *make_conf(const struct settings *settings, struct error *error)
{
    if (kafka_rules_check(KAFKA_ROLE_PRODUCER, &settings->properties, error) == -1)
        return NULL;
    rd_kafka_conf_t *conf =
        kafka_conf(settings->brokers.bootstrap, settings->name, &settings->properties, error);
    if (conf == NULL || kafka_conf_set_all(conf, defaults, &settings->properties, error) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

int delivery_check(const struct settings *settings, struct error *error)
{
    rd_kafka_conf_t *conf = make_conf(settings, error);
    return conf == NULL ? -1 : kafka_check(RD_KAFKA_PRODUCER, conf, error);
}

static int open_handle(struct delivery *delivery, struct error *error)
{
    rd_kafka_conf_t *conf = make_conf(delivery->settings, error);
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_opaque(conf, delivery);
    reports_register(conf);
    delivery->rk = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    return delivery->rk == NULL ? -1 : 0;
}

/* Before connecting: a mistake is reported at once. */
static int open_ledger(struct delivery *delivery, struct error *error)
{
    const struct settings *settings = delivery->settings;
    struct ledger_run run = {.producer = settings->name,
                             .topic = settings->topic,
                             .first_seq = delivery->seq,
                             .begun_us = clock_wall_us()};
    return settings->ledger == NULL ? 0 : ledger_open(&delivery->ledger, settings->ledger, &run, error);
}

int delivery_open(struct delivery *delivery, const struct settings *settings, struct worker_control *control,
                  struct stats_writer *stats, struct error *error)
{
    delivery->settings = settings;
    delivery->control = control;
    delivery->stats = stats;
    delivery->wake_fd = -1;
    delivery->outage.brokers = settings->brokers;
    delivery->outage.control = control;
    delivery->schema_header_bytes = schema_header(settings->schema, delivery->schema_header);
    delivery->seq = stats_get(stats, PRODUCER_PRODUCED) + 1; /* the stream goes on over generations */
    if (open_ledger(delivery, error) == -1 || open_handle(delivery, error) == -1 ||
        open_wake(delivery, error) == -1)
        return -1;
    if (!settings->supervised &&
        kafka_reach(delivery->rk, &settings->brokers, &delivery->outage.failure, REACH_MS, error) == -1)
        return -1;
    delivery->topic = rd_kafka_topic_new(delivery->rk, settings->topic, NULL);
    if (delivery->topic == NULL)
        return error_set_code(error,
                              rd_kafka_last_error() == RD_KAFKA_RESP_ERR__INVALID_ARG ? EXIT_CODE_CONFIG
                                                                                      : EXIT_CODE_FAILED,
                              "--topic '%s': %s", settings->topic, rd_kafka_err2str(rd_kafka_last_error()));
    make_vus(delivery);
    lines_init(&delivery->lines, settings, clock_monotonic_us());
    return 0;
}

void delivery_close(struct delivery *delivery)
{
    if (delivery->settings == NULL) /* never opened: the one record of flags was no good */
        return;
    worker_control_set_wake(delivery->control, NULL, NULL);
    if (delivery->topic != NULL)
        rd_kafka_topic_destroy(delivery->topic);
    if (delivery->queue != NULL) {
        rd_kafka_queue_io_event_enable(delivery->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(delivery->queue);
    }
    if (delivery->rk != NULL)
        rd_kafka_destroy(delivery->rk);
    if (delivery->wake_fd != -1)
        close(delivery->wake_fd);
    ledger_close(delivery->ledger);
    free(delivery->partitions);
}

/* --- serving ------------------------------------------------------------------------------------------- */

/* A producer whose ledger cannot be kept must not go on: its records would be sent and not accounted for. */
static void keep_ledger(struct delivery *delivery, int (*keep)(struct ledger *ledger, struct error *error))
{
    struct error error = ERROR_INIT;
    if (delivery->ledger == NULL || keep(delivery->ledger, &error) == 0 ||
        delivery->exit_code == EXIT_CODE_LEDGER)
        return;
    log_error("%s", error.text);
    delivery->exit_code = EXIT_CODE_LEDGER;
}

static void publish_now(struct delivery *delivery, int64_t now_us)
{
    int64_t wall_us = clock_wall_us();
    size_t waiting = (size_t)rd_kafka_outq_len(delivery->rk);
    delivery->published_us = now_us;
    reports_publish(delivery, wall_us);
    stats_status_set(delivery->stats, PRODUCER_QUEUE_DEPTH, (int64_t)waiting);
    stats_status_publish(delivery->stats);
    stats_heartbeat(delivery->stats, wall_us);
    kafka_outage_check(&delivery->outage, delivery->rk);
    keep_ledger(delivery, ledger_flush);
    lines_tick(&delivery->lines, now_us, waiting, false);
    if (log_flush() == -1 && delivery->exit_code == EXIT_CODE_OK)
        delivery->exit_code = EXIT_CODE_FAILED;
}

void delivery_serve(struct delivery *delivery)
{
    rd_kafka_poll(delivery->rk, 0);
    int64_t now_us = clock_monotonic_us();
    if (now_us - delivery->published_us >= PUBLISH_US)
        publish_now(delivery, now_us);
}

void delivery_wait(struct delivery *delivery, int64_t wait_us, int fd)
{
    struct pollfd waiting[] = {{.fd = delivery->wake_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    struct timespec timeout = {.tv_sec = (time_t)(wait_us / US_PER_SECOND),
                               .tv_nsec = (long)(wait_us % US_PER_SECOND) * 1000};
    if (ppoll(waiting, 2, &timeout, NULL) > 0 && waiting[0].revents != 0) {
        uint64_t count;
        ssize_t got = read(delivery->wake_fd, &count, sizeof count);
        (void)got; /* it only had to be emptied, before the callbacks run: none is overlooked */
    }
    delivery_serve(delivery);
}

/* --- the end ------------------------------------------------------------------------------------------- */

static void give_up(struct delivery *delivery)
{
    delivery->purged = true;
    rd_kafka_purge(delivery->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(delivery->rk, PURGE_MS);
}

static void tell_end(const struct delivery *delivery)
{
    const struct settings *settings = delivery->settings;
    const char *noun = settings->schema->noun_plural;
    uint64_t tried = delivery->acknowledged + delivery->failed;
    if (delivery->possibly_stored > 0)
        log_error("%" PRIu64 " %s of %" PRIu64 " were not delivered (%" PRIu64
                  " of them may be stored all the same)",
                  delivery->failed, noun, tried, delivery->possibly_stored);
    else if (delivery->failed > 0)
        log_error("%" PRIu64 " %s of %" PRIu64 " were not delivered", delivery->failed, noun, tried);
    if (!settings->quiet && settings->mode == MODE_GENERATE && !settings->supervised)
        log_line("%" PRIu64 " %s sent and acknowledged", delivery->acknowledged, noun);
}

bool delivery_flush(struct delivery *delivery)
{
    if (rd_kafka_outq_len(delivery->rk) == 0)
        return false;
    rd_kafka_flush(delivery->rk, DRAIN_SLICE_MS); /* without lingering, unlike polling */
    delivery_serve(delivery);
    return rd_kafka_outq_len(delivery->rk) > 0;
}

void delivery_drain(struct delivery *delivery, int64_t timeout_us)
{
    int64_t until_us = clock_monotonic_us() + timeout_us;
    stats_phase(delivery->stats, PHASE_DRAINING, clock_wall_us());
    while (clock_monotonic_us() < until_us && delivery->exit_code == EXIT_CODE_OK && delivery_flush(delivery))
        continue;
    if (rd_kafka_outq_len(delivery->rk) > 0)
        give_up(delivery);
    publish_now(delivery, clock_monotonic_us());
    keep_ledger(delivery, ledger_sync);
    lines_tick(&delivery->lines, clock_monotonic_us(), 0, true);
    tell_end(delivery);
    if (delivery->exit_code == EXIT_CODE_OK && delivery->failed > 0)
        delivery->exit_code = EXIT_CODE_UNDELIVERED;
    log_flush();
}
