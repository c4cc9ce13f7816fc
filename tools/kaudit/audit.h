/* audit.h: the audit of a topic: everything that is compared, and what came out. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_AUDIT_H
#define KSUPERVISE_TOOLS_KAUDIT_AUDIT_H

#include "tools/kaudit/compare.h"
#include "tools/kaudit/dead_letters.h"
#include "tools/kaudit/key_order.h"
#include "tools/kaudit/ledger_file.h"
#include "tools/kaudit/producers.h"
#include "tools/kaudit/settings.h"
#include "tools/kaudit/topic.h"

struct audit {
    struct settings *settings;
    struct cluster cluster;
    int partitions;
    struct kafka_watermarks *extents;
    int64_t *committed, *in_database; /* -1: nothing is */
    struct sink sink;
    struct dead_letters letters;
    struct ledgers *ledgers; /* NULL: none */
    struct source ledger_source;
    struct tally *tallies;    /* by partition: what came out */
    struct compare *compares; /* by partition */
    struct producers producers;
    struct key_order order;
    uint64_t unnumbered; /* records without `producer` and `seq`: audited by their offsets alone */
};

/* Does all of it; `audit` must be zeroed but for its settings, and audit_release it in any case. What is
 * asked first can only be older than what is asked later, so that what goes on meanwhile is never taken for a
 * loss: what is committed, then the sink and the dead letters, then the topic's end. */
int audit_run(struct audit *audit, struct error *error);
void audit_release(struct audit *audit);

#endif
