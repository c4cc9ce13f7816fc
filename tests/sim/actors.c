/* Who does things to the cluster and the workers: the plan's steps, and the supervisor that starts workers
 * again. */
#include "tests/sim/actors.h"

#include "common/exit_codes.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"
#include "tests/sim/stages.h"

bool faults_strike(const struct fault_window *window)
{
    return window->until_us > sim_now() && random_percent(&sim.random, window->percent);
}

int32_t step_partition(uint32_t number)
{
    return (int32_t)(number % (uint32_t)sim.cluster.topics[TOPIC_MAIN].partition_count);
}

static struct sim_slot *slot_of(uint32_t number)
{
    return &sim.workers.slots[number % (uint32_t)sim.plan->workers];
}

int64_t step_span(uint32_t number, int64_t least, int64_t most)
{
    return least + (int64_t)(number % (uint64_t)(most - least));
}

/* --- workers ------------------------------------------------------------------------------------------- */

void step_start(const struct step *step)
{
    struct sim_slot *slot = slot_of(step->a);
    slot->wanted = true;
    if (slot->worker == NULL)
        worker_start((int)(slot - sim.workers.slots), NULL);
}

void step_stop(const struct step *step)
{
    struct sim_slot *slot = slot_of(step->a);
    slot->wanted = false;
    if (slot->worker == NULL)
        return;
    slot->worker->stop = step->b % 3 == 0 ? WORKER_DRAIN_KEEP : WORKER_DRAIN_LEAVE;
    world_trace("%s is to stop", slot->worker->name);
    worker_poke(slot->worker);
}

static void kill_worker(const struct step *step)
{
    struct worker *worker = slot_of(step->a)->worker;
    if (worker == NULL)
        return;
    if (step->b % 4 == 0)
        worker_kill(worker, "from outside");
    else
        worker->kill_in = 1 + (step->b >> 2) % 120;
}

/* Half of them are found hanging, and replaced: they are zombies when they go on. */
static void freeze(const struct step *step)
{
    struct sim_slot *slot = slot_of(step->a);
    struct worker *worker = slot->worker;
    if (worker == NULL)
        return;
    int64_t us = step_span(step->b, 100 * MS, 20 * SECOND);
    world_trace("%s stands still for %lld ms", worker->name, (long long)(us / MS));
    worker_freeze(worker, us);
    if (step->b % 2 != 0)
        return;
    slot->worker = NULL;
    worker_start((int)(slot - sim.workers.slots), NULL);
}

static void isolate(const struct step *step)
{
    const struct worker *worker = slot_of(step->a)->worker;
    if (worker == NULL || worker->rk == NULL || !worker->rk->alive)
        return;
    world_trace("%s is cut off", worker->name);
    client_isolate(worker->rk, step_span(step->b, 200 * MS, 20 * SECOND));
}

static void restart(void *context, int64_t number, int64_t b)
{
    struct sim_slot *slot = &sim.workers.slots[number];
    (void)context;
    (void)b;
    if (slot->wanted && slot->worker == NULL)
        worker_start((int)number, NULL);
}

void plan_worker_ended(struct worker *worker)
{
    struct sim_slot *slot = &sim.workers.slots[worker->slot];
    bool killed = worker->exit_code == -1;
    slot->worker = NULL;
    if (!slot->wanted)
        return;
    if (worker->exit_code == EXIT_CODE_OFFSETS_LOST)
        sim.faults.tolerate_loss = true; /* the operator has seen it */
    int64_t in_us = killed ? random_between(&sim.random, 1 * MS, 2 * SECOND)
                           : random_between(&sim.random, 500 * MS, 3 * SECOND);
    world_in(in_us, restart, NULL, worker->slot, 0);
}

/* --- faults -------------------------------------------------------------------------------------------- */

/* librdkafka also reports one where there is none. */
static void outage(const struct step *step)
{
    int64_t until_us = sim_now() + step_span(step->b, 200 * MS, 20 * SECOND);
    if (step->a % 4 != 0 && until_us > sim.cluster.away_until_us)
        sim.cluster.away_until_us = until_us;
    world_trace(step->a % 4 != 0 ? "no broker answers for a while" : "librdkafka is wrong about an outage");
    for (int i = 0; i < client_count; i++)
        if (clients[i]->type == RD_KAFKA_CONSUMER)
            client_tell_error(clients[i], RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "all brokers are down");
}

static void open_window(struct fault_window *window, const struct step *step, const char *what)
{
    *window = (struct fault_window){sim_now() + step_span(step->b, 200 * MS, 15 * SECOND),
                                    step->a % 3 == 0 ? 100 : 20 + step->a % 60};
    world_trace("%s fail for a while", what);
}

static void commits_fail(const struct step *step)
{
    open_window(&sim.faults.commits, step, "commits");
}

