/* candidates.h: records that may have killed an earlier process, and records that did. While there are
 * candidates ahead, batches are of one record, so that the next death has one culprit; a quarantined record
 * is not decoded but goes to the dead letters. The supervisor names them (--candidates, --quarantine);
 * an operator may use --quarantine too.
 */
#ifndef KSUPERVISE_CONSUMER_CANDIDATES_H
#define KSUPERVISE_CONSUMER_CANDIDATES_H

#include "common/error.h"
#include "consumer/partition.h"

struct candidate_range {
    int32_t partition;
    int64_t first, end; /* offsets; `end` is one past the last */
};

struct candidates {
    struct candidate_range *ranges; /* owned; candidates, then quarantined */
    size_t candidate_count, quarantined_count;
    bool ahead; /* some range is not behind us yet, as far as is known */
};

/* "0:12-40,1:7-35", and "0:12,1:9"; NULL: none. -1 with a usage error. */
int candidates_open(struct candidates *candidates, const char *candidate_text, const char *quarantine_text,
                    struct error *error);
void candidates_close(struct candidates *candidates);

/* Whether some assigned partition has candidates or quarantined ahead; keeps `ahead`. True when that changed.
 */
bool candidates_look(struct candidates *candidates, const struct partitions *partitions);

bool candidates_quarantined(const struct candidates *candidates, int32_t partition, int64_t offset);

#endif
