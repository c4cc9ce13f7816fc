/* partition.h: the consumer's own table of partitions, a row a partition of its topic. It alone says what has
 * been processed and may be committed: librdkafka's position moves when a message enters the application's
 * array, before it is processed, so it is never asked.
 *
 * Only the files partition*.c write a row. Everybody else asks, or says what has happened: an event, which
 * moves the partition along an edge of its table (partition_states.h). Whether and from where librdkafka
 * fetches follows from the row, and is done by fetching.h, later. One topic, so a row is found by the
 * partition number. One thread.
 */
#ifndef KSUPERVISE_CONSUMER_PARTITION_H
#define KSUPERVISE_CONSUMER_PARTITION_H

#include "common/error.h"
#include "common/stats/reader.h"
#include "common/stats/writer.h"
#include "consumer/acks.h"
#include "consumer/behind.h"
#include "consumer/partition_states.h"
#include "consumer/witness.h"

#include <librdkafka/rdkafka.h>

/* Where a partition starts, or continues. */
struct place {
    int64_t offset;
    int64_t committed;      /* what the group has; STATS_UNKNOWN: nothing */
    struct witness witness; /* the last record before `offset`, where it is known */
    const char *metadata;   /* of the group's commit, at `offset`; NULL: none */
    size_t metadata_length;
    bool doubted; /* its topic must be verified before anything is committed */
    bool behind;  /* it is beyond `committed`: this process did what lies between, in an earlier assignment */
    bool moved;   /* set from outside: the group's offset is not ours, nor its metadata */
    bool stays;   /* it has not moved: what is acknowledged stands */
    bool passed_over; /* the records before it are gone; acknowledgements stand, and the mover adds to them */
};

/* The data of an event. */
struct partition_news {
    const struct place *place; /* placed */
    int64_t until_us;          /* monotonic: what leads to a state that waits; from when on it can be asked */
};

/* What librdkafka was told. */
struct fetch {
    bool paused; /* by us; librdkafka remembers it over assignments */
    bool seek;   /* it must continue at another offset; nothing that it delivers before is taken */
};

/* What was requested since the last confirmed commit: it may have been done. A lost answer is
 * mostly the first one's, or none has been read since. STATS_UNKNOWN: nothing. */
struct asked {
    int64_t first, last;
};

struct commit_state {
    int64_t committed; /* as the broker confirmed it; STATS_UNKNOWN: nothing */
    int64_t requested; /* in the commit under way; STATS_UNKNOWN: none */
    struct asked asked;
    int64_t barrier; /* no commit goes beyond it, whatever was processed; STATS_UNKNOWN: there is none */
    bool again;      /* what the broker has may be another commit than the last one that was confirmed */
};

/* The batch in flight. */
struct flight {
    int64_t first; /* STATS_UNKNOWN: it has nothing of this partition */
    int64_t end;
    int64_t oldest_us;   /* wall; STATS_UNKNOWN */
    int64_t stop;        /* what is not processed for now begins here; STATS_UNKNOWN: all of it is */
    bool failed;         /* and that is an attempt at the record there */
    int64_t until_us;    /* monotonic: and is tried again then */
    struct witness last; /* the last record before `end` */
};

/* What failed. The attempts at a record, and those at a batch that failed without naming one, are counted apart. */
struct retry {
    int64_t offset; /* the record; STATS_UNKNOWN: none has failed */
    unsigned attempts;
    unsigned batch_attempts;
    int64_t first_failure_us; /* wall */
};

/* The last record before the position. */
struct last_record {
    struct witness read;  /* as it was read; WITNESS_NONE: not known */
    struct witness found; /* of another topic, there or behind it; WITNESS_NONE: none was met */
    int64_t gone_to;      /* what lies before is, this record too: what follows it is looked at */
    bool gone;            /* it is not there any more */
    bool doubted;         /* nothing is committed before it is seen again, or the group has answered */
    int64_t
        known_us; /* monotonic: in doubt, the group's answer counts from then on; else, it was asked then */
    bool deleted; /* the group's offset was, as Kafka does with the topic */
    bool expired; /* or it has expired: the topic of the place is unknown */
    bool former;  /* an earlier assignment's: if it is gone, the group says where to continue */
};

