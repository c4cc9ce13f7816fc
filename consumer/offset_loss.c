#include "consumer/offset_loss.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/list_offsets.h"
#include "consumer/starts.h"

#define ASK_AGAIN_US US_PER_SECOND

/* What a partition holds now: from `low` to before `end`. */
struct bounds {
    int64_t low, end;
};

static bool latest(const struct consumer *consumer)
{
    return consumer->settings->on_offset_loss == OFFSET_LOSS_LATEST;
}

/* --- what is met --------------------------------------------------------------------------------------- */

/* librdkafka may report an offset after reading has gone on elsewhere: its fetching has ended with that, and
 * begins anew where it is to be. */
void offset_loss_gone(struct consumer *consumer, const rd_kafka_message_t *message)
{
    const struct partition *row = partition_assigned(&consumer->partitions, message->partition);
    if (row == NULL || !state_fetched(row->state))
        return;
    int64_t next = row->flight.end != STATS_UNKNOWN ? row->flight.end : partition_read_from(row);
    bool old = row->fetch.seek || message->offset != next;
    partition_event(&consumer->partitions, message->partition, old ? EVENT_AGAIN : EVENT_GONE);
}

/* Asked again later; nothing of it is processed before. */
static void wait(struct consumer *consumer, int32_t partition)
{
    partition_wait(&consumer->partitions, partition, EVENT_GONE, clock_monotonic_us() + ASK_AGAIN_US);
}

/* --- going on elsewhere -------------------------------------------------------------------------------- */

/* Goes on at `to`; what that loses counts once it is done. Returns how the line that tells of it ends: it is
 * told in any case, as a database that fails may have taken it. */
static const char *go_on(struct consumer *consumer, int32_t partition, int64_t to, enum move_cause cause,
                         int64_t lost)
{
    struct error error = ERROR_INIT;
    int64_t from = partition_assigned(&consumer->partitions, partition)->position;
    if (starts_move(consumer, partition, to, cause, &error) == -1)
        return " (the sink is asked again)";
    stats_add(consumer->stats, CONSUMER_LOST, (uint64_t)lost);
    worker_notify_gap(consumer->control, &(struct worker_gap){partition, from, to, lost});
    return "";
}

/* --- another topic of the same name -------------------------------------------------------------------- */

/* Its records are all new: those that `latest` passes over are lost. */
static void begin_another(struct consumer *consumer, int32_t partition, const struct bounds *bounds,
                          const char *why)
{
    int64_t from = partition_assigned(&consumer->partitions, partition)->position;
    int64_t to = latest(consumer) ? bounds->end : bounds->low;
    int64_t passed = to - bounds->low;
    const char *end = go_on(consumer, partition, to, MOVE_ANOTHER_TOPIC, passed);
    log_warning("%s [%" PRId32 "]: %s; %" PRId64 " → %" PRId64 ", %" PRId64
                " records of the new one are skipped; how many the old one still had is unknown%s",
                consumer->partitions.topic, partition, why, from, to, passed, end);
}

static void describe(const struct witness *witness, char text[64])
{
    char time[CLOCK_ISO8601_BYTES];
    snprintf(text, 64, "%s (%016" PRIx64 ")", clock_format_iso8601(time, witness->timestamp_ms * US_PER_MS),
             (uint64_t)witness->hash);
}

/* There is another record in its place, or one behind it where none was; or none was met. */
static void describe_other(const struct last_record *last, char why[ERROR_TEXT_BYTES / 2])
{
    char read[64];
    char found[64];
    if (last->found.offset == STATS_UNKNOWN) {
        snprintf(why, ERROR_TEXT_BYTES / 2,
                 "the topic was deleted and recreated: the group had an offset of it, and has none now");
        return;
    }
    describe(&last->read, read);
    describe(&last->found, found);
    if (last->found.offset == last->read.offset)
        snprintf(why, ERROR_TEXT_BYTES / 2,
                 "the topic was deleted and recreated: at offset %" PRId64
                 " the record of %s was read, now there is one of %s",
                 last->read.offset, read, found);
    else
        snprintf(why, ERROR_TEXT_BYTES / 2,
                 "the topic was deleted and recreated: after offset %" PRId64
                 " no record was read, now there is one of %s at %" PRId64,
                 last->read.offset, found, last->found.offset);
}

