/* stages.h: the pipeline's stages, as the simulation has them: `record` says of each record what the seed
 * says, `batch` can fail as a whole, and `sqlite` is the database in memory. */
#ifndef KSUPERVISE_TESTS_SIM_STAGES_H
#define KSUPERVISE_TESTS_SIM_STAGES_H

#include "tests/sim/cluster.h"

struct pipeline;

/* A stage's own memory. */
struct stage_state {
    const struct pipeline *pipeline;
    int64_t epochs[PARTITIONS_MAX]; /* of the database */
};

/* What the plan has in mind for a record. */
enum intent { INTENT_PASS, INTENT_DROP, INTENT_DEAD, INTENT_RETRY, INTENT_NEVER };
enum intent stage_intent(const struct entry *entry, unsigned *retries);

#endif
