#include "consumer/offset_loss.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/edges.h"
#include "consumer/faults.h"
#include "consumer/holds.h"
#include "consumer/rebalance.h"

#define ASK_AGAIN_US US_PER_SECOND

/* What a partition holds now: from `low` to before `end`. */
struct held {
    int64_t low, end;
};

/* False: the broker is away. */
static bool ask(struct consumer *consumer, int32_t partition, struct held *held)
{
    held->low = edge_of(consumer->rk, consumer->offsets.topic, partition, RD_KAFKA_OFFSET_BEGINNING);
    held->end = edge_of(consumer->rk, consumer->offsets.topic, partition, RD_KAFKA_OFFSET_END);
    return held->low != STATS_UNKNOWN && held->end != STATS_UNKNOWN;
}

static bool latest(const struct consumer *consumer)
{
    return consumer->settings->on_offset_loss == OFFSET_LOSS_LATEST;
}

/* --- what is read -------------------------------------------------------------------------------------- */

/* Back from the batch's end, until the last partition of those that move is met. One that moves over a gap
 * alone keeps its witness. */
void offset_loss_note(struct consumer *consumer)
{
    const struct batch *batch = &consumer->batch;
    struct offsets *offsets = &consumer->offsets;
    size_t count = 0;
    for (size_t i = 0; i < offsets->row_count; i++) {
        offsets->rows[i].next_witness = offsets->rows[i].witness;
        count += offsets_moves(&offsets->rows[i]);
    }
    for (size_t i = batch->count; i > 0 && count > 0; i--) {
        const rd_kafka_message_t *message = batch->messages[i - 1];
        struct partition *row = &offsets->rows[message->partition];
        if (!offsets_moves(row) || message->offset >= row->batch_end ||
            row->next_witness.offset >= message->offset)
            continue;
        row->next_witness = witness_of(message);
        count--;
    }
}

/* --- what is met --------------------------------------------------------------------------------------- */

/* librdkafka may report an offset after reading has gone on elsewhere. */
void offset_loss_gone(struct consumer *consumer, const rd_kafka_message_t *message)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
    if (row == NULL || row->hold.until_us != 0)
        return;
    bool old = row->position != STATS_UNKNOWN && message->offset < offsets_read_from(row);
    hold_for_loss(consumer, message->partition, old ? LOSS_NOTHING : LOSS_GONE, 0);
}

bool offset_loss_compare(struct consumer *consumer, const rd_kafka_message_t *message)
{
    struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
    if (row == NULL || !row->awaited || row->hold.until_us != 0 || message->offset != row->witness.offset)
        return false;
    row->awaited = false;
    row->found = witness_of(message);
    if (PLANTED(forget_witness) || witness_equal(&row->witness, &row->found))
        offsets_witnessed(row);
    else
        hold_for_loss(consumer, message->partition, LOSS_WITNESS, 0);
    return true;
}

void offset_loss_untold(struct consumer *consumer, int32_t partition)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    log_verbose("%s [%" PRId32 "]: the last record that was read, at %" PRId64
                ", is gone: whether the topic is still the same cannot be told",
                consumer->offsets.topic, partition, row->witness.offset);
    offsets_witnessed(row);
    row->witness.offset = STATS_UNKNOWN;
}

/* --- going on elsewhere -------------------------------------------------------------------------------- */

/* Goes on at `to`; what that loses counts once it is done. Returns how the line that tells of it ends: it is
 * told in any case, as a database that fails may have taken it. */
static const char *go_on(struct consumer *consumer, int32_t partition, int64_t to, int64_t lost)
{
    if (!rebalance_begin_at(consumer, partition, to, false))
        return " (the sink is asked again)";
    stats_add(consumer->stats, CONSUMER_LOST, (uint64_t)lost);
    return "";
}

/* --- another topic of the same name -------------------------------------------------------------------- */

/* Its records are all new: those that `latest` passes over are lost. */
static void begin_another(struct consumer *consumer, int32_t partition, const struct held *held,
                          const char *why)
{
    int64_t from = offsets_assigned(&consumer->offsets, partition)->position;
    int64_t to = latest(consumer) ? held->end : held->low;
    int64_t passed = to - held->low;
    const char *end = go_on(consumer, partition, to, passed);
    log_warning("%s [%" PRId32 "]: %s; %" PRId64 " → %" PRId64 ", %" PRId64
                " records of the new one are passed over; how many the former one had left is unknown%s",
                consumer->offsets.topic, partition, why, from, to, passed, end);
}

