#include "tests/sim/oracle.h"

#include <stdarg.h>

#include "common/exit_codes.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"

#define BELIEVED_US (20 * SECOND)

static const char *const names[] = {
#define X(id, name, help) name,
    RULES(X)
#undef X
};
static const char *const helps[] = {
#define X(id, name, help) help,
    RULES(X)
#undef X
};

const char *rule_name(enum rule rule)
{
    return names[rule];
}

const char *rule_help(enum rule rule)
{
    return helps[rule];
}

void oracle_init(void)
{
    sim.oracle = (struct oracle){0};
}

void oracle_fail(enum rule rule, const char *format, ...)
{
    va_list arguments;
    if (sim.oracle.broken != RULE_NONE || (sim.plan->allowed >> rule & 1) != 0)
        return;
    sim.oracle.broken = rule;
    va_start(arguments, format);
    vsnprintf(sim.oracle.text, sizeof sim.oracle.text, format, arguments);
    va_end(arguments);
    world_trace("BROKEN: %s: %s", names[rule], sim.oracle.text);
    world_end();
}

static bool by_hand(void)
{
    return sim.plan->commit == COMMIT_MANUAL;
}

/* --- the pipeline -------------------------------------------------------------------------------------- */

static void check_topic(struct worker *worker, const rd_kafka_message_t *message)
{
    const struct entry *entry = ((const struct op *)message)->entry;
    if (entry->topic != TOPIC_MAIN)
        oracle_fail(RULE_OTHER_TOPIC, "%s processes %s [%d] %lld", worker->name,
                    sim.cluster.topics[entry->topic].name, entry->partition, (long long)entry->offset);
}

/* A process that was replaced, or whose partition was given away, while it stood still does not know yet:
 * nothing that it does counts. */
static bool is_member(const struct worker *worker, int32_t partition)
{
    const struct member *member = worker->rk != NULL ? group_find(worker->rk->member_id) : NULL;
    const struct member *owner = group_owner(TOPIC_MAIN, partition);
    return member != NULL && member->client == worker->rk && (owner == NULL || owner == member);
}

void oracle_seen(struct worker *worker, const rd_kafka_message_t *message)
{
    const struct entry *entry = ((const struct op *)message)->entry;
    check_topic(worker, message);
    if (((const struct op *)message)->after_fatal)
        oracle_fail(RULE_AFTER_FATAL, "%s processes [%d] %lld", worker->name, entry->partition,
                    (long long)entry->offset);
    const struct log *log = cluster_log(TOPIC_MAIN, entry->partition);
    bool blind = log != NULL && log->blind; /* acknowledgements of a former topic can be beyond its end */
    if (by_hand() && entry->fate.confirmed && !blind && is_member(worker, entry->partition))
        oracle_fail(RULE_ACKED_AGAIN, "%s is given [%d] %lld", worker->name, entry->partition,
                    (long long)entry->offset);
}

void oracle_judged(struct worker *worker, struct entry *entry, bool dead)
{
    if (worker->tentative_count == TENTATIVE_MAX)
        return;
    worker->tentative[worker->tentative_count++] =
        (struct tentative){entry, dead ? TENTATIVE_DEAD : TENTATIVE_DONE};
}

void oracle_stopped(struct worker *worker, const struct entry *entry)
{
    if (worker->stop_count < TENTATIVE_MAX)
        worker->stops[worker->stop_count++] = entry;
}

/* It comes again, as a record before it in its partition does. */
static bool is_behind_stop(const struct worker *worker, const struct entry *entry)
{
    for (size_t i = 0; i < worker->stop_count; i++)
        if (worker->stops[i]->partition == entry->partition && worker->stops[i]->offset < entry->offset)
            return true;
    return false;
}

