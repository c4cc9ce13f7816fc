/* witness.h: what a record was, told by its place in the log, its timestamp, and a hash of its key and value:
 * enough to see, when it is read again, that the topic is still the one that was read. A topic that was deleted
 * and recreated has a different record at that offset, if any.
 *
 * The hash is FNV-1a of 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/) over the key and the value, each
 * behind its length as eight bytes, little-endian, all ones where there is none (NULL). It is kept in
 * databases, so it is the same on every machine. It finds an accident, not an attacker.
 */
#ifndef KSUPERVISE_CONSUMER_WITNESS_H
#define KSUPERVISE_CONSUMER_WITNESS_H

#include "common/stats/definitions.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct witness {
    int64_t offset;       /* STATS_UNKNOWN: there is no witness */
    int64_t timestamp_ms; /* as in the log; −1: it had none */
    int64_t hash;         /* its bits: databases know no unsigned numbers */
};

#define WITNESS_NONE                                                                                         \
    {                                                                                                        \
        STATS_UNKNOWN, STATS_UNKNOWN, STATS_UNKNOWN                                                          \
    }

/* Takes about a nanosecond a byte of the record. */
struct witness witness_of(const rd_kafka_message_t *message);

bool witness_equal(const struct witness *a, const struct witness *b);

#endif