static void settle_witness(struct consumer *consumer, int32_t partition, const struct bounds *bounds)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    char why[ERROR_TEXT_BYTES / 2];
    describe_other(&row->last, why);
    if (consumer->settings->on_offset_loss == OFFSET_LOSS_STOP)
        consumer_fail(consumer, EXIT_CODE_OFFSETS_LOST,
                      "%s [%" PRId32 "]: %s; nothing was skipped. --on-offset-loss earliest continues at its "
                      "first record, 'kctl reset' at an offset of your choice",
                      consumer->partitions.topic, partition, why);
    else
        begin_another(consumer, partition, bounds, why);
}

/* --- offsets that are gone ----------------------------------------------------------------------------- */

static void stop(struct consumer *consumer, int32_t partition, int64_t from, const struct bounds *bounds)
{
    consumer_fail(
        consumer, EXIT_CODE_OFFSETS_LOST,
        "%s [%" PRId32 "]: offset %" PRId64 " is not there: the topic holds %" PRId64 " to %" PRId64
        "%s; nothing was skipped. --on-offset-loss earliest continues at the first record that is there",
        consumer->partitions.topic, partition, from, bounds->low, bounds->end,
        from > bounds->end ? " (was it recreated?)" : "");
}

/* Delivered before `from`, and waiting for somebody's word; a dead letter on its way is its own. */
static int64_t count_unacknowledged(const struct consumer *consumer, int32_t partition, int64_t from)
{
    int64_t count = partition_unacknowledged(partition_assigned(&consumer->partitions, partition));
    for (int64_t i = 0; count > 0 && (i = dead_letters_next(consumer->letters, partition, i)) < from; i++)
        count--;
    return count;
}

static void tell_unacknowledged(const struct consumer *consumer, int32_t partition, int64_t count,
                                int64_t first)
{
    if (count > 0)
        log_warning("%s [%" PRId32 "]: %" PRId64 " records that were delivered, from offset %" PRId64
                    " on, are gone too, unacknowledged: they count as acknowledged",
                    consumer->partitions.topic, partition, count, first);
}

static void pass_gap(struct consumer *consumer, int32_t partition, int64_t from, const struct bounds *bounds)
{
    int64_t gone = bounds->low - from;
    int64_t to = latest(consumer) ? bounds->end : bounds->low;
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    int64_t first = row->acks != NULL ? row->acks->done.next : from;
    int64_t unacknowledged = count_unacknowledged(consumer, partition, from);
    const char *end = go_on(consumer, partition, to, MOVE_GAP, to - from);
    log_warning("%s [%" PRId32 "]: %" PRId64 " records are gone, offsets %" PRId64 " to %" PRId64 "; %" PRId64
                " → %" PRId64 ", %" PRId64 " existing records are skipped%s",
                consumer->partitions.topic, partition, gone, from, bounds->low - 1, from, to,
                to - bounds->low, end);
    tell_unacknowledged(consumer, partition, unacknowledged, first);
}

/* It was the last record that is not there, and all that is to be read is: retention took no more than that.
 * Or the topic was shorter, and has grown meanwhile. When librdkafka says it again, that waits first. */
static bool is_there(struct consumer *consumer, int32_t partition, const struct bounds *bounds)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    if (bounds->low > row->position || bounds->end < row->position)
        return false;
    if (partition_count_asking(&consumer->partitions, partition) % 2 == 0) {
        wait(consumer, partition);
        return true;
    }
    partition_not_lost(&consumer->partitions, partition, bounds->low);
    return true;
}