void oracle_run(struct worker *worker, bool stands)
{
    worker->runs += stands;
    for (size_t i = 0; i < worker->tentative_count && stands; i++) {
        struct fate *fate = &worker->tentative[i].entry->fate;
        if (is_behind_stop(worker, worker->tentative[i].entry))
            continue;
        if (worker->rk != NULL)
            worker->rk->toppars[TOPIC_MAIN][worker->tentative[i].entry->partition].worked |=
                worker->tentative[i].what == TENTATIVE_DONE;
        if (worker->tentative[i].what == TENTATIVE_DEAD) {
            fate->dead++;
            continue;
        }
        fate->done++;
        fate->ever_done = true;
        if (!is_member(worker, worker->tentative[i].entry->partition) && !group_empty())
            continue; /* who has the partition is another one */
        fate->done_by = (int)(worker - sim.workers.all) + 1;
        fate->done_assignment =
            worker->rk->toppars[TOPIC_MAIN][worker->tentative[i].entry->partition].assignment;
    }
    worker->tentative_count = worker->stop_count = 0;
}

static int number(const struct worker *worker)
{
    return (int)(worker - sim.workers.all) + 1;
}

/* --- commits ------------------------------------------------------------------------------------------- */

/* What may be committed past. */
static bool is_settled(const struct entry *entry)
{
    const struct fate *fate = &entry->fate;
    if (!entry_visible(entry) || fate->exempt || fate->letters > 0 || oracle_inherited(entry))
        return true;
    if (sim.plan->letters_off && (fate->dead > 0 || entry->kind == ENTRY_BAD))
        return true;
    if (fate->dropped || fate->was_dropped || fate->was_exempt) /* `was`: a reset is under way, or failed */
        return true;
    return by_hand() ? fate->acknowledged || fate->was_acknowledged : fate->done > 0 || fate->before_reset;
}

static void check_range(const struct worker *worker, int32_t partition, int64_t from, int64_t to)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    for (int64_t i = from > log->low ? from : log->low; i < to && i < log->high; i++) {
        const struct entry *entry = &log->entries[i];
        if (is_settled(entry))
            continue;
        oracle_fail(by_hand() ? RULE_UNACKNOWLEDGED : RULE_SKIPPED,
                    "[%d] committed %lld%s%s by %s, but %lld is %s", (int)partition,
                    (long long)log->committed, log->metadata[0] != '\0' ? " with " : "", log->metadata,
                    worker->name, (long long)i,
                    entry->fate.dead > 0   ? "a dead record without a letter"
                    : entry->fate.sent > 0 ? "a record whose letter is not acknowledged"
                    : entry->fate.done > 0 ? "only processed"
                                           : "not processed");
        return;
    }
}

/* What retention took has no fate but its letter, where its process still has that. */
static void check_letters(const struct worker *worker, int32_t partition, int64_t from, int64_t to)
{
    const struct log *log = cluster_log(TOPIC_MAIN, partition);
    int assignment = worker->rk != NULL ? worker->rk->toppars[TOPIC_MAIN][partition].assignment : 0;
    for (int64_t i = from; i < to && i < log->low; i++) {
        const struct fate *fate = &log->entries[i].fate;
        if (fate->letters == 0 && fate->owed_by == number(worker) && fate->owed_assignment == assignment)
            oracle_fail(by_hand() ? RULE_UNACKNOWLEDGED : RULE_SKIPPED,
                        "[%d] committed %lld by %s, but %lld, which is gone, is a record whose letter is not "
                        "acknowledged",
                        (int)partition, (long long)log->committed, worker->name, (long long)i);
    }
}

/* "acks1:1-17,20", relative to the committed offset. */
static void each_in_metadata(const struct worker *worker, int32_t partition, const struct log *log,
                             void (*act)(const struct worker *, int32_t, int64_t, int64_t))
{
    const char *at = log->metadata;
    if (strncmp(at, "acks1:", 6) != 0)
        return;
    at += 6;
    while (*at != '\0') {
        char *end;
        int64_t first = strtoll(at, &end, 10);
        int64_t last = *end == '-' ? strtoll(end + 1, &end, 10) : first;
        act(worker, partition, log->committed + first, log->committed + last + 1);
        at = *end == ',' ? end + 1 : end;
    }
}

/* A commit that was on its way lands after an empty database, or one from before it had this partition, took
 * the place of the one that it tells of. */
