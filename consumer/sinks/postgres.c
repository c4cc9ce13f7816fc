/* postgres: exactly once into PostgreSQL (sink.h). Rows go by COPY, and before the compare-and-set: a process
 * that is stopped in the midst of a COPY, which no time-out of the server ends, so holds no lock on the
 * offsets, and whoever replaces it can take over. One that is stopped behind it is ended by the server
 * (idle_in_transaction_session_timeout). A lock that a stopped server process holds is waited for a few
 * seconds, then all is rolled back and tried again.
 *
 * It connects by itself, once a call, and bounds each wait (postgres_link.h); while the database is away its
 * partitions wait (holds.h). A failed COMMIT is always of unknown outcome: a reread waits for the row's lock,
 * so it sees what became of it.
 *
 * A table that was altered takes nothing until its columns are right again (postgres_tables.h).
 *
 * PostgreSQL holds no text with a NUL, nor one that is not UTF-8: such a record is dead, and says why.
 */
#include "consumer/pipeline/stages/stages.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/faults.h"
#include "consumer/sinks/copy_binary.h"
#include "consumer/sinks/postgres_calls.h"
#include "consumer/sinks/postgres_tables.h"
#include "consumer/sinks/sink.h"

struct postgres_sink {
    const struct pipeline *pipeline;
    struct postgres_link link;
    struct postgres_calls calls;
    struct copy_binary copy;
    struct sink_epochs epochs;
    char cluster[64];
    char copy_sql[SINK_SQL_BYTES];
    char *shape;   /* of the topic's table, as it was found to be right; NULL: to be looked at */
    bool prepared; /* the connection's statements */
};

/* --- the connection ------------------------------------------------------------------------------------ */

static void forget_shape(struct postgres_sink *sink)
{
    free(sink->shape);
    sink->shape = NULL;
}

static void postgres_close(void *state)
{
    struct postgres_sink *sink = state;
    postgres_link_release(&sink->link);
    postgres_calls_release(&sink->calls);
    copy_binary_release(&sink->copy);
    sink_epochs_release(&sink->epochs);
    forget_shape(sink);
    free(sink);
}

/* Behind the first connection tables are made only where a partition is taken: between two batches a table
 * that is gone may be one that is being restored. */
enum tables_wanted { TABLES_CHECKED, TABLES_MADE };

static int look_at_tables(struct postgres_sink *sink, enum tables_wanted wanted, struct error *error)
{
    if (wanted == TABLES_MADE && postgres_tables_make(&sink->link, error) == -1)
        return -1;
    sink->shape = postgres_tables_check(&sink->link, error);
    return sink->shape != NULL ? 0 : -1;
}

/* Connected, with tables and statements. */
static int up(struct postgres_sink *sink, enum tables_wanted wanted, struct error *error)
{
    bool fresh;
    if (postgres_link_up(&sink->link, &fresh, error) == -1)
        return -1;
    if (fresh) {
        forget_shape(sink);
        sink->prepared = false;
    }
    if (sink->shape == NULL && look_at_tables(sink, wanted, error) == -1)
        return -1;
    if (!sink->prepared && postgres_calls_prepare(&sink->link, error) == -1) {
        postgres_link_down(&sink->link); /* some of them may be prepared, and cannot be again */
        return -1;
    }
    sink->prepared = true;
    return 0;
}

/* A database that is away now may be there later; one that is there must be fit. */
static int first_look(struct postgres_sink *sink, struct error *error)
{
    struct error why = ERROR_INIT;
    if (up(sink, TABLES_MADE, &why) == 0)
        return 0;
    if (why.exit_code == EXIT_CODE_CONFIG) {
        *error = why;
        return -1;
    }
    log_warning("%s; retrying", why.text);
    return 0;
}

static int postgres_open(void **state, const char *argument, const struct pipeline *pipeline,
                         struct error *error)
{
    struct postgres_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return error_set(error, "out of memory");
    const struct settings *settings = pipeline->settings;
    char columns[SINK_SQL_BYTES];
    sink->pipeline = pipeline;
    sink_columns_sql(columns, settings->topic, settings->schema);
    int length =
        snprintf(sink->copy_sql, sizeof sink->copy_sql, "BEGIN; COPY %s FROM STDIN (FORMAT binary)", columns);
    int result = (size_t)length < sizeof sink->copy_sql ? 0 : error_set(error, "too many columns");
    if (result == -1 || sink_name_check(settings->topic, SINK_DIALECT_POSTGRES, error) == -1 ||
        postgres_link_init(&sink->link, pipeline, argument, error) == -1 ||
        copy_binary_init(&sink->copy, error) == -1 ||
        (!pipeline_checking(pipeline) && first_look(sink, error) == -1)) {
        postgres_close(sink);
        return -1;
    }
    *state = sink;
    return 0;
}

