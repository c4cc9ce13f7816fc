#include "consumer/manual.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/decimal.h"
#include "common/log.h"

/* --- waiting ------------------------------------------------------------------------------------------- */

static void tell_full(const struct consumer *consumer, const struct partition *row, int32_t partition)
{
    log_warning("%s [%" PRId32 "] waits: %" PRId64 " records are not acknowledged (--max-unacknowledged), "
                "the first is %" PRId64,
                consumer->partitions.topic, partition, partition_unacknowledged(row), row->acks->done.next);
}

void manual_serve(struct consumer *consumer)
{
    struct partitions *partitions = &consumer->partitions;
    for (size_t i = 0; partitions->manual && i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        bool full = partition_unacknowledged(row) >= consumer->settings->max_unacknowledged;
        partition_publish_acks(partitions, row);
        if (full && state_fetched(row->state)) {
            partition_event(partitions, (int32_t)i, EVENT_FULL);
            tell_full(consumer, row, (int32_t)i);
        }
        if (!full && row->state == STATE_FULL)
            partition_event(partitions, (int32_t)i, EVENT_ROOM);
    }
}

size_t manual_room(const struct consumer *consumer)
{
    const struct partitions *partitions = &consumer->partitions;
    int64_t room = INT64_MAX;
    for (size_t i = 0; partitions->manual && i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        int64_t left = consumer->settings->max_unacknowledged - partition_unacknowledged(row);
        if (state_fetched(row->state) && left < room)
            room = left;
    }
    return room < 1 ? 1 : (size_t)room;
}

/* --- the request ---------------------------------------------------------------------------------------- */

/* Without the records whose letters are under way: those acknowledge themselves, when they are out. -1 also
 * when there was one: it is not acknowledged now. */
static int acknowledge_processed(struct consumer *consumer, int32_t partition, int64_t first, int64_t end,
                                 struct error *error)
{
    int result = 0;
    while (first < end) {
        int64_t letter = dead_letters_next(consumer->letters, partition, first);
        int64_t until = letter < end ? letter : end;
        if (partition_acknowledge(&consumer->partitions, partition, first, until, error) == -1)
            return -1;
        if (letter < end)
            result =
                error_set(error,
                          "%" PRId64 " is a dead letter on its way, and is acknowledged when topic %s has "
                          "it; the others are acknowledged",
                          letter, dead_letters_topic(consumer->letters));
        first = until + 1;
    }
    return result;
}

static int acknowledge(struct consumer *consumer, int32_t partition, int64_t first, int64_t end,
                       struct error *error)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    if (row->position == STATS_UNKNOWN || row->state == STATE_PLACING)
        return error_set(error,
                         "%s [%" PRId32 "]: its start offset is not known yet; nothing was acknowledged",
                         consumer->partitions.topic, partition);
    if (row->last.doubted)
        return error_set(
            error, "%s [%" PRId32 "]: %s; nothing was acknowledged", consumer->partitions.topic, partition,
            row->last.deleted ? "the topic was deleted and recreated"
                              : "it is not known yet whether the topic was recreated: try again");
    if (end > row->position)
        return error_set(error,
                         "%s [%" PRId32 "] %" PRId64 " was not delivered yet: the position is %" PRId64,
                         consumer->partitions.topic, partition, end - 1, row->position);
    if (acknowledge_processed(consumer, partition, first, end, error) == -1)
        return error_context(error, "%s [%" PRId32 "]", consumer->partitions.topic, partition);
    return 0;
}

static void tell(struct consumer *consumer, int32_t partition, int64_t from)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    int64_t ahead = acks_ahead(row->acks);
    consumer_say(consumer, partition, from, row->acks->done.next,
                 "%s [%" PRId32 "] acknowledged before %" PRId64 ", and %" PRId64 " beyond; %" PRId64 " not",
                 consumer->partitions.topic, partition, row->acks->done.next, ahead,
                 partition_unacknowledged(row));
}

static int acknowledge_all(struct consumer *consumer, struct error *error)
{
    for (size_t i = 0; i < consumer->partitions.row_count; i++) {
        const struct partition *row = &consumer->partitions.rows[i];
        if (row->state == STATE_UNASSIGNED)
            continue;
        int64_t from = row->acks->done.next;
        if (acknowledge(consumer, (int32_t)i, from, row->position, error) == -1)
            return -1;
        tell(consumer, (int32_t)i, from);
    }
    return 0;
}

/* "3:41" or "3:41-60"; the last one counts. */
static int parse(const char *word, int32_t *partition, int64_t *first, int64_t *end)
{
    int64_t number;
    const char *at = decimal_read(word, INT32_MAX, &number);
    if (at == NULL || *at != ':' || (at = decimal_read(at + 1, INT64_MAX - 1, first)) == NULL)
        return -1;
    int64_t last = *first;
    if (*at == '-')
        at = decimal_read(at + 1, INT64_MAX - 1, &last);
    if (at == NULL || *at != '\0' || last < *first)
        return -1;
    *partition = (int32_t)number;
    *end = last + 1;
    return 0;
}

static int acknowledge_word(struct consumer *consumer, const char *word, struct error *error)
{
    int32_t partition;
    int64_t first;
    int64_t end;
    if (strcmp(word, "all") == 0)
        return acknowledge_all(consumer, error);
    if (parse(word, &partition, &first, &end) == -1)
        return error_set(error, "'%s' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all", word);
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    if (row == NULL)
        return 0;
    int64_t from = row->acks->done.next;
    if (acknowledge(consumer, partition, first, end, error) == -1)
        return -1;
    tell(consumer, partition, from);
    return 0;
}

/* Whether what is acknowledged is committed now: an answer to a commit is not enough, as a barrier (a dead
 * letter that is not acknowledged yet), or a doubt, may have kept a partition out of it. */
static int check_committed(const struct consumer *consumer, struct error *error)
{
    for (size_t i = 0; i < consumer->partitions.row_count; i++) {
        const struct partition *row = &consumer->partitions.rows[i];
        if (row->state != STATE_UNASSIGNED && !partition_committed(row))
            return error_set(error,
                             "%s [%zu] is acknowledged, but not committed yet: the commit follows later",
                             consumer->partitions.topic, i);
    }
    return 0;
}

int manual_ack(struct consumer *consumer, const char *text, struct error *error)
{
    char words[sizeof consumer->request.text];
    char *rest = words;
    int result = 0;
    if (!manual_is(consumer))
        return error_set(error, "records are acknowledged one by one only with --commit manual");
    if (commit_look(&consumer->committer, true, error) == -1)
        return error_context(error, "nothing was acknowledged");
    snprintf(words, sizeof words, "%s", text);
    while (rest != NULL && result == 0)
        result = acknowledge_word(consumer, strsep(&rest, ","), error);
    manual_serve(consumer);
    return result;
}

int manual_ack_commit(struct consumer *consumer, const char *text, struct error *error)
{
    struct error failure = ERROR_INIT;
    (void)text;
    if (commit_waits_for_join(&consumer->committer))
        return error_set(error, "a rebalance is under way: acknowledged here, and committed after it");
    if (commit_sync(&consumer->committer, COMMIT_SYNC_US, &failure) == -1)
        return error_set(error, "%s; acknowledged here; the commit is retried", failure.text);
    return check_committed(consumer, error);
}
