/* Queues, and how an application takes from them: rd_kafka_consume_batch_queue and its kin. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

/* --- operations ---------------------------------------------------------------------------------------- */

struct op *op_new(enum op_type type)
{
    struct op *op = calloc(1, sizeof *op);
    op->type = type;
    return op;
}

void op_free(struct op *op)
{
    if (op->list != NULL)
        rd_kafka_topic_partition_list_destroy(op->list);
    if (op->headers != NULL)
        rd_kafka_headers_destroy(op->headers);
    free(op);
}

void queue_init(rd_kafka_queue_t *queue, rd_kafka_t *rk)
{
    *queue = (struct rd_kafka_queue_s){.rk = rk, .last = &queue->first};
}

void queue_put(rd_kafka_queue_t *queue, struct op *op)
{
    if (queue->closed || !queue->rk->alive) {
        op_free(op);
        return;
    }
    op->next = NULL;
    *queue->last = op;
    queue->last = &op->next;
    queue->length++;
    if (op->toppar != NULL && op->type == OP_MESSAGE)
        op->toppar->queued++;
    worker_wake(queue->rk->worker);
    if (queue->length == 1 && queue->event_cb != NULL)
        queue->event_cb(queue->rk, queue->event_opaque);
}

static struct op *queue_take(rd_kafka_queue_t *queue)
{
    struct op *op = queue->first;
    queue->first = op->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->length--;
    if (op->toppar != NULL && op->type == OP_MESSAGE) {
        op->toppar->queued--;
        toppar_fetch(op->toppar);
    }
    return op;
}

static bool is_outdated(const struct op *op)
{
    return op->type == OP_MESSAGE && op->toppar != NULL && op->version != op->toppar->version;
}

struct op *queue_wait(rd_kafka_queue_t *queue, int64_t until_us)
{
    for (;;) {
        while (queue->first != NULL) {
            struct op *op = queue_take(queue);
            if (!is_outdated(op))
                return op;
            op_free(op);
        }
        if (queue->yielded || sim_now() >= until_us || sim.world.over) {
            queue->yielded = false;
            return NULL;
        }
        world_wait_until(until_us);
    }
}

/* --- callbacks ----------------------------------------------------------------------------------------- */

static void serve_rebalance(rd_kafka_t *rk, struct op *op)
{
    world_trace("%s %d partitions%s", op->err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? "is given" : "loses",
                op->list->cnt, rk->lost ? " (lost)" : "");
    oracle_rebalance(rk);
    rk->in_rebalance = true;
    if (rk->conf->rebalance != NULL)
        rk->conf->rebalance(rk, op->err, op->list, rk->conf->opaque);
    else
        rd_kafka_assign(rk, op->err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? op->list : NULL);
    rk->in_rebalance = false;
}

static void serve_delivery(rd_kafka_t *rk, struct op *op)
{
    if (rk->conf->delivered != NULL)
        rk->conf->delivered(rk, &op->message, rk->conf->opaque);
}

bool op_serve(rd_kafka_t *rk, struct op *op)
{
    switch (op->type) {
    case OP_REBALANCE:
        serve_rebalance(rk, op);
        break;
    case OP_COMMITTED:
        if (op->callback != NULL)
            op->callback(rk, op->err, op->list, op->opaque);
        break;
    case OP_ERROR:
        if (rk->conf->error != NULL)
            rk->conf->error(rk, op->err, op->text, rk->conf->opaque);
        break;
    case OP_DELIVERY:
        serve_delivery(rk, op);
        break;
    default:
        return false;
    }
    op_free(op);
    return true;
}

/* --- taking -------------------------------------------------------------------------------------------- */

