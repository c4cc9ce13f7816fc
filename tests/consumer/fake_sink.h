/* fake_sink.h: a database in memory behind sinks/sink.h: places of partitions, and what it answers. What it
 * is asked is noted as text. Behind fake_kafka.h. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_SINK_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_SINK_H

#include "consumer/sinks/sink.h"
#include "tests/consumer/fake_kafka.h"

static struct {
    struct sink_position positions[FAKE_PARTITIONS];
    int takes_fail; /* so many fail; then they are done */
    enum sink_result reread, move, commit;
    int32_t lost;
    int outbox, forwarded;                   /* what they answer */
    size_t outbox_letters;                   /* so many, at 90, 91, … */
    struct witness witness[FAKE_PARTITIONS]; /* that the last commit had */
    int64_t group_had_ms[FAKE_PARTITIONS];   /* that the last commit or move had */
} sink;

static char fake_sink_place;
#define FAKE_SINK ((void *)&fake_sink_place)

static inline void sink_begin(void)
{
    memset(&sink, 0, sizeof sink);
    for (int i = 0; i < FAKE_PARTITIONS; i++)
        sink.positions[i] = (struct sink_position)SINK_POSITION_NONE;
}

static inline enum sink_result sink_answers(enum sink_result result, struct error *why)
{
    if (result != SINK_DONE)
        error_set(why, "the database is away");
    return result;
}

static inline int sink_take(void *state, const struct letter_source *source, int32_t partition,
                            struct sink_position *position, struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    ck_assert_str_eq(source->cluster, "cluster");
    kafka_note_call("take");
    kafka_note(" %d", (int)partition);
    if (sink.takes_fail > 0) {
        sink.takes_fail--;
        return error_set(why, "the database is away");
    }
    *position = sink.positions[partition];
    return 0;
}

static inline enum sink_result sink_reread(void *state, int32_t partition, struct sink_position *position,
                                           struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    kafka_note_call("reread");
    kafka_note(" %d", (int)partition);
    *position = sink.positions[partition];
    return sink_answers(sink.reread, why);
}

static inline enum sink_result sink_move(void *state, const struct sink_range *range, bool delete_rows,
                                         struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    kafka_note_call("move");
    kafka_note(" %d ", (int)range->partition);
    if (range->expected != STATS_UNKNOWN)
        kafka_note("%lld", (long long)range->expected);
    kafka_note("→%lld%s", (long long)range->next.next_offset, delete_rows ? " without rows" : "");
    sink.group_had_ms[range->partition] = range->next.group_had_ms;
    return sink_answers(sink.move, why);
}

static inline enum sink_result sink_commit(void *state, const struct sink_batch *batch, int32_t *lost,
                                           struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    kafka_note_call("transaction");
    for (size_t i = 0; i < batch->range_count; i++) {
        const struct sink_range *range = &batch->ranges[i];
        kafka_note(" %d %lld→%lld", (int)range->partition, (long long)range->expected,
                   (long long)range->next.next_offset);
        sink.witness[range->partition] = range->next.witness;
        sink.group_had_ms[range->partition] = range->next.group_had_ms;
    }
    kafka_note(", %zu rows", batch->item_count);
    for (size_t i = 0; i < batch->death_count; i++) {
        ck_assert_uint_gt(rd_kafka_header_cnt(batch->deaths[i].headers), 0);
        kafka_note(", dead %d@%lld", (int)batch->deaths[i].message->partition,
                   (long long)batch->deaths[i].message->offset);
    }
    *lost = sink.lost;
    return sink_answers(sink.commit, why);
}

static inline int sink_outbox(void *state, int32_t partition,
                              void (*each)(void *context, const struct letter_body *letter), void *context,
                              struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    kafka_note_call("outbox");
    kafka_note(" %d", (int)partition);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    for (size_t i = 0; i < sink.outbox_letters; i++)
        each(context,
             &(struct letter_body){.partition = partition, .offset = 90 + (int64_t)i, .headers = headers});
    rd_kafka_headers_destroy(headers);
    return sink.outbox == 0 ? 0 : error_set(why, "the outbox is away");
}

static inline int sink_forwarded(void *state, const struct letter_origin *origins, size_t count,
                                 struct error *why)
{
    ck_assert_ptr_eq(state, FAKE_SINK);
    ck_assert_ptr_nonnull(origins);
    kafka_note_call("forwarded");
    kafka_note(" %zu", count);
    return sink.forwarded == 0 ? 0 : error_set(why, "the outbox is away");
}

static const struct sink_class fake_sink_class = {.take = sink_take,
                                                  .reread = sink_reread,
                                                  .move = sink_move,
                                                  .commit = sink_commit,
                                                  .outbox = sink_outbox,
                                                  .forwarded = sink_forwarded};

#endif
