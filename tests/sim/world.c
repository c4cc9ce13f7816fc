#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/coroutine.h"
#include "tests/sim/sim.h"

enum { TIMERS = 256, EVENTS_MAX = 200000 };
#define CALL_US_MAX 40

struct world *const the_world = &sim.world;

void world_init(void)
{
    struct world *world = &sim.world;
    *world = (struct world){.now_us = 1000 * SECOND, .tracing = world->tracing, .timer_capacity = TIMERS};
    world->timers = calloc(TIMERS, sizeof *world->timers);
}

void world_end(void)
{
    sim.world.over = true;
}

/* --- timers -------------------------------------------------------------------------------------------- */

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct timer *a, struct timer *b)
{
    struct timer kept = *a;
    *a = *b;
    *b = kept;
}

void world_at(int64_t at_us, timer_fn *run, void *context, int64_t a, int64_t b)
{
    struct world *world = &sim.world;
    if (world->timer_count == world->timer_capacity) {
        world->timer_capacity *= 2;
        world->timers = realloc(world->timers, world->timer_capacity * sizeof *world->timers);
    }
    size_t i = world->timer_count++;
    world->timers[i] = (struct timer){at_us, world->timer_order++, run, context, a, b};
    for (; i > 0 && earlier(&world->timers[i], &world->timers[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&world->timers[i], &world->timers[(i - 1) / 2]);
}

static struct timer take_first(void)
{
    struct world *world = &sim.world;
    struct timer first = world->timers[0];
    world->timers[0] = world->timers[--world->timer_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
            if (child < world->timer_count && earlier(&world->timers[child], &world->timers[least]))
                least = child;
        if (least == i)
            return first;
        swap(&world->timers[i], &world->timers[least]);
        i = least;
    }
}

static int64_t first_us(void)
{
    return sim.world.timer_count > 0 ? sim.world.timers[0].at_us : INT64_MAX;
}

/* More of them in one history is no history: something goes round in circles. */
static void count_event(void)
{
    if (++sim.world.events == EVENTS_MAX)
        oracle_fail(RULE_STUCK, "%d events, and no end", EVENTS_MAX);
}

static void run_first(void)
{
    struct timer timer = take_first();
    if (timer.at_us > sim.world.now_us)
        sim.world.now_us = timer.at_us;
    count_event();
    timer.run(timer.context, timer.a, timer.b);
}

/* --- turns --------------------------------------------------------------------------------------------- */

void world_run(void)
{
    struct world *world = &sim.world;
    while (!world->over) {
        struct worker *worker = workers_next();
        int64_t wake_us = worker != NULL ? worker->wake_us : INT64_MAX;
        if (worker == NULL && world->timer_count == 0)
            return;
        if (first_us() <= wake_us) {
            run_first();
            continue;
        }
        if (wake_us > world->now_us)
            world->now_us = wake_us;
        worker_run(worker);
    }
}

static void let_others(struct worker *worker)
{
    worker->wake_us = sim.world.now_us;
    worker_leave(worker);
}

void world_call(const char *name)
{
    struct worker *worker = sim.workers.current;
    struct world *world = &sim.world;
    if (worker == NULL)
        return;
    count_event();
    world->now_us += 1 + random_below(&sim.random, CALL_US_MAX);
    worker->call = name;
    if (worker->kill_in > 0 && --worker->kill_in == 0)
        worker_kill(worker, "at this call");
    while (worker->alive && !world->over && first_us() <= world->now_us)
        run_first();
    if (!worker->alive || world->over || worker->frozen_until_us > world->now_us || workers_due(worker))
        let_others(worker);
}

void world_wait_until(int64_t until_us)
{
    struct worker *worker = sim.workers.current;
    if (worker == NULL)
        return;
    worker->wake_us = until_us;
    worker_leave(worker);
}

void world_work(int64_t us)
{
    int64_t until_us = sim.world.now_us + us;
    while (sim.world.now_us < until_us)
        world_wait_until(until_us);
}

/* --- telling ------------------------------------------------------------------------------------------- */

void world_say(const char *format, ...)
{
    va_list arguments;
    const struct worker *worker = sim.workers.current;
    int64_t since_us = sim.world.now_us - 1000 * SECOND;
    printf("%4lld.%06lld %-9s ", (long long)(since_us / SECOND), (long long)(since_us % SECOND),
           worker != NULL ? worker->name : "-");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}
