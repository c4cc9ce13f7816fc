/* fake_handle.h: the life of a consumer's handle: its callbacks, as the configuration has them, joining,
 * leaving and closing; and the threads of watermarks and added partitions, which only note. Behind
 * fake_kafka.h and fake_queue.h. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_HANDLE_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_HANDLE_H

#include "consumer/added.h"
#include "consumer/destroy.h"
#include "consumer/watermarks.h"
#include "tests/consumer/fake_kafka.h"
#include "tests/support/fake_clock.h"

static struct {
    rd_kafka_conf_t *conf;
    void *opaque;
    void (*on_error)(rd_kafka_t *rk, int err, const char *reason, void *opaque);
    void (*on_rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                         void *opaque);
    void (*on_commit)(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                      void *opaque);
    bool refused; /* no handle is made */
    rd_kafka_resp_err_t fatal;
    int watermarks_asked, watermarks_published, watermarks_failed;
    bool low_comes; /* with the next look, as an answer brings it */
    int ends_asked, all_ends_asked;
    int added;       /* found once: so many partitions */
    int32_t owned;   /* partitions from 0 on that the group takes at the end */
    bool stays_open; /* closing it does not end */
    bool lives_on;   /* nor its destruction */
} handle;

static inline void handle_begin(void)
{
    memset(&handle, 0, sizeof handle);
}

static inline void handle_end(void)
{
    if (handle.conf != NULL)
        rd_kafka_conf_destroy(handle.conf);
}

/* --- made ---------------------------------------------------------------------------------------------- */

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque)
{
    (void)conf;
    handle.opaque = opaque;
}

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf,
                                void (*on_error)(rd_kafka_t *rk, int err, const char *reason, void *opaque))
{
    (void)conf;
    handle.on_error = on_error;
}

void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t *conf,
                                    void (*on_rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                                         rd_kafka_topic_partition_list_t *list, void *opaque))
{
    (void)conf;
    handle.on_rebalance = on_rebalance;
}

void rd_kafka_conf_set_offset_commit_cb(rd_kafka_conf_t *conf,
                                        void (*on_commit)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                                          rd_kafka_topic_partition_list_t *list,
                                                          void *opaque))
{
    (void)conf;
    handle.on_commit = on_commit;
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t bytes)
{
    ck_assert_int_eq(type, RD_KAFKA_CONSUMER);
    if (handle.refused) {
        snprintf(why, bytes, "it rains");
        return NULL;
    }
    handle.conf = conf;
    return FAKE_RK;
}

void *rd_kafka_opaque(const rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return handle.opaque;
}

const rd_kafka_conf_t *rd_kafka_conf(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return handle.conf;
}

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return FAKE_QUEUE;
}

/* --- joined -------------------------------------------------------------------------------------------- */

static inline void handle_rebalance(rd_kafka_resp_err_t what, int32_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (int32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, "payments", i);
    handle.on_rebalance(FAKE_RK, what, list, handle.opaque);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The group gives the first so many partitions. */
static inline void handle_give(int32_t count)
{
    handle.owned = count;
    handle_rebalance(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, count);
}

static inline void handle_take(void)
{
    if (handle.owned > 0)
        handle_rebalance(RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, handle.owned);
    handle.owned = 0;
}

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *topics)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("subscribe", topics, false);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_unsubscribe(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_call("unsubscribe");
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    fake_clock_advance(timeout_ms * US_PER_MS);
    handle_take();
    return NULL;
}

bool close_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_eq(timeout_us, 3000000);
    kafka_note_call("close");
    handle_take();
    return !handle.stays_open;
}

bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_eq(timeout_us, 2000000);
    kafka_note_call("destroy");
    return !handle.lives_on;
}

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *text, size_t bytes)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    snprintf(text, bytes, "it is over");
    return handle.fatal;
}

/* --- added partitions ---------------------------------------------------------------------------------- */

static char fake_added_place;
#define FAKE_ADDED ((struct added *)(void *)&fake_added_place)

struct added *added_look(rd_kafka_t *rk, const char *topic, const char *of)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_call("look for added");
    kafka_note(" %s of %s", topic, of);
    return FAKE_ADDED;
}

void added_close(struct added *added)
{
    if (added != NULL)
        kafka_note_call("added closed");
}

int added_found(struct added *added)
{
    int found = added != NULL ? handle.added : 0;
    handle.added -= found;
    return found;
}

/* --- watermarks ---------------------------------------------------------------------------------------- */

static char fake_watermarks_place;
#define FAKE_WATERMARKS ((struct watermarks *)(void *)&fake_watermarks_place)

int watermarks_open(struct watermarks **made, rd_kafka_t *rk, struct error *why)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    *made = FAKE_WATERMARKS;
    return handle.watermarks_failed ? error_set(why, "no thread") : 0;
}

void watermarks_close(struct watermarks *watermarks)
{
    if (watermarks != NULL)
        kafka_note_call("watermarks closed");
}

void watermarks_ask(struct watermarks *watermarks, const struct partitions *partitions)
{
    (void)partitions;
    ck_assert_ptr_eq(watermarks, FAKE_WATERMARKS);
    handle.watermarks_asked++;
}

bool watermarks_ask_ends(struct watermarks *watermarks, struct partitions *partitions, bool all)
{
    (void)partitions;
    ck_assert_ptr_eq(watermarks, FAKE_WATERMARKS);
    handle.ends_asked++;
    handle.all_ends_asked += all;
    return true;
}

void watermarks_publish(struct watermarks *watermarks, struct partitions *partitions)
{
    ck_assert_ptr_eq(watermarks, FAKE_WATERMARKS);
    handle.watermarks_published++;
    if (handle.low_comes && partitions->row_count > 0)
        stats_partition_set(partitions->stats, partitions->rows[0].slot, PARTITION_LOW, 0);
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition,
                                                   int64_t *low, int64_t *high)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_str_eq(topic, "payments");
    *low = kafka.low[partition];
    *high = kafka.high[partition];
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

#endif
