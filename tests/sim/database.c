#include "tests/sim/database.h"

#include "consumer/pipeline/pipeline.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"
#include "tests/sim/stages.h"

#define TIMEOUT_US (5 * SECOND) /* what a database that is away makes its caller wait */

void database_init(void)
{
    sim.database = (struct database){0};
    for (int i = 0; i < PARTITIONS_MAX; i++)
        sim.database.rows[i] = (struct database_row){0, -1, WITNESS_NONE, STATS_UNKNOWN, 0};
}

/* --- what can go wrong --------------------------------------------------------------------------------- */

static bool is_away(const char *what, struct error *error)
{
    world_call(what);
    world_work(random_between(&sim.random, 50, 2 * MS));
    if (!faults_strike(&sim.faults.sink))
        return false;
    if (random_percent(&sim.random, 30))
        world_work(random_between(&sim.random, 100 * MS, TIMEOUT_US));
    world_trace("%s fails before anything is done", what);
    error_set(error, "the database is away");
    return true;
}

static int64_t *epoch_of(void *state, int32_t partition)
{
    struct stage_state *stage = state;
    return &stage->epochs[partition];
}

/* --- where to go on ------------------------------------------------------------------------------------ */

/* The process has the last record from here, and can compare it. */
static const struct database_row *read_row(int32_t partition)
{
    sim.workers.current->rk->toppars[TOPIC_MAIN][partition].forgot = false;
    return &sim.database.rows[partition];
}

static int database_take(void *state, const struct letter_source *source, int32_t partition,
                         struct sink_position *place, struct error *error)
{
    (void)source;
    if (is_away("take", error))
        return -1;
    const struct database_row *row = read_row(partition);
    *epoch_of(state, partition) = ++sim.database.rows[partition].epoch;
    *place =
        (struct sink_position){row->next >= 0 ? row->next : STATS_UNKNOWN, row->witness, row->group_had_ms};
    world_trace("takes [%d] over: epoch %lld, next %lld", (int)partition, (long long)row->epoch,
                (long long)row->next);
    if (random_percent(&sim.random, 2))
        world_call("after take");
    return 0;
}

static enum sink_result database_reread(void *state, int32_t partition, struct sink_position *place,
                                        struct error *error)
{
    if (is_away("reread", error))
        return SINK_AGAIN;
    const struct database_row *row = read_row(partition);
    *place =
        (struct sink_position){row->next >= 0 ? row->next : STATS_UNKNOWN, row->witness, row->group_had_ms};
    if (row->epoch == *epoch_of(state, partition))
        return SINK_DONE;
    error_set(error, "another epoch");
    return SINK_LOST;
}

static void delete_rows(int32_t partition, int64_t from)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    for (int64_t i = from; log != NULL && i < log->high; i++)
        log->entries[i].fate.rows = 0;
}

static bool matches(void *state, const struct sink_range *range)
{
    const struct database_row *row = &sim.database.rows[range->partition];
    int64_t expected = range->expected == STATS_UNKNOWN ? -1 : range->expected;
    return row->epoch == *epoch_of(state, range->partition) && row->next == expected;
}

static void set_place(struct database_row *row, const struct sink_position *place)
{
    row->next = place->next_offset;
    row->witness = place->witness;
    row->group_had_ms = place->group_had_ms;
}

static enum sink_result database_move(void *state, const struct sink_range *range, bool deletes_rows,
                                      struct error *error)
{
    if (is_away("move", error))
        return SINK_AGAIN;
    int32_t partition = range->partition;
    struct database_row *row = &sim.database.rows[partition];
    if (!matches(state, range)) {
        error_set(error, "[%d] is another process's now", (int)partition);
        return SINK_LOST;
    }
    set_place(row, &range->next);
    row->incarnation = sim.cluster.topics[TOPIC_MAIN].incarnation;
    sim.database.commits++;
    if (deletes_rows)
        delete_rows(partition, row->next);
    world_trace("moves [%d] from %lld to %lld", (int)partition, (long long)range->expected,
                (long long)row->next);
    return SINK_DONE;
}

