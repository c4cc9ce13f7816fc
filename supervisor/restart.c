#include "supervisor/restart.h"

#include "common/banned.h"

static void charge(struct restart_history *history, int64_t now_us)
{
    history->deaths_us[history->death_count % RESTART_DEATHS_MAX] = now_us;
    history->death_count++;
    history->consecutive++;
}

bool restart_budget_spent(const struct restart_policy *policy, const struct restart_history *history,
                          int64_t now_us)
{
    if (history->death_count < policy->deaths_max)
        return false;
    unsigned oldest = (history->death_count - policy->deaths_max) % RESTART_DEATHS_MAX;
    return now_us - history->deaths_us[oldest] < policy->window_us;
}

/* first × 2^(n−2) for the n-th death in a row, capped, ±25 %. */
static int64_t backoff_us(const struct restart_policy *policy, unsigned consecutive, uint64_t random)
{
    unsigned doublings = consecutive - 2;
    int64_t wait_us = policy->cap_us;
    if (doublings < 40 && policy->first_us << doublings < policy->cap_us)
        wait_us = policy->first_us << doublings;
    return wait_us * 3 / 4 + (int64_t)(random % (uint64_t)(wait_us / 2 + 1));
}

enum restart_verdict restart_decide(const struct restart_policy *policy, struct restart_history *history,
                                    int exit_status, int64_t ready_us, int64_t now_us, uint64_t random,
                                    int64_t *delay_us)
{
    *delay_us = 0;
    enum exit_policy meaning = exit_status == -1 ? EXIT_POLICY_RESTART : exit_code_find(exit_status)->policy;
    if (policy->mode == RESTART_MODE_NEVER ||
        (meaning == EXIT_POLICY_DONE && policy->mode == RESTART_MODE_ON_FAILURE))
        return RESTART_NEVER;
    if (meaning == EXIT_POLICY_HOLD)
        return RESTART_HOLD;
    if (meaning == EXIT_POLICY_WAIT) {
        *delay_us = policy->session_us;
        return policy->session_us == 0 ? RESTART_NOW : RESTART_LATER;
    }
    if (ready_us != 0 && now_us - ready_us >= policy->healthy_us)
        history->consecutive = 0;
    if (meaning == EXIT_POLICY_RETRY) {
        history->consecutive++;
        *delay_us = backoff_us(policy, history->consecutive + 1, random);
        return RESTART_LATER;
    }
    charge(history, now_us);
    if (restart_budget_spent(policy, history, now_us))
        return RESTART_HOLD;
    if (history->consecutive == 1)
        return RESTART_NOW;
    *delay_us = backoff_us(policy, history->consecutive, random);
    return RESTART_LATER;
}

/* SplitMix64 (Steele, Lea, Flood 2014): jitter needs no better one. */
uint64_t restart_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
