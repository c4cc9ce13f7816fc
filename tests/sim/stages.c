#include "tests/sim/stages.h"

#include "consumer/pipeline/stages/stages.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"

/* --- what becomes of a record -------------------------------------------------------------------------- */

enum intent stage_intent(const struct entry *entry, unsigned *retries)
{
    const struct plan *plan = sim.plan;
    uint64_t hash = random_of(plan->seed, (uint64_t)entry->partition, (uint64_t)entry->offset);
    uint64_t dice = hash % 100;
    *retries = 0;
    if (dice < 6)
        return INTENT_DROP;
    if ((plan->features & FEATURE_DEAD) && dice < 14)
        return INTENT_DEAD;
    if ((plan->features & FEATURE_RETRIES) && dice < 22 && plan->retries > 0) {
        *retries = 1 + (unsigned)((hash >> 32) % (uint64_t)plan->retries);
        return INTENT_RETRY;
    }
    if ((plan->features & FEATURE_RETRIES) && (plan->features & FEATURE_DEAD) && dice < 25)
        return INTENT_NEVER;
    return INTENT_PASS;
}

/* Half of those that are not simply to pass are the batch stage's to judge. */
static bool is_for_batch(const struct entry *entry)
{
    return random_of(sim.plan->seed, (uint64_t)entry->offset, (uint64_t)entry->partition) % 2 == 0;
}

static enum verdict judge(struct worker *worker, struct entry *entry)
{
    unsigned retries;
    enum intent intent = stage_intent(entry, &retries);
    entry->fate.plan_passes = intent == INTENT_PASS || intent == INTENT_DROP || intent == INTENT_RETRY;
    if (intent == INTENT_DROP) {
        entry->fate.dropped = true;
        return VERDICT_DROP;
    }
    /* When faults are over, what was only to be tried again passes, and what never passes is dead: a dozen of
     * them in a partition, with a backoff that doubles, take longer than the lag may. */
    bool again = intent == INTENT_NEVER || (intent == INTENT_RETRY && entry->fate.attempts < retries);
    if (again && !sim.faults.over) {
        entry->fate.attempts++;
        return VERDICT_RETRY; /* whether it comes again is the consumer's word: process.c */
    }
    bool dead = intent == INTENT_DEAD || intent == INTENT_NEVER;
    if (dead)
        oracle_judged(worker, entry, true);
    return dead ? VERDICT_DEAD : VERDICT_PASS;
}

static const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"pass", "drop", "retry", "dead"};
    return names[verdict];
}

/* As a stage does that works long: it says now and then that it is alive. */
static void work_slowly(const struct pipeline *pipeline)
{
    for (int64_t left_us = sim.faults.slow_us; left_us > 0; left_us -= SECOND) {
        world_work(left_us < SECOND ? left_us : SECOND);
        pipeline_tick(pipeline);
    }
}

static enum verdict record_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    struct worker *worker = sim.workers.current;
    struct entry *entry = ((const struct op *)item->message)->entry;
    struct stage_state *stage = state;
    world_call("record");
    if (sim.faults.slow_until_us > sim_now())
        work_slowly(stage->pipeline);
    oracle_seen(worker, item->message);
    enum verdict verdict = is_for_batch(entry) ? VERDICT_PASS : judge(worker, entry);
    snprintf(why, STAGE_WHY_BYTES, "the plan says so");
    world_trace("[%d] %lld: %s", entry->partition, (long long)entry->offset, verdict_name(verdict));
    return verdict;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

static int batch_batch(void *state, const struct item *items, size_t count, struct answer *answers,
                       struct error *error)
{
    struct worker *worker = sim.workers.current;
    (void)state;
    world_call("batch");
    if (faults_strike(&sim.faults.batches)) {
        world_trace("the batch fails as a whole");
        oracle_run(worker, false);
        return error_set(error, "the program died");
    }
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = ((const struct op *)items[i].message)->entry;
        if (!is_for_batch(entry))
            continue;
        answers[i] = (struct answer){judge(worker, entry), "the plan says so"};
        if (answers[i].verdict != VERDICT_PASS)
            world_trace("[%d] %lld: %s, by the batch", entry->partition, (long long)entry->offset,
                        verdict_name(answers[i].verdict));
    }
    return 0;
}

static int batch_end(void *state, struct error *error)
{
    (void)state;
    (void)error;
    world_call("batch_end");
    oracle_run(sim.workers.current, true);
    return 0;
}

/* --- the last stage: what comes here went through, when the run stands ---------------------------------- */

static enum verdict last_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    (void)why;
    oracle_judged(sim.workers.current, ((const struct op *)item->message)->entry, false);
    return VERDICT_PASS;
}

/* --- the classes --------------------------------------------------------------------------------------- */

static int open_state(void **state, const char *argument, const struct pipeline *pipeline,
                      struct error *error)
{
    struct stage_state *made = calloc(1, sizeof *made);
    (void)argument;
    (void)error;
    made->pipeline = pipeline;
    *state = made;
    return 0;
}

static enum verdict passes(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    (void)item;
    (void)why;
    return VERDICT_PASS;
}

const struct stage_class stage_validate = {
    .name = "record", .help = "", .open = open_state, .record = record_record};
const struct stage_class stage_exec = {
    .name = "batch", .help = "", .batch = batch_batch, .batch_end = batch_end};
const struct stage_class stage_filter = {.name = "last", .help = "", .record = last_record};
const struct stage_class stage_sqlite = {
    .name = "sqlite", .help = "", .open = open_state, .sink = &database_sink};

#define UNUSED(id) const struct stage_class stage_##id = {.name = #id, .help = "", .record = passes};
UNUSED(flag)
UNUSED(reject)
UNUSED(print)
UNUSED(statistics)
UNUSED(exec_msgpack)
UNUSED(ndjson)
UNUSED(postgres)
UNUSED(kafka)
UNUSED(delay)
UNUSED(fail)
UNUSED(crash)
UNUSED(hang)
UNUSED(spin)
