#include "tests/sim/worker.h"

#include "common/exit_codes.h"
#include "tests/sim/client.h"
#include "tests/sim/coroutine.h"
#include "tests/sim/sim.h"

void workers_init(void)
{
    sim.workers = (struct workers){.all = calloc(INCARNATIONS, sizeof *sim.workers.all)};
}

static bool runs(const struct worker *worker)
{
    return worker->alive && worker->coroutine != NULL;
}

static int64_t due_us(const struct worker *worker)
{
    return worker->wake_us > worker->frozen_until_us ? worker->wake_us : worker->frozen_until_us;
}

struct worker *workers_next(void)
{
    struct worker *next = NULL;
    for (size_t i = 0; i < sim.workers.count; i++) {
        struct worker *worker = &sim.workers.all[i];
        if (!runs(worker))
            continue;
        worker->wake_us = due_us(worker);
        if (next == NULL || worker->wake_us < next->wake_us)
            next = worker;
    }
    return next;
}

bool workers_due(const struct worker *worker)
{
    for (size_t i = 0; i < sim.workers.count; i++)
        if (&sim.workers.all[i] != worker && runs(&sim.workers.all[i]) &&
            due_us(&sim.workers.all[i]) <= sim_now())
            return true;
    return false;
}

/* --- from start to end --------------------------------------------------------------------------------- */

static void enter(void *context)
{
    struct worker *worker = context;
    worker->exit_code = process_main(worker);
    worker->alive = false;
    worker_leave(worker);
}

struct worker *worker_start(int slot, const char *reset)
{
    if (sim.workers.count == INCARNATIONS)
        return NULL;
    struct worker *worker = &sim.workers.all[sim.workers.count];
    *worker = (struct worker){
        .slot = slot, .reset = reset, .alive = true, .wake_us = sim_now(), .started_us = sim_now()};
    for (int p = 0; p < PARTITIONS_MAX; p++)
        worker->reset_to[p] = -1;
    worker->coroutine = coroutine_new(enter, worker);
    if (worker->coroutine == NULL)
        return NULL;
    snprintf(worker->name, sizeof worker->name, "%s%zu",
             slot == 0   ? "bravo#"
             : slot == 1 ? "bravo.2#"
             : slot == 2 ? "bravo.3#"
                         : "reset#",
             sim.workers.count);
    sim.workers.count++;
    if (slot >= 0)
        sim.workers.slots[slot].worker = worker;
    world_trace("%s starts", worker->name);
    return worker;
}

static void reap(struct worker *worker)
{
    coroutine_free(worker->coroutine);
    worker->coroutine = NULL;
    worker->ended_us = sim_now();
    client_process_gone(worker);
    oracle_ended(worker);
    if (worker->slot >= 0 && sim.workers.slots[worker->slot].worker == worker)
        plan_worker_ended(worker);
}

void worker_run(struct worker *worker)
{
    sim.workers.current = worker;
    coroutine_enter(worker->coroutine);
    sim.workers.current = NULL;
    if (!worker->alive)
        reap(worker);
}

void worker_leave(struct worker *worker)
{
    coroutine_leave(worker->coroutine);
}

void worker_kill(struct worker *worker, const char *why)
{
    if (!worker->alive)
        return;
    world_trace("%s is killed %s (%s)", worker->name, why, worker->call != NULL ? worker->call : "starting");
    worker->alive = false;
    worker->exit_code = -1;
    if (sim.workers.current != worker)
        reap(worker);
}

void worker_freeze(struct worker *worker, int64_t us)
{
    worker->frozen_until_us = sim_now() + us;
    client_process_frozen(worker);
}

/* --- requests --------------------------------------------------------------------------------------------
 */

void worker_wake(struct worker *worker)
{
    if (worker->wake_us > sim_now())
        worker->wake_us = sim_now();
}

void worker_poke(struct worker *worker)
{
    if (worker->wake != NULL)
        worker->wake(worker->wake_context);
}
