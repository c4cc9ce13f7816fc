/* compare.h: one partition of the topic, laid beside what its consumers and its producers wrote down of it: a
 * merge of ascending offsets, in memory that does not grow with them. Needs no Kafka and no database.
 *
 * A record is one that a read returned. Offsets between records are nobody's: transaction markers, and what
 * compaction or retention took.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_COMPARE_H
#define KSUPERVISE_TOOLS_KAUDIT_COMPARE_H

#include "tools/kaudit/source.h"

#include <stddef.h>

#define EXAMPLES_MAX 8

/* The first offsets of a finding, and how many there are. */
struct finding {
    uint64_t count;
    int64_t examples[EXAMPLES_MAX];
};

struct tally {
    int32_t partition;
    int64_t low, end;
    int64_t committed;   /* -1: nothing is */
    int64_t in_database; /* the next offset that the sink's database expects; -1: it has none */
    uint64_t produced;   /* records */
    /* the consumer's side */
    uint64_t in_sink;       /* records with a row */
    uint64_t dead;          /* records with a letter in the dead-letter topic */
    uint64_t outbox;        /* records whose letter is in the sink's outbox alone */
    uint64_t waiting;       /* neither, and neither Kafka nor the database has it behind it: still to come */
    uint64_t expired;       /* rows and letters of records that retention took */
    struct finding missing; /* neither, and yet committed, in Kafka or in the database */
    struct finding doubled; /* each row or letter too many */
    struct finding strange; /* a row or letter without a record, or of one that is not there any more */
    struct finding different;  /* a row that says something else than its record */
    uint64_t different_fields; /* of all of them: bit i, the schema's */
    /* the producer's side */
    struct finding lost;     /* acknowledged, but there is no record, or a different one */
    uint64_t unaccounted;    /* records of the ledger's producers without a line: killed before the report */
    struct finding disorder; /* records out of order in their key */
};

/* A record as far as this needs it. */
struct audited {
    int64_t offset;
    int64_t seq;            /* -1: it has none */
    int64_t timestamp_ms;   /* 0: it has none */
    struct content content; /* nothing known: it cannot be compared */
};

struct compare {
    struct tally *tally;
    struct cursor rows;   /* of the sink */
    struct cursor dead;   /* each letter once; tag: enum letter_tag */
    struct cursor ledger; /* what was acknowledged here */
    bool judged;          /* there is a sink: what has no row and no letter is missing */
};

void finding_add(struct finding *finding, int64_t offset);

/* The records of the partition, in their order. -1 when a source failed. `*acknowledged`: the ledger has it
 * here. */
int compare_record(struct compare *compare, const struct audited *record, bool *acknowledged,
                   struct error *error);

/* After the last: what the sources have beyond. */
int compare_finish(struct compare *compare, struct error *error);

#endif
