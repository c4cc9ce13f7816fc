/* The producer of dead letters: idempotent, tries for ever; the topic can refuse, the queue can be full. */
#include "common/dead_letter.h"
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

enum { IN_FLIGHT_MAX = 40 };

struct letter {
    rd_kafka_t *rk;
    struct entry *entry; /* whose letter it is */
    void *opaque;
    rd_kafka_headers_t *headers;
    void *key, *value; /* copies: the report has them */
    size_t key_length, value_length;
    int64_t timestamp_ms;
};

/* --- at the topic -------------------------------------------------------------------------------------- */

static void delivered(void *context, int64_t err, int64_t b)
{
    const struct letter *letter = context;
    (void)b;
    if (!letter->rk->alive)
        return;
    struct op *op = op_new(OP_DELIVERY);
    op->message.err = (rd_kafka_resp_err_t)err;
    op->message._private = letter->opaque;
    op->message.key = letter->key;
    op->message.key_len = letter->key_length;
    op->message.payload = letter->value;
    op->message.len = letter->value_length;
    op->headers = letter->headers;
    op->timestamp_ms = letter->timestamp_ms;
    letter->rk->in_flight--;
    queue_put(&letter->rk->main_queue, op);
}

static void arrives(void *context, int64_t a, int64_t b)
{
    struct letter *letter = context;
    int64_t cut_off_us = letter->rk->alive ? client_cut_off_until(letter->rk) : 0;
    (void)a;
    (void)b;
    if (cut_off_us > 0) {
        world_at(cut_off_us + client_latency_us(), arrives, letter, 0, 0);
        return;
    }
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (sim.faults.letters_refused_until_us > sim_now())
        err = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        oracle_letter_stored(letter->entry);
    else
        oracle_letter_refused(letter->entry);
    world_in(client_latency_us(), delivered, letter, (int64_t)err, 0);
}

/* --- the interface ------------------------------------------------------------------------------------- */

/* cluster/group/topic/partition/offset/timestamp */
static struct entry *whose(rd_kafka_headers_t *headers)
{
    const void *value;
    size_t length;
    char topic[64];
    int partition;
    long long offset;
    long long timestamp_ms;
    if (headers == NULL ||
        rd_kafka_header_get_last(headers, DEAD_LETTER_ID, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    if (sscanf(value, "%*[^/]/%*[^/]/%63[^/]/%d/%lld/%lld", topic, &partition, &offset, &timestamp_ms) != 4)
        return NULL;
    int number = cluster_topic(topic);
    return number >= 0 ? cluster_entry(number, partition, offset, timestamp_ms) : NULL;
}

static struct entry *whose_parts(const rd_kafka_vu_t *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].vtype == RD_KAFKA_VTYPE_HEADERS)
            return whose(parts[i].u.headers);
    return NULL;
}

static void *copy(const void *bytes, size_t length)
{
    void *made = bytes != NULL ? malloc(length + 1) : NULL;
    return made != NULL ? memcpy(made, bytes, length) : NULL;
}

static void take_part(struct letter *letter, const rd_kafka_vu_t *part)
{
    switch (part->vtype) {
    case RD_KAFKA_VTYPE_HEADERS:
        letter->headers = part->u.headers;
        break;
    case RD_KAFKA_VTYPE_TIMESTAMP:
        letter->timestamp_ms = part->u.i64;
        break;
    case RD_KAFKA_VTYPE_OPAQUE:
        letter->opaque = part->u.ptr;
        break;
    case RD_KAFKA_VTYPE_KEY:
        letter->key = copy(part->u.mem.ptr, part->u.mem.size);
        letter->key_length = part->u.mem.size;
        break;
    case RD_KAFKA_VTYPE_VALUE:
        letter->value = copy(part->u.mem.ptr, part->u.mem.size);
        letter->value_length = part->u.mem.size;
        break;
    default:
        break;
    }
}

/* In some histories some letters take long (linger.ms, a slow topic): what becomes of their records meanwhile
 * must not cost them. */
static int64_t linger_us(const struct entry *entry)
{
    const uint64_t seed = sim.plan->seed;
    if (entry == NULL || random_of(seed, 1, 1) % 4 != 0)
        return 0;
    uint64_t draw = random_of(seed, (uint64_t)entry->partition + 2, (uint64_t)entry->offset);
    return draw % 2 == 0 ? (int64_t)(draw / 2 % (30 * SECOND)) : 0;
}

/* The headers are the producer's when it succeeds. */
rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *parts, size_t count)
{
    world_call("rd_kafka_produceva");
    oracle_letter_tried(rk->worker, whose_parts(parts, count));
    if (rk->in_flight >= IN_FLIGHT_MAX || sim.faults.queue_full_until_us > sim_now())
        return error_new(RD_KAFKA_RESP_ERR__QUEUE_FULL, "queue full");
    if (sim.faults.produce_fails_until_us > sim_now())
        return error_new(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "too large");
    struct letter *letter = calloc(1, sizeof *letter);
    letter->rk = rk;
    for (size_t i = 0; i < count; i++)
        take_part(letter, &parts[i]);
    letter->entry = whose(letter->headers);
    oracle_letter_sent(rk->worker, letter->entry);
    oracle_letter_time(letter->entry, letter->timestamp_ms);
    rk->in_flight++;
    world_in(linger_us(letter->entry) + client_latency_us(), arrives, letter, 0, 0);
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_flush(rd_kafka_t *rk, int timeout_ms)
{
    int64_t until_us = sim_now() + timeout_ms * MS;
    world_call("rd_kafka_flush");
    while (rk->in_flight > 0 || rk->main_queue.length > 0) {
        struct op *op = queue_wait(&rk->main_queue, until_us);
        if (op == NULL)
            return RD_KAFKA_RESP_ERR__TIMED_OUT;
        op_serve(rk, op);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_purge(rd_kafka_t *rk, int flags)
{
    (void)rk;
    (void)flags;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
