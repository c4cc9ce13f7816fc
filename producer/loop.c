#include "producer/loop.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "producer/reports.h"

#define IDLE_US US_PER_SECOND /* the heartbeat goes at least this often */
#define FULL_US (100 * US_PER_MS)
#define SLEEP_MIN_US                                                                                         \
    200 /* finer sleeps cost more than they even out: at 100,000 records a second, 20 of them together */
#define SERVE_EVERY 64 /* records between two looks at callbacks and clocks, when nothing is waited for */

static void init_pace(struct producer *producer)
{
    const struct settings *settings = producer->settings;
    int64_t now_us = clock_monotonic_us();
    if (!settings->paced)
        pace_init_rate(&producer->pace, 0, now_us);
    else if (settings->by_rate)
        pace_init_rate(&producer->pace, settings->rate, now_us);
    else
        pace_init_interval(&producer->pace, settings->interval_us, now_us);
}

/* The supervisor wants another pace: its schedule begins now. */
static void take_rate(struct producer *producer)
{
    struct settings *settings = producer->settings;
    if (!worker_control_rate(producer->control, &producer->rate))
        return;
    settings_set_pace(settings, producer->rate.records, producer->rate.interval_us);
    init_pace(producer);
    lines_choose_style(&producer->delivery.lines, settings);
    worker_notify_count(producer->control, "rate", producer->rate.number);
}

static bool may_go_on(const struct producer *producer)
{
    return worker_control_wanted(producer->control) == WORKER_RUN &&
           producer->delivery.exit_code == EXIT_CODE_OK;
}

/* True when the next record is due; otherwise waits for it, or until something happens. */
static bool is_due(struct producer *producer)
{
    if (pace_is_unlimited(&producer->pace))
        return true;
    int64_t wait_us = pace_wait_us(&producer->pace, clock_monotonic_us());
    if (wait_us == 0)
        return true;
    if (wait_us > IDLE_US)
        wait_us = IDLE_US;
    delivery_wait(&producer->delivery, wait_us < SLEEP_MIN_US ? SLEEP_MIN_US : wait_us, -1);
    return false;
}

/* The back-pressure: while librdkafka's queue is full, the source is not asked. The record waits for the next
 * turn, before which a pause and another rate are taken. */
static void send_record(struct producer *producer)
{
    producer->waiting = delivery_send(&producer->delivery, &producer->source.record) == DELIVERY_FULL;
    if (producer->waiting) {
        delivery_wait(&producer->delivery, FULL_US, -1);
        return;
    }
    pace_sent(&producer->pace);
    if (producer->delivery.produced % SERVE_EVERY == 0)
        delivery_serve(&producer->delivery);
}

/* Waits while the supervisor wants a pause; deliveries go on. The schedule begins anew afterwards: what was
 * missed is not caught up with. */
static bool is_paused(struct producer *producer)
{
    bool paused = worker_control_paused(producer->control);
    if (paused != producer->paused) {
        producer->paused = paused;
        stats_phase(producer->delivery.stats, paused ? PHASE_PAUSED : PHASE_PRODUCING, clock_wall_us());
        log_line(paused ? "paused" : "resumed");
        if (!paused)
            init_pace(producer);
    }
    if (paused)
        delivery_wait(&producer->delivery, IDLE_US, -1);
    return paused;
}

/* False at the end of the records. */
static bool turn(struct producer *producer)
{
    struct error error = ERROR_INIT;
    take_rate(producer);
    if (request_serve(&producer->request, &producer->delivery)) {
        delivery_wait(&producer->delivery, FULL_US, -1);
        return true;
    }
    if (!producer->waiting &&
        source_is_used_up(&producer->source)) /* not an interval after its last record */
        return false;
    if (is_paused(producer))
        return true;
    if (producer->waiting) {
        send_record(producer);
        return true;
    }
    if (!is_due(producer))
        return true;
    switch (source_next(&producer->source, &error)) {
    case SOURCE_RECORD:
        send_record(producer);
        return true;
    case SOURCE_WAIT:
        delivery_wait(&producer->delivery, IDLE_US, source_fd(&producer->source));
        return true;
    case SOURCE_FAILED:
        producer->delivery.exit_code = program_fail(PRODUCER_PROGRAM, &error);
        return false;
    case SOURCE_END:
        break;
    }
    return false;
}

/* There are no more records. Until somebody asks us to end, librdkafka tries to deliver them for as long as
 * it is told to (message.timeout.ms): an outage of the brokers is no reason to lose any. */
static void await_deliveries(struct producer *producer)
{
    while (may_go_on(producer) && delivery_flush(&producer->delivery))
        continue;
}

int loop_run(struct producer *producer)
{
    init_pace(producer);
    if (producer->settings->mode == MODE_REQUESTS)
        reports_say_ready(&producer->delivery);
    while (may_go_on(producer) && turn(producer))
        continue;
    request_refuse(&producer->request, &producer->delivery);
    /* A made record that waits here never existed; a line of somebody else's did. */
    if (producer->waiting && producer->settings->mode == MODE_STDIN)
        source_give_back(&producer->source);
    await_deliveries(producer);
    delivery_drain(&producer->delivery, producer->settings->drain_timeout_us);
    request_answer(&producer->request, &producer->delivery);
    if (producer->source.refused > 0) {
        log_error("%llu lines were refused", (unsigned long long)producer->source.refused);
        if (producer->delivery.exit_code == EXIT_CODE_OK)
            return EXIT_CODE_FAILED;
    }
    return producer->delivery.exit_code;
}