static int postgres_check(void *state, const struct item *items, size_t count, struct answer *answers,
                          struct error *error)
{
    struct postgres_sink *sink = state;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        answers[i].why = copy_binary_refuses(&sink->copy, items[i].record);
        if (answers[i].why != NULL)
            answers[i].verdict = VERDICT_DEAD;
    }
    return 0;
}

/* --- where to go on ------------------------------------------------------------------------------------ */

/* Whose offsets: what each call begins with. */
static struct postgres_owner owner(const struct postgres_sink *sink)
{
    const struct settings *settings = sink->pipeline->settings;
    return (struct postgres_owner){sink->cluster, settings->group_name, settings->topic};
}

static int take_in_transaction(struct postgres_sink *sink, int32_t partition,
                               struct postgres_position *position, struct error *error)
{
    struct postgres_owner own = owner(sink);
    if (postgres_link_do(&sink->link, "take over", "BEGIN", error) == -1 ||
        postgres_check_alone(&sink->link, &own, error) == -1 ||
        postgres_take(&sink->link, &own, partition, position, error) == -1)
        return -1;
    return postgres_link_do(&sink->link, "take over", "COMMIT", error);
}

static int postgres_sink_take(void *state, const struct letter_source *source, int32_t partition,
                              struct sink_position *position, struct error *error)
{
    struct postgres_sink *sink = state;
    struct postgres_position found;
    snprintf(sink->cluster, sizeof sink->cluster, "%s", source->cluster);
    if (up(sink, TABLES_MADE, error) == -1)
        return -1;
    if (take_in_transaction(sink, partition, &found, error) == -1) {
        postgres_link_roll_back(&sink->link);
        forget_shape(sink); /* whatever is gone is made before the next try */
        return -1;
    }
    *position = found.position;
    return sink_epoch_set(&sink->epochs, partition, found.epoch, error);
}

static enum sink_result postgres_sink_reread(void *state, int32_t partition, struct sink_position *position,
                                             struct error *error)
{
    struct postgres_sink *sink = state;
    struct postgres_owner own = owner(sink);
    struct postgres_position found;
    int there = up(sink, TABLES_CHECKED, error) == 0
                    ? postgres_read(&sink->link, &own, partition, &found, error)
                    : -1;
    if (there == -1)
        return SINK_AGAIN;
    if (there == 0 || found.epoch != sink_epoch(&sink->epochs, partition)) {
        sink_lost(error, "PostgreSQL", partition, there == 1);
        return SINK_LOST;
    }
    *position = found.position;
    return SINK_DONE;
}

/* Why a compare-and-set met too few rows; outside of a transaction. */
static enum sink_result explain_miss(struct postgres_sink *sink, const struct sink_range *ranges,
                                     size_t count, int32_t *lost, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct sink_position position;
        enum sink_result result = postgres_sink_reread(sink, ranges[i].partition, &position, error);
        if (result != SINK_DONE) {
            *lost = ranges[i].partition;
            return result;
        }
    }
    /* All ours: an earlier commit got through after all, or somebody changed the rows. */
    error_set_code(error, EXIT_CODE_SINK, "PostgreSQL: the next offset is not the expected one");
    return SINK_UNKNOWN;
}

/* SINK_DONE; SINK_AGAIN, with the error; SINK_LOST when some row was not as expected. */
static enum sink_result set_next(struct postgres_sink *sink, const struct sink_range *ranges, size_t count,
                                 struct error *error)
{
    struct postgres_owner own = owner(sink);
    bool altered = false;
    if (postgres_ranges_set(&sink->calls, ranges, count, &sink->epochs, error) == -1)
        return SINK_AGAIN;
    int64_t met = postgres_move(&sink->link, &sink->calls, &own, sink->shape, &altered, error);
    if (met == -1)
        return SINK_AGAIN;
    if (altered) {
        error_set_code(error, EXIT_CODE_SINK, "PostgreSQL: table \"%s\" was altered", own.topic);
        return SINK_AGAIN;
    }
    return met == (int64_t)count ? SINK_DONE : SINK_LOST;
}

/* A failure may come from an altered table: if it is not right, that is the cause. */
static void look_for_the_cause(struct postgres_sink *sink, struct error *error)
{
    struct error why = ERROR_INIT;
    forget_shape(sink);
    if (sink->link.handle != NULL && look_at_tables(sink, TABLES_CHECKED, &why) == -1)
        *error = why;
}

/* Ends the transaction that `written` is the state of. */
static enum sink_result finish(struct postgres_sink *sink, enum sink_result written,
                               const struct sink_range *ranges, size_t count, int32_t *lost,
                               struct error *error)
{
    if (written == SINK_DONE)
        written = postgres_link_do(&sink->link, "commit", "COMMIT", error) == 0 ? SINK_DONE : SINK_UNKNOWN;
    if (written != SINK_DONE)
        postgres_link_roll_back(&sink->link);
    if (written == SINK_AGAIN)
        look_for_the_cause(sink, error);
    return written == SINK_LOST ? explain_miss(sink, ranges, count, lost, error) : written;
}

