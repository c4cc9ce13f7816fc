/* faults.h: points at which a test kills the process, and bugs that a test plants to see that they are caught.
 * Compiled in only by `make FAULTS=1`; otherwise both macros below are constants, and cost nothing.
 *
 *   KSUPERVISE_CRASH_AT=rows_written:2   SIGKILL when that point is passed for the second time
 *   KSUPERVISE_PLANT=forget_guards       the bug is there
 */
#ifndef KSUPERVISE_CONSUMER_FAULTS_H
#define KSUPERVISE_CONSUMER_FAULTS_H

#include "common/banned.h"

#include <stdbool.h>

/* In the order in which a batch passes them. */
#define FAULT_POINTS(X)                                                                                      \
    X(taken_over)       /* the sink knows that a partition is ours; nothing is read yet */                   \
    X(assigned)         /* librdkafka has the assignment */                                                  \
    X(received)         /* a batch is there, nothing of it is published */                                   \
    X(in_flight)        /* published as in flight, nothing of it is done */                                  \
    X(letter_sent)      /* a dead letter is with librdkafka */                                               \
    X(processed)        /* the stages are done, no position has moved */                                     \
    X(transaction_open) /* a sink's transaction has begun */                                                 \
    X(offsets_set)      /* in it, the next offsets */                                                        \
    X(rows_written)     /* in it, the rows */                                                                \
    X(outbox_written)   /* in it, the dead letters; not committed */                                         \
    X(transaction_done) /* committed; this process does not know it yet */                                   \
    X(outbox_sent)      /* the dead letters are with librdkafka */                                           \
    X(position_moved)   /* the table knows; Kafka does not */                                                \
    X(commit_asked)     /* an offset commit is on its way */                                                 \
    X(commit_answered)  /* and is confirmed */                                                               \
    X(outbox_emptied)   /* acknowledged letters are out of the outbox */                                     \
    X(revoking)         /* partitions are to go, nothing is committed for that */                            \
    X(last_commit)      /* the synchronous commit is done */

/*  X(bug)  — what is wrong, and in tests/system/test_faulty.py by what kaudit sees it  */
#define PLANTED_BUGS(X)                                                                                      \
    X(commit_early)     /* a batch's offsets are committed before it is processed */                         \
    X(skip_letter_wait) /* the commit does not wait for dead letters */                                      \
    X(skip_on_retry)    /* a record that should be retried is skipped */                                     \
    X(forget_guards)    /* the sink checks neither owner nor next offset; to a topic, no membership */       \
    X(two_transactions) /* the sink commits the next offsets before the rows */                              \
    X(forget_outbox)    /* dead letters are not part of the sink's transaction */                            \
    X(garble_rows)      /* a row has an amount that is not its record's */                                   \
    X(forget_witness)   /* any record at the witness's offset passes for it */

#define X(id) FAULT_##id,
enum fault_point { FAULT_POINTS(X) FAULT_POINT_COUNT };
#undef X
#define X(id) PLANTED_##id,
enum planted_bug { PLANTED_BUGS(X) PLANTED_BUG_COUNT };
#undef X

#ifdef FAULTS
void fault_pass(enum fault_point point);
bool fault_planted(enum planted_bug bug);
#define FAULT_POINT(id) fault_pass(FAULT_##id)
#define PLANTED(id)     fault_planted(PLANTED_##id)
#else
#define FAULT_POINT(id) ((void)0)
#define PLANTED(id)     false
#endif

#endif
