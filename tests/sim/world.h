/* world.h: virtual time, what is to happen at which moment of it, and whose turn it is.
 *
 * Time stands still while code runs, but for some microseconds a call. Simulated processes (worker.h) and
 * timers take turns in the order of their moments; nothing else decides who is next, so a seed is a history.
 */
#ifndef KSUPERVISE_TESTS_SIM_WORLD_H
#define KSUPERVISE_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)

/* Runs on the stack of whoever's turn it is; it must not wait. */
typedef void timer_fn(void *context, int64_t a, int64_t b);

struct timer {
    int64_t at_us;
    uint64_t order; /* of those at the same moment */
    timer_fn *run;
    void *context;
    int64_t a, b;
};

struct world {
    int64_t now_us; /* virtual, monotonic */
    uint64_t events;
    bool over;
    bool tracing;
    struct timer *timers; /* a heap */
    size_t timer_count, timer_capacity;
    uint64_t timer_order;
};

void world_init(void);
/* Until sim.world.over, or nothing is left to happen. */
void world_run(void);
void world_end(void);

void world_at(int64_t at_us, timer_fn *run, void *context, int64_t a, int64_t b);
static inline void world_in(int64_t in_us, timer_fn *run, void *context, int64_t a, int64_t b);

/* A call of a simulated process to the outside: others may have their turn, what is due happens, and the
 * process may die here. Does nothing when no process runs. */
void world_call(const char *name);
/* The running process waits until then, or until worker_wake. */
void world_wait_until(int64_t until_us);
/* The running process is busy that long. */
void world_work(int64_t us);

/* A line of the history, when it is told. */
#define world_trace(...)                                                                                     \
    do {                                                                                                     \
        if (sim.world.tracing)                                                                               \
            world_say(__VA_ARGS__);                                                                          \
    } while (0)
void world_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern struct world *const the_world;
static inline void world_in(int64_t in_us, timer_fn *run, void *context, int64_t a, int64_t b)
{
    world_at(the_world->now_us + in_us, run, context, a, b);
}

#endif
