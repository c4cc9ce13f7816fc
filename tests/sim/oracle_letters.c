/* The oracle's side of dead letters: each leaves once, when its batch stands, and again only where what it
 * tells of is read again. */
#include "tests/sim/oracle.h"

#include "tests/sim/client.h"
#include "tests/sim/sim.h"

#define MINUTE_MS INT64_C(60000)

static int number(const struct worker *worker)
{
    return (int)(worker - sim.workers.all) + 1;
}

static void check_early(const struct worker *worker, struct entry *entry)
{
    struct fate *fate = &entry->fate;
    bool early =
        sim.plan->commit == COMMIT_SINK ? !fate->stood
        : entry->kind == ENTRY_BAD
            ? fate->handed_by == number(worker) && worker->runs <= fate->handed_run
            : fate->dead == 0 && !fate->before_reset && sim.cluster.topics[TOPIC_MAIN].incarnation == 1;
    if (early && !fate->stood)
        oracle_fail(RULE_LETTER_EARLY, "the letter of [%d] %lld leaves while %s works on its batch",
                    entry->partition, (long long)entry->offset, worker->name);
    fate->stood = true; /* sent again, it is no earlier */
}

/* What refuses it at once gets it later, when its record may have been handed out again, to be compared. */
void oracle_letter_tried(const struct worker *worker, struct entry *entry)
{
    if (entry != NULL)
        check_early(worker, entry);
}

void oracle_letter_sent(struct worker *worker, struct entry *entry)
{
    if (entry == NULL)
        return;
    struct fate *fate = &entry->fate;
    int assignment = worker->rk != NULL ? worker->rk->toppars[entry->topic][entry->partition].assignment : 0;
    int by = number(worker);
    world_trace("sends the letter of [%d] %lld", entry->partition, (long long)entry->offset);
    if (sim.plan->commit != COMMIT_SINK && fate->sent_by == by && fate->sent_assignment == assignment)
        oracle_fail(RULE_LETTER_TWICE, "[%d] %lld by %s", entry->partition, (long long)entry->offset,
                    worker->name);
    fate->given_up = fate->given_up || fate->plan_passes;
    if (fate->given_up && sim.cluster.topics[TOPIC_MAIN].incarnation == 1)
        oracle_fail(RULE_GIVEN_UP, "[%d] %lld after %u of %d retries", entry->partition,
                    (long long)entry->offset, fate->attempts, (int)sim.plan->retries);
    fate->sent++;
    fate->sent_by = by;
    fate->sent_assignment = assignment;
    fate->owed_by = by;
    fate->owed_assignment = assignment;
}

void oracle_letter_time(const struct entry *entry, int64_t timestamp_ms)
{
    int64_t off_ms = timestamp_ms - cluster_now_ms();
    if (entry != NULL && timestamp_ms != 0 && (off_ms > MINUTE_MS || off_ms < -MINUTE_MS))
        oracle_fail(RULE_LETTER_TIME, "[%d] %lld: %lld s off", entry->partition, (long long)entry->offset,
                    (long long)off_ms / 1000);
}

void oracle_letter_stored(struct entry *entry)
{
    if (entry == NULL)
        return;
    entry->fate.letters++;
    entry->fate.ever_stored = true;
    if (sim.plan->commit == COMMIT_SINK && entry->fate.rows > 0)
        oracle_fail(RULE_ROW_AND_LETTER, "[%d] %lld", entry->partition, (long long)entry->offset);
}

void oracle_letter_refused(struct entry *entry)
{
    if (entry != NULL)
        entry->fate.sent_by = 0;
}

/* --- what leaves again --------------------------------------------------------------------------------- */

void oracle_forget_letters(const struct worker *worker, struct log *log, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to && i < log->high; i++)
        if (log->entries[i].fate.sent_by == number(worker))
            log->entries[i].fate.sent_by = log->entries[i].fate.owed_by = 0;
}

/* Rows come again with what is read again, and so do letters, with the same ids, where there was nothing else
 * to be done: the topic was made anew, and who read on in it could not know that; or a commit of its own that
 * it had given up has set the group back. */
void oracle_begins_again(const struct worker *worker, int32_t partition, int64_t from, int64_t to)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    bool anew = sim.cluster.topics[TOPIC_MAIN].incarnation > 1;
    if (log != NULL && ((anew && log->blind) || log->set_back))
        oracle_forget_letters(worker, log, to, from);
}
