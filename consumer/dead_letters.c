#include "consumer/dead_letters.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/kafka.h"
#include "common/kafka_send.h"
#include "common/log.h"
#include "consumer/backoff.h"
#include "consumer/faults.h"
#include "consumer/letter_origins.h"
#include "consumer/letter_producer.h"
#include "consumer/letter_slots.h"

enum { UNDER_WAY_MAX = 10000, ANSWER_MS = 5000, FLUSH_STEP_MS = 50, QUEUE_TRIES = 4, WHY_BYTES = 160 };

struct dead_letters {
    const struct settings *settings;
    char topic[LETTER_TOPIC_MAX + 1];
    char cluster[64]; /* "": not asked yet */
    struct letter_source source;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *wake; /* the consumer's */
    struct partitions *partitions;
    struct stats_writer *stats;
    /* the producer; NULL before the first letter */
    rd_kafka_t *producer;
    rd_kafka_queue_t *answers;
    struct letter_slots slots;
    bool moved;                    /* some were answered since barriers were last set */
    char why[WHY_BYTES];           /* the last refusal */
    struct letter_origins origins; /* of kept letters that were acknowledged; no list: nobody asks */
};

/* --- opening ------------------------------------------------------------------------------------------- */

int dead_letters_open(struct dead_letters **letters, const struct settings *settings, rd_kafka_t *consumer,
                      rd_kafka_queue_t *queue, struct partitions *partitions, struct stats_writer *stats,
                      struct error *error)
{
    size_t capacity = UNDER_WAY_MAX + (size_t)settings->batch_size;
    struct dead_letters *made = calloc(1, sizeof *made);
    struct letter_slots slots;
    if (made == NULL || letter_slots_init(&slots, capacity) == -1) {
        free(made);
        return error_set(error, "out of memory");
    }
    *made = (struct dead_letters){.settings = settings,
                                  .source = {"unknown", settings->group_name, settings->topic},
                                  .consumer = consumer,
                                  .wake = queue,
                                  .partitions = partitions,
                                  .stats = stats,
                                  .slots = slots};
    *letters = made;
    return letter_topic(settings, made->topic, error);
}

const char *dead_letters_topic(const struct dead_letters *letters)
{
    return letters != NULL && letters->topic[0] != '\0' ? letters->topic : NULL;
}

const struct letter_source *dead_letters_source(struct dead_letters *letters)
{
    if (letters->cluster[0] != '\0')
        return &letters->source;
    char *cluster = rd_kafka_clusterid(letters->consumer, ANSWER_MS);
    if (cluster == NULL)
        return &letters->source;
    snprintf(letters->cluster, sizeof letters->cluster, "%s", cluster);
    letters->source.cluster = letters->cluster;
    rd_kafka_mem_free(letters->consumer, cluster);
    return &letters->source;
}

/* --- refusals ------------------------------------------------------------------------------------------ */

static void tell_refusal(struct dead_letters *letters, const struct letter *letter)
{
    if (letter->refusals > 1 || dead_letters_refused(letters, letter->partition) != NULL)
        return;
    if (letter->partition == -1) {
        log_warning("the dead letter of a record that is gone, offset %" PRId64
                    ", was refused by topic %s: %s; it is resent until the topic accepts it",
                    letter->offset, letters->topic, letters->why);
        return;
    }
    log_warning("the dead letter of %s [%" PRId32 "] offset %" PRId64
                " was refused by topic %s: %s; its partition waits until the topic accepts it",
                letters->partitions->topic, letter->partition, letter->offset, letters->topic, letters->why);
    stats_event(letters->stats, STATS_RING_ERRORS, clock_wall_us(), letter->offset,
                "[%" PRId32 "] %" PRId64 ": dead letter refused: %s", letter->partition, letter->offset,
                letters->why);
}

/* Kept here, and sent again later. `body` has its headers from its owner: they are this letter's now. */
static void refuse(struct dead_letters *letters, struct letter *letter, const struct letter_body *body,
                   const char *why)
{
    snprintf(letters->why, sizeof letters->why, "%s", why);
    letter->refusals++;
    tell_refusal(letters, letter);
    letter->state = LETTER_REFUSED;
    letters->slots.refused++;
    letter->again_us = clock_monotonic_us() + backoff_us(letters->settings, letter->refusals);
    letter_keep_body(letter, body);
}

