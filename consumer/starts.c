#include "consumer/starts.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/kafka_topic.h"
#include "common/log.h"
#include "consumer/backoff.h"
#include "consumer/list_offsets.h"
#include "consumer/exactly_once.h"
#include "consumer/manual.h"
#include "consumer/retries.h"
#include "consumer/starts_private.h"

enum { LOOK_MS = 1000 };

/* So long a group's offset cannot have expired. Kafka keeps those of a group without members for
 * offsets.retention.minutes: seven days, and one before 2.0. */
enum { KEPT_MS = 12 * 60 * 60 * 1000 };

/* --- what the group says ------------------------------------------------------------------------------- */

static void take_committed(struct starts *starts, struct start *start, const rd_kafka_topic_partition_t *one)
{
    if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        error_set(&starts->error, "the group's offset: %s", rd_kafka_err2str(one->err));
        start_fail(start);
        start->silent = true;
        return;
    }
    if (one->offset < 0)
        return;
    start->place.offset = start->place.committed = one->offset;
    start->place.metadata = one->metadata;
    start->place.metadata_length = one->metadata_size;
}

/* The list is the caller's, to destroy: places point into it. An error of one partition is that partition's;
 * not "nothing committed". */
static rd_kafka_topic_partition_list_t *ask_group(struct starts *starts)
{
    struct consumer *consumer = starts->consumer;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)starts->count);
    for (size_t i = 0; i < starts->count; i++)
        rd_kafka_topic_partition_list_add(list, consumer->partitions.topic, starts->list[i].partition);
    rd_kafka_resp_err_t err = rd_kafka_committed(consumer->rk, list, QUERY_MS);
    for (int i = 0; i < list->cnt; i++) {
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            list->elems[i].err = err;
        take_committed(starts, &starts->list[i], &list->elems[i]);
    }
    return list;
}

/* When the sink's place was written the group had an offset. A last record says more, where there is one. */
static bool had_with_place(const struct start *start)
{
    return start->in_sink && start->place.witness.offset == STATS_UNKNOWN &&
           start->group_had_ms != STATS_UNKNOWN;
}

static bool may_have_expired(const struct start *start)
{
    return llabs(clock_wall_us() / US_PER_MS - start->group_had_ms) > KEPT_MS;
}

/* Kafka deletes a group's offsets with the topic: one that had its place before in this assignment tells
 * that, or one whose place the sink has. */
static void compare(struct starts *starts)
{
    for (size_t i = 0; i < starts->count; i++) {
        struct start *start = &starts->list[i];
        const struct partition *row = partition_assigned(&starts->consumer->partitions, start->partition);
        bool had_here = row->commit.committed != STATS_UNKNOWN;
        if (!had_here && !had_with_place(start))
            continue;
        if (start->silent)
            start_fail(start);
        bool can_move = start->in_sink || !exactly_once_in_database(starts->consumer);
        start->deleted = !start->failed && can_move && start->place.committed == STATS_UNKNOWN;
        start->expired = start->deleted && !had_here && may_have_expired(start);
    }
}

/* --- what the sink says -------------------------------------------------------------------------------- */

static void take_position(struct start *start, const struct sink_position *place)
{
    start->in_sink = place->next_offset != STATS_UNKNOWN;
    if (!start->in_sink)
        return;
    start->failed = false;       /* the group's word is not needed */
    start->place.doubted = true; /* the group may take it for its own, when the database is replaced */
    start->place.offset = place->next_offset;
    start->place.witness = place->witness;
    start->group_had_ms = place->group_had_ms;
}

/* One that does not answer is not asked about the others: each would take as long. */
static void ask_sink(struct starts *starts)
{
    bool away = false;
    for (size_t i = 0; i < starts->count; i++) {
        struct sink_position place = SINK_POSITION_NONE;
        stats_tick(starts->consumer->stats);
        if (away || exactly_once_position(starts->consumer, starts->list[i].partition, &place,
                                          &starts->error) == -1) {
            away = true;
            start_fail(&starts->list[i]);
        } else {
            take_position(&starts->list[i], &place);
        }
    }
}

/* The sink is told where it begins before anything is read: a second first start must not be elsewhere. */
static void tell_sink(struct starts *starts)
{
    for (size_t i = 0; i < starts->count; i++) {
        struct start *start = &starts->list[i];
        const struct exactly_once_move move = {start->partition, STATS_UNKNOWN, start->place.offset,
                                               start->place.committed, false};
        if (start->failed || start->deleted || start->in_sink)
            continue;
        if (exactly_once_move(starts->consumer, &move, &starts->error) != SINK_DONE)
            start_fail(start);
        else if (exactly_once_commits_moves(starts->consumer))
            start->place.committed = start->place.offset;
    }
}

/* --- what comes of it ---------------------------------------------------------------------------------- */