static void describe(const struct witness *witness, char text[64])
{
    char time[CLOCK_ISO8601_BYTES];
    snprintf(text, 64, "%s (%016" PRIx64 ")", clock_format_iso8601(time, witness->timestamp_ms * US_PER_MS),
             (uint64_t)witness->hash);
}

static void settle_witness(struct consumer *consumer, int32_t partition, const struct held *held)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    char read[64];
    char found[64];
    char why[ERROR_TEXT_BYTES / 2];
    describe(&row->witness, read);
    describe(&row->found, found);
    snprintf(why, sizeof why,
             "the topic was deleted and made again: at offset %" PRId64
             " the record of %s was read, now there "
             "is one of %s",
             row->witness.offset, read, found);
    if (consumer->settings->on_offset_loss == OFFSET_LOSS_STOP)
        consumer_fail(consumer, EXIT_CODE_OFFSETS_LOST,
                      "%s [%" PRId32 "]: %s; nothing was skipped. --on-offset-loss earliest goes on at its "
                      "first record, 'kctl reset' where you say",
                      consumer->offsets.topic, partition, why);
    else
        begin_another(consumer, partition, held, why);
}

/* --- offsets that are gone ----------------------------------------------------------------------------- */

static void stop(struct consumer *consumer, int32_t partition, int64_t from, const struct held *held)
{
    consumer_fail(consumer, EXIT_CODE_OFFSETS_LOST,
                  "%s [%" PRId32 "]: offset %" PRId64 " is not there: the topic holds %" PRId64 " to %" PRId64
                  "%s; nothing was skipped. --on-offset-loss earliest goes on at the first record that is "
                  "there",
                  consumer->offsets.topic, partition, from, held->low, held->end,
                  from > held->end ? " (was it made anew?)" : "");
}

static void pass_gap(struct consumer *consumer, int32_t partition, int64_t from, const struct held *held)
{
    int64_t gone = held->low - from;
    int64_t to = latest(consumer) ? held->end : held->low;
    const char *end = go_on(consumer, partition, to, to - from);
    log_warning("%s [%" PRId32 "]: %" PRId64 " records are gone, offsets %" PRId64 " to %" PRId64 "; %" PRId64
                " → %" PRId64 ", %" PRId64 " records that are there are passed over%s",
                consumer->offsets.topic, partition, gone, from, held->low - 1, from, to, to - held->low, end);
}

/* It was the witness that is not there, and all that is to be read is: retention took no more than that. Or
 * the topic was shorter, and has grown meanwhile: then there is something to compare. */
static bool only_the_witness(struct consumer *consumer, int32_t partition, const struct held *held)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    if (!row->awaited || held->low > row->position || held->end < row->position)
        return false;
    if (held->low > row->witness.offset)
        offset_loss_untold(consumer, partition);
    rebalance_read_on(consumer, partition);
    return true;
}

static void settle_gone(struct consumer *consumer, int32_t partition, const struct held *held)
{
    int64_t from = offsets_assigned(&consumer->offsets, partition)->position;
    int policy = consumer->settings->on_offset_loss;
    bool first = from == STATS_UNKNOWN; /* only when the queries at assignment failed */
    if (first)
        rebalance_begin_at(consumer, partition,
                           consumer->settings->from == FROM_LATEST ? held->end : held->low, false);
    else if (only_the_witness(consumer, partition, held))
        return;
    else if (policy == OFFSET_LOSS_STOP || (from >= held->low && from <= held->end))
        stop(consumer, partition, from, held);
    else if (from > held->end)
        begin_another(consumer, partition, held,
                      "the topic ends before the offset: it was made anew, or cut");
    else
        pass_gap(consumer, partition, from, held);
}

void offset_loss_settle(struct consumer *consumer, int32_t partition, enum loss loss)
{
    struct held held;
    if (offsets_assigned(&consumer->offsets, partition) == NULL)
        return;
    if (loss == LOSS_NOTHING)
        rebalance_read_on(consumer, partition);
    else if (!ask(consumer, partition, &held))
        hold_for_loss(consumer, partition, loss, ASK_AGAIN_US);
    else if (loss == LOSS_WITNESS)
        settle_witness(consumer, partition, &held);
    else
        settle_gone(consumer, partition, &held);
    /* Nothing of it is processed before the end. */
    if (consumer->must_stop)
        hold_for_loss(consumer, partition, loss, ASK_AGAIN_US);
}
