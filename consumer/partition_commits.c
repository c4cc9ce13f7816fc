/* What may be committed, what was asked for, and what the broker said. */
#include <inttypes.h>

#include "common/decimal.h"
#include "consumer/partition.h"

void partition_lower_barrier(struct partitions *partitions, int32_t number, int64_t offset)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL && row->acks == NULL &&
        (row->commit.barrier == STATS_UNKNOWN || offset < row->commit.barrier))
        row->commit.barrier = offset;
}

void partitions_lift_barriers(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        partitions->rows[i].commit.barrier = STATS_UNKNOWN;
}

/* --- what is to be committed --------------------------------------------------------------------------- */

int64_t partition_done(const struct partition *row)
{
    return row->acks != NULL ? row->acks->done.next : row->position;
}

/* Unknown is below all; a move forward may not be committed. */
int64_t partition_kept(const struct partition *row)
{
    return row->commit.committed > row->begun ? row->commit.committed : row->begun;
}

int64_t partition_committable(const struct partition *row)
{
    int64_t done = partition_done(row);
    return row->commit.barrier != STATS_UNKNOWN && row->commit.barrier < done ? row->commit.barrier : done;
}

static bool may_commit(const struct partition *row)
{
    return partition_state_defs[row->state].committed && !row->last.doubted;
}

/* Compared with what the broker will have when it has done what it was asked for. */
static bool differs(const struct partition *row)
{
    const struct commit_state *commit = &row->commit;
    if (commit->again || (row->acks != NULL && row->acks->changed))
        return true;
    return partition_committable(row) !=
           (commit->requested != STATS_UNKNOWN ? commit->requested : commit->committed);
}

bool partition_dirty(const struct partition *row)
{
    return may_commit(row) && differs(row);
}

bool partitions_dirty(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partition_dirty(&partitions->rows[i]))
            return true;
    return false;
}

bool partition_committed(const struct partition *row)
{
    bool asks_again = row->state == STATE_PLACING && row->position != STATS_UNKNOWN;
    bool has_a_place = partition_state_defs[row->state].committed || asks_again;
    return row->commit.requested == STATS_UNKNOWN && !(has_a_place && differs(row));
}

int commit_first_of(const char *metadata, size_t length)
{
    char text[sizeof COMMIT_FIRST_MARK + 12];
    const size_t mark = sizeof COMMIT_FIRST_MARK - 1;
    int64_t count;
    if (length <= mark || length >= sizeof text || memcmp(metadata, COMMIT_FIRST_MARK, mark) != 0)
        return 0;
    memcpy(text, metadata, length);
    text[length] = '\0';
    const char *end = decimal_read(text + mark, INT32_MAX, &count);
    return end != NULL && *end == '\0' ? (int)count : 0;
}

static void set_metadata(rd_kafka_topic_partition_t *one, const char *text)
{
    one->metadata = text[0] != '\0' ? strdup(text) : NULL; /* librdkafka frees it */
    one->metadata_size = one->metadata != NULL ? strlen(text) : 0;
}

/* What is acknowledged beyond the offset, which is the first that is not. */
static void add_acks(rd_kafka_topic_partition_t *one, struct partition *row)
{
    char text[ACKS_METADATA_BYTES];
    acks_metadata(row->acks, text);
    set_metadata(one, text);
}

rd_kafka_topic_partition_t *commit_add_first(rd_kafka_topic_partition_list_t *list, const char *topic,
                                             int32_t number, int64_t offset, int topic_partitions)
{
    char text[sizeof COMMIT_FIRST_MARK + 12];
    rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, number);
    one->offset = offset;
    snprintf(text, sizeof text, COMMIT_FIRST_MARK "%d", topic_partitions);
    set_metadata(one, text);
    return one;
}

static void note_asked(struct commit_state *commit)
{
    if (commit->asked.first == STATS_UNKNOWN)
        commit->asked.first = commit->requested;
    commit->asked.last = commit->requested;
}

rd_kafka_topic_partition_list_t *partitions_to_commit(struct partitions *partitions)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (size_t i = 0; i < partitions->row_count; i++) {
        struct partition *row = &partitions->rows[i];
        if (!partition_dirty(row))
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)partitions->assigned_count);
        rd_kafka_topic_partition_t *one =
            rd_kafka_topic_partition_list_add(list, partitions->topic, (int32_t)i);
        one->offset = row->commit.requested = partition_committable(row);
        row->commit.again = false;
        note_asked(&row->commit);
        if (row->acks != NULL)
            add_acks(one, row);
    }
    return list;
}

void partitions_requested(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        struct partition *row = partition_assigned_row(partitions, list->elems[i].partition);
        if (row != NULL && list->elems[i].offset >= 0)
            row->commit.requested = list->elems[i].offset;
    }
}

/* --- answers ------------------------------------------------------------------------------------------- */

/* What was asked for is not done: it is asked for again. */
static void refused(struct partition *row)
{
    row->commit.requested = STATS_UNKNOWN;
    row->commit.again = true;
    if (row->acks != NULL)
        row->acks->changed = true;
}

static void confirmed(const struct partitions *partitions, struct partition *row, int64_t wall_us)
{
    row->commit.committed = row->commit.requested;
    row->commit.requested = STATS_UNKNOWN;
    row->commit.asked = partition_unused.commit.asked;
    stats_partition_set(partitions->stats, row->slot, PARTITION_COMMITTED, row->commit.committed);
    stats_partition_set(partitions->stats, row->slot, PARTITION_COMMITTED_AT, wall_us);
    partition_set_reach(partitions, row);
    stats_partition_publish(partitions->stats, row->slot);
}

void partition_commit_done(struct partitions *partitions, int32_t number, int64_t offset, int64_t wall_us)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row == NULL)
        return;
    row->commit.requested = offset;
    row->commit.again = false;
    confirmed(partitions, row, wall_us);
}

void partitions_commit_answered(struct partitions *partitions, rd_kafka_resp_err_t err,
                                const rd_kafka_topic_partition_list_t *list, int64_t wall_us)
{
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        struct partition *row = partition_assigned_row(partitions, answer->partition);
        /* An answer that comes after the partition went away, or came back, says nothing about this
         * assignment. */
        if (row == NULL || row->commit.requested != answer->offset)
            continue;
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && answer->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            confirmed(partitions, row, wall_us);
        else
            refused(row);
    }
}

void partitions_commit_unanswered(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partitions->rows[i].commit.requested != STATS_UNKNOWN)
            refused(&partitions->rows[i]);
}

void partitions_commit_late(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        struct partition *row = partition_assigned_row(partitions, list->elems[i].partition);
        if (row != NULL)
            row->commit.again = true;
    }
}

void partitions_commit_all_again(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partitions->rows[i].state != STATE_UNASSIGNED)
            partitions->rows[i].commit.again = true;
}