/* A partition that comes back behind what this very process has done: its last commit did not get through.
 * Where offsets say what was processed, it goes on behind that: nobody has got farther. With
 * acknowledgements, or a sink, what comes again is known otherwise. */
static void go_on_behind_former(struct consumer *consumer, struct start *start)
{
    const struct partition *row = partition_assigned(&consumer->partitions, start->partition);
    const struct former *former = &row->former;
    if (consumer->settings->commit != COMMIT_BATCH || exactly_once_is(consumer))
        return;
    bool did = partition_did(row, start->place.committed);
    bool got_through = former->to != STATS_UNKNOWN && start->place.committed == former->to &&
                       former->to == former->asked.last;
    if (did || got_through)
        consumer->end.left -= former->to - former->from; /* nobody does these again */
    if (!did)
        return;
    log_verbose("%s [%" PRId32 "] continues at %" PRId64
                ", which this process had reached; committed: %" PRId64,
                consumer->partitions.topic, start->partition, former->to, start->place.committed);
    start->place.offset = former->to;
    start->place.witness = former->last;
    start->place.doubted = start->place.behind = true;
}

/* One that was only asked whether the topic is the same, as no last record could say it: it goes on where it
 * is. A database knows where that is; its witness is the record that is gone. A commit that was
 * not answered, or librdkafka's own, may be beyond what is known. */
static void go_on_where_it_is(const struct consumer *consumer, struct start *start)
{
    const struct partition *row = partition_assigned(&consumer->partitions, start->partition);
    struct place *place = &start->place;
    bool same = place->committed == row->commit.committed || consumer->settings->commit == COMMIT_AUTO ||
                partition_asked_for(&row->commit.asked, place->committed);
    if (row->last.gone) {
        place->witness = partition_unused.last.read;
        place->doubted = false;
    }
    if (row->position == STATS_UNKNOWN || exactly_once_in_database(consumer) || row->last.former || !same ||
        (row->last.read.offset != STATS_UNKNOWN && !row->last.gone))
        return;
    place->offset = row->position;
    place->behind = row->position > place->committed;
    place->stays = true;
}

/* It is redelivered nevertheless: what an earlier assignment had reached, or this one. Where the group has lost
 * the offset of what was committed, Kafka has deleted it, with the topic perhaps: then these are other
 * records. */
static void tell_redelivery(struct consumer *consumer, int32_t number, const struct place *place)
{
    int64_t start = place->offset;
    const struct partition *row = partition_assigned(&consumer->partitions, number);
    bool had_place = row->position != STATS_UNKNOWN;
    int64_t reached = had_place ? partition_done(row) : row->former.reached; /* unknown is below all */
    if (start >= reached)
        return;
    const char *what = had_place ? "begins again" : "was assigned again";
    const char *end = row->former.committed && place->committed == STATS_UNKNOWN
                          ? ", if it is the same topic: the group's offset was deleted"
                          : "";
    log_warning("%s [%" PRId32 "] %s at %" PRId64 ", after %" PRId64 " had been reached: %" PRId64
                " records will be delivered again%s",
                consumer->partitions.topic, number, what, start, reached, reached - start, end);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), reached - start,
                "[%" PRId32 "] %s at %" PRId64 ", after %" PRId64, number, what, start, reached);
    consumer->end.left += row->last.former ? reached - start : 0; /* see go_on_behind_former */
}

static void place(struct consumer *consumer, struct start *start)
{
    go_on_behind_former(consumer, start);
    go_on_where_it_is(consumer, start);
    tell_redelivery(consumer, start->partition, &start->place);
    if (!partition_placed(&consumer->partitions, start->partition, &start->place))
        log_warning("%s [%" PRId32 "]: the commit's metadata is not ours; nothing counts as acknowledged "
                    "beyond %" PRId64,
                    consumer->partitions.topic, start->partition, start->place.offset);
    log_verbose("partition %" PRId32 " begins at %" PRId64 "%s", start->partition, start->place.offset,
                start->place.committed == STATS_UNKNOWN ? " (nothing committed)" : "");
}

static void wait_again(struct consumer *consumer, int32_t number, const struct error *error)
{
    const struct partition *row = partition_assigned(&consumer->partitions, number);
    if (row->state == STATE_PLACING) /* else the sink has said that it is another's */
        retry_place(consumer, number, EVENT_UNPLACED, error);
}

/* The database is moved from where it is. */
static void lose(struct consumer *consumer, struct start *start)
{
    const struct partition *row = partition_assigned(&consumer->partitions, start->partition);
    start->place.committed = row->commit.committed;
    if (start->in_sink)
        partition_placed(&consumer->partitions, start->partition, &start->place);
    if (start->expired)
        partition_expired(&consumer->partitions, start->partition);
    else
        partition_deleted(&consumer->partitions, start->partition);
}

