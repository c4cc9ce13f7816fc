/* dead_letter.h: what a dead letter looks like: a record of `<topic>.dlq` with the key, value and headers
 * that it came with, and behind those the headers below. The consumer writes them; ktopic dlq and kaudit read
 * them.
 *
 * All values are text (UTF-8, no NUL at the end), numbers in decimal, so that any tool can show them. A
 * record's own headers of these names are not kept: the last of a name is the dead letter's.
 *
 * `dlq.id` tells repeats: where an offset is committed after the letter was acknowledged (`batch`), a kill
 * between the two writes the same letter again. Two with one id are one dead letter. The timestamp is part of
 * it because a topic that is deleted and made again gives its offsets anew. The id's last three parts are
 * numbers, and neither a group nor a topic may be read from it by splitting, as a group may hold a `/`: use
 * the headers.
 */
#ifndef KSUPERVISE_COMMON_DEAD_LETTER_H
#define KSUPERVISE_COMMON_DEAD_LETTER_H

#include "common/banned.h"

/* The topic of the dead letters: the source topic and this. */
#define DEAD_LETTER_SUFFIX ".dlq"

#define DEAD_LETTER_PREFIX        "dlq."              /* of all header names here */
#define DEAD_LETTER_CLUSTER       "dlq.cluster"       /* Kafka's cluster id */
#define DEAD_LETTER_GROUP         "dlq.group"         /* the consumer's */
#define DEAD_LETTER_TOPIC         "dlq.topic"         /* where the record was read */
#define DEAD_LETTER_PARTITION     "dlq.partition"     /* likewise */
#define DEAD_LETTER_OFFSET        "dlq.offset"        /* likewise */
#define DEAD_LETTER_TIMESTAMP     "dlq.timestamp"     /* the record's, ms since 1970; −1: none */
#define DEAD_LETTER_STAGE         "dlq.stage"         /* that gave it up: "validate", "decode" */
#define DEAD_LETTER_REASON        "dlq.reason"        /* one line: "amount: 0 is below 1" */
#define DEAD_LETTER_ATTEMPTS      "dlq.attempts"      /* how often it was tried, at least 1 */
#define DEAD_LETTER_FIRST_FAILURE "dlq.first_failure" /* RFC 3339, UTC: common/clock.h */
#define DEAD_LETTER_ID            "dlq.id"            /* cluster/group/topic/partition/offset/timestamp */

/* On a record that `ktopic dlq replay` sent back to its topic: the id of the letter it was. */
#define DEAD_LETTER_REPLAYED "dlq.replayed"

/* The group under which a replay keeps how far it is: the dead letters' topic and this. */
#define DEAD_LETTER_REPLAY_SUFFIX ".replay"

#endif