/* What this process did of a partition in its last assignment beyond the offset known to be committed. If the
 * group still has that offset, or one that was requested without an answer, it need not do it again. (Any
 * other offset comes from a reset, or from another member's work.) */
struct former {
    int64_t from, to; /* STATS_UNKNOWN: nothing */
    int64_t reached;  /* beyond `to` when what was processed waited for a dead letter */
    struct asked asked;
    struct witness last;
    bool committed; /* the group had an offset of it */
};

/* Offsets that librdkafka skipped: a marker, compaction; or a bug of its own (librdkafka
 * before 2.1: partitions that stay in a cooperative rebalance jump ahead). So the first gap after a
 * rebalance is read twice. */
struct gap {
    int64_t at; /* where reading began anew for it; STATS_UNKNOWN: for none */
    bool believed;
};

/* How far the partition extends beyond what was read. */
struct reach {
    struct behind behind; /* its high watermark, and since when */
    int64_t fetched;      /* the last one from librdkafka; STATS_UNKNOWN: none */
    bool lowered;         /* it was below a known one, and is not believed yet */
    int64_t asked;        /* the one that was known when the brokers were asked for its end */
    int64_t last_stable;  /* where an open transaction ends what can be read; STATS_UNKNOWN: none is known */
};

struct partition {
    bool known;
    enum partition_state state;
    int slot;             /* in the segment; -1: no room */
    uint32_t assignments; /* how often it was assigned to this process */
    int64_t position;     /* processed + 1: the next offset to process; STATS_UNKNOWN while placing */
    int64_t begun;        /* what lies from here to the position this process did in this assignment */
    struct former former;
    int64_t received;  /* offsets below it were counted as received in this assignment */
    int64_t until_us;  /* monotonic: something is due then, in a state that waits */
    bool owned;        /* the database knows this assignment */
    bool letters_left; /* in its outbox: there was no room to send all */
    unsigned asked;    /* how often in a row the broker or the database was asked where to continue */
    struct fetch fetch;
    struct commit_state commit;
    struct flight flight;
    struct retry retry;
    struct last_record last;
    struct gap gap;
    struct acks *acks;   /* --commit manual; owned; else NULL */
    struct reach *reach; /* owned; NULL: it has no slot */
};

/* An unused row. */
extern const struct partition partition_unused;

struct partitions {
    const char *topic;
    struct stats_writer *stats;
    struct stats_snapshot *former; /* what an earlier process of this consumer left; owned; NULL: nothing */
    size_t former_next;            /* where the search in it continues */
    struct partition *rows;
    size_t row_count;
    size_t assigned_count;
    size_t waiting_count; /* in a state that waits */
    uint64_t changes;     /* how often some partition was given, taken, or placed */
    bool unsettled;       /* some row does not fetch as its state says: fetching.h */
    bool full_said;       /* that some partition has no place in the segment */
    bool manual;          /* what is acknowledged is committed, not what is processed */
    uint64_t fresh;       /* records of the batch in flight that were not received before */
};

void partitions_init(struct partitions *partitions, const char *topic, struct stats_writer *stats);
void partitions_release(struct partitions *partitions);

/* The row of a partition that is assigned now, or NULL. Rows grow by doubling: pointers are good until the
 * next one is given. */
static inline struct partition *partition_assigned_row(struct partitions *partitions, int32_t number)
{
    if (number < 0 || (size_t)number >= partitions->row_count ||
        partitions->rows[number].state == STATE_UNASSIGNED)
        return NULL;
    return &partitions->rows[number];
}
static inline const struct partition *partition_assigned(const struct partitions *partitions, int32_t number)
{
    return partition_assigned_row((struct partitions *)partitions, number);
}

/* --- events -------------------------------------------------------------------------------------------- */

/* The group assigns it. -1: no memory. */
int partition_on_assigned(struct partitions *partitions, int32_t number);
void partition_on_revoked(struct partitions *partitions, int32_t number);
/* Where to begin or to go on; published. False when the metadata is not ours (acks.h): nothing counts as
 * acknowledged then. */