static struct letter_body body_of_report(const rd_kafka_message_t *message, const struct letter *letter)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_message_detach_headers((rd_kafka_message_t *)(uintptr_t)message, &headers);
    struct letter_body body = letter_of(message, headers);
    body.partition = letter->partition;
    body.offset = letter->offset;
    return body;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct dead_letters *letters = opaque;
    struct letter *letter = message->_private;
    (void)rk;
    letters->moved = true;
    letters->slots.under_way--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        letter->state = LETTER_ACKNOWLEDGED;
        stats_add(letters->stats, CONSUMER_DEAD_LETTERED, 1);
        return;
    }
    if (letter->partition == -1 && !letter->last) {
        letter_slots_free(&letters->slots, letter);
        return;
    }
    struct letter_body body = body_of_report(message, letter);
    refuse(letters, letter, &body, rd_kafka_err2str(message->err));
}

const char *dead_letters_refused(const struct dead_letters *letters, int32_t partition)
{
    return letters != NULL && letter_slots_any_refused(&letters->slots, partition) ? letters->why : NULL;
}

int64_t dead_letters_next(const struct dead_letters *letters, int32_t partition, int64_t from)
{
    return letters != NULL ? letter_slots_next(&letters->slots, partition, from) : INT64_MAX;
}

int64_t dead_letters_due_us(const struct dead_letters *letters)
{
    return letters != NULL && letters->slots.refused > 0
               ? letter_slots_due_us(&letters->slots, clock_monotonic_us())
               : INT64_MAX;
}

/* --- the producer -------------------------------------------------------------------------------------- */

/* From librdkafka's thread. */
static void on_answers(rd_kafka_t *rk, void *opaque)
{
    const struct dead_letters *letters = opaque;
    (void)rk;
    rd_kafka_queue_yield(letters->wake);
}

static int open_producer(struct dead_letters *letters, struct error *error)
{
    letters->producer = letter_producer_open(letters->settings, letters->topic, letters, on_delivery, error);
    if (letters->producer == NULL)
        return error_context(error, "dead letters");
    letters->answers = rd_kafka_queue_get_main(letters->producer);
    rd_kafka_queue_cb_event_enable(letters->answers, on_answers, letters);
    return 0;
}

