#include "tests/sim/shorten.h"

#include "tests/sim/world.h"

struct search {
    struct plan *best;
    enum rule broken;
    int runs, runs_max;
};

static bool try_plan(struct search *search, const struct plan *plan)
{
    if (search->runs >= search->runs_max)
        return false;
    search->runs++;
    if (history_run(plan, false).broken != search->broken)
        return false;
    *search->best = *plan;
    return true;
}

static bool without_features(struct search *search)
{
    bool shorter = false;
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        struct plan plan = *search->best;
        if ((plan.features >> i & 1) == 0)
            continue;
        plan_without(&plan, 1u << i);
        shorter |= try_plan(search, &plan);
    }
    return shorter;
}

/* Runs of steps, halved until they are single ones. */
static bool without_steps(struct search *search)
{
    bool shorter = false;
    for (size_t length = search->best->step_count; length > 0; length /= 2)
        for (size_t from = 0; from < search->best->step_count; from += length) {
            struct plan plan = *search->best;
            bool some = false;
            for (size_t i = from; i < from + length && i < plan.step_count; i++) {
                some |= !plan.steps[i].off;
                plan.steps[i].off = true;
            }
            if (some)
                shorter |= try_plan(search, &plan);
        }
    return shorter;
}

static bool with_less(struct search *search)
{
    bool shorter = false;
    struct plan plan = *search->best;
    if (plan.workers > 1) {
        plan.workers--;
        shorter |= try_plan(search, &plan);
    }
    plan = *search->best;
    if (plan.partitions > 1) {
        plan.partitions--;
        shorter |= try_plan(search, &plan);
    }
    plan = *search->best;
    if (plan.cooperative) {
        plan.cooperative = false;
        shorter |= try_plan(search, &plan);
    }
    plan = *search->best;
    if (plan.newest) {
        plan.newest = false;
        shorter |= try_plan(search, &plan);
    }
    return shorter;
}

int shorten(struct plan *plan, enum rule broken, int runs_max)
{
    struct search search = {plan, broken, 0, runs_max};
    bool shorter = true;
    while (shorter && search.runs < runs_max) {
        shorter = without_features(&search);
        shorter |= with_less(&search);
        shorter |= without_steps(&search);
    }
    struct plan calm = *plan; /* right after the last step, if it fails so, too */
    for (size_t i = 0; i < plan->step_count; i++)
        if (!plan->steps[i].off)
            calm.calm_us = plan->steps[i].at_us + SECOND;
    if (history_run(&calm, false).broken == broken)
        *plan = calm;
    return search.runs;
}