static void queries_fail(const struct step *step)
{
    open_window(&sim.faults.queries, step, "queries");
}

static void batches_fail(const struct step *step)
{
    open_window(&sim.faults.batches, step, "batches");
}

static void sink_fails(const struct step *step)
{
    open_window(&sim.faults.sink, step, "transactions");
}

static void letters_fail(const struct step *step)
{
    int64_t until_us = sim_now() + step_span(step->b, 200 * MS, 15 * SECOND);
    int64_t *const what[] = {&sim.faults.letters_refused_until_us, &sim.faults.produce_fails_until_us,
                             &sim.faults.queue_full_until_us};
    *what[step->a % 3] = until_us;
    world_trace("letters %s", step->a % 3 == 0   ? "are refused"
                              : step->a % 3 == 1 ? "cannot be sent"
                                                 : "find the queue full");
}

static void slow(const struct step *step)
{
    sim.faults.slow_until_us = sim_now() + step_span(step->b, 20 * SECOND, 120 * SECOND);
    sim.faults.slow_us = step_span(step->a, 500 * MS, 28 * SECOND);
    world_trace("a record takes %lld ms for a while", (long long)(sim.faults.slow_us / MS));
}

/* --- requests --------------------------------------------------------------------------------------------
 */

static void set_paused(uint32_t number, bool paused)
{
    for (uint32_t i = 0; i < (uint32_t)sim.plan->workers; i++) {
        struct worker *worker = sim.workers.slots[i].worker;
        if (worker == NULL || (number % 2 != 0 && i != number % (uint32_t)sim.plan->workers))
            continue;
        world_trace("%s is to %s", worker->name, paused ? "pause" : "go on");
        worker->paused = paused;
        worker_poke(worker);
    }
}

static void resume_all(void)
{
    for (size_t i = 0; i < sim.workers.count; i++)
        if (sim.workers.all[i].alive) { /* zombies, too */
            sim.workers.all[i].paused = false;
            worker_poke(&sim.workers.all[i]);
        }
}

static void pause_worker(const struct step *step)
{
    set_paused(step->a, true);
}

static void resume_worker(const struct step *step)
{
    set_paused(step->a, false);
}

static void send_request(struct worker *worker, const char *method, const char *text)
{
    static const struct worker_request none;
    if (worker == NULL || worker->request_open)
        return;
    int64_t number = worker->request.number + 1;
    worker->request = none;
    worker->request.number = number;
    snprintf(worker->request.method, sizeof worker->request.method, "%s", method);
    snprintf(worker->request.text, sizeof worker->request.text, "%s", text);
    worker_poke(worker);
}

/* A range of records that have been delivered; what is not this worker's is passed over. */
static void ack(const struct step *step)
{
    char text[64] = "all";
    int32_t p = step_partition(step->b);
    const struct log *log = cluster_log(TOPIC_MAIN, p);
    int64_t delivered = -1;
    for (int64_t i = 0; log != NULL && i < log->high; i++)
        if (log->entries[i].fate.done > 0 || log->entries[i].fate.dropped)
            delivered = i;
    if (step->a % 3 != 0 && delivered >= 0) {
        int64_t first = (int64_t)(step->b >> 8) % (delivered + 1);
        int64_t last = first + (int64_t)(step->b >> 16) % 4;
        snprintf(text, sizeof text, "%d:%lld-%lld", (int)p, (long long)first,
                 (long long)(last < delivered ? last : delivered));
    }
    for (int i = 0; i < sim.plan->workers; i++)
        send_request(sim.workers.slots[i].worker, "ack", text);
}

/* Where to; one in three stays where the group is, which undoes acknowledgements alone. */
static void name_target(const struct step *step, char *text, size_t bytes)
{
    unsigned number = step->b % 30;
    switch (step->a % 6) {
    case 0:
        snprintf(text, bytes, "earliest");
        break;
    case 1:
        snprintf(text, bytes, "latest");
        break;
    case 2:
        snprintf(text, bytes, "offset:%u", number);
        break;
    case 3:
        snprintf(text, bytes, "shift:%s%u", step->b % 2 == 0 ? "-" : "+", number % 5);
        break;
    default:
        snprintf(text, bytes, "shift:+0");
        break;
    }
}

static void reset(const struct step *step)
{
    char text[64];
    name_target(step, text, sizeof text);
    size_t used = strlen(text);
    if (sim.plan->commit == COMMIT_SINK)
        snprintf(text + used, sizeof text - used, ",delete-rows");
    for (int i = 0; i < sim.plan->workers; i++)
        send_request(sim.workers.slots[i].worker, "reset", text);
}

/* Another supervisor's, by hand, while members run. */
static void reset_process(const struct step *step)
{
    (void)step;
    worker_start(-1, sim.plan->commit == COMMIT_SINK ? "earliest,delete-rows" : "earliest");
}

