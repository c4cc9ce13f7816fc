#include "supervisor/verdict.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "supervisor/count.h"
#include "supervisor/supervisor.h"

/* The embedded broker: its address is known. */
static bool has_served(const struct worker *worker)
{
    return worker->supervisor->brokers.bootstrap[0] != '\0';
}

static void hold_reason(struct worker *worker, const struct process_end *end,
                        const struct restart_policy *policy)
{
    if (worker->spawn_failed != 0) /* the reason is why it cannot be started */
        return;
    if (end->exit_status != -1 && exit_code_find(end->exit_status)->policy == EXIT_POLICY_HOLD)
        snprintf(worker->reason, sizeof worker->reason, "exit code %d: %s", end->exit_status,
                 exit_code_find(end->exit_status)->meaning);
    else if (worker->kind == KIND_BROKER)
        snprintf(worker->reason, sizeof worker->reason, "%s",
                 has_served(worker) ? "it died, and its records with it"
                                    : "it ended before it could be used");
    else
        snprintf(worker->reason, sizeof worker->reason, "%u deaths within %d s", policy->deaths_max,
                 (int)(policy->window_us / US_PER_SECOND));
}

/* Some work has an end: a topic that is there, --count records. There `always` would mean: again and again.
 */
static bool has_an_end(const struct worker *worker)
{
    return worker->kind == KIND_PROVISION ||
           (worker->kind == KIND_PRODUCER && worker->settings->count > 0 && !worker->on_request);
}

static struct restart_policy policy_of(const struct worker *worker)
{
    const struct settings *settings = worker->settings;
    struct restart_policy policy = RESTART_POLICY_DEFAULT;
    policy.mode = (enum restart_mode)settings->restart;
    policy.first_us = settings->restart_delay_us;
    policy.cap_us = settings->restart_delay_max_us;
    policy.deaths_max = (unsigned)settings->deaths_max;
    policy.healthy_us = settings->healthy_us;
    policy.session_us = worker->takes_over ? settings->session_timeout_us : 0;
    if (worker->kind ==
        KIND_PROVISION) { /* a broker may be away for long: it is asked again until it answers */
        policy.mode = RESTART_MODE_ON_FAILURE;
        policy.window_us = 0;
    }
    if (has_an_end(worker) && policy.mode == RESTART_MODE_ALWAYS)
        policy.mode = RESTART_MODE_ON_FAILURE;
    return policy;
}

/* The verdict of the restart policy alone. */
static enum restart_verdict decide(struct worker *worker, const struct process_end *end,
                                   const struct restart_policy *policy, int64_t now_us, int64_t *delay_us)
{
    enum restart_verdict verdict =
        restart_decide(policy, &worker->history, end->exit_status, worker->ready_us, now_us,
                       restart_random(&worker->supervisor->random), delay_us);
    /* A new broker would be empty: that is not a restart. */
    if (worker->kind == KIND_BROKER && (has_served(worker) || end->exit_status != EXIT_CODE_RESOURCES))
        verdict = RESTART_HOLD;
    return count_is_finished(worker) ? RESTART_NEVER /* it died after its last acknowledgement */
                                     : verdict;
}

enum restart_verdict verdict_of(struct worker *worker, const struct process_end *end, int64_t *delay_us)
{
    struct restart_policy policy = policy_of(worker);
    int64_t now_us = clock_monotonic_us();
    enum restart_verdict verdict = decide(worker, end, &policy, now_us, delay_us);
    bool finished = has_an_end(worker) && end->exit_status == 0;
    if (verdict == RESTART_HOLD)
        hold_reason(worker, end, &policy);
    if (verdict == RESTART_NEVER)
        snprintf(worker->reason, sizeof worker->reason, "%s",
                 policy.mode == RESTART_MODE_NEVER && !finished ? "not restarted: --restart is never" : "");
    if (verdict == RESTART_LATER) {
        worker->deadline_us = now_us + *delay_us;
        worker->next_restart_us = clock_wall_us() + *delay_us;
    }
    return verdict;
}
