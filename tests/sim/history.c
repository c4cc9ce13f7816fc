#include "tests/sim/history.h"

#include "tests/sim/arena.h"
#include "tests/sim/client.h"
#include "tests/sim/coroutine.h"
#include "tests/sim/sim.h"

static void begin(const struct plan *plan, bool tracing)
{
    arena_begin();
    sim.plan = plan;
    sim.random = (struct random){random_mix(plan->seed + 1)};
    sim.world.tracing = tracing;
    sim.faults = (struct faults){0};
    world_init();
    oracle_init();
    workers_init();
    clients_init();
    cluster_init();
    database_init();
    plan_begin();
}

/* What still runs is left where it is. */
static void end(void)
{
    for (size_t i = 0; i < sim.workers.count; i++)
        if (sim.workers.all[i].coroutine != NULL)
            coroutine_free(sim.workers.all[i].coroutine);
    arena_end();
}

struct outcome history_run(const struct plan *plan, bool tracing)
{
    struct outcome outcome = {0};
    begin(plan, tracing);
    world_run();
    outcome.broken = sim.oracle.broken;
    memcpy(outcome.text, sim.oracle.text, sizeof outcome.text);
    outcome.events = sim.world.events;
    outcome.virtual_us = sim.world.now_us - 1000 * SECOND;
    end();
    return outcome;
}
