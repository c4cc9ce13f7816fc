#include "tools/kaudit/sequence.h"

/* Those of the front become final. */
static void close_gaps(struct sequence *sequence, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct gap *gap = &sequence->open[i];
        if (sequence->gap_count < SEQUENCE_EXAMPLES_MAX)
            sequence->gaps[sequence->gap_count] = *gap;
        sequence->gap_count++;
        sequence->missing += (uint64_t)(gap->last - gap->first) + 1;
    }
    sequence->open_count -= count;
    if (sequence->open_count > 0)
        memmove(sequence->open, sequence->open + count, sequence->open_count * sizeof *sequence->open);
}

/* They stay in ascending order: a gap opens behind the highest number, a split stays in its place. */
static void insert_gap(struct sequence *sequence, size_t at, struct gap gap)
{
    if (sequence->open_count == SEQUENCE_GAPS_MAX) {
        close_gaps(sequence, SEQUENCE_GAPS_MAX / 2);
        at = at > SEQUENCE_GAPS_MAX / 2 ? at - SEQUENCE_GAPS_MAX / 2 : 0;
    }
    memmove(sequence->open + at + 1, sequence->open + at,
            (sequence->open_count - at) * sizeof *sequence->open);
    sequence->open[at] = gap;
    sequence->open_count++;
}

/* Takes the number out of the open gap it is in; false when it is in none. */
static bool fill_gap(struct sequence *sequence, int64_t seq)
{
    size_t low = 0, high = sequence->open_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sequence->open[middle].last < seq)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sequence->open_count || sequence->open[low].first > seq)
        return false;
    struct gap *gap = &sequence->open[low];
    struct gap behind = {seq + 1, gap->last};
    gap->last = seq - 1;
    bool before_is_empty = gap->first > gap->last;
    if (before_is_empty && behind.first <= behind.last)
        *gap = behind;
    else if (before_is_empty)
        memmove(gap, gap + 1, (--sequence->open_count - low) * sizeof *gap);
    else if (behind.first <= behind.last)
        insert_gap(sequence, low + 1, behind);
    return true;
}

static void begin_run(struct sequence *sequence, int64_t seq, int64_t timestamp)
{
    close_gaps(sequence, sequence->open_count);
    sequence->runs++;
    sequence->first = sequence->highest = seq;
    sequence->newest = timestamp;
}

static bool begins_run(const struct sequence *sequence, int64_t seq, int64_t timestamp, bool broker_stamped)
{
    if (sequence->runs == 0)
        return true;
    return seq == 1 && seq <= sequence->highest && (broker_stamped || timestamp > sequence->newest);
}

/* How late the first record of a run may be that was stored: what a producer has under way when it is killed
 * or cut off is no more than that, as a rule. */
#define RUN_BEGINS_BELOW 100

/* What came again was a new run, whose first records are not there, or it was repeats. */
static void settle_again(struct sequence *sequence, bool the_run_goes_on)
{
    uint64_t count = sequence->again.count;
    int64_t first = sequence->again.first, last = sequence->again.last;
    sequence->again.count = 0;
    if (count == 0)
        return;
    bool is_dense = count >= 2 && (uint64_t)(last - first) + 1 == count && first < RUN_BEGINS_BELOW;
    if (the_run_goes_on || !is_dense) {
        sequence->doubled += count;
        return;
    }
    begin_run(sequence, first, sequence->newest);
    sequence->highest = last;
}

/* A number of the run, younger than all of it. */
static enum sequence_answer take_again(struct sequence *sequence, int64_t seq, int64_t timestamp)
{
    if (sequence->again.count > 0 && seq <= sequence->again.last)
        settle_again(sequence, true);
    if (sequence->again.count == 0)
        sequence->again.first = seq;
    sequence->again.last = seq;
    sequence->again.count++;
    sequence->newest = timestamp;
    return SEQUENCE_DOUBLED;
}

enum sequence_answer sequence_take(struct sequence *sequence, int64_t seq, int64_t timestamp,
                                   bool broker_stamped)
{
    if (sequence->open == NULL) {
        sequence->open = calloc(SEQUENCE_GAPS_MAX + 1, sizeof *sequence->open);
        if (sequence->open == NULL)
            return SEQUENCE_NO_MEMORY;
    }
    sequence->records++;
    if (sequence->runs > 0 && fill_gap(sequence, seq)) {
        if (timestamp > sequence->newest)
            sequence->newest = timestamp;
        return SEQUENCE_NEW;
    }
    if (begins_run(sequence, seq, timestamp, broker_stamped)) {
        settle_again(sequence, false);
        begin_run(sequence, seq, timestamp);
        return SEQUENCE_NEW;
    }
    if (seq > sequence->highest) /* where they reached its end, they were not stopped for it to go on */
        settle_again(sequence, sequence->again.last != sequence->highest);
    else if (!broker_stamped && timestamp > sequence->newest)
        return take_again(sequence, seq, timestamp);
    if (seq <= sequence->highest && seq >= sequence->first) {
        sequence->doubled++;
        return SEQUENCE_DOUBLED;
    }
    if (seq < sequence->first) { /* its record was overtaken by all that came before */
        if (seq + 1 < sequence->first)
            insert_gap(sequence, 0, (struct gap){seq + 1, sequence->first - 1});
        sequence->first = seq;
    } else {
        if (seq > sequence->highest + 1)
            insert_gap(sequence, sequence->open_count, (struct gap){sequence->highest + 1, seq - 1});
        sequence->highest = seq;
    }
    if (timestamp > sequence->newest)
        sequence->newest = timestamp;
    return SEQUENCE_NEW;
}

void sequence_finish(struct sequence *sequence)
{
    settle_again(sequence, false);
    close_gaps(sequence, sequence->open_count);
}

void sequence_release(struct sequence *sequence)
{
    free(sequence->open);
    sequence->open = NULL;
}