static void snapshot(const struct step *step)
{
    (void)step;
    database_snapshot();
}

static void restore(const struct step *step)
{
    (void)step;
    database_restore();
}

/* Whoever writes to the former one is stopped first. */
static void new_database(const struct step *step)
{
    (void)step;
    for (int i = 0; i < sim.plan->workers; i++)
        if (sim.workers.slots[i].worker != NULL)
            worker_kill(sim.workers.slots[i].worker, "for a new database");
    for (size_t i = 0; i < sim.workers.count; i++)
        if (sim.workers.all[i].alive)
            worker_kill(&sim.workers.all[i], "for a new database");
    database_replace();
}

/* --- the steps ----------------------------------------------------------------------------------------- */

static void (*const carry_out[STEP_KINDS])(const struct step *step) = {
    [STEP_PRODUCE] = step_produce,
    [STEP_BEGIN] = step_begin,
    [STEP_DECIDE] = step_decide,
    [STEP_COMPACT] = step_compact,
    [STEP_RETAIN] = step_retain,
    [STEP_START] = step_start,
    [STEP_STOP] = step_stop,
    [STEP_KILL] = kill_worker,
    [STEP_FREEZE] = freeze,
    [STEP_ISOLATE] = isolate,
    [STEP_OUTAGE] = outage,
    [STEP_COMMITS_FAIL] = commits_fail,
    [STEP_QUERIES_FAIL] = queries_fail,
    [STEP_LETTERS_FAIL] = letters_fail,
    [STEP_BATCHES_FAIL] = batches_fail,
    [STEP_SLOW] = slow,
    [STEP_PAUSE] = pause_worker,
    [STEP_RESUME] = resume_worker,
    [STEP_ACK] = ack,
    [STEP_RESET] = reset,
    [STEP_RESET_PROCESS] = reset_process,
    [STEP_NEW_PARTITION] = step_add_partition,
    [STEP_NEW_TOPIC] = step_make_topic_anew,
    [STEP_SINK_FAILS] = sink_fails,
    [STEP_SNAPSHOT] = snapshot,
    [STEP_RESTORE] = restore,
    [STEP_NEW_DATABASE] = new_database,
};

static void run_step(void *context, int64_t number, int64_t b)
{
    const struct step *step = &sim.plan->steps[number];
    (void)context;
    (void)b;
    if (sim.world.tracing)
        printf("%*s step %lld: %s\n", 21, "", (long long)number, step_name(step->kind));
    carry_out[step->kind](step);
}

/* --- calm ---------------------------------------------------------------------------------------------- */

#define CALM_US (300 * SECOND)

/* When faults are over: acknowledges what is there, and looks whether all is done. */
static void look(void *context, int64_t until_us, int64_t b)
{
    char why[ORACLE_TEXT_BYTES];
    (void)context;
    (void)b;
    if (oracle_settled(why)) {
        world_end();
        return;
    }
    if (sim_now() > until_us) {
        oracle_fail(RULE_STUCK, "%s", why);
        return;
    }
    for (size_t i = 0; i < sim.workers.count && sim.plan->commit == COMMIT_MANUAL; i++)
        if (sim.workers.all[i].alive) /* zombies, too */
            send_request(&sim.workers.all[i], "ack", "all");
    world_in(SECOND, look, NULL, until_us, 0);
}

static void calm(void *context, int64_t a, int64_t b)
{
    (void)context;
    (void)a;
    (void)b;
    bool tolerates = sim.faults.tolerate_loss;
    world_trace("faults are over");
    sim.faults = (struct faults){.over = true, .tolerate_loss = tolerates};
    for (int32_t p = 0; p < sim.cluster.topics[TOPIC_MAIN].partition_count; p++)
        log_decide(TOPIC_MAIN, p, false);
    /* An idle consumer has no reason to ask the database: one more record. */
    for (int32_t p = 0; p < sim.cluster.topics[TOPIC_MAIN].partition_count; p++)
        if (sim.plan->features & FEATURE_RESTORES)
            log_append(TOPIC_MAIN, p, ENTRY_RECORD);
    for (uint32_t i = 0; i < (uint32_t)sim.plan->workers; i++)
        step_start(&(struct step){.a = i});
    resume_all();
    for (int i = 0; i < sim.plan->workers; i++)
        if (sim.workers.slots[i].worker != NULL)
            sim.workers.slots[i].worker->kill_in = 0;
    world_in(SECOND, look, NULL, sim_now() + CALM_US, 0);
}

void plan_begin(void)
{
    int64_t begin_us = sim_now();
    for (size_t i = 0; i < sim.plan->step_count; i++)
        if (!sim.plan->steps[i].off)
            world_at(begin_us + sim.plan->steps[i].at_us, run_step, NULL, (int64_t)i, 0);
    world_at(begin_us + sim.plan->calm_us, calm, NULL, 0, 0);
}