bool partition_placed(struct partitions *partitions, int32_t number, const struct place *place);
/* One that leads to a state that waits, until then. */
void partition_wait(struct partitions *partitions, int32_t number, enum partition_event event,
                    int64_t until_us);
/* What the group has is this process's own commit, though nobody said so. */
static inline bool partition_asked_for(const struct asked *asked, int64_t committed)
{
    return committed != STATS_UNKNOWN && (committed == asked->first || committed == asked->last);
}

/* The group has a partition at `committed`, and this process has done what follows, up to row->former.to; and
 * there is a last record before that, by which to see that the topic is still the same. */
static inline bool partition_did(const struct partition *row, int64_t committed)
{
    const struct former *former = &row->former;
    bool ours = committed == former->from ||
                (committed > former->from && partition_asked_for(&former->asked, committed));
    return former->to != STATS_UNKNOWN && ours && committed < former->to &&
           former->last.offset != STATS_UNKNOWN && former->last.offset < former->to;
}

/* Any other. */
void partition_event(struct partitions *partitions, int32_t number, enum partition_event event);
/* The same of all that are assigned. */
void partitions_event(struct partitions *partitions, enum partition_event event);

/* --- doubts: partition_doubts.c ------------------------------------------------------------------------ */

/* The topic may be a different one of the same name. Each partition checks its last record; for those without
 * one, and those that are not fetched, the group is asked: Kafka deletes its offsets with the topic, so "had
 * one, has none" proves it. The group may hear of it later than we do, so it gets a second. */
void partitions_doubt(struct partitions *partitions);
/* The same, except for partitions that the group was just asked about: fetching ended with an error that may
 * mean a deletion. */
void partitions_doubt_ended(struct partitions *partitions);
/* Fetching resumes after a pause, in which a deletion would have gone unnoticed. */
void partitions_resumed(struct partitions *partitions);
/* The group had an offset of it, and has none. */
void partition_deleted(struct partitions *partitions, int32_t number);
/* The same, but it may have expired: the group may have been without members for long. */
void partition_expired(struct partitions *partitions, int32_t number);

/* The partitions to ask the group about before anything is committed: those that are not being read and have
 * something to commit or are doubted; or all. NULL if there are none. The caller destroys the list. */
rd_kafka_topic_partition_list_t *partitions_to_ask(const struct partitions *partitions, bool all);
/* The group's answer. */
void partitions_told(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list);

/* The database knows this assignment. */
void partition_own(struct partitions *partitions, int32_t number);
/* Whether its outbox has letters that were not sent. */
void partition_letters_left(struct partitions *partitions, int32_t number, bool left);
/* Counts another question where to continue; returns how many in a row. */
unsigned partition_count_asking(struct partitions *partitions, int32_t number);

/* The first at or after `from` that is in this state, with its time over; -1: there is none. */
int32_t partition_due(const struct partitions *partitions, enum partition_state state, int32_t from);
/* Until the next is due, microseconds from now; INT64_MAX when nothing waits. */
int64_t partitions_due_us(const struct partitions *partitions);

/* Where reading begins, or goes on. */
static inline int64_t partition_read_from(const struct partition *row)
{
    if (row->state != STATE_VERIFYING)
        return row->position;
    return row->last.gone_to > row->last.read.offset ? row->last.gone_to : row->last.read.offset;
}

/* --- what librdkafka was told: fetching.h -------------------------------------------------------------- */

void partition_fetches(struct partitions *partitions, int32_t number, struct fetch fetch);

/* --- the batch in flight: partition_flight.c ----------------------------------------------------------- */

enum taken {
    TAKEN,      /* it is the next of its partition, and part of the batch in flight now */
    TAKEN_DONE, /* likewise, but it was acknowledged before */
    TAKEN_LAST, /* the last record again: only compared, neither processed nor counted */
    NOT_TAKEN   /* of another assignment, seen before, or not what follows */
};

/* Any message that partition_take's fast path does not cover. */
enum taken partition_judge(struct partitions *partitions, const rd_kafka_message_t *message);

/* Judges a message of this topic. Called once a record: the usual one, which follows what the batch has of a
 * partition that reads, is told apart here. */
