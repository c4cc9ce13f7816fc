#include "consumer/dead_letters.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/dead_letter.h"
#include "common/exit_codes.h"
#include "common/kafka.h"
#include "common/kafka_send.h"
#include "common/kafka_topic.h"
#include "common/log.h"
#include "consumer/faults.h"

enum { UNDER_WAY_MAX = 10000, ANSWER_MS = 5000, FLUSH_STEP_MS = 50 };

struct letter {
    int32_t partition; /* of the source; -1: it is not ours any more */
    bool acknowledged;
    bool kept; /* elsewhere: no barrier, but its place is told */
    int64_t offset;
};

struct dead_letters {
    const struct settings *settings;
    char topic[256];
    char cluster[64]; /* "": not asked yet */ /* "": not asked yet */
    rd_kafka_t *consumer;
    rd_kafka_queue_t *wake; /* the consumer's */
    struct offsets *offsets;
    struct stats_writer *stats;
    /* the producer; NULL before the first letter */
    rd_kafka_t *producer;
    rd_kafka_queue_t *answers;
    /* those under way, a ring in the order of sending */
    struct letter *ring;
    size_t capacity, first, count;
    bool moved; /* some were acknowledged since barriers were last set */
    bool refused;
    struct error refusal;
    /* places of kept letters that were acknowledged; NULL: nobody asks */
    struct letter_place *places;
    size_t place_count;
};

/* --- opening ------------------------------------------------------------------------------------------- */

int dead_letters_open(struct dead_letters **letters, const struct settings *settings, rd_kafka_t *consumer,
                      rd_kafka_queue_t *queue, struct offsets *offsets, struct stats_writer *stats,
                      struct error *error)
{
    size_t capacity = UNDER_WAY_MAX + (size_t)settings->batch_size;
    struct dead_letters *made = calloc(1, sizeof *made);
    struct letter *ring = calloc(capacity, sizeof *ring);
    if (made == NULL || ring == NULL) {
        free(made);
        free(ring);
        return error_set(error, "out of memory");
    }
    *made = (struct dead_letters){.settings = settings,
                                  .consumer = consumer,
                                  .wake = queue,
                                  .offsets = offsets,
                                  .stats = stats,
                                  .ring = ring,
                                  .capacity = capacity,
                                  .refusal = ERROR_INIT};
    if (settings->dead_letters == NULL)
        snprintf(made->topic, sizeof made->topic, "%s" DEAD_LETTER_SUFFIX, settings->topic);
    else if (strcmp(settings->dead_letters, "off") != 0)
        snprintf(made->topic, sizeof made->topic, "%s", settings->dead_letters);
    *letters = made;
    return 0;
}

const char *dead_letters_topic(const struct dead_letters *letters)
{
    return letters != NULL && letters->topic[0] != '\0' ? letters->topic : NULL;
}

