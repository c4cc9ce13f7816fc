/* sqlite: exactly once into an SQLite file (sink.h). Write-ahead log, synchronous=NORMAL: a loss of power may
 * take the last transactions back, rows and offsets together, and then they are read again; the file is never
 * half-written. Another process that holds the file's lock is waited for, for a second a call at most
 * (sqlite_link.h); then the caller's backoff waits.
 *
 * A file that was deleted or replaced is opened anew, and nothing that was known of the former one holds: its
 * partitions are SINK_LOST until they are taken again, where the new file says.
 */
#include "consumer/pipeline/stages/stages.h"

#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/faults.h"
#include "consumer/sinks/sink_table.h"
#include "consumer/sinks/sqlite_calls.h"
#include "consumer/sinks/sqlite_tables.h"

struct sqlite_sink {
    struct sqlite_link link;
    struct sqlite_calls calls;
    struct sink_epochs epochs;
};

/* --- the file ------------------------------------------------------------------------------------------ */

static void sqlite_close(void *state)
{
    struct sqlite_sink *sink = state;
    sqlite_link_release(&sink->link);
    sink_epochs_release(&sink->epochs);
    free(sink);
}

/* Each call begins so: the file at the path is open, with tables and statements. */
static int up(struct sqlite_sink *sink, struct error *error)
{
    struct sqlite_link *link = &sink->link;
    bool moved = sqlite_link_moved(link);
    if (link->db != NULL && !moved)
        return 0;
    if (moved) {
        log_warning("%s was deleted or replaced while it was in use: reopening it", link->path);
        sqlite_link_forget(link);
        sink_epochs_release(&sink->epochs);
    }
    link->locked = false;
    if (sqlite_link_open(link, error) == 0 && sqlite_tables_make(link, error) == 0 &&
        sqlite_calls_prepare(&sink->calls, error) == 0) {
        sqlite_link_opened(link);
        return 0;
    }
    sqlite_link_close(link);
    return -1;
}

static int up_and_begin(struct sqlite_sink *sink, struct error *error)
{
    return up(sink, error) == 0 ? sqlite_begin(&sink->calls, error) : -1;
}

/* A lock is over some time; what else is wrong at the start will be so tomorrow. */
static int first_look(struct sqlite_sink *sink, struct error *error)
{
    struct error why = ERROR_INIT;
    if (up(sink, &why) == 0)
        return 0;
    if (!sink->link.locked) {
        *error = why;
        return -1;
    }
    log_warning("%s; retrying", why.text);
    return 0;
}

static int sqlite_open(void **state, const char *argument, const struct pipeline *pipeline,
                       struct error *error)
{
    struct sqlite_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return error_set(error, "out of memory");
    sink->calls.link = &sink->link;
    if (sqlite_link_init(&sink->link, pipeline, argument, error) == -1 ||
        sink_name_check(pipeline->settings->topic, SINK_DIALECT_SQLITE, error) == -1 ||
        (!pipeline_checking(pipeline) && first_look(sink, error) == -1)) {
        sqlite_close(sink);
        return -1;
    }
    *state = sink;
    return 0;
}

/* --- where to go on ------------------------------------------------------------------------------------ */

static int sqlite_sink_take(void *state, const struct letter_source *source, int32_t partition,
                            struct sink_position *position, struct error *error)
{
    struct sqlite_sink *sink = state;
    int64_t epoch = 0;
    snprintf(sink->calls.cluster, sizeof sink->calls.cluster, "%s", source->cluster);
    if (up_and_begin(sink, error) == -1)
        return -1;
    int result = sqlite_check_alone(&sink->calls, error);
    if (result == 0)
        result = sqlite_take(&sink->calls, partition, &epoch, position, error);
    if (result == 0)
        result = sqlite_commit(&sink->calls, error);
    sqlite_link_roll_back(&sink->link);
    return result == 0 ? sink_epoch_set(&sink->epochs, partition, epoch, error) : -1;
}

/* Reads a partition's row as its owner. */
static enum sink_result read_own(struct sqlite_sink *sink, int32_t partition, struct sink_position *position,
                                 struct error *error)
{
    int64_t epoch = 0;
    int there = sqlite_read(&sink->calls, partition, &epoch, position, error);
    if (there == -1)
        return SINK_AGAIN;
    if (there == 1 && epoch == sink_epoch(&sink->epochs, partition))
        return SINK_DONE;
    sink_lost(error, sink->link.path, partition, there == 1);
    return SINK_LOST;
}

static enum sink_result sqlite_sink_reread(void *state, int32_t partition, struct sink_position *position,
                                           struct error *error)
{
    return up(state, error) == 0 ? read_own(state, partition, position, error) : SINK_AGAIN;
}

/* Why a compare-and-set met nothing. */
static enum sink_result explain_miss(struct sqlite_sink *sink, int32_t partition, struct error *error)
{
    struct sink_position position;
    enum sink_result result = read_own(sink, partition, &position, error);
    if (result != SINK_DONE)
        return result;
    /* Still ours: an earlier commit got through, or somebody changed the row. */
    error_set_code(error, EXIT_CODE_SINK, "%s: the next offset is not the expected one", sink->link.path);
    return SINK_UNKNOWN;
}

