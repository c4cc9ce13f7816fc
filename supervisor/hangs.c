#include "supervisor/hangs.h"

#include "supervisor/process/segment.h"
#include "supervisor/states.h"

/* A worker ticks at least once a second while it polls, pauses, produces or waits for its group, and once a
 * record while it processes: a batch may be slow, a topic idle, a broker away, and it still ticks. What stops
 * it is a stage that does not return, a loop without end, a SIGSTOP. */
static void look_for_hang(struct worker *worker, int64_t now_us)
{
    struct stats_liveness liveness;
    if (!worker_runs(worker) || !segment_refresh(worker))
        return;
    stats_snapshot_liveness(worker->stats, &liveness);
    if (liveness.pid == 0 && worker_works(worker)) /* of a build whose segments are others: it has said so */
        return;
    if (liveness.heartbeat_tick != worker->tick) {
        worker->tick = liveness.heartbeat_tick;
        worker->tick_us = now_us;
    } else if (now_us - worker->tick_us > worker->settings->hang_after_us) {
        states_dispatch(worker, EVENT_HUNG);
        worker->tick_us = now_us; /* once */
    }
}

static int64_t hang_interval_us(const struct supervisor *supervisor)
{
    int64_t shortest_us = INT64_MAX;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->settings->hang_after_us < shortest_us)
            shortest_us = supervisor->workers[i]->settings->hang_after_us;
    return shortest_us / 4;
}

void hangs_check(struct supervisor *supervisor, int64_t now_us)
{
    if (now_us < supervisor->hang_check_us)
        return;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        look_for_hang(supervisor->workers[i], now_us);
        segment_cool(supervisor);
    }
    supervisor->hang_check_us = now_us + hang_interval_us(supervisor);
}
