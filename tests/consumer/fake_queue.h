/* fake_queue.h: the queue that messages and callbacks come from: what it is to hand out is put in by hand. A
 * poll that gets less than it asked for takes its whole time, on the fake clock. In front of
 * fake_messages.h's users; the test includes fake_clock.h. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_QUEUE_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_QUEUE_H

#include "tests/consumer/fake_messages.h"
#include "tests/support/fake_clock.h"

enum { QUEUE_MESSAGES = 512 };

static struct {
    rd_kafka_message_t *messages[QUEUE_MESSAGES];
    size_t first, count;
    int polls, empty_polls; /* the latter ask for no message */
    int timeout_ms;         /* of the last one that asked for messages */
    size_t most;            /* that it asked for */
    bool fails;             /* it answers -1 */
    bool yields;            /* the next poll ends at once */
    void (*on_poll)(void);  /* callbacks run within it; NULL: none */
    size_t length;          /* what rd_kafka_queue_length says */
} queue;

static inline void queue_begin(void)
{
    memset(&queue, 0, sizeof queue);
}

static inline void queue_put(struct fake *fake)
{
    ck_assert_uint_lt(queue.first + queue.count, QUEUE_MESSAGES);
    queue.messages[queue.first + queue.count++] = &fake->message;
}

/* What nobody took. */
static inline void queue_end(void)
{
    for (; queue.count > 0; queue.count--)
        rd_kafka_message_destroy(queue.messages[queue.first++]);
}

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *of, int timeout_ms, rd_kafka_message_t **messages,
                                     size_t most)
{
    ck_assert_ptr_nonnull(of);
    queue.polls++;
    if (messages == NULL) {
        ck_assert_int_eq(timeout_ms, 0);
        ck_assert_uint_eq(most, 0);
        queue.empty_polls++;
        return 0;
    }
    queue.timeout_ms = timeout_ms;
    queue.most = most;
    if (queue.on_poll != NULL)
        queue.on_poll();
    if (queue.fails)
        return -1;
    size_t given = 0;
    for (; given < most && queue.count > 0; queue.count--)
        messages[given++] = queue.messages[queue.first++];
    if (given < most && !queue.yields)
        fake_clock_advance(timeout_ms * US_PER_MS);
    queue.yields = false;
    return (ssize_t)given;
}

size_t rd_kafka_queue_length(rd_kafka_queue_t *of)
{
    (void)of;
    return queue.length;
}

#endif