void dead_letters_close(struct dead_letters *letters)
{
    if (letters == NULL)
        return;
    if (letters->producer != NULL) {
        rd_kafka_queue_cb_event_enable(letters->answers, NULL, NULL);
        rd_kafka_queue_destroy(letters->answers);
        rd_kafka_purge(letters->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(letters->producer);
    }
    free(letters->ring);
    free(letters->places);
    free(letters);
}

/* --- the producer -------------------------------------------------------------------------------------- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct dead_letters *letters = opaque;
    struct letter *letter = message->_private;
    (void)rk;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        letter->acknowledged = true;
        letters->moved = true;
        stats_add(letters->stats, CONSUMER_DEAD_LETTERED, 1);
        return;
    }
    if (letter->partition == -1 || letters->refused)
        return;
    letters->refused = true;
    error_set_code(&letters->refusal, EXIT_CODE_SINK,
                   "the dead letter of %s [%" PRId32 "] offset %" PRId64
                   " was refused by topic %s: %s; nothing was skipped",
                   letters->offsets->topic, letter->partition, letter->offset, letters->topic,
                   rd_kafka_err2str(message->err));
}

/* From librdkafka's thread. */
static void on_answers(rd_kafka_t *rk, void *opaque)
{
    const struct dead_letters *letters = opaque;
    (void)rk;
    rd_kafka_queue_yield(letters->wake);
}

static rd_kafka_conf_t *configure(const struct settings *settings, struct error *error)
{
    /* Tried for ever: the commit waits, not the records. */
    static const struct kafka_property ours[] = {{"enable.idempotence", "true"},
                                                 {"message.timeout.ms", "0"},
                                                 {"message.max.bytes", "1000000000"},
                                                 {NULL, NULL}};
    rd_kafka_conf_t *conf =
        kafka_conf(settings->brokers.bootstrap, settings->client, &settings->properties, error);
    if (conf == NULL || kafka_conf_set_all(conf, ours, NULL, error) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

/* Makes the topic like its source. Where that is not possible (not allowed, the embedded broker) sending will
 * tell whether it is there. */
static void provide_topic(const struct dead_letters *letters)
{
    struct error error = ERROR_INIT;
    /* The producer itself asks: a topic that it first hears of with the first letter it looks up only with
     * its next scan, up to a second later. */
    int there = kafka_topic_partitions(letters->producer, letters->topic, ANSWER_MS);
    int partitions = kafka_topic_partitions(letters->consumer, letters->offsets->topic, ANSWER_MS);
    if (there > 0 || partitions <= 0)
        return;
    if (kafka_topic_create(letters->producer, letters->topic, partitions, KAFKA_REPLICATION_DEFAULT,
                           ANSWER_MS, &error) == -1)
        log_verbose("%s", error.text);
    else
        log_line("topic %s was created with %d partition%s, for dead letters", letters->topic, partitions,
                 partitions == 1 ? "" : "s");
}

static int open_producer(struct dead_letters *letters, struct error *error)
{
    rd_kafka_conf_t *conf = configure(letters->settings, error);
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_opaque(conf, letters);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    letters->producer = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    if (letters->producer == NULL)
        return -1;
    letters->answers = rd_kafka_queue_get_main(letters->producer);
    rd_kafka_queue_cb_event_enable(letters->answers, on_answers, letters);
    provide_topic(letters);
    return 0;
}

/* --- sending ------------------------------------------------------------------------------------------- */

static void add_text(rd_kafka_headers_t *headers, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_text(rd_kafka_headers_t *headers, const char *name, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    rd_kafka_header_remove(headers, name); /* a replayed letter that died again has the old ones */
    rd_kafka_header_add(headers, name, -1, text, -1);
}

const char *dead_letters_cluster(struct dead_letters *letters)
{
    if (letters->cluster[0] != '\0')
        return letters->cluster;
    char *cluster = rd_kafka_clusterid(letters->consumer, ANSWER_MS);
    if (cluster == NULL)
        return "unknown";
    snprintf(letters->cluster, sizeof letters->cluster, "%s", cluster);
    rd_kafka_mem_free(letters->consumer, cluster);
    return letters->cluster;
}

rd_kafka_headers_t *dead_letters_headers(struct dead_letters *letters, const rd_kafka_message_t *message,
                                         const struct obituary *obituary)
{
    rd_kafka_headers_t *original;
    rd_kafka_headers_t *headers = rd_kafka_message_headers(message, &original) == RD_KAFKA_RESP_ERR_NO_ERROR
                                      ? rd_kafka_headers_copy(original)
                                      : rd_kafka_headers_new(11);
    char when[CLOCK_ISO8601_BYTES];
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    const char *group = letters->settings->group_name;
    const char *topic = letters->offsets->topic;
    const char *cluster = dead_letters_cluster(letters);
    add_text(headers, DEAD_LETTER_CLUSTER, "%s", cluster);
    add_text(headers, DEAD_LETTER_GROUP, "%s", group);
    add_text(headers, DEAD_LETTER_TOPIC, "%s", topic);
    add_text(headers, DEAD_LETTER_PARTITION, "%" PRId32, message->partition);
    add_text(headers, DEAD_LETTER_OFFSET, "%" PRId64, message->offset);
    add_text(headers, DEAD_LETTER_TIMESTAMP, "%" PRId64, timestamp_ms);
    add_text(headers, DEAD_LETTER_STAGE, "%s", obituary->stage);
    add_text(headers, DEAD_LETTER_REASON, "%s", obituary->why);
    add_text(headers, DEAD_LETTER_ATTEMPTS, "%u", obituary->attempts);
    add_text(headers, DEAD_LETTER_FIRST_FAILURE, "%s",
             clock_format_iso8601(when, obituary->first_failure_us));
    add_text(headers, DEAD_LETTER_ID, "%s/%s/%s/%" PRId32 "/%" PRId64 "/%" PRId64, cluster, group, topic,
             message->partition, message->offset, timestamp_ms);
    return headers;
}

/* Takes body->headers over when it succeeds. */
static int produce(struct dead_letters *letters, const struct letter_body *body, struct letter *letter,
                   struct error *error)
{
    const struct kafka_message message = {.topic = letters->topic,
                                          .partition = RD_KAFKA_PARTITION_UA,
                                          .key = body->key,
                                          .key_length = body->key_length,
                                          .value = body->value,
                                          .value_length = body->value_length,
                                          .timestamp_ms = body->timestamp_ms,
                                          .headers = body->headers,
                                          .opaque = letter};
    rd_kafka_resp_err_t err;
    do {
        err = kafka_send(letters->producer, &message);
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            stats_tick(letters->stats);
            rd_kafka_poll(letters->producer, FLUSH_STEP_MS);
        }
    } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return error_set_code(error, EXIT_CODE_SINK,
                          "the dead letter of %s [%" PRId32 "] offset %" PRId64 " cannot be sent: %s",
                          letters->offsets->topic, body->partition, body->offset, rd_kafka_err2str(err));
}

static int send_body(struct dead_letters *letters, const struct letter_body *body, bool kept,
                     struct error *error)
{
    if (letters->producer == NULL && open_producer(letters, error) == -1)
        return error_context(error, "dead letters");
    if (letters->count == letters->capacity)
        return error_set_code(error, EXIT_CODE_SINK, "%zu dead letters are under way", letters->count);
    struct letter *letter = &letters->ring[(letters->first + letters->count) % letters->capacity];
    *letter = (struct letter){.partition = body->partition, .offset = body->offset, .kept = kept};
    if (produce(letters, body, letter, error) == -1)
        return -1;
    letters->count++;
    return 0;
}

struct letter_body dead_letters_body(const rd_kafka_message_t *message, rd_kafka_headers_t *headers)
{
    return (struct letter_body){.partition = message->partition,
                                .offset = message->offset,
                                .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
                                .key = message->key,
                                .key_length = message->key_len,
                                .value = message->payload,
                                .value_length = message->len,
                                .headers = headers};
}

int dead_letters_send(struct dead_letters *letters, const rd_kafka_message_t *message,
                      const struct obituary *obituary, struct error *error)
{
    struct letter_body body = dead_letters_body(message, dead_letters_headers(letters, message, obituary));
    if (send_body(letters, &body, false, error) == -1) {
        rd_kafka_headers_destroy(body.headers);
        return -1;
    }
    if (!PLANTED(skip_letter_wait))
        offsets_lower_barrier(letters->offsets, message->partition, message->offset);
    FAULT_POINT(letter_sent);
    return 0;
}

int dead_letters_send_kept(struct dead_letters *letters, const struct letter_body *body, struct error *error)
{
    struct letter_body copy = *body;
    copy.headers = rd_kafka_headers_copy(body->headers);
    if (send_body(letters, &copy, true, error) == 0)
        return 0;
    rd_kafka_headers_destroy(copy.headers);
    return -1;
}

void dead_letters_keep_places(struct dead_letters *letters)
{
    letters->places = calloc(letters->capacity, sizeof *letters->places);
}

const struct letter_place *dead_letters_acknowledged(const struct dead_letters *letters, size_t *count)
{
    *count = letters != NULL ? letters->place_count : 0;
    return letters != NULL ? letters->places : NULL;
}

void dead_letters_let_go(struct dead_letters *letters, size_t count)
{
    letters->place_count -= count;
    memmove(letters->places, letters->places + count, letters->place_count * sizeof *letters->places);
}

/* --- answers ------------------------------------------------------------------------------------------- */

static void set_barriers(struct dead_letters *letters)
{
    letters->moved = false;
    while (letters->count > 0 && letters->ring[letters->first].acknowledged) {
        const struct letter *letter = &letters->ring[letters->first];
        if (letter->kept && letter->partition != -1 && letters->places != NULL &&
            letters->place_count < letters->capacity)
            letters->places[letters->place_count++] =
                (struct letter_place){letter->partition, letter->offset};
        letters->first = (letters->first + 1) % letters->capacity;
        letters->count--;
    }
    offsets_lift_barriers(letters->offsets);
    for (size_t i = 0; i < letters->count; i++) {
        const struct letter *letter = &letters->ring[(letters->first + i) % letters->capacity];
        if (!letter->acknowledged && !letter->kept && letter->partition != -1)
            offsets_lower_barrier(letters->offsets, letter->partition, letter->offset);
    }
}

int dead_letters_serve(struct dead_letters *letters, struct error *error)
{
    if (letters == NULL || letters->producer == NULL)
        return 0;
    rd_kafka_poll(letters->producer, 0);
    if (letters->moved)
        set_barriers(letters);
    if (!letters->refused)
        return 0;
    *error = letters->refusal;
    return -1;
}

int dead_letters_flush(struct dead_letters *letters, int64_t timeout_us, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + timeout_us;
    if (dead_letters_serve(letters, error) == -1)
        return -1;
    while (letters != NULL && letters->count > 0) {
        if (clock_monotonic_us() > until_us)
            return error_set_code(error, EXIT_CODE_SINK,
                                  "%zu dead letters are not acknowledged yet; their records come again",
                                  letters->count);
        stats_tick(letters->stats);
        rd_kafka_flush(letters->producer, FLUSH_STEP_MS);
        if (dead_letters_serve(letters, error) == -1)
            return -1;
    }
    return 0;
}

bool dead_letters_full(const struct dead_letters *letters)
{
    return letters != NULL && letters->count >= UNDER_WAY_MAX;
}

void dead_letters_forget(struct dead_letters *letters, int32_t partition)
{
    if (letters == NULL)
        return;
    for (size_t i = 0; i < letters->count; i++) {
        struct letter *letter = &letters->ring[(letters->first + i) % letters->capacity];
        if (letter->partition == partition)
            letter->partition = -1;
    }
}
