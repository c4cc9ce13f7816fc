/* cluster.h: the brokers: topics as arrays of entries in memory, and the offsets that the group has
 * committed. Transactions leave markers and aborted records behind, compaction takes entries out, retention
 * takes them from the front; a consumer sees none of these, only gaps. The group itself is group.h's. */
#ifndef KSUPERVISE_TESTS_SIM_CLUSTER_H
#define KSUPERVISE_TESTS_SIM_CLUSTER_H

#include "tests/sim/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOPIC_MAIN, TOPIC_OTHER, TOPIC_LETTERS, TOPICS };
enum { PARTITIONS_MAX = 5, ENTRIES_MAX = 768, TOPIC_MAKINGS = 8, METADATA_BYTES = 4096 };

enum entry_kind {
    ENTRY_RECORD,
    ENTRY_BAD,    /* a record that does not decode */
    ENTRY_MARKER, /* the end of a transaction: takes an offset, is never delivered */
};

/* What the oracle knows of a record's fate: oracle.h. It is part of the entry, so that looking it up costs
 * nothing. */
struct fate {
    uint16_t attempts;     /* the stage has seen it so often */
    uint16_t done;         /* it went through the pipeline in a run that stood */
    uint16_t dead;         /* was judged dead in a run that stood */
    uint16_t sent;         /* letters that left */
    uint16_t letters;      /* letters that the dead-letter topic acknowledged */
    uint16_t rows;         /* in the database, now */
    uint16_t rows_kept;    /* in its snapshot */
    bool exempt;           /* nobody promised it: --from latest, a reset, retention */
    bool acknowledged;     /* kctl ack covered it */
    bool confirmed;        /* and reported success */
    bool outbox;           /* its letter waits in the database, */
    bool stood;            /* or has waited there */
    bool dropped;          /* a stage was done with it before the end */
    bool plan_passes;      /* it is to go through, if it is tried often enough */
    bool given_up;         /* earlier: its attempts were counted with those of a former topic's record */
    bool before_reset;     /* was processed before a reset that is not complete: as good as done */
    bool was_acknowledged; /* the same of an acknowledgement, */
    bool was_dropped;      /* and of a stage's word, */
    bool ever_stored;      /* the dead-letter topic has had its letter */
    bool was_exempt;       /* of an exemption, */
    bool exempt_kept;      /* when the database's snapshot was taken */
    uint16_t was_done;     /* and of `done` */
    bool ever_done;        /* it went through, whatever a reset took back */
    int handed_by;         /* whom it was handed out to last */
    uint64_t handed_run;   /* how many runs its consumer had done when it was handed out */
    uint64_t meant_by;     /* the request that meant it last, when that was taken up */
    uint64_t row_commit;   /* the database's commit that made the row, or the letter */
    int done_by;           /* who processed it last, and under which assignment */
    int done_assignment;
    int sent_by; /* who sent its last letter, and under which assignment: two of these are one too many */
    int sent_assignment;
    int owed_by; /* who has its letter, sent or refused, and under which assignment; 0: nobody */
    int owed_assignment;
};

struct entry {
    int64_t offset;
    int64_t timestamp_ms;
    int8_t topic;
    int8_t partition;
    uint8_t kind; /* enum entry_kind */
    bool aborted;
    bool compacted;
    struct fate fate;
};

struct log {
    struct entry *entries; /* by offset; never moves */
    int64_t low, high;
    int64_t read_to;          /* how far any consumer has come, */
    int64_t read_us;          /* and since when */
    int64_t open_from;        /* where an undecided transaction begins; −1: there is none */
    int64_t committed;        /* by the group; −1: nothing */
    char *metadata;           /* of that commit; "" */
    uint64_t committed_order; /* of the commit request that set it: a late one has a lower number */
    int64_t exempt_to;        /* a record that is still to come there is exempt: oracle_topics.c */
    bool blind;               /* somebody reads on who cannot know that it is another topic's */
    bool set_back;            /* the last commit was a late one */
    bool added;               /* while the group was running */
};

struct topic {
    const char *name;
    bool exists;
    int incarnation; /* how often it was made */
    int partition_count;
    struct log logs[PARTITIONS_MAX];
    struct entry *former[TOPIC_MAKINGS][PARTITIONS_MAX]; /* by incarnation: a letter may be of those */
};

struct cluster {
    struct topic topics[TOPICS];
    int64_t away_until_us; /* no broker answers before */
    struct group group;
};

/* With the plan's partitions. */
void cluster_init(void);

static inline bool cluster_has(int topic, int32_t partition);

/* --- what changes a log; each wakes whoever waits for it ------------------------------------------------ */

/* Appends one; NULL when the log is full. */
struct entry *log_append(int topic, int32_t partition, enum entry_kind kind);
/* A transaction of `count` records begins; decided by the second. */
void log_begin(int topic, int32_t partition, int count);
void log_decide(int topic, int32_t partition, bool abort);
/* Compaction of what lies before `end`: two of three entries go. */
void log_compact(int topic, int32_t partition, int64_t end, uint64_t salt);
/* Retention up to before `low`. */
void log_retain(int topic, int32_t partition, int64_t low);
void topic_delete(int topic);
void topic_make(int topic, int partitions);
void topic_add_partition(int topic);

/* --- reading -------------------------------------------------------------------------------------------- */

/* The last stable offset: how far a reader of committed records may read. */
static inline int64_t log_stable(const struct log *log)
{
    return log->open_from >= 0 ? log->open_from : log->high;
}

/* A consumer may see it. */
static inline bool entry_visible(const struct entry *entry)
{
    return entry->kind != ENTRY_MARKER && !entry->aborted && !entry->compacted;
}

/* The record of this topic that was written there at that time, perhaps before it was made anew; NULL. */
struct entry *cluster_entry(int topic, int32_t partition, int64_t offset, int64_t timestamp_ms);
struct log *cluster_log(int topic, int32_t partition);
/* By name; −1: no such topic, even if it is not there now. */
int cluster_topic(const char *name);
static inline bool cluster_has(int topic, int32_t partition)
{
    return topic >= 0 && cluster_log(topic, partition) != NULL;
}
bool cluster_away(void);
int64_t cluster_now_ms(void); /* wall */

#endif