/* What it has under way comes back as refused, now or a little later. True when nothing is left. */
static bool take_back(struct dead_letters *letters)
{
    rd_kafka_purge(letters->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(letters->producer, FLUSH_STEP_MS);
    return letters->slots.under_way == 0;
}

static void close_producer(struct dead_letters *letters)
{
    rd_kafka_queue_cb_event_enable(letters->answers, NULL, NULL);
    rd_kafka_queue_destroy(letters->answers);
    rd_kafka_destroy(letters->producer);
    letters->producer = NULL;
}

/* Not acknowledged, and their records are gone. */
static size_t count_last(const struct dead_letters *letters)
{
    size_t count = 0;
    for (size_t i = 0; i < letters->slots.top; i++)
        count += letters->slots.slots[i].last && letters->slots.slots[i].state != LETTER_FREE &&
                 letters->slots.slots[i].state != LETTER_ACKNOWLEDGED;
    return count;
}

static void tell_lost(const struct dead_letters *letters)
{
    size_t count = count_last(letters);
    if (count > 0)
        log_warning(
            "%zu dead letters are lost: topic %s has not acknowledged them, and their records are gone",
            count, letters->topic);
}

void dead_letters_close(struct dead_letters *letters)
{
    if (letters == NULL)
        return;
    tell_lost(letters);
    for (size_t i = 0; i < letters->slots.top; i++) {
        letters->slots.slots[i].partition = -1;
        letters->slots.slots[i].last = false;
    }
    if (letters->producer != NULL) {
        take_back(letters);
        close_producer(letters);
    }
    letter_slots_release(&letters->slots);
    letter_origins_release(&letters->origins);
    free(letters);
}

/* --- sending ------------------------------------------------------------------------------------------- */

/* Takes body->headers over when it succeeds. */
static rd_kafka_resp_err_t produce(struct dead_letters *letters, const struct letter_body *body,
                                   struct letter *letter)
{
    const struct kafka_message message = {.topic = letters->topic,
                                          .partition = RD_KAFKA_PARTITION_UA,
                                          .key = body->key,
                                          .key_length = body->key_length,
                                          .value = body->value,
                                          .value_length = body->value_length,
                                          .headers = body->headers,
                                          .opaque = letter};
    letter->state = LETTER_UNDER_WAY;
    letters->slots.under_way++;
    rd_kafka_resp_err_t err = kafka_send(letters->producer, &message);
    for (int i = 0; err == RD_KAFKA_RESP_ERR__QUEUE_FULL && i < QUEUE_TRIES; i++) {
        rd_kafka_poll(letters->producer, FLUSH_STEP_MS);
        err = kafka_send(letters->producer, &message);
    }
    letters->slots.under_way -= err != RD_KAFKA_RESP_ERR_NO_ERROR;
    return err;
}

int dead_letters_send(struct dead_letters *letters, const struct letter_body *body, bool kept,
                      struct error *error)
{
    if (letters->producer == NULL && open_producer(letters, error) == -1)
        return -1;
    struct letter *letter = letter_slots_take(&letters->slots);
    if (letter == NULL)
        return error_set(error, "%zu dead letters are in flight",
                         letters->slots.under_way + letters->slots.refused);
    *letter = (struct letter){.partition = body->partition,
                              .offset = body->offset,
                              .timestamp_ms = body->timestamp_ms,
                              .kept = kept};
    rd_kafka_resp_err_t err = produce(letters, body, letter);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        refuse(letters, letter, body, rd_kafka_err2str(err));
    if (!kept && !PLANTED(skip_letter_wait))
        partition_lower_barrier(letters->partitions, body->partition, body->offset);
    FAULT_POINT(letter_sent);
    return 0;
}

/* The body goes to librdkafka, or stays for the next time. */
static void send_again(struct dead_letters *letters, struct letter *letter)
{
    struct letter_body body = letter->body;
    letters->slots.refused--;
    letter->body = (struct letter_body){0};
    rd_kafka_resp_err_t err = produce(letters, &body, letter);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        refuse(letters, letter, &body, rd_kafka_err2str(err));
    free((void *)(uintptr_t)body.key);
    free((void *)(uintptr_t)body.value);
}

/* An idempotent producer that has met a fatal error sends nothing more: another one does, when it has given
 * back all that it had under way, bodies and all. False: there is none yet. */
static bool have_producer(struct dead_letters *letters, int64_t now_us)
{
    struct error error = ERROR_INIT;
    char why[WHY_BYTES];
    if (letters->producer != NULL &&
        rd_kafka_fatal_error(letters->producer, why, sizeof why) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (!take_back(letters))
            return false;
        log_warning("dead letters: %s; starting over with a new producer", why);
        close_producer(letters);
    }
    if (letters->producer != NULL || open_producer(letters, &error) == 0)
        return true;
    for (size_t i = 0; i < letters->slots.top; i++)
        if (letters->slots.slots[i].state == LETTER_REFUSED)
            letters->slots.slots[i].again_us = now_us + US_PER_SECOND;
    return false;
}

static void send_refused_again(struct dead_letters *letters)
{
    int64_t now_us = clock_monotonic_us();
    if (!have_producer(letters, now_us))
        return;
    for (size_t i = 0; i < letters->slots.top; i++)
        if (letters->slots.slots[i].state == LETTER_REFUSED && letters->slots.slots[i].again_us <= now_us)
            send_again(letters, &letters->slots.slots[i]);
}

/* --- origins of kept letters ---------------------------------------------------------------------------- */

int dead_letters_keep_origins(struct dead_letters *letters, struct error *error)
{
    return letter_origins_open(&letters->origins, letters->slots.capacity, error);
}

const struct letter_origin *dead_letters_acknowledged(const struct dead_letters *letters, size_t *count)
{
    *count = letters != NULL ? letters->origins.count : 0;
    return letters != NULL ? letters->origins.list : NULL;
}

bool dead_letters_idle(const struct dead_letters *letters, int32_t partition)
{
    return (letters == NULL || !letter_origins_have(&letters->origins, partition)) &&
           dead_letters_next(letters, partition, 0) == INT64_MAX;
}

void dead_letters_let_go(struct dead_letters *letters, size_t count)
{
    letter_origins_let_go(&letters->origins, count);
    letters->moved = true; /* there is room for those that wait */
}

/* --- answers ------------------------------------------------------------------------------------------- */

/* With --commit manual an acknowledged letter is its record's acknowledgement: not before, or a kill between
 * the two would take the record for done. */
static void settle(struct dead_letters *letters, const struct letter *letter)
{
    partition_settle(letters->partitions, letter->partition, letter->offset, letter->offset + 1);
}

/* False: the origin waits, as there is no room for it. */
static bool tell_origin(struct dead_letters *letters, const struct letter *letter)
{
    if (!letter->kept)
        settle(letters, letter);
    if (!letter->kept || letter->partition == -1 || letters->origins.list == NULL)
        return true;
    return letter_origins_add(
        &letters->origins, (struct letter_origin){letter->partition, letter->offset, letter->timestamp_ms});
}

static void set_barriers(struct dead_letters *letters)
{
    letters->moved = false;
    partitions_lift_barriers(letters->partitions);
    for (size_t i = letters->slots.top; i > 0; i--) {
        struct letter *letter = &letters->slots.slots[i - 1];
        if (letter->state == LETTER_ACKNOWLEDGED && tell_origin(letters, letter))
            letter_slots_free(&letters->slots, letter);
        else if (letter->state != LETTER_FREE && letter->state != LETTER_ACKNOWLEDGED && !letter->kept)
            partition_lower_barrier(letters->partitions, letter->partition, letter->offset);
    }
}

void dead_letters_serve(struct dead_letters *letters)
{
    if (letters == NULL)
        return;
    if (letters->producer != NULL)
        rd_kafka_poll(letters->producer, 0);
    if (letters->slots.refused > 0)
        send_refused_again(letters);
    if (letters->moved)
        set_barriers(letters);
}

int dead_letters_flush(struct dead_letters *letters, int64_t timeout_us, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + timeout_us;
    dead_letters_serve(letters);
    while (letters != NULL && letters->slots.under_way > 0 && clock_monotonic_us() <= until_us) {
        stats_tick(letters->stats);
        rd_kafka_flush(letters->producer, FLUSH_STEP_MS);
        dead_letters_serve(letters);
    }
    if (letters == NULL || letters->slots.under_way + letters->slots.refused == 0)
        return 0;
    size_t last = count_last(letters);
    size_t others = letters->slots.under_way + letters->slots.refused - last;
    if (last > 0)
        return error_set(error,
                         "%zu dead letters are not acknowledged yet; the records of %zu will be delivered "
                         "again, those of %zu are gone",
                         others + last, others, last);
    return error_set(
        error, "%zu dead letters are not acknowledged yet; their records will be delivered again", others);
}

bool dead_letters_full(const struct dead_letters *letters)
{
    return letters != NULL && letters->slots.under_way + letters->slots.refused >= UNDER_WAY_MAX;
}

/* One that nobody waits for is not sent again. */
void dead_letters_forget(struct dead_letters *letters, int32_t partition)
{
    if (letters == NULL)
        return;
    letter_origins_forget(&letters->origins, partition);
    for (size_t i = letters->slots.top; i > 0; i--) {
        struct letter *letter = &letters->slots.slots[i - 1];
        if (letter->partition != partition || letter->state == LETTER_FREE)
            continue;
        letter->partition = -1;
        if (letter->state != LETTER_REFUSED || letter->last)
            continue;
        letters->slots.refused--;
        letter_slots_free(&letters->slots, letter);
    }
}

/* One that is kept elsewhere is not the only one. */
void dead_letters_records_gone(struct dead_letters *letters, int32_t partition, int64_t before)
{
    for (size_t i = 0; letters != NULL && i < letters->slots.top; i++) {
        struct letter *letter = &letters->slots.slots[i];
        if (letter->state == LETTER_FREE || letter->partition != partition || letter->kept ||
            letter->offset >= before)
            continue;
        letter->last = true;
        if (letter->state != LETTER_ACKNOWLEDGED)
            partition_lower_barrier(letters->partitions, partition, letter->offset);
    }
}
