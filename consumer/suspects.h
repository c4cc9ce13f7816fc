/* suspects.h: records that may have killed an earlier process, and records that did. While there are suspects
 * ahead, batches are of one record, so that the next death has one culprit; a convicted record is not decoded
 * but goes to the dead letters. Who is which the supervisor says (--suspects, --quarantine); an operator may
 * say --quarantine too.
 */
#ifndef KSUPERVISE_CONSUMER_SUSPECTS_H
#define KSUPERVISE_CONSUMER_SUSPECTS_H

#include "common/error.h"
#include "consumer/partition.h"

struct suspect_range {
    int32_t partition;
    int64_t first, end; /* offsets; `end` is one past the last */
};

struct suspects {
    struct suspect_range *ranges; /* owned; suspects, then convicts */
    size_t suspect_count, convict_count;
    bool ahead; /* some range is not behind us yet, as far as is known */
};

/* "0:12-40,1:7-35", and "0:12,1:9"; NULL: none. -1 with a usage error. */
int suspects_open(struct suspects *suspects, const char *suspect_text, const char *convict_text,
                  struct error *error);
void suspects_close(struct suspects *suspects);

/* Whether some assigned partition has suspects or convicts ahead; keeps `ahead`. True when that changed. */
bool suspects_look(struct suspects *suspects, const struct partitions *partitions);

bool suspects_convicted(const struct suspects *suspects, int32_t partition, int64_t offset);

#endif
