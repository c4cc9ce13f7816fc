/* The plan's steps that are done to the topic. */
#include "tests/sim/actors.h"
#include "tests/sim/sim.h"

void step_produce(const struct step *step)
{
    int32_t p = step_partition(step->a);
    for (uint32_t n = 1 + step->b % 9; n > 0; n--) {
        bool is_bad = (sim.plan->features & FEATURE_DEAD) && random_of(step->b, n, 0) % 25 == 0;
        log_append(TOPIC_MAIN, p, is_bad ? ENTRY_BAD : ENTRY_RECORD);
        if (sim.plan->features & FEATURE_OTHER_TOPIC)
            log_append(TOPIC_OTHER, p % sim.plan->partitions, ENTRY_RECORD);
    }
    const struct log *log = cluster_log(TOPIC_MAIN, p);
    if (log != NULL)
        world_trace("[%d] holds %lld to %lld", (int)p, (long long)log->low, (long long)log->high);
}

void step_begin(const struct step *step)
{
    log_begin(TOPIC_MAIN, step_partition(step->a), 1 + (int)(step->b % 4));
}

void step_decide(const struct step *step)
{
    log_decide(TOPIC_MAIN, step_partition(step->a), step->b % 2 == 0);
}

void step_compact(const struct step *step)
{
    const struct log *log = cluster_log(TOPIC_MAIN, step_partition(step->a));
    if (log != NULL)
        log_compact(TOPIC_MAIN, step_partition(step->a), step->b % 2 == 0 ? log->high : log->high / 2,
                    step->b);
}

void step_retain(const struct step *step)
{
    const struct log *log = cluster_log(TOPIC_MAIN, step_partition(step->a));
    int64_t low = log == NULL ? 0 : step->b % 3 == 0 ? log_stable(log) : log->low + step->b % 8;
    log_retain(TOPIC_MAIN, step_partition(step->a), low);
}

void step_add_partition(const struct step *step)
{
    topic_add_partition(TOPIC_MAIN);
    int32_t p = sim.cluster.topics[TOPIC_MAIN].partition_count - 1;
    for (uint32_t n = step->b % 5; n > 0; n--) /* before the group has discovered it */
        log_append(TOPIC_MAIN, p, ENTRY_RECORD);
}

static void make_topic(void *context, int64_t records, int64_t partitions)
{
    (void)context;
    topic_make(TOPIC_MAIN, (int)partitions);
    for (int32_t p = 0; p < partitions; p++) {
        sim.oracle.checked[p] = 0;
        sim.oracle.loss[p] = sim.oracle.reported[p] = true;
        for (int64_t n = (records >> p) % 6; n > 0; n--)
            log_append(TOPIC_MAIN, p, ENTRY_RECORD);
    }
}

static void stop_one(void *context, int64_t a, int64_t b)
{
    (void)context;
    step_stop(&(struct step){.a = (uint32_t)a, .b = (uint32_t)b});
}

static void start_one(void *context, int64_t a, int64_t b)
{
    (void)context;
    (void)b;
    step_start(&(struct step){.a = (uint32_t)a});
}

/* Some members are restarted while the topic is made: the last turns of one are when it comes. */
static void restart_around(const struct step *step, int64_t in_us)
{
    for (uint32_t i = 0; i < (uint32_t)sim.plan->workers; i++) {
        uint64_t hash = random_of(step->a, step->b, i);
        if (hash % 3 == 0)
            continue;
        world_in(in_us - 180 * MS + (int64_t)(hash >> 8) % (240 * MS), stop_one, NULL, i, step->b >> 3);
        world_in(in_us + 2 * SECOND, start_one, NULL, i, 0);
    }
}

/* It is away long enough to be missed. */
void step_make_topic_anew(const struct step *step)
{
    int64_t partitions = sim.cluster.topics[TOPIC_MAIN].partition_count;
    if (!sim.cluster.topics[TOPIC_MAIN].exists)
        return;
    int64_t in_us = step_span(step->a, 500 * MS, 3 * SECOND);
    topic_delete(TOPIC_MAIN);
    if (sim.plan->features & FEATURE_MEMBERS)
        restart_around(step, in_us);
    world_in(in_us, make_topic, NULL, step->b, partitions);
}
