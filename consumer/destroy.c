#include "consumer/destroy.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"

enum { STEP_MS = 2 };

/* --- closing ------------------------------------------------------------------------------------------- */

/* How long librdkafka left us alone: a callback takes as long as it takes. */
static int64_t serve(rd_kafka_queue_t *queue)
{
    int64_t began_us = clock_monotonic_us();
    rd_kafka_message_t *message = rd_kafka_consume_queue(queue, STEP_MS);
    int64_t took_us = clock_monotonic_us() - began_us;
    if (message != NULL)
        rd_kafka_message_destroy(message);
    return took_us < STEP_MS * US_PER_MS ? took_us : STEP_MS * US_PER_MS;
}

bool close_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, queue);
    bool closed = error != NULL; /* after a fatal error there is nothing to wait for */
    while (!closed && timeout_us > 0) {
        timeout_us -= serve(queue);
        closed = rd_kafka_consumer_closed(rk) != 0;
    }
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_queue_destroy(queue);
    return closed;
}

/* --- destroying ---------------------------------------------------------------------------------------- */

struct destruction {
    rd_kafka_t *rk;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool done; /* under the mutex */
};

static void *run(void *argument)
{
    struct destruction *destruction = argument;
    rd_kafka_destroy(destruction->rk);
    pthread_mutex_lock(&destruction->mutex);
    destruction->done = true;
    pthread_cond_signal(&destruction->ended);
    pthread_mutex_unlock(&destruction->mutex);
    return NULL;
}

static struct destruction *make(rd_kafka_t *rk)
{
    pthread_condattr_t attributes;
    struct destruction *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->rk = rk;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    return made;
}

static void release(struct destruction *destruction)
{
    pthread_cond_destroy(&destruction->ended);
    pthread_mutex_destroy(&destruction->mutex);
    free(destruction);
}

static bool wait(struct destruction *destruction, int64_t timeout_us)
{
    int64_t until_us = clock_monotonic_us() + timeout_us;
    const struct timespec until = {.tv_sec = (time_t)(until_us / US_PER_SECOND),
                                   .tv_nsec = (long)(until_us % US_PER_SECOND) * 1000};
    int result = 0;
    pthread_mutex_lock(&destruction->mutex);
    while (!destruction->done && result == 0)
        result = pthread_cond_timedwait(&destruction->ended, &destruction->mutex, &until);
    bool done = destruction->done;
    pthread_mutex_unlock(&destruction->mutex);
    return done;
}

/* What has not ended keeps its memory. */
bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    pthread_t thread;
    struct destruction *destruction = make(rk);
    if (destruction == NULL || pthread_create(&thread, NULL, run, destruction) != 0) {
        if (destruction != NULL)
            release(destruction);
        rd_kafka_destroy(rk);
        return true;
    }
    if (!wait(destruction, timeout_us)) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    release(destruction);
    return true;
}
