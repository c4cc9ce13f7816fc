/* The oracle's side of `ack` and `reset`, and of the end: is anything left to be done? */
#include "tests/sim/oracle.h"

#include <inttypes.h>

#include "tests/sim/client.h"
#include "tests/sim/sim.h"

/* --- ack ----------------------------------------------------------------------------------------------- */

static bool is_assigned(const struct worker *worker, int32_t partition)
{
    return worker->rk != NULL && worker->rk->toppars[TOPIC_MAIN][partition].assigned;
}

/* `all` means what this process has been given; a range, what of it is in a partition that is its own. */
static bool is_meant(const struct worker *worker, const struct entry *entry)
{
    int partition;
    long long first;
    long long last;
    if (strcmp(worker->request.text, "all") == 0)
        return entry->fate.done > 0 && entry->fate.done_by == (int)(worker - sim.workers.all) + 1 &&
               entry->fate.done_assignment == worker->rk->toppars[TOPIC_MAIN][entry->partition].assignment;
    if (sscanf(worker->request.text, "%d:%lld-%lld", &partition, &first, &last) != 3 || partition < 0 ||
        partition >= PARTITIONS_MAX)
        return false;
    return is_assigned(worker, partition) && entry->partition == partition && entry->offset >= first &&
           entry->offset <= last;
}

static void each(struct worker *worker, void (*act)(struct worker *worker, struct entry *entry))
{
    struct topic *topic = &sim.cluster.topics[TOPIC_MAIN];
    for (int32_t p = 0; p < topic->partition_count && topic->exists; p++)
        for (int64_t i = topic->logs[p].low; i < topic->logs[p].high; i++)
            act(worker, &topic->logs[p].entries[i]);
}

static void acknowledge(struct worker *worker, struct entry *entry)
{
    /* Of a topic that is no more it has records of the same offsets. */
    if (oracle_is_former(worker->rk, entry->partition) || entry->fate.exempt || !is_meant(worker, entry))
        return;
    entry->fate.acknowledged = true;
    entry->fate.meant_by = sim.oracle.requests;
}

void oracle_request_taken(struct worker *worker)
{
    worker->request_open = true;
    worker->request_serial = ++sim.oracle.requests;
    for (int32_t p = 0; p < PARTITIONS_MAX; p++) {
        worker->request_assignment[p] =
            is_assigned(worker, p) ? worker->rk->toppars[TOPIC_MAIN][p].assignment : -1;
        worker->reset_to[p] = -1;
    }
    if (strcmp(worker->request.method, "ack") == 0)
        each(worker, acknowledge);
    world_trace("takes up: %s %s", worker->request.method, worker->request.text);
}

static bool in_metadata(const struct log *log, int64_t offset)
{
    const char *at = log->metadata;
    if (strncmp(at, "acks1:", 6) != 0)
        return false;
    for (at += 6; *at != '\0';) {
        char *end;
        int64_t first = strtoll(at, &end, 10);
        int64_t last = *end == '-' ? strtoll(end + 1, &end, 10) : first;
        if (offset >= log->committed + first && offset <= log->committed + last)
            return true;
        at = *end == ',' ? end + 1 : end;
    }
    return false;
}

/* It was this process's through the whole request: then it is to be committed now. What is meant is what had
 * been given when the request was taken up: its commit waits for the one under way, and what is delivered
 * meanwhile is nobody's word. */
static void confirm(struct worker *worker, struct entry *entry)
{
    int32_t p = entry->partition;
    const struct log *log = cluster_log(TOPIC_MAIN, p);
    const struct toppar *toppar = &worker->rk->toppars[TOPIC_MAIN][p];
    if (entry->fate.meant_by != worker->request_serial || !entry->fate.acknowledged || !toppar->assigned ||
        worker->request_assignment[p] != toppar->assignment || worker->rk->member_id == -1)
        return;
    if (entry->offset < log->committed || in_metadata(log, entry->offset)) {
        entry->fate.confirmed = true;
        return;
    }
    oracle_fail(RULE_ACK_LOST, "[%d] %lld, committed is %lld %s (%s)", (int)p, (long long)entry->offset,
                (long long)log->committed, log->metadata, worker->name);
}

