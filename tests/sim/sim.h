/* sim.h: one history: what the parts of the simulation share. There is one at a time, `sim`; history.h makes
 * it from a seed, and runs it. */
#ifndef KSUPERVISE_TESTS_SIM_SIM_H
#define KSUPERVISE_TESTS_SIM_SIM_H

#include "tests/sim/cluster.h"
#include "tests/sim/database.h"
#include "tests/sim/oracle.h"
#include "tests/sim/plan.h"
#include "tests/sim/random.h"
#include "tests/sim/worker.h"
#include "tests/sim/world.h"

struct sim {
    const struct plan *plan;
    struct random random; /* the small decisions: latencies, and what meets what */
    struct world world;
    struct cluster cluster;
    struct database database;
    struct faults faults;
    struct workers workers;
    struct oracle oracle;
};

extern struct sim sim;

static inline int64_t sim_now(void)
{
    return sim.world.now_us;
}

#endif
