/* restart.h: when a worker that died is started again. Pure arithmetic on times that the caller gives; no
 * clock, no process.
 *
 * The first death after a healthy time is followed by a restart at once. Each further one doubles the wait,
 * from `first_us` up to `cap_us`, with a quarter of jitter either way, so that workers that died together do
 * not come back together. A worker that was healthy for `healthy_us` starts over. `deaths_max` deaths within
 * less than `window_us` hold it; a window of 0 never does. One that the machine had no room for waits at
 * once, and is not counted: it may take long.
 */
#ifndef KSUPERVISE_SUPERVISOR_RESTART_H
#define KSUPERVISE_SUPERVISOR_RESTART_H

#include "common/exit_codes.h"

#include <stdbool.h>
#include <stdint.h>

#define RESTART_DEATHS_MAX 32

/* In the order of --restart's choices. */
enum restart_mode {
    RESTART_MODE_ALWAYS,     /* whatever it ended with */
    RESTART_MODE_ON_FAILURE, /* not when it says that it is done */
    RESTART_MODE_NEVER
};

struct restart_policy {
    enum restart_mode mode;
    int64_t first_us, cap_us, healthy_us, window_us;
    unsigned deaths_max; /* at most RESTART_DEATHS_MAX */
    int64_t session_us;  /* how long the group keeps a member that is gone: EXIT_POLICY_WAIT waits for it. 0:
                            its place can be taken at once */
};

#define RESTART_POLICY_DEFAULT                                                                               \
    {                                                                                                        \
        .first_us = 100000, .cap_us = 30000000, .healthy_us = 30000000, .window_us = 60000000,               \
        .deaths_max = 10, .session_us = 45000000                                                             \
    }

struct restart_history {
    int64_t deaths_us[RESTART_DEATHS_MAX]; /* a ring of charged deaths, monotonic time */
    unsigned death_count;                  /* ever */
    unsigned consecutive;                  /* since it was last healthy */
};

enum restart_verdict {
    RESTART_NOW,
    RESTART_LATER, /* after *delay_us */
    RESTART_NEVER, /* it finished its work, or its mode is never */
    RESTART_HOLD   /* the reason stands in the exit code's meaning, or in the count of deaths */
};

/* A death at `now_us` of a process that was ready at `ready_us` (0: never). `exit_status` is -1 after a
 * signal. `random` is any number: jitter. */
enum restart_verdict restart_decide(const struct restart_policy *policy, struct restart_history *history,
                                    int exit_status, int64_t ready_us, int64_t now_us, uint64_t random,
                                    int64_t *delay_us);

/* The next number of a sequence, for `random` above; any state begins one. */
uint64_t restart_random(uint64_t *state);

/* True when the last RESTART_HOLD came from too many deaths. */
bool restart_budget_spent(const struct restart_policy *policy, const struct restart_history *history,
                          int64_t now_us);

#endif