static inline enum taken partition_take(struct partitions *partitions, const rd_kafka_message_t *message)
{
    int32_t number = message->partition;
    if (number < 0 || (size_t)number >= partitions->row_count)
        return NOT_TAKEN;
    struct partition *row = &partitions->rows[number];
    if (row->state != STATE_READING || row->fetch.seek || row->acks != NULL ||
        row->flight.end != message->offset || row->received != message->offset)
        return partition_judge(partitions, message);
    row->flight.end = row->received = message->offset + 1;
    partitions->fresh++;
    return TAKEN;
}
/* librdkafka has reached the end of a partition: no record lies between what it delivered and `offset`. True
 * when that moves the partition: over a transaction's marker, aborted records, a compacted end. An end before
 * the position means that the topic is a different one, or was truncated: the partition is losing, and not
 * committed before that is settled. */
bool partition_take_end(struct partitions *partitions, int32_t number, int64_t offset);

/* For a losing partition: only what lies before `low` is gone, and that is not beyond the position. */
void partition_not_lost(struct partitions *partitions, int32_t number, int64_t low);

/* Something of the batch in flight moves a position. */
bool partitions_moving(const struct partitions *partitions);
static inline bool partition_moves(const struct partition *row)
{
    return row->flight.first != STATS_UNKNOWN && row->flight.end != row->position;
}

/* A record cannot be processed for now: it and those after it in its partition are retried at `until_us`. It
 * counts as an attempt if no record before it stops the partition, too. */
void partition_stop_at_record(struct partitions *partitions, int32_t number, int64_t offset,
                              int64_t until_us);
/* How often that record was tried before. */
static inline unsigned partition_attempts(const struct partition *row, int64_t offset)
{
    return row->retry.offset == offset ? row->retry.attempts : 0;
}
/* Nothing of the batch in flight could be processed. Returns how often that was in a row. */
unsigned partition_stop_at_batch(struct partitions *partitions, int32_t number);
void partition_stop_until(struct partitions *partitions, int32_t number, int64_t until_us);
/* Like partition_stop_at_record, but it is no attempt at the record. */
void partition_stop_at(struct partitions *partitions, int32_t number, int64_t offset, int64_t until_us);
/* True for a record that the batch in flight stops at, or that follows one. */
static inline bool partition_stopped(const struct partition *row, int64_t offset)
{
    return row->flight.stop != STATS_UNKNOWN && offset >= row->flight.stop;
}
/* The batch ends before this offset; nothing has failed. */
void partition_cut(struct partitions *partitions, int32_t number, int64_t offset);
/* After the pipeline: no position moves beyond where a partition stopped, which waits now. Again after a sink
 * that failed. */
void partitions_apply_stops(struct partitions *partitions);
/* Before positions move: which record is the last that they move over. One that moves over a gap alone keeps
 * the one that it had. */
void partitions_note_last(struct partitions *partitions, rd_kafka_message_t *const *messages, size_t count);

/* Nothing of it is done, and all of it is read again. */
void partitions_drop_flight(struct partitions *partitions);

void partitions_publish_flight(struct partitions *partitions); /* before processing */
/* Positions move; the batch is over. */
void partitions_move(struct partitions *partitions, int64_t wall_us);

/* --- acknowledgements: partition_acks.c ---------------------------------------------------------------- */

/* first to before end. -1 with the error when the metadata could not hold it. Does nothing without acks. */
int partition_acknowledge(struct partitions *partitions, int32_t number, int64_t first, int64_t end,
                          struct error *error);
/* The same for what needs no acknowledgement: dropped, dead with a letter, never there. Logs if memory is out. */
void partition_settle(struct partitions *partitions, int32_t number, int64_t first, int64_t end);
/* Delivered and not acknowledged. */
int64_t partition_unacknowledged(const struct partition *row);
void partition_publish_acks(const struct partitions *partitions, const struct partition *row);

/* --- commits: partition_commits.c ---------------------------------------------------------------------- */

/* Barriers: what was processed is not to be committed before something else happened (dead_letters.h). With
 * acknowledgements there are none: what has not happened is not acknowledged.
 * Lifting is for all, before they are set anew. */
void partition_lower_barrier(struct partitions *partitions, int32_t number, int64_t offset);
void partitions_lift_barriers(struct partitions *partitions);

