/* partition_states.h: the life of a partition, one table: state × event → action, next state.
 * `kconsume --explain-partitions` prints it. The rows themselves and the code that raises events are in
 * partition.h.
 */
#ifndef KSUPERVISE_CONSUMER_PARTITION_STATES_H
#define KSUPERVISE_CONSUMER_PARTITION_STATES_H

#include "common/banned.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*  X(id, name, fetched, committed, waits, meaning)
 *  fetched: librdkafka fetches it, unless the consumer is paused; what it delivers is looked at
 *  committed: what was processed may be committed
 *  waits: something is due at row->until_us  */
#define PARTITION_STATES(X)                                                                                  \
    X(STATE_UNASSIGNED, "unassigned", false, false, false, "assigned to another member, or to nobody")       \
    X(STATE_PLACING, "placing", false, false, true,                                                          \
      "assigned, but the start offset is not known (broker or database away): retried with backoff")         \
    X(STATE_VERIFYING, "verifying", true, true, false,                                                       \
      "the last record is read again, to check that the topic is still the same")                            \
    X(STATE_READING, "reading", true, true, false, "records are processed in their order")                   \
    X(STATE_RETRYING, "retrying", false, true, true,                                                         \
      "a record, a batch or a dead letter failed for now: waits, then reads again from there")               \
    X(STATE_FULL, "full", false, true, false, "--commit manual: too many records are not acknowledged")      \
    X(STATE_LOSING, "losing", false, true, true,                                                             \
      "its next offset is gone, or the topic was recreated: --on-offset-loss decides")                       \
    X(STATE_DISPOSSESSED, "dispossessed", false, false, true,                                                \
      "the database has another owner: waits for the group to revoke it; if still assigned then, it is "     \
      "placed again")

/*  X(id, name, meaning)  */
#define PARTITION_EVENTS(X)                                                                                  \
    X(EVENT_GIVEN, "given", "the group assigns it")                                                          \
    X(EVENT_TAKEN, "taken", "the group revokes it")                                                          \
    X(EVENT_PLACED, "placed", "the offset to start or continue at is known")                                 \
    X(EVENT_UNPLACED, "unplaced", "the start offset cannot be read for now")                                 \
    X(EVENT_UNSURE, "unsure",                                                                                \
      "the offset to continue at must be read again: the last work may not have been stored")                \
    X(EVENT_SEEN, "seen", "the last record is there and the same, or the group still has its offset")        \
    X(EVENT_ABSENT, "absent", "no last record is known, or it is gone: nothing can be compared")             \
    X(EVENT_OTHER, "other",                                                                                  \
      "a different record is there, or one where none was, or the topic ends before it, or the group's "     \
      "offset is gone")                                                                                      \
    X(EVENT_DOUBTED, "doubted", "the topic was missing for a moment, or was not checked")                    \
    X(EVENT_DISTURBED, "disturbed", "a step of a rebalance: the next record may not be the following one")   \
    X(EVENT_AGAIN, "again", "reading starts again at the position: after a pause, or at an unconfirmed gap") \
    X(EVENT_FAILED, "failed", "a record, a batch or a dead letter cannot be done for now")                   \
    X(EVENT_FULL, "full", "--max-unacknowledged records are not acknowledged")                               \
    X(EVENT_ROOM, "room", "below that limit again")                                                          \
    X(EVENT_GONE, "gone", "the next offset is not there, or that cannot be checked")                         \
    X(EVENT_NOT_LOST, "not lost", "the offset is there after all")                                           \
    X(EVENT_OVERRULED, "overruled", "the database has another owner")                                        \
    X(EVENT_DUE, "due", "its wait is over")

enum partition_state {
#define X(id, name, fetched, committed, waits, meaning) id,
    PARTITION_STATES(X)
#undef X
        STATE_COUNT
};

enum partition_event {
#define X(id, name, meaning) id,
    PARTITION_EVENTS(X)
#undef X
        EVENT_COUNT,
    EVENT_NONE = EVENT_COUNT /* what an action returns when nothing follows */
};

/* What is done on an edge: a row of the table of partitions changes. Returns an event that follows at once in
 * the new state, or EVENT_NONE. partition_actions.c has them all. */
struct partition;
struct partition_news;
typedef enum partition_event partition_action(struct partition *row, const struct partition_news *news);

struct partition_edge {
    partition_action *act; /* NULL: it cannot happen */
    enum partition_state next;
};

const struct partition_edge *partition_edge(enum partition_state state, enum partition_event event);

struct partition_state_def {
    const char *name;
    bool fetched, committed, waits;
    const char *meaning;
};
extern const struct partition_state_def partition_state_defs[STATE_COUNT];

static inline bool state_fetched(enum partition_state state)
{
    return state == STATE_READING || state == STATE_VERIFYING;
}

const char *partition_event_name(enum partition_event event);

/* --explain-partitions. */
void partition_states_print(FILE *out);

#endif