static enum sink_result postgres_sink_move(void *state, const struct sink_range *range, bool delete_rows,
                                           struct error *error)
{
    struct postgres_sink *sink = state;
    char sql[SINK_SQL_BYTES];
    int32_t lost;
    if (up(sink, TABLES_CHECKED, error) == -1 || postgres_link_do(&sink->link, "move", "BEGIN", error) == -1)
        return SINK_AGAIN;
    enum sink_result written = set_next(sink, range, 1, error);
    sink_delete_sql(sql, sink->pipeline->settings->topic, range->partition, range->next.next_offset);
    if (written == SINK_DONE && delete_rows && postgres_link_do(&sink->link, "delete rows", sql, error) == -1)
        written = SINK_AGAIN;
    return finish(sink, written, range, 1, &lost, error);
}

/* --- a batch ------------------------------------------------------------------------------------------- */

/* Begins the transaction and copies the rows. */
static int copy_rows(struct postgres_sink *sink, const struct sink_batch *batch, struct error *error)
{
    struct copy_binary *copy = &sink->copy;
    if (postgres_link_do(&sink->link, "begin to copy the rows", sink->copy_sql, error) == -1)
        return -1;
    FAULT_POINT(transaction_open);
    copy_binary_begin(copy);
    for (size_t i = 0; i < batch->item_count; i++) {
        copy_binary_row(copy, &batch->items[i]);
        if (copy->used < COPY_BINARY_SEND_BYTES)
            continue;
        if (postgres_link_send(&sink->link, copy->data, copy->used, error) == -1)
            return -1;
        copy->used = 0;
    }
    copy_binary_end(copy);
    if (postgres_link_send(&sink->link, copy->data, copy->used, error) == -1)
        return -1;
    return postgres_link_sent(&sink->link, error);
}

static enum sink_result write_batch(struct postgres_sink *sink, const struct sink_batch *batch,
                                    struct error *error)
{
    struct postgres_owner own = owner(sink);
    int begun = batch->item_count > 0 ? copy_rows(sink, batch, error)
                                      : postgres_link_do(&sink->link, "begin", "BEGIN", error);
    if (begun == -1)
        return SINK_AGAIN;
    FAULT_POINT(rows_written);
    for (size_t i = 0; i < batch->death_count; i++)
        if (postgres_outbox_add(&sink->link, &own, &batch->deaths[i], error) == -1)
            return SINK_AGAIN;
    FAULT_POINT(outbox_written);
    enum sink_result result = set_next(sink, batch->ranges, batch->range_count, error);
    FAULT_POINT(offsets_set);
    return result;
}

static enum sink_result postgres_sink_commit(void *state, const struct sink_batch *batch, int32_t *lost,
                                             struct error *error)
{
    struct postgres_sink *sink = state;
    assert(sink_batch_is_within(batch));
    if (up(sink, TABLES_CHECKED, error) == -1)
        return SINK_AGAIN;
    return finish(sink, write_batch(sink, batch, error), batch->ranges, batch->range_count, lost, error);
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

static int postgres_sink_outbox(void *state, int32_t partition,
                                void (*each)(void *context, const struct letter_body *letter), void *context,
                                struct error *error)
{
    struct postgres_sink *sink = state;
    struct postgres_owner own = owner(sink);
    if (up(sink, TABLES_CHECKED, error) == -1)
        return -1;
    return postgres_outbox_list(&sink->link, &own, partition, each, context, error);
}

static int postgres_sink_forwarded(void *state, const struct letter_origin *letters, size_t count,
                                   struct error *error)
{
    struct postgres_sink *sink = state;
    struct postgres_owner own = owner(sink);
    if (up(sink, TABLES_CHECKED, error) == -1)
        return -1;
    return postgres_outbox_remove(&sink->link, &sink->calls, &own, letters, count, error);
}

static const struct sink_class postgres_sink = {
    .take = postgres_sink_take,
    .reread = postgres_sink_reread,
    .move = postgres_sink_move,
    .commit = postgres_sink_commit,
    .outbox = postgres_sink_outbox,
    .forwarded = postgres_sink_forwarded,
};

const struct stage_class stage_postgres = {
    .name = "postgres",
    .argument = "CONNINFO",
    .argument_optional = true,
    .help = "the same in PostgreSQL; without CONNINFO, PGHOST and the like apply",
    .open = postgres_open,
    .batch = postgres_check,
    .sink = &postgres_sink,
    .close = postgres_close,
};
