/* table.h: a table of partitions as the events of a consumer's life leave it: what librdkafka was told is
 * settled by hand (table_settle), the messages are no broker's. For the tests' one source file. */
#ifndef KSUPERVISE_TESTS_CONSUMER_TABLE_H
#define KSUPERVISE_TESTS_CONSUMER_TABLE_H

#include "consumer/partition.h"
#include "tests/consumer/fake_messages.h"

/* The group says that the topic is the same: one that only asked that goes on where it is. */
static inline void table_answer(struct partitions *table, int32_t number)
{
    const struct partition *row = partition_assigned(table, number);
    if (row == NULL || row->state != STATE_PLACING || row->position == STATS_UNKNOWN || row->last.former ||
        (row->last.read.offset != STATS_UNKNOWN && !row->last.gone))
        return;
    const struct place place = {
        .offset = row->position, .committed = row->commit.committed, .witness = WITNESS_NONE, .stays = true};
    partition_placed(table, number, &place);
}

/* As starts.h and fetching.h would: who asks is answered, and what is to be read is fetched, from where it is
 * to begin. */
static inline void table_settle(struct partitions *table)
{
    for (size_t i = 0; i < table->row_count; i++)
        table_answer(table, (int32_t)i);
    for (size_t i = 0; i < table->row_count; i++) {
        bool on = state_fetched(table->rows[i].state);
        partition_fetches(table, (int32_t)i, (struct fetch){.paused = !on, .seek = !on});
    }
    table->unsettled = false;
}

static inline const struct partition *row_of(const struct partitions *table, int32_t number)
{
    const struct partition *row = partition_assigned(table, number);
    ck_assert_ptr_nonnull(row);
    return row;
}

/* Assigned, and its place known. STATS_UNKNOWN as `committed`: the group has nothing. */
static inline void table_begin_at(struct partitions *table, int32_t number, const struct place *place)
{
    ck_assert_int_eq(partition_on_assigned(table, number), 0);
    partition_placed(table, number, place);
    table_settle(table);
}

/* No last record is known: it reads at once. */
static inline void table_begin(struct partitions *table, int32_t number, int64_t offset, int64_t committed)
{
    const struct place place = {.offset = offset, .committed = committed, .witness = WITNESS_NONE};
    table_begin_at(table, number, &place);
}

/* What a record of these bytes leaves behind. */
static inline struct witness witness_at(int64_t offset, const char *bytes)
{
    struct fake *fake = fake_bytes(0, offset, bytes, strlen(bytes));
    struct witness witness = witness_of(&fake->message);
    rd_kafka_message_destroy(&fake->message);
    return witness;
}

/* The last record is known: it is to be seen again. */
static inline void table_begin_behind(struct partitions *table, int32_t number, int64_t offset,
                                      const struct witness *witness)
{
    const struct place place = {.offset = offset, .committed = offset, .witness = *witness};
    table_begin_at(table, number, &place);
}

/* librdkafka hands this record out. */
static inline enum taken table_take(struct partitions *table, int32_t number, int64_t offset,
                                    const char *bytes)
{
    struct fake *fake = fake_bytes(number, offset, bytes, strlen(bytes));
    enum taken taken = partition_take(table, &fake->message);
    rd_kafka_message_destroy(&fake->message);
    return taken;
}

/* The records from where it is to before `end`, taken into the batch in flight. */
static inline void table_fly(struct partitions *table, int32_t number, int64_t end)
{
    const struct partition *row = row_of(table, number);
    if (row->state == STATE_PLACING)
        table_settle(table);
    int64_t from = row->flight.end != STATS_UNKNOWN ? row->flight.end : row->position;
    for (; from < end; from++)
        ck_assert_int_eq(table_take(table, number, from, "record"), TAKEN);
}

/* The same, and processed. Without a last record. */
static inline void table_process(struct partitions *table, int32_t number, int64_t end)
{
    table_fly(table, number, end);
    partitions_move(table, 1);
}

#endif
