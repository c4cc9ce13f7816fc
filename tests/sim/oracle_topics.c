/* A topic that was deleted and made again while consumers read it: who can know, and from when on. What a
 * process does before it can know is nobody's fault, and what it can never know is forgiven once: that of the
 * new topic which lies below where it reads. */
#include "tests/sim/oracle.h"

#include "tests/sim/client.h"
#include "tests/sim/sim.h"

static bool is_there(const struct log *log, int64_t offset)
{
    return log != NULL && offset >= log->low && offset < log->high && entry_visible(&log->entries[offset]);
}

/* The same of the topic as it was when it was made for the n-th time. */
static bool was_there(const struct toppar *toppar, int incarnation, int64_t offset)
{
    const struct topic *topic = &sim.cluster.topics[toppar->topic];
    const struct entry *entries = topic->former[incarnation % TOPIC_MAKINGS][toppar->partition];
    if (incarnation == topic->incarnation || entries == NULL)
        return is_there(cluster_log(toppar->topic, toppar->partition), offset);
    return offset >= 0 && offset < ENTRIES_MAX && entry_visible(&entries[offset]);
}

static bool sink_knows(const struct toppar *toppar)
{
    return sim.database.rows[toppar->partition].witness.offset >= 0 && !toppar->forgot;
}

/* Of a place that a restored database has brought back the group knows nothing. Nor of the former topic, once
 * it has an offset of the new one: a database's place of the former, which is not there yet, is committed. */
static bool group_tells(const struct toppar *toppar)
{
    bool newer = toppar->knows == sim.cluster.topics[toppar->topic].incarnation;
    bool restored = sim.plan->commit == COMMIT_SINK && (sim.plan->features & FEATURE_RESTORES) != 0;
    return toppar->group_has > 0 && toppar->group_has == toppar->knows && !newer && !restored;
}

/* It can compare when it has begun to read since, has a last record, and the new topic has one at that
 * offset; else the group tells that its offset is gone, when it had one. (An error ends fetching, so one that
 * was told that the topic is away has begun anew since.) */
static bool can_tell(const struct toppar *toppar)
{
    bool begun = toppar->told_missing || toppar->incarnation == sim.cluster.topics[toppar->topic].incarnation;
    bool knows = sim.plan->commit == COMMIT_SINK ? sink_knows(toppar) : toppar->worked;
    bool compares = knows && is_there(cluster_log(toppar->topic, toppar->partition), toppar->base);
    return begun && (compares || group_tells(toppar));
}

/* The first that it reads, of a place in the database that is of a topic that is no more. */
static bool sink_is_former(const struct toppar *toppar)
{
    const struct database_row *row = &sim.database.rows[toppar->partition];
    return sim.plan->commit == COMMIT_SINK && toppar->fresh && row->incarnation > 0 &&
           row->incarnation != sim.cluster.topics[TOPIC_MAIN].incarnation;
}

/* What the array holds is dropped. */
void oracle_rebalance(rd_kafka_t *client)
{
    client->rebalance_call = client->calls;
    for (int32_t p = 0; p < PARTITIONS_MAX; p++) {
        struct toppar *toppar = &client->toppars[TOPIC_MAIN][p];
        if (!toppar->seen && toppar->knew > 0)
            toppar->knows = toppar->knew;
    }
}

bool oracle_inherited(const struct entry *entry)
{
    const struct topic *topic = &sim.cluster.topics[TOPIC_MAIN];
    const struct log *log = cluster_log(TOPIC_MAIN, entry->partition);
    if (topic->incarnation < 2 || sim.plan->commit != COMMIT_MANUAL || log == NULL || !log->blind)
        return false;
    const struct entry *former = topic->former[(topic->incarnation - 1) % TOPIC_MAKINGS][entry->partition];
    if (former == NULL)
        return false;
    const struct fate *fate = &former[entry->offset].fate;
    bool dead = sim.plan->letters_off && (fate->dead > 0 || former[entry->offset].kind == ENTRY_BAD);
    return !entry_visible(&former[entry->offset]) || fate->acknowledged || fate->dropped ||
           fate->letters > 0 || dead;
}

void oracle_handed(struct toppar *toppar, const struct op *op)
{
    rd_kafka_resp_err_t err = op->message.err;
    if (toppar->topic != TOPIC_MAIN)
        return;
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        toppar->told_missing = true;
    if (err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) { /* it goes on elsewhere, without a last record */
        toppar->worked = false;
        toppar->forgot = true;
    }
    if ((err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR__PARTITION_EOF) ||
        toppar->rk->rebalance_call == toppar->rk->calls)
        return;
    if (op->message.offset > toppar->base && toppar->base >= 0 &&
        !was_there(toppar, op->incarnation, toppar->base)) {
        toppar->worked = false; /* compaction took the last record: nothing is left to compare */
        toppar->forgot = true;
    }
    if (op->incarnation == sim.cluster.topics[TOPIC_MAIN].incarnation &&
        (op->incarnation != toppar->knows || sink_is_former(toppar)) && !can_tell(toppar)) {
        oracle_exempt(toppar->partition, op->message.offset);
        if (cluster_log(TOPIC_MAIN, toppar->partition) != NULL)
            cluster_log(TOPIC_MAIN, toppar->partition)->blind = true;
    }
    toppar->fresh = false;
    if (toppar->knows != op->incarnation) {
        toppar->knew = toppar->knows;
        toppar->seen = false;
    }
    toppar->knows = op->incarnation;
    toppar->told_missing = false;
}

/* A place in the database that a reset, a gap or a first start has set has no witness: a topic that was made
 * anew since goes unnoticed, unless it ends before. So does one that has no record where the witness was. */
void oracle_begins(const struct toppar *toppar, int64_t offset)
{
    const struct database_row *row = &sim.database.rows[toppar->partition];
    const struct log *log = cluster_log(TOPIC_MAIN, toppar->partition);
    if (sim.plan->commit != COMMIT_SINK || toppar->topic != TOPIC_MAIN || log == NULL || row->next < 0 ||
        row->next > log->high || row->incarnation == sim.cluster.topics[TOPIC_MAIN].incarnation)
        return;
    if (row->witness.offset < 0 || !is_there(log, row->witness.offset))
        oracle_exempt(toppar->partition, offset > row->next ? offset : row->next);
}

int oracle_knows(const struct toppar *toppar)
{
    return toppar->rk->in_call && !toppar->seen && toppar->knew > 0 ? toppar->knew : toppar->knows;
}

bool oracle_is_former(const rd_kafka_t *client, int32_t partition)
{
    const struct toppar *toppar = client != NULL ? &client->toppars[TOPIC_MAIN][partition] : NULL;
    return toppar != NULL && toppar->assignment > 0 &&
           oracle_knows(toppar) != sim.cluster.topics[TOPIC_MAIN].incarnation;
}

/* --- what nobody promises ------------------------------------------------------------------------------- */

void oracle_exempt_range(const struct worker *worker, int32_t partition, int64_t from, int64_t to)
{
    struct log *log = cluster_log(TOPIC_MAIN, partition);
    (void)worker;
    if (log == NULL)
        return;
    for (int64_t i = from > log->low ? from : log->low; i < to && i < log->high; i++)
        log->entries[i].fate.exempt = true;
    if (sim.cluster.topics[TOPIC_MAIN].incarnation > 1 && to > log->exempt_to)
        log->exempt_to = to; /* the new topic has not come so far yet */
}

void oracle_exempt(int32_t partition, int64_t before)
{
    oracle_exempt_range(NULL, partition, 0, before);
}
