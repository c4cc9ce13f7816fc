/* poison.h: records that kill their consumers, found by evidence: what was in flight when a process died by a
 * crash or was killed because it hung. (A kill by an operator, or by the kernel for want of memory, is no
 * evidence against a record: SIGKILL, SIGTERM, exit codes do not count.)
 *
 * The first such death makes all records in flight candidates. Every later process of that group is told, and
 * takes them one by one. The record that is alone in flight at the next such death is quarantined: from then
 * on it is not decoded, but goes to the dead-letter topic. A process that came through its candidates clears
 * them.
 *
 * A record is a group's, a topic's and a partition's: two topics of one group have each their own.
 *
 * It outlives the supervisor (kept.h), where the Kafka is the same one.
 */
#ifndef KSUPERVISE_SUPERVISOR_POISON_H
#define KSUPERVISE_SUPERVISOR_POISON_H

#include "common/stats/reader.h"
#include "common/worker/config.h"

#include <stdbool.h>

enum { POISON_MAX = 256 }; /* beyond it the oldest candidates are forgotten */

/* "2147483647:9223372036854775807-9223372036854775807," of each: what a worker's configuration takes. */
#define POISON_TEXT_BYTES WORKER_VALUE_BYTES
_Static_assert(POISON_TEXT_BYTES >= POISON_MAX * 52 + 1, "all of them fit");

/* Records of one partition, as one group sees them. */
struct poison_range {
    char group[STATS_GROUP_BYTES];
    char topic[STATS_TOPIC_BYTES];
    int32_t partition;
    int64_t first, end;  /* offsets; `end` is one past the last */
    bool quarantined;    /* then it is one record */
    uint64_t generation; /* of the death that made it so */
    char cause[32];      /* "SIGSEGV", "hang" */
};

struct poison {
    struct poison_range *ranges; /* oldest first; NULL before the first */
    size_t count;
};

/* What was in flight, of one partition. */
struct poison_flight {
    char topic[STATS_TOPIC_BYTES];
    int32_t partition;
    int64_t first, end;
};

enum poison_verdict { POISON_NOTHING, POISON_CANDIDATES, POISON_QUARANTINED };

/* A death by `cause` with these in flight. POISON_QUARANTINED: *former is the candidate range that it was
 * in. */
enum poison_verdict poison_judge(struct poison *poison, const char *group, uint64_t generation,
                                 const char *cause, const struct poison_flight *flights, size_t count,
                                 struct poison_range *former);

/* The group's candidates of these partitions are cleared: a process came through them. */
void poison_clear(struct poison *poison, const char *group, const char *topic, int32_t partition);

/* The group's candidates in that topic, "0:12-40,1:7-35" (the ends are exclusive), or its quarantined,
 * "0:12,1:9", as a consumer of the topic takes them. POISON_TEXT_BYTES hold all there can be. Returns the
 * length; 0: there are none. */
size_t poison_text(const struct poison *poison, const char *group, const char *topic, bool quarantined,
                   char *text, size_t bytes);

/* The whole table as bytes that poison_load reads; `kafka` says which Kafka it is about. NULL when memory is
 * out. The caller's, to free. */
void *poison_pack(const struct poison *poison, const char *kafka, size_t *length);
/* Puts what was packed about the same Kafka into an empty table; bytes that are something else are passed
 * over. */
void poison_unpack(struct poison *poison, const char *kafka, const void *bytes, size_t length);

/* Signals that say that a process did something wrong by itself. */
bool poison_is_crash(int signal);

void poison_release(struct poison *poison);

#endif