/* --- a transaction ------------------------------------------------------------------------------------- */

static void keep_letter(const struct sink_death *death)
{
    const struct op *op = (const struct op *)death->message;
    struct kept_letter *letter = calloc(1, sizeof *letter);
    *letter = (struct kept_letter){.entry = op->entry,
                                   .partition = death->message->partition,
                                   .offset = death->message->offset,
                                   .timestamp_ms = op->timestamp_ms,
                                   .key = death->message->key,
                                   .key_length = death->message->key_len,
                                   .value = death->message->payload,
                                   .value_length = death->message->len,
                                   .headers = rd_kafka_headers_copy(death->headers)};
    op->entry->fate.outbox = op->entry->fate.stood = true;
    op->entry->fate.row_commit = sim.database.commits;
    struct kept_letter **last = &sim.database.outbox;
    while (*last != NULL)
        last = &(*last)->next;
    *last = letter;
    if (op->entry->fate.rows > 0)
        oracle_fail(RULE_ROW_AND_LETTER, "[%d] %lld", op->entry->partition, (long long)op->entry->offset);
}

static void carry_out(const struct sink_batch *batch)
{
    sim.database.commits++;
    for (size_t i = 0; i < batch->item_count; i++) {
        struct entry *entry = ((const struct op *)batch->items[i].message)->entry;
        entry->fate.row_commit = sim.database.commits;
        oracle_row(entry);
    }
    for (size_t i = 0; i < batch->death_count; i++)
        keep_letter(&batch->deaths[i]);
    for (size_t i = 0; i < batch->range_count; i++) {
        const struct sink_range *range = &batch->ranges[i];
        struct database_row *row = &sim.database.rows[range->partition];
        world_trace("the database: [%d] %lld → %lld", (int)range->partition, (long long)range->expected,
                    (long long)range->next.next_offset);
        set_place(row, &range->next);
        struct toppar *toppar = &sim.workers.current->rk->toppars[TOPIC_MAIN][range->partition];
        row->incarnation = toppar->knows;
        toppar->forgot = false;
        oracle_range(sim.workers.current, range->partition, range->expected >= 0 ? range->expected : 0,
                     row->next);
    }
}