/* librdkafka's idea of the position moves as a message is handed out, before it is processed. */
static void hand_out(struct op *op)
{
    struct toppar *toppar = op->toppar;
    rd_kafka_t *rk = toppar != NULL ? toppar->rk : NULL;
    if (toppar != NULL)
        oracle_handed(toppar, op);
    if (op->message.err == RD_KAFKA_RESP_ERR__FATAL && sim.workers.current != NULL)
        sim.workers.current->fatal_told = true;
    if (toppar == NULL || op->message.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    op->after_fatal = rk->worker->fatal_told;
    op->entry->fate.handed_run = rk->worker->runs;
    op->entry->fate.handed_by = (int)(rk->worker - sim.workers.all) + 1;
    toppar->app = op->message.offset + 1;
    if (rk->conf->auto_store)
        toppar->stored = toppar->app;
    if (toppar->app > toppar->handed_to || toppar->jumped)
        rk->worker->handed++;
    if (toppar->app > toppar->handed_to)
        toppar->handed_to = toppar->app;
}

/* From 2.1 on, what has become outdated by a callback within the same call is not returned. */
static size_t purge(rd_kafka_message_t **messages, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct op *op = (struct op *)messages[i];
        if (op->toppar != NULL && op->version != op->toppar->version)
            op_free(op);
        else
            messages[kept++] = messages[i];
    }
    return kept;
}

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *queue, int timeout_ms, rd_kafka_message_t **messages,
                                     size_t size)
{
    rd_kafka_t *rk = queue->rk;
    size_t count = 0;
    world_call("rd_kafka_consume_batch_queue");
    client_poll_done(rk);
    int64_t until_us = timeout_ms < 0 ? INT64_MAX : sim_now() + timeout_ms * MS;
    rk->calls++;
    rk->in_call = true;
    while (count < size) { /* with a size of 0 not even callbacks run */
        struct op *op = queue_wait(queue, until_us);
        if (op == NULL)
            break;
        if (op_serve(rk, op))
            continue;
        if (!rk->conf->newest)
            hand_out(op);
        messages[count++] = &op->message;
    }
    rk->in_call = false;
    client_poll_done(rk);
    if (!rk->conf->newest)
        return (ssize_t)count;
    count = purge(messages, count);
    for (size_t i = 0; i < count; i++)
        hand_out((struct op *)messages[i]);
    return (ssize_t)count;
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    rd_kafka_message_t *message = NULL;
    return rd_kafka_consume_batch_queue(&rk->consumer_queue, timeout_ms, &message, 1) == 1 ? message : NULL;
}

int rd_kafka_queue_poll_callback(rd_kafka_queue_t *queue, int timeout_ms)
{
    world_call("rd_kafka_queue_poll_callback");
    int64_t until_us = sim_now() + timeout_ms * MS;
    struct op *op = queue_wait(queue, until_us);
    if (op == NULL)
        return 0;
    if (!op_serve(queue->rk, op))
        op_free(op);
    return 1;
}

int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms)
{
    int served = 0;
    world_call("rd_kafka_poll");
    int64_t until_us = sim_now() + timeout_ms * MS;
    rd_kafka_queue_t *queue = rk->type == RD_KAFKA_PRODUCER ? &rk->main_queue : &rk->consumer_queue;
    for (struct op *op = queue_wait(queue, until_us); op != NULL; op = queue_wait(queue, sim_now()))
        served += op_serve(rk, op);
    return served;
}

/* --- the rest of the interface ------------------------------------------------------------------------- */

void rd_kafka_queue_yield(rd_kafka_queue_t *queue)
{
    queue->yielded = true;
    if (queue->rk->alive)
        worker_wake(queue->rk->worker);
}

size_t rd_kafka_queue_length(rd_kafka_queue_t *queue)
{
    return queue->length;
}

rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *rk)
{
    return &rk->consumer_queue;
}

rd_kafka_queue_t *rd_kafka_queue_get_main(rd_kafka_t *rk)
{
    return &rk->main_queue;
}

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    rd_kafka_queue_t *queue = calloc(1, sizeof *queue);
    queue_init(queue, rk);
    return queue;
}

/* A queue of the handle's own lives as long as that; what comes for another one later is dropped. Its memory
 * stays until the history ends, as an answer may be under way. */
void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    if (queue == &queue->rk->consumer_queue || queue == &queue->rk->main_queue)
        return;
    queue->closed = true;
    while (queue->first != NULL)
        op_free(queue_take(queue));
}

void rd_kafka_queue_cb_event_enable(rd_kafka_queue_t *queue, void (*event_cb)(rd_kafka_t *, void *),
                                    void *opaque)
{
    queue->event_cb = event_cb;
    queue->event_opaque = opaque;
}

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t *rk)
{
    (void)rk;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}
