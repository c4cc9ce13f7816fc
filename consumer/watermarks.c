#include "consumer/watermarks.h"

#include <pthread.h>

#include "common/clock.h"

enum { QUESTION_MS = 500 };

/* A question goes WANTED → ASKING → ANSWERED → IDLE; the list belongs to the thread while ASKING, to the loop
 * otherwise. */
enum question { IDLE, WANTED, ASKING, ANSWERED };

struct watermarks {
    rd_kafka_t *rk;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum question question;
    bool ends; /* it is about ends */
    bool closing;
    rd_kafka_topic_partition_list_t *list;
    int64_t answered_us; /* wall */
};

static void ask(struct watermarks *watermarks)
{
    watermarks->question = ASKING;
    rd_kafka_topic_partition_list_t *list = watermarks->list;
    pthread_mutex_unlock(&watermarks->lock);
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(watermarks->rk, list, QUESTION_MS);
    pthread_mutex_lock(&watermarks->lock);
    watermarks->answered_us = clock_wall_us();
    watermarks->question = err == RD_KAFKA_RESP_ERR_NO_ERROR ? ANSWERED : IDLE;
}

static void *watermarks_thread(void *argument)
{
    struct watermarks *watermarks = argument;
    pthread_mutex_lock(&watermarks->lock);
    while (!watermarks->closing) {
        if (watermarks->question == WANTED)
            ask(watermarks);
        else
            pthread_cond_wait(&watermarks->changed, &watermarks->lock);
    }
    pthread_mutex_unlock(&watermarks->lock);
    return NULL;
}

int watermarks_open(struct watermarks **out, rd_kafka_t *rk, struct error *error)
{
    struct watermarks *watermarks = calloc(1, sizeof *watermarks);
    if (watermarks == NULL)
        return error_set(error, "out of memory");
    watermarks->rk = rk;
    watermarks->list = rd_kafka_topic_partition_list_new(16);
    pthread_mutex_init(&watermarks->lock, NULL);
    pthread_cond_init(&watermarks->changed, NULL);
    int failure = pthread_create(&watermarks->thread, NULL, watermarks_thread, watermarks);
    if (failure != 0) {
        rd_kafka_topic_partition_list_destroy(watermarks->list);
        free(watermarks);
        return error_set(error, "cannot start the watermarks thread: %s", strerror(failure));
    }
    *out = watermarks;
    return 0;
}

void watermarks_close(struct watermarks *watermarks)
{
    if (watermarks == NULL)
        return;
    pthread_mutex_lock(&watermarks->lock);
    watermarks->closing = true;
    pthread_cond_signal(&watermarks->changed);
    pthread_mutex_unlock(&watermarks->lock);
    pthread_join(watermarks->thread, NULL);
    rd_kafka_topic_partition_list_destroy(watermarks->list);
    pthread_mutex_destroy(&watermarks->lock);
    pthread_cond_destroy(&watermarks->changed);
    free(watermarks);
}

static bool is_free(const struct watermarks *watermarks)
{
    return watermarks->question == IDLE || watermarks->question == ANSWERED;
}

/* The list is taken over; NULL: there is nothing to ask. */
static void want(struct watermarks *watermarks, rd_kafka_topic_partition_list_t *list, bool ends)
{
    if (list == NULL)
        return;
    rd_kafka_topic_partition_list_destroy(watermarks->list);
    watermarks->list = list;
    watermarks->ends = ends;
    watermarks->question = list->cnt > 0 ? WANTED : IDLE;
    pthread_cond_signal(&watermarks->changed);
}

/* ListOffsets takes −2 for the first offset that is there; librdkafka passes a "timestamp" on as it is. */
static rd_kafka_topic_partition_list_t *beginnings(const struct partitions *partitions)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)partitions->assigned_count);
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partitions->rows[i].state != STATE_UNASSIGNED)
            rd_kafka_topic_partition_list_add(list, partitions->topic, (int32_t)i)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
    return list;
}

void watermarks_ask(struct watermarks *watermarks, const struct partitions *partitions)
{
    pthread_mutex_lock(&watermarks->lock);
    if (is_free(watermarks))
        want(watermarks, beginnings(partitions), false);
    pthread_mutex_unlock(&watermarks->lock);
}

bool watermarks_ask_ends(struct watermarks *watermarks, struct partitions *partitions, bool all)
{
    pthread_mutex_lock(&watermarks->lock);
    bool asks = watermarks->question == IDLE;
    if (asks)
        want(watermarks, partitions_ends_wanted(partitions, all), true);
    pthread_mutex_unlock(&watermarks->lock);
    return asks;
}

void watermarks_publish(struct watermarks *watermarks, struct partitions *partitions)
{
    pthread_mutex_lock(&watermarks->lock);
    if (watermarks->question == ANSWERED) {
        if (watermarks->ends)
            partitions_publish_ends(partitions, watermarks->list, watermarks->answered_us);
        else
            partitions_publish_low(partitions, watermarks->list);
        watermarks->question = IDLE;
    }
    pthread_mutex_unlock(&watermarks->lock);
}