/* --- reset --------------------------------------------------------------------------------------------- */

/* What comes again counts again, and there is no last record to compare. */
static void reset_toppar(struct toppar *toppar)
{
    toppar->handed_to = -1;
    toppar->worked = false;
}

/* A member whose partition the group has given to another resets nothing, whatever it says before it is told:
 * its commit is refused. (A database has a word of its own.) */
static bool is_a_zombies(const struct worker *worker, int32_t partition)
{
    const struct member *owner = group_owner(TOPIC_MAIN, partition);
    return sim.plan->commit != COMMIT_SINK && worker->slot != -1 && owner != NULL && worker->rk != NULL &&
           owner->client != worker->rk;
}

/* A process that only resets has done so when its commit has landed, be that answered and told, or not. */
static bool is_by_commit(const struct worker *worker)
{
    return worker->reset != NULL && sim.plan->commit != COMMIT_SINK;
}

/* Nobody promises what lies before the target; what lies behind it comes again. */
static void begin_reset(struct worker *worker, int32_t partition, int64_t target)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    worker->reset_to[partition] = target;
    for (int64_t i = log->low; i < log->high; i++) {
        struct fate *fate = &log->entries[i].fate;
        if (i < target) {
            fate->exempt = true;
            continue;
        }
        fate->before_reset =
            fate->before_reset || fate->done > 0 || fate->dead > 0 || fate->letters > 0 || fate->dropped;
        fate->ever_done = fate->ever_done || fate->before_reset;
        fate->was_acknowledged =
            fate->was_acknowledged || fate->acknowledged || fate->letters > 0 || fate->dead > 0;
        fate->was_done = (uint16_t)(fate->was_done + fate->done);
        fate->was_dropped = fate->was_dropped || fate->dropped;
        fate->was_exempt = fate->was_exempt || fate->exempt;
        fate->done = fate->dead = fate->letters = 0;
        if (fate->done_by == (int)(worker - sim.workers.all) + 1)
            fate->done_by = 0; /* its position is at the target now, whatever becomes of the commit */
        fate->acknowledged = fate->confirmed = fate->dropped = fate->exempt = false;
        fate->sent_by = 0;
    }
}

/* `payments [0] 350 → 0` */
void oracle_request_line(struct worker *worker, const char *line)
{
    int partition;
    const char *arrow = strstr(line, "→");
    long long target;
    world_trace("says: %s", line);
    if (arrow == NULL || strstr(line, "dry run") != NULL || sscanf(line, "%*s [%d]", &partition) != 1 ||
        sscanf(arrow + strlen("→"), "%lld", &target) != 1 || partition < 0 || partition >= PARTITIONS_MAX)
        return;
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    if (worker->rk != NULL)
        reset_toppar(&worker->rk->toppars[TOPIC_MAIN][partition]);
    if (log != NULL)
        oracle_forget_letters(worker, log, target, log->high);
    if (log == NULL || is_a_zombies(worker, partition) || is_by_commit(worker))
        return;
    begin_reset(worker, partition, target);
}

/* An acknowledgement that the reset did not undo holds; one that it did is void. */
static void end_reset(struct worker *worker, int32_t partition, bool success)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    int64_t target = worker->reset_to[partition];
    worker->reset_to[partition] = -1;
    if (log == NULL || target < 0)
        return;
    for (int64_t i = target; i < log->high; i++) {
        struct fate *fate = &log->entries[i].fate;
        if (!success) {
            fate->acknowledged = fate->acknowledged || fate->was_acknowledged;
            fate->done = (uint16_t)(fate->done + fate->was_done);
            fate->dropped = fate->dropped || fate->was_dropped;
            fate->exempt = fate->exempt || fate->was_exempt;
        }
        if (success)
            fate->before_reset = false;
        fate->was_acknowledged = fate->was_dropped = fate->was_exempt = false;
        fate->was_done = 0;
    }
    if (success && sim.oracle.checked[partition] > target)
        sim.oracle.checked[partition] = target;
}