/* The planted bug forget_guards: what the database has is what was expected. */
static void agree_with_everything(struct sqlite_sink *sink, struct sink_range *range)
{
    struct error ignored = ERROR_INIT;
    struct sink_position position;
    int64_t epoch;
    if (sqlite_read(&sink->calls, range->partition, &epoch, &position, &ignored) != 1)
        return;
    sink_epoch_set(&sink->epochs, range->partition, epoch, &ignored);
    range->expected = position.next_offset;
}

static enum sink_result set_next(struct sqlite_sink *sink, struct sink_range range, struct error *error)
{
    if (PLANTED(forget_guards))
        agree_with_everything(sink, &range);
    int met = sqlite_move(&sink->calls, &range, sink_epoch(&sink->epochs, range.partition), error);
    if (met == -1)
        return SINK_AGAIN;
    return met == 1 ? SINK_DONE : explain_miss(sink, range.partition, error);
}

/* Ends the transaction that `written` is the state of. One that went into a file that is nobody's any more is
 * none. */
static enum sink_result finish(struct sqlite_sink *sink, enum sink_result written, struct error *error)
{
    struct sqlite_link *link = &sink->link;
    if (written == SINK_DONE && sqlite_commit(&sink->calls, error) == -1)
        written = SINK_UNKNOWN;
    sqlite_link_roll_back(link);
    if (written != SINK_DONE || !sqlite_link_moved(link))
        return written;
    error_set_code(error, EXIT_CODE_SINK, "%s was deleted or replaced during a commit", link->path);
    return SINK_LOST;
}

static enum sink_result sqlite_sink_move(void *state, const struct sink_range *range, bool delete_rows,
                                         struct error *error)
{
    struct sqlite_sink *sink = state;
    char sql[SINK_SQL_BYTES];
    if (up_and_begin(sink, error) == -1)
        return SINK_AGAIN;
    enum sink_result result = set_next(sink, *range, error);
    sink_delete_sql(sql, sink->link.pipeline->settings->topic, range->partition, range->next.next_offset);
    if (result == SINK_DONE && delete_rows && sqlite_link_execute(&sink->link, sql, error) == -1)
        result = SINK_AGAIN;
    return finish(sink, result, error);
}

/* --- a batch ------------------------------------------------------------------------------------------- */

/* The planted bug two_transactions. */
static int commit_offsets_first(struct sqlite_sink *sink, struct error *error)
{
    return sqlite_commit(&sink->calls, error) == 0 ? sqlite_begin(&sink->calls, error) : -1;
}

static enum sink_result write_batch(struct sqlite_sink *sink, const struct sink_batch *batch, int32_t *lost,
                                    struct error *error)
{
    for (size_t i = 0; i < batch->range_count; i++) {
        enum sink_result result = set_next(sink, batch->ranges[i], error);
        *lost = batch->ranges[i].partition;
        if (result != SINK_DONE)
            return result;
    }
    FAULT_POINT(offsets_set);
    if (PLANTED(two_transactions) && commit_offsets_first(sink, error) == -1)
        return SINK_AGAIN;
    if (sqlite_insert(&sink->calls, batch->items, batch->item_count, error) == -1)
        return SINK_AGAIN;
    FAULT_POINT(rows_written);
    for (size_t i = 0; i < batch->death_count && !PLANTED(forget_outbox); i++)
        if (sqlite_outbox_add(&sink->calls, &batch->deaths[i], error) == -1)
            return SINK_AGAIN;
    FAULT_POINT(outbox_written);
    return SINK_DONE;
}

static enum sink_result sqlite_sink_commit(void *state, const struct sink_batch *batch, int32_t *lost,
                                           struct error *error)
{
    struct sqlite_sink *sink = state;
    assert(sink_batch_is_within(batch));
    if (up_and_begin(sink, error) == -1)
        return SINK_AGAIN;
    FAULT_POINT(transaction_open);
    return finish(sink, write_batch(sink, batch, lost, error), error);
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

static int sqlite_sink_outbox(void *state, int32_t partition,
                              void (*each)(void *context, const struct letter_body *letter), void *context,
                              struct error *error)
{
    struct sqlite_sink *sink = state;
    return up(sink, error) == 0 ? sqlite_outbox_list(&sink->calls, partition, each, context, error) : -1;
}

static int sqlite_sink_forwarded(void *state, const struct letter_origin *letters, size_t count,
                                 struct error *error)
{
    struct sqlite_sink *sink = state;
    int result = up_and_begin(sink, error);
    for (size_t i = 0; i < count && result == 0; i++)
        result = sqlite_outbox_remove(&sink->calls, letters[i], error);
    if (result == 0)
        result = sqlite_commit(&sink->calls, error);
    sqlite_link_roll_back(&sink->link);
    return result;
}

static const struct sink_class sqlite_sink = {
    .take = sqlite_sink_take,
    .reread = sqlite_sink_reread,
    .move = sqlite_sink_move,
    .commit = sqlite_sink_commit,
    .outbox = sqlite_sink_outbox,
    .forwarded = sqlite_sink_forwarded,
};

const struct stage_class stage_sqlite = {
    .name = "sqlite",
    .argument = "FILE",
    .help =
        "writes each record exactly once, as a row of a table named after the topic; must be the last stage",
    .open = sqlite_open,
    .sink = &sqlite_sink,
    .close = sqlite_close,
};