static void settle(struct starts *starts)
{
    for (size_t i = 0; i < starts->count; i++) {
        if (starts->list[i].failed)
            wait_again(starts->consumer, starts->list[i].partition, &starts->error);
        else if (starts->list[i].deleted)
            lose(starts->consumer, &starts->list[i]);
        else
            place(starts->consumer, &starts->list[i]);
    }
}

/* --- asking -------------------------------------------------------------------------------------------- */

static size_t gather(const struct consumer *consumer, struct start *list)
{
    size_t count = 0;
    for (int32_t i = partition_due(&consumer->partitions, STATE_PLACING, 0); i != -1;
         i = partition_due(&consumer->partitions, STATE_PLACING, i + 1))
        list[count++] = (struct start){
            .partition = i,
            .place = {.offset = STATS_UNKNOWN, .committed = STATS_UNKNOWN, .witness = WITNESS_NONE},
            .group_had_ms = STATS_UNKNOWN};
    return count;
}

void starts_look(struct consumer *consumer)
{
    if (consumer->settings->from == FROM_LATEST)
        consumer->topic_partitions =
            kafka_topic_partitions(consumer->rk, consumer->partitions.topic, LOOK_MS);
}

static void ask(struct starts *starts)
{
    struct consumer *consumer = starts->consumer;
    rd_kafka_topic_partition_list_t *committed = ask_group(starts);
    if (exactly_once_is(consumer))
        ask_sink(starts);
    compare(starts);
    starts_begin_fresh(starts);
    if (exactly_once_is(consumer))
        tell_sink(starts);
    settle(starts);
    rd_kafka_topic_partition_list_destroy(committed);
}

static void fail_all(struct starts *starts)
{
    for (size_t i = 0; i < starts->count; i++)
        wait_again(starts->consumer, starts->list[i].partition, &starts->error);
}

void starts_serve(struct consumer *consumer)
{
    if (partition_due(&consumer->partitions, STATE_PLACING, 0) == -1)
        return;
    struct starts starts = {.consumer = consumer, .error = ERROR_INIT};
    starts.list = calloc(consumer->partitions.row_count, sizeof *starts.list);
    if (starts.list == NULL) {
        consumer_fail(consumer, EXIT_CODE_FAILED, "no memory for %zu partitions",
                      consumer->partitions.row_count);
        return;
    }
    starts.count = gather(consumer, starts.list);
    if (exactly_once_recover(consumer, &starts.error) == 0)
        ask(&starts);
    else
        fail_all(&starts);
    free(starts.list);
}

/* What is gone needs nobody's acknowledgement; a dead letter on its way is its record's. */
static void settle_gap(struct consumer *consumer, int32_t partition, int64_t end)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    for (int64_t first = row->acks->done.next; first < end;) {
        int64_t letter = dead_letters_next(consumer->letters, partition, first);
        int64_t until = letter < end ? letter : end;
        partition_settle(&consumer->partitions, partition, first, until);
        first = until + 1;
    }
}

/* Letters of a topic that is no more are no partition's, but are sent. */
static void leave_letters(struct consumer *consumer, int32_t partition, enum move_cause cause)
{
    if (cause == MOVE_ANOTHER_TOPIC)
        dead_letters_records_gone(consumer->letters, partition, INT64_MAX);
    dead_letters_forget(consumer->letters, partition);
}

/* Behind a gap the letters of records before it are still its partition's, and what is committed waits for
 * them. */
static void take_letters_along(struct consumer *consumer, int32_t partition, int64_t offset)
{
    dead_letters_records_gone(consumer->letters, partition, offset);
    if (manual_is(consumer))
        settle_gap(consumer, partition, offset);
}

int starts_move(struct consumer *consumer, int32_t partition, int64_t offset, enum move_cause cause,
                struct error *error)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    int64_t committed = cause == MOVE_ANOTHER_TOPIC ? STATS_UNKNOWN : row->commit.committed;
    if (exactly_once_is(consumer)) {
        const struct exactly_once_move move = {partition, row->position, offset, committed,
                                               cause == MOVE_ASKED_ANEW};
        enum sink_result result = exactly_once_move(consumer, &move, error);
        if (result != SINK_DONE && result != SINK_LOST)
            partition_wait(&consumer->partitions, partition, EVENT_UNSURE,
                           clock_monotonic_us() + backoff_us(consumer->settings, 1));
        if (result != SINK_DONE)
            return -1;
    }
    const struct place place = {.offset = offset,
                                .committed = exactly_once_commits_moves(consumer) ? offset : committed,
                                .witness = WITNESS_NONE,
                                .moved = true,
                                .passed_over = cause == MOVE_GAP};
    if (cause != MOVE_GAP)
        leave_letters(consumer, partition, cause);
    partition_placed(&consumer->partitions, partition, &place);
    if (cause == MOVE_GAP) /* now: a place lifts the barrier */
        take_letters_along(consumer, partition, offset);
    return 0;
}