static void settle_gone(struct consumer *consumer, int32_t partition, const struct bounds *bounds)
{
    int64_t from = partition_assigned(&consumer->partitions, partition)->position;
    if (is_there(consumer, partition, bounds))
        return;
    if (from > bounds->end) /* another topic: so are the other partitions, whose last records are looked at */
        partitions_doubt(&consumer->partitions);
    if (consumer->settings->on_offset_loss == OFFSET_LOSS_STOP)
        stop(consumer, partition, from, bounds);
    else if (from > bounds->end)
        begin_another(consumer, partition, bounds,
                      "the topic ends before the offset: it was recreated or truncated");
    else
        pass_gap(consumer, partition, from, bounds);
}

/* Another topic, or this one and the group was without members for long. Going on would skip records of
 * the one, beginning anew would process those of the other twice. */
static void stop_untold(struct consumer *consumer, int32_t partition)
{
    int64_t position = partition_assigned(&consumer->partitions, partition)->position;
    consumer_fail(consumer, EXIT_CODE_OFFSETS_LOST,
                  "%s [%" PRId32
                  "]: the group had an offset, and has none now: either the topic was deleted and recreated, "
                  "or the group was without members until its offsets expired; nothing was skipped. If it is "
                  "the same topic, 'kctl reset … --partition %" PRId32 " --to offset %" PRId64
                  "' continues where the database is; if not, '… --to earliest' starts at its first record",
                  consumer->partitions.topic, partition, partition, position);
}

/* What the topic holds may leave no choice: both go on at its first record, or it is not there. */
static void settle_expired(struct consumer *consumer, int32_t partition, const struct bounds *bounds)
{
    struct error ignored = ERROR_INIT; /* then it is asked for again */
    int64_t position = partition_assigned(&consumer->partitions, partition)->position;
    if (bounds->low < position && position <= bounds->end)
        stop_untold(consumer, partition);
    else if (bounds->low == position)
        starts_move(consumer, partition, position, MOVE_ANOTHER_TOPIC, &ignored);
    else
        settle_gone(consumer, partition, bounds);
}

static void settle(struct consumer *consumer, int32_t partition, const struct bounds *bounds)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    if (consumer->end.must_stop || bounds->low < 0 || bounds->end < 0)
        wait(consumer, partition);
    else if (row->last.expired)
        settle_expired(consumer, partition, bounds);
    else if (row->last.found.offset != STATS_UNKNOWN || row->last.deleted)
        settle_witness(consumer, partition, bounds);
    else
        settle_gone(consumer, partition, bounds);
}

/* Both edges of all, in two questions: each takes as long for one as for a hundred. What nobody says is below
 * zero. */
static void settle_all(struct consumer *consumer, rd_kafka_topic_partition_list_t *low)
{
    rd_kafka_topic_partition_list_t *end = rd_kafka_topic_partition_list_copy(low);
    bool known = list_offsets(consumer->rk, low, RD_KAFKA_OFFSET_BEGINNING) == RD_KAFKA_RESP_ERR_NO_ERROR &&
                 list_offsets(consumer->rk, end, RD_KAFKA_OFFSET_END) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < low->cnt; i++) {
        const struct bounds bounds = {known ? low->elems[i].offset : STATS_UNKNOWN, end->elems[i].offset};
        settle(consumer, low->elems[i].partition, &bounds);
    }
    rd_kafka_topic_partition_list_destroy(end);
}

void offset_loss_serve(struct consumer *consumer)
{
    int32_t first = partition_due(&consumer->partitions, STATE_LOSING, 0);
    if (first == -1)
        return;
    rd_kafka_topic_partition_list_t *due = rd_kafka_topic_partition_list_new(1);
    for (int32_t i = first; i != -1; i = partition_due(&consumer->partitions, STATE_LOSING, i + 1)) {
        if (consumer->end.must_stop)
            wait(consumer, i);
        else
            rd_kafka_topic_partition_list_add(due, consumer->partitions.topic, i);
    }
    if (due->cnt > 0)
        settle_all(consumer, due);
    rd_kafka_topic_partition_list_destroy(due);
}