void oracle_reset_committed(struct worker *worker, int32_t partition, int64_t target)
{
    if (!is_by_commit(worker))
        return;
    begin_reset(worker, partition, target);
    end_reset(worker, partition, true);
}

void oracle_request_ended(struct worker *worker, bool success)
{
    worker->request_open = false;
    world_trace("the request %s", success ? "is done" : "failed");
    if (worker->reset != NULL || strcmp(worker->request.method, "reset") == 0)
        for (int32_t p = 0; p < PARTITIONS_MAX; p++)
            end_reset(worker, p, success);
    if (strcmp(worker->request.method, "ack") == 0 && success)
        each(worker, confirm);
}

/* --- the end ------------------------------------------------------------------------------------------- */

static bool missing(const struct entry *entry)
{
    const struct fate *fate = &entry->fate;
    bool dead = sim.plan->letters_off && (entry->kind == ENTRY_BAD || fate->dead > 0);
    if (!entry_visible(entry) || fate->exempt || fate->letters > 0 || fate->dropped || dead ||
        oracle_inherited(entry))
        return false;
    return sim.plan->commit == COMMIT_SINK ? fate->rows == 0 : fate->done == 0 && !fate->before_reset;
}

/* librdkafka's own commits stop at the last record. */
static bool visible_beyond(const struct log *log)
{
    if (log->committed < 0 && sim.plan->from == FROM_LATEST)
        return false;
    for (int64_t i = log->committed > log->low ? log->committed : log->low; i < log_stable(log); i++)
        if (entry_visible(&log->entries[i]) && !log->entries[i].fate.exempt)
            return true;
    return false;
}

static bool is_settled(int32_t partition, char why[ORACLE_TEXT_BYTES])
{
    const struct log *log = cluster_log(TOPIC_MAIN, partition);
    int64_t end = log_stable(log);
    for (int64_t i = log->low; i < end && sim.plan->commit != COMMIT_AUTO; i++)
        if (missing(&log->entries[i])) {
            snprintf(why, ORACLE_TEXT_BYTES,
                     "[%" PRId32 "] %" PRId64 " was not processed, the group is at %" PRId64, partition, i,
                     log->committed);
            return false;
        }
    if (sim.plan->commit == COMMIT_SINK && sim.database.rows[partition].next != end) {
        snprintf(why, ORACLE_TEXT_BYTES, "[%" PRId32 "] the database is at %" PRId64 " of %" PRId64,
                 partition, sim.database.rows[partition].next, end);
        return false;
    }
    /* Nothing is missing: its offset went with the former topic, and stands where it was; or what was
     * acknowledged of that reaches beyond the end. */
    if ((log->committed < 0 || log->committed > end) && sim.cluster.topics[TOPIC_MAIN].incarnation > 1)
        return true;
    if (log->committed == end || (sim.plan->commit == COMMIT_AUTO && !visible_beyond(log)))
        return true;
    snprintf(why, ORACLE_TEXT_BYTES, "[%" PRId32 "] committed is %" PRId64 " of %" PRId64, partition,
             log->committed, end);
    return false;
}

bool oracle_settled(char why[ORACLE_TEXT_BYTES])
{
    snprintf(why, ORACLE_TEXT_BYTES, "the topic is not there");
    if (!sim.cluster.topics[TOPIC_MAIN].exists)
        return false;
    for (int32_t i = 0; i < sim.cluster.topics[TOPIC_MAIN].partition_count; i++)
        if (!is_settled(i, why))
            return false;
    return true;
}