static void exempt_for_database(int32_t partition, int64_t before)
{
    if (sim.database.rows[partition].next < 0)
        oracle_exempt(partition, before);
}

/* One that was given up, and lands behind a reset: what it covers was processed, once. The consumer commits
 * all once more a minute later, if it lives so long. */
static void forgive_late(struct log *log)
{
    for (int64_t i = log->low; i < log->committed && i < log->high; i++)
        log->entries[i].fate.before_reset |= log->entries[i].fate.ever_done;
}

void oracle_committed(struct worker *worker, int topic, int32_t partition, bool late, bool former)
{
    struct log *log = cluster_log(topic, partition);
    int64_t *checked = &sim.oracle.checked[partition];
    if (topic == TOPIC_MAIN && (former || oracle_is_former(worker->rk, partition))) {
        log->blind = true;
        oracle_exempt(partition, log->committed);
        each_in_metadata(worker, partition, log, oracle_exempt_range);
        return;
    }
    if (topic == TOPIC_MAIN && sim.plan->commit == COMMIT_SINK)
        exempt_for_database(partition, log->committed);
    if (topic != TOPIC_MAIN || sim.plan->commit == COMMIT_AUTO || sim.plan->commit == COMMIT_SINK)
        return;
    log->set_back = late;
    if (late)
        forgive_late(log);
    oracle_reset_committed(worker, partition, log->committed);
    check_letters(worker, partition, *checked, log->committed);
    check_range(worker, partition, *checked, log->committed);
    if (log->committed > *checked)
        *checked = log->committed;
    if (by_hand())
        each_in_metadata(worker, partition, log, check_range);
}

/* --- the database -------------------------------------------------------------------------------------- */

/* One who read on in a topic that was made anew, and could not know it, begins anew once it does. */
void oracle_row(struct entry *entry)
{
    const struct log *log = cluster_log(TOPIC_MAIN, entry->partition);
    if (++entry->fate.rows > 1 && (log == NULL || !log->blind))
        oracle_fail(RULE_ROW_TWICE, "[%d] %lld", entry->partition, (long long)entry->offset);
    else if ((entry->fate.letters > 0 || entry->fate.outbox) && !entry->fate.given_up)
        oracle_fail(RULE_ROW_AND_LETTER, "[%d] %lld", entry->partition, (long long)entry->offset);
}

void oracle_range(struct worker *worker, int32_t partition, int64_t from, int64_t to)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    if (log == NULL || oracle_is_former(worker->rk, partition))
        return;
    for (int64_t i = from > log->low ? from : log->low; i < to && i < log->high; i++) {
        const struct entry *entry = &log->entries[i];
        const struct fate *fate = &entry->fate;
        bool letter = fate->outbox || fate->letters > 0;
        bool dead = sim.plan->letters_off && (entry->kind == ENTRY_BAD || fate->dead > 0);
        if (!entry_visible(entry) || fate->exempt || fate->rows > 0 || letter || dead || fate->dropped)
            continue;
        oracle_fail(RULE_ROW_SKIPPED, "[%d] %s went from %lld to %lld, %lld is nowhere", (int)partition,
                    worker->name, (long long)from, (long long)to, (long long)i);
        return;
    }
}

/* --- what nobody promised ------------------------------------------------------------------------------ */

/* The group has never worked on it; or where it was is gone with a database, before it was committed. */
static bool is_new_to_group(const struct log *log, int32_t partition)
{
    bool beginning =
        strncmp(log->metadata, "first of ", 9) == 0; /* a first commit that was given up, and landed */
    if (log->added || (log->committed >= 0 && !beginning) || sim.database.rows[partition].next >= 0)
        return false;
    if (sim.plan->commit == COMMIT_SINK)
        return true;
    for (int64_t i = log->low; i < log->high; i++)
        if (log->entries[i].fate.done > 0 || log->entries[i].fate.letters > 0)
            return false;
    return true;
}