static enum sink_result database_commit(void *state, const struct sink_batch *batch, int32_t *lost,
                                        struct error *error)
{
    if (is_away("commit", error))
        return SINK_AGAIN;
    for (size_t i = 0; i < batch->range_count; i++)
        if (!matches(state, &batch->ranges[i])) {
            *lost = batch->ranges[i].partition;
            error_set(error, "another epoch, or another next offset");
            world_trace("the database refuses [%d]: epoch or next offset", (int)*lost);
            return SINK_LOST;
        }
    bool unknown = faults_strike(&sim.faults.sink);
    if (!unknown || random_percent(&sim.random, 50))
        carry_out(batch);
    world_call("after the transaction");
    if (!unknown)
        return SINK_DONE;
    if (random_percent(&sim.random, 40))
        world_work(random_between(&sim.random, 100 * MS, TIMEOUT_US));
    world_trace("the end of the transaction is unknown");
    error_set(error, "the connection broke in COMMIT");
    return SINK_UNKNOWN;
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

static int database_outbox(void *state, int32_t partition,
                           void (*each)(void *context, const struct letter_body *letter), void *context,
                           struct error *error)
{
    (void)state;
    if (is_away("outbox", error))
        return -1;
    for (const struct kept_letter *letter = sim.database.outbox; letter != NULL; letter = letter->next) {
        if (letter->partition != partition)
            continue;
        struct letter_body body = {.partition = partition,
                                   .offset = letter->offset,
                                   .timestamp_ms = letter->timestamp_ms,
                                   .key = letter->key,
                                   .key_length = letter->key_length,
                                   .value = letter->value,
                                   .value_length = letter->value_length,
                                   .headers = letter->headers};
        each(context, &body);
    }
    return 0;
}

static bool is_at(const struct kept_letter *letter, const struct letter_origin *place)
{
    return letter->partition == place->partition && letter->offset == place->offset &&
           letter->timestamp_ms == place->timestamp_ms;
}

/* Where a topic was made anew, two letters can have one place: it is that of the one that was stored. */
static void remove_letter(const struct letter_origin *place)
{
    struct kept_letter **at = &sim.database.outbox;
    while (*at != NULL && (!is_at(*at, place) || !(*at)->entry->fate.ever_stored))
        at = &(*at)->next;
    if (*at == NULL)
        for (at = &sim.database.outbox; *at != NULL && !is_at(*at, place);)
            at = &(*at)->next;
    if (*at == NULL)
        return;
    if (!(*at)->entry->fate.ever_stored)
        oracle_fail(RULE_ROW_SKIPPED, "[%d] %lld left the outbox, and is not acknowledged",
                    (int)place->partition, (long long)place->offset);
    (*at)->entry->fate.outbox = false;
    *at = (*at)->next;
}

static int database_forwarded(void *state, const struct letter_origin *letters, size_t count,
                              struct error *error)
{
    (void)state;
    if (is_away("forwarded", error))
        return -1;
    for (size_t i = 0; i < count; i++)
        remove_letter(&letters[i]);
    return 0;
}

const struct sink_class database_sink = {
    .take = database_take,
    .reread = database_reread,
    .move = database_move,
    .commit = database_commit,
    .outbox = database_outbox,
    .forwarded = database_forwarded,
};

/* --- snapshots ----------------------------------------------------------------------------------------- */

void database_snapshot(void)
{
    sim.database.has_snapshot = true;
    memcpy(sim.database.snapshot, sim.database.rows, sizeof sim.database.rows);
    sim.database.snapshot_commits = sim.database.commits;
    const struct topic *topic = &sim.cluster.topics[TOPIC_MAIN];
    for (int32_t p = 0; p < topic->partition_count; p++)
        for (int64_t i = 0; i < topic->logs[p].high; i++) {
            struct fate *fate = &topic->logs[p].entries[i].fate;
            fate->rows_kept = fate->rows;
            fate->exempt_kept = fate->exempt;
        }
    world_trace("a snapshot of the database is kept");
}

void database_replace(void)
{
    struct topic *topic = &sim.cluster.topics[TOPIC_MAIN];
    world_trace("an empty database takes the former's place");
    database_init();
    for (int32_t p = 0; p < topic->partition_count; p++)
        for (int64_t i = 0; i < topic->logs[p].high; i++) {
            struct fate *fate = &topic->logs[p].entries[i].fate;
            fate->rows = 0;
            fate->outbox = false;
        }
    for (int32_t p = 0; p < topic->partition_count; p++) /* the group's offset counts */
        oracle_exempt(p, topic->logs[p].committed);
}

/* Rows and letters since are gone, by the operator's will: what they were of is to be read again. A letter
 * that the dead-letter topic has stays there. */
void database_restore(void)
{
    if (!sim.database.has_snapshot)
        return;
    world_trace("the database is restored from the snapshot");
    memcpy(sim.database.rows, sim.database.snapshot, sizeof sim.database.rows);
    struct topic *topic = &sim.cluster.topics[TOPIC_MAIN];
    for (int32_t p = 0; p < topic->partition_count; p++)
        for (int64_t i = 0; i < topic->logs[p].high; i++) {
            struct fate *fate = &topic->logs[p].entries[i].fate;
            fate->rows = fate->rows_kept;
            /* No row's when the snapshot was taken, but settled: a reset undid that. */
            if (fate->rows == 0 && (fate->ever_done || fate->exempt_kept) && i < sim.database.rows[p].next)
                fate->exempt = true;
            if (fate->row_commit <= sim.database.snapshot_commits)
                continue;
            fate->outbox = false;
            if (sim.database.rows[p].next < 0) /* without a row, the group's offset counts */
                fate->exempt = fate->exempt || i < topic->logs[p].committed;
        }
    struct kept_letter **at = &sim.database.outbox;
    while (*at != NULL) {
        if ((*at)->entry->fate.row_commit > sim.database.snapshot_commits)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}