/* How far it is done: processed, or acknowledged. */
int64_t partition_done(const struct partition *row);
/* The start of what was done in this assignment and is not known to be committed. */
int64_t partition_kept(const struct partition *row);
/* How far it may be committed. */
int64_t partition_committable(const struct partition *row);
/* It has processed more than is committed or being committed, and may be. */
bool partition_dirty(const struct partition *row);
/* True when some assigned partition has processed more than is committed or being committed. */
bool partitions_dirty(const struct partitions *partitions);
/* All that may be committed of it is; and of one that is doubted, too, all that could be without the doubt.
 */
bool partition_committed(const struct partition *row);

/* A list of what is to be committed now, noted in the rows; NULL when there is nothing. The caller destroys
 * it. */
rd_kafka_topic_partition_list_t *partitions_to_commit(struct partitions *partitions);
/* Commits that somebody else asked for, with these offsets (--commit auto). */
void partitions_requested(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list);
/* The answer to the commit that was noted last: a partition at a time; published. */
void partitions_commit_answered(struct partitions *partitions, rd_kafka_resp_err_t err,
                                const rd_kafka_topic_partition_list_t *list, int64_t wall_us);
/* A sink has committed it with its transaction; published. */
void partition_commit_done(struct partitions *partitions, int32_t number, int64_t offset, int64_t wall_us);
/* There was no answer in time: what was asked for is asked for again. */
void partitions_commit_unanswered(struct partitions *partitions);
/* Everything assigned is committed once more. */
void partitions_commit_all_again(struct partitions *partitions);
/* The answer to an earlier commit: it may have undone a later one at the broker. */
void partitions_commit_late(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list);

/* What the first commit of a partition says in its metadata when --from is latest: how many partitions there
 * were. This distinguishes a partition added later from one that another member is starting right now. */
#define COMMIT_FIRST_MARK "first of "
rd_kafka_topic_partition_t *commit_add_first(rd_kafka_topic_partition_list_t *list, const char *topic,
                                             int32_t number, int64_t offset, int topic_partitions);
/* 0: not such metadata. */
int commit_first_of(const char *metadata, size_t length);

/* --- watermarks: partition_publish.c ------------------------------------------------------------------- */

void partition_publish_place(const struct partitions *partitions, const struct partition *row);
void partition_publish_assigned(const struct partitions *partitions, const struct partition *row);
/* High watermark, since when it is behind, and what an open transaction holds back: set for the next
 * publication, with each value that it follows from: the committed offset, and what was read. */
void partition_set_reach(const struct partitions *partitions, const struct partition *row);
/* Where an earlier process of this consumer had the same committed offset: since when it was behind. */
void partition_resume_reach(struct partitions *partitions, const struct partition *row);
/* A record before this offset was read: a watermark that is known from before must not say otherwise. */
void partition_reached(const struct partition *row, int64_t offset, int64_t wall_us);

/* Where high watermarks come from. librdkafka has those of its last fetch (no traffic): fresh while it waits
 * at a partition's end for more, which is the usual case. It does not say how old they are, and fetches
 * nothing of a partition that is paused or waits, nor while its queue is full. So the brokers are asked
 * besides (watermarks.h): each second for those that are not fetched, or not at their end; for all each five
 * seconds. What they tell is the last stable offset (ListOffsets with the consumer's own isolation.level,
 * KIP-98): without an open transaction it is the high watermark. Below a watermark that was known before the
 * question was asked, it says that an open transaction holds the rest back. (librdkafka has a last stable
 * offset in its statistics too: JSON about every partition of every broker, each second.) */
void partitions_publish_high(struct partitions *partitions, rd_kafka_t *rk, int64_t wall_us);
/* The partitions whose ends to ask for; noted in the rows. NULL if there are none. The caller destroys it. */
rd_kafka_topic_partition_list_t *partitions_ends_wanted(struct partitions *partitions, bool all);
/* The answer. */
void partitions_publish_ends(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list,
                             int64_t wall_us);
/* Low watermarks, as a query brought them. */
void partitions_publish_low(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list);
/* Of all that are assigned and shown. */
bool partitions_low_known(const struct partitions *partitions);

#endif