void oracle_end_told(struct worker *worker, int topic, int32_t partition, int64_t end)
{
    (void)worker;
    if (topic != TOPIC_MAIN)
        return;
    bool anew = sim.cluster.topics[topic].incarnation > 1;
    bool first =
        sim.plan->from == FROM_LATEST && (anew || is_new_to_group(cluster_log(topic, partition), partition));
    bool lost = sim.plan->on_offset_loss == OFFSET_LOSS_LATEST && sim.oracle.reported[partition];
    if (first || lost)
        oracle_exempt(partition, end);
}

/* Compacted ones, too: that they were gone before retention came, nobody can tell afterwards. */
static bool held_records(const struct log *log, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to && i < log->high; i++)
        if (log->entries[i].kind != ENTRY_MARKER && !log->entries[i].aborted)
            return true;
    return false;
}

/* A gap is believed when it was read twice: that can take a while. */
static bool is_unread(const struct log *log)
{
    return log->read_to < log->low || sim_now() - log->read_us < BELIEVED_US;
}

void oracle_out_of_range(int topic, int32_t partition, int64_t offset)
{
    const struct log *log = cluster_log(topic, partition);
    if (topic != TOPIC_MAIN)
        return;
    sim.oracle.reported[partition] = true;
    if (offset < 0 || offset > log->high || sim.cluster.topics[topic].incarnation > 1 || is_unread(log) ||
        held_records(log, offset, log->low))
        sim.oracle.loss[partition] = true;
}

void oracle_retained(int topic, int32_t partition)
{
    struct log *log = cluster_log(topic, partition);
    if (topic != TOPIC_MAIN)
        return;
    if (is_unread(log) || held_records(log, log->committed >= 0 ? log->committed : 0, log->low))
        sim.oracle.loss[partition] = true;
}

/* --- processes ----------------------------------------------------------------------------------------- */

static bool any_loss(void)
{
    for (int i = 0; i < PARTITIONS_MAX; i++)
        if (sim.oracle.loss[i])
            return true;
    return false;
}

/* A later process of the same slot, or a zombie, has its id, or had it while this one ran. */
static bool somebody_else_has(const struct worker *worker)
{
    for (size_t i = 0; i < sim.workers.count; i++) {
        const struct worker *other = &sim.workers.all[i];
        if (other != worker && other->slot == worker->slot && worker->slot >= 0 &&
            (other > worker || other->alive || other->ended_us > worker->started_us))
            return true;
    }
    return false;
}

static void check_exit(const struct worker *worker)
{
    int code = worker->exit_code;
    bool unasked = worker->stop == WORKER_RUN && worker->reset == NULL;
    if (code == -1 || !unasked)
        return;
    world_trace("%s ended: %d", worker->name, code);
    if (code == EXIT_CODE_OFFSETS_LOST && sim.plan->commit == COMMIT_AUTO)
        return; /* its commits stop at the last record: where they are, markers may be gone */
    if (code == EXIT_CODE_OFFSETS_LOST && !any_loss())
        oracle_fail(RULE_NOTHING_GONE, "%s", worker->name);
    else if ((code == EXIT_CODE_FENCED || code == EXIT_CODE_FORGOTTEN) && !somebody_else_has(worker))
        oracle_fail(RULE_FOREIGN_FENCE, "%s", worker->name);
    else if (code != EXIT_CODE_OFFSETS_LOST && code != EXIT_CODE_FENCED && code != EXIT_CODE_FORGOTTEN)
        oracle_fail(RULE_ENDED, "%s with exit code %d", worker->name, code);
}

void oracle_ended(struct worker *worker)
{
    uint64_t received = word_load(&worker->counters[CONSUMER_RECEIVED]);
    oracle_run(worker, false);
    if (worker->request_open || worker->reset != NULL)
        oracle_request_ended(worker, worker->reset != NULL && worker->exit_code == 0);
    if (sim.world.over)
        return;
    check_exit(worker);
    if (received > worker->handed && sim.cluster.topics[TOPIC_MAIN].incarnation == 1)
        oracle_fail(RULE_RECEIVED, "%s says %llu, it was given %llu", worker->name,
                    (unsigned long long)received, (unsigned long long)worker->handed);
}
