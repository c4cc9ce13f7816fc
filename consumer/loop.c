#include "consumer/loop.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/conf.h"
#include "consumer/requests.h"
#include "consumer/exactly_once.h"
#include "consumer/lines.h"
#include "consumer/loop_callbacks.h"
#include "consumer/manual.h"
#include "consumer/membership.h"
#include "consumer/message_errors.h"
#include "consumer/offset_loss.h"
#include "consumer/process.h"
#include "consumer/rebalance.h"
#include "consumer/retries.h"
#include "consumer/starts.h"

#define IDLE_US        US_PER_SECOND /* the longest wait for a record: the heartbeat goes at least this often */
#define REQUEST_US     (5 * US_PER_MS)   /* from a look for the commit that a request waits for to the next */
#define WATERMARKS_US  (250 * US_PER_MS) /* librdkafka knows the high ones: no traffic */
#define ENDS_US        US_PER_SECOND /* ends that are not known otherwise, see partition.h: one request a leader */
#define LOW_US         (5 * US_PER_SECOND) /* low ones, and all ends, are asked for this often */
#define LOW_SOON_US    (500 * US_PER_MS)   /* one that is not known yet */
#define QUEUE_PEAK_MIN 1000                /* a shorter queue was never full */
#define LAST_US        (150 * US_PER_MS)
#define LAST_TURNS_US  (200 * US_PER_MS)

static void wake(void *context)
{
    struct consumer *consumer = context;
    rd_kafka_queue_yield(consumer->queue);
}

/* --- opening ------------------------------------------------------------------------------------------- */

int loop_check(const struct settings *settings, struct error *error)
{
    rd_kafka_conf_t *conf = consumer_conf(settings, error);
    return conf == NULL ? -1 : kafka_check(RD_KAFKA_CONSUMER, conf, error);
}

static void open_parts(struct consumer *consumer)
{
    const struct settings *settings = consumer->settings;
    consumer->outage.brokers = settings->brokers;
    consumer->outage.control = consumer->trouble.control = consumer->control;
    consumer->trouble.stats = consumer->stats;
    partitions_init(&consumer->partitions, settings->topic, consumer->stats);
    consumer->partitions.manual = settings->commit == COMMIT_MANUAL;
    consumer->fetching = (struct fetching){.rk = consumer->rk, .partitions = &consumer->partitions};
    committer_init(&consumer->committer, consumer->rk, &consumer->partitions, consumer->stats);
    consumer->committer.automatic = settings->commit == COMMIT_AUTO;
    consumer->committer.joining = &consumer->joining;
    consumer->committer.queue = consumer->queue;
    consumer->committer.answered = loop_commit_answered;
    consumer->pipeline.alive = process_keep_alive;
    consumer->pipeline.alive_context = consumer;
}

int loop_open(struct consumer *consumer, struct error *error)
{
    const struct settings *settings = consumer->settings;
    rd_kafka_conf_t *conf = consumer_conf(settings, error);
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_error_cb(conf, loop_error_callback);
    rd_kafka_conf_set_rebalance_cb(conf, rebalance_callback);
    rd_kafka_conf_set_offset_commit_cb(conf, loop_commit_callback);
    consumer->joining.long_us = settings->session_timeout_us / 2;
    joining_watch(&consumer->joining, conf);
    consumer->rk = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    if (consumer->rk == NULL)
        return -1;
    rd_kafka_poll_set_consumer(consumer->rk);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->rk);
    open_parts(consumer);
    worker_control_set_wake(consumer->control, wake, consumer);
    stats_phase(consumer->stats, PHASE_JOINING, clock_wall_us());
    worker_notify_count(consumer->control, "joining", 0);
    if (dead_letters_open(&consumer->letters, settings, consumer->rk, consumer->queue, &consumer->partitions,
                          consumer->stats, error) == -1 ||
        watermarks_open(&consumer->watermarks, consumer->rk, error) == -1)
        return -1;
    if (settings->reset != NULL)
        return 0;
    starts_look(consumer);
    return membership_join(consumer->rk, settings->topic, error);
}

/* --- a turn -------------------------------------------------------------------------------------------- */

static void candidates_look_again(struct consumer *consumer)
{
    bool looked = consumer->candidates.ranges != NULL && consumer->ever_assigned;
    if (looked && candidates_look(&consumer->candidates, &consumer->partitions))
        consumer->assignment_changed = true;
}

static void tell_assignment(struct consumer *consumer)
{
    const struct partitions *partitions = &consumer->partitions;
    candidates_look_again(consumer);
    if (!consumer->assignment_changed)
        return;
    consumer->assignment_changed = false;
    bool one_by_one = consumer->candidates.ahead && partitions->assigned_count > 0;
    worker_notify_count(consumer->control, one_by_one ? "quarantining" : "ready",
                        (int64_t)partitions->assigned_count);
}

struct rounds {
    struct lines lines;
    int64_t watermarks_us; /* monotonic: published last */
    int64_t ends_us;       /* monotonic: asked for last */
    bool all_ends;         /* the next question is about all */
    size_t queue_peak;     /* of librdkafka's queue, since it last fell to half */
    uint64_t records;
    int64_t first_us, last_us; /* monotonic: the first batch taken, the last one done */
};

/* See watermarks.h: a queue that was full has to be told that it is not any more. */
static void watch_queue(struct consumer *consumer, struct rounds *rounds)
{
    size_t length = rd_kafka_queue_length(consumer->queue);
    if (length > rounds->queue_peak)
        rounds->queue_peak = length;
    if (rounds->queue_peak < QUEUE_PEAK_MIN || length > rounds->queue_peak / 2)
        return;
    rounds->queue_peak = length;
    watermarks_publish(consumer->watermarks, &consumer->partitions); /* a question makes its answer void */
    watermarks_ask(consumer->watermarks, &consumer->partitions);
}

/* Of a new topic's leaders the brokers may not know yet, and say nothing. Between two of these questions the
 * ends have their turn. */
static bool low_is_due(const struct consumer *consumer, const struct rounds *rounds, int64_t now_us)
{
    int64_t since_us = now_us - consumer->low_asked_us;
    return since_us >= LOW_US || (since_us >= LOW_SOON_US && rounds->ends_us > consumer->low_asked_us &&
                                  !partitions_low_known(&consumer->partitions));
}

static void publish_watermarks(struct consumer *consumer, struct rounds *rounds, int64_t now_us)
{
    if (now_us - rounds->watermarks_us < WATERMARKS_US)
        return;
    rounds->watermarks_us = now_us;
    partitions_publish_high(&consumer->partitions, consumer->rk, clock_wall_us());
    watermarks_publish(consumer->watermarks, &consumer->partitions);
    if (low_is_due(consumer, rounds, now_us)) {
        consumer->low_asked_us = now_us;
        rounds->all_ends = true;
        watermarks_ask(consumer->watermarks, &consumer->partitions);
    } else if (now_us - rounds->ends_us >= ENDS_US &&
               watermarks_ask_ends(consumer->watermarks, &consumer->partitions, rounds->all_ends)) {
        rounds->ends_us = now_us;
        rounds->all_ends = false;
    }
}

static void note_batch(struct rounds *rounds, uint64_t records, int64_t began_us)
{
    if (records == 0)
        return;
    if (rounds->records == 0)
        rounds->first_us = began_us;
    rounds->last_us = clock_monotonic_us();
    rounds->records += records;
}

/* No more than --count asks for: the last batch does not wait for records that nobody wants. */
static size_t batch_most(const struct consumer *consumer, const struct rounds *rounds)
{
    const struct settings *settings = consumer->settings;
    size_t most = consumer->candidates.ahead ? 1 : (size_t)settings->batch_size;
    int64_t left = settings->count - (int64_t)rounds->records;
    return left > 0 && (size_t)left < most ? (size_t)left : most;
}

/* Fills a batch and works it off. */
static void work(struct consumer *consumer, struct rounds *rounds, int64_t idle_us, int64_t fill_us)
{
    const struct settings *settings = consumer->settings;
    candidates_look_again(consumer); /* a reset may have brought them back */
    consumer->batch.records_max = batch_most(consumer, rounds);
    batch_fill(&consumer->batch, consumer->queue, idle_us, fill_us);
    tell_assignment(consumer);
    int64_t began_us = clock_monotonic_us();
    uint64_t records = process_batch(consumer);
    note_batch(rounds, records, began_us);
    if (records > 0 && !settings->quiet && !settings->print)
        lines_batch(&rounds->lines, records, clock_monotonic_us());
    else
        lines_flush(&rounds->lines, clock_monotonic_us(), false);
}

/* What ends a consumer from within. */
static void check_end(struct consumer *consumer, const struct rounds *rounds)
{
    const struct settings *settings = consumer->settings;
    if (consumer->committer.fenced != RD_KAFKA_RESP_ERR_NO_ERROR)
        consumer_fail(consumer, membership_exit_code(consumer, consumer->committer.fenced),
                      "fenced: another process has taken the group.instance.id '%s'",
                      settings->instance_id ? settings->instance_id : "");
    char why[ERROR_TEXT_BYTES];
    if (!settings->supervised && kafka_outage_lasts(&consumer->outage, why, sizeof why))
        consumer_fail(consumer, EXIT_CODE_CONFIG, "%s", why);
    if (log_flush() == -1)
        consumer_fail(consumer, EXIT_CODE_FAILED, "nobody reads the output any more");
    if (settings->count > 0 && rounds->records >= (uint64_t)settings->count)
        consumer->end.must_stop = true;
}

/* Once, when a member that may have come back has its partitions: added.h. */
static void look_for_added(struct consumer *consumer)
{
    const struct settings *settings = consumer->settings;
    if (!consumer->added_looked && consumer->ever_assigned) {
        consumer->added_looked = true;
        if (settings->instance_id != NULL && conf_is_classic(rd_kafka_conf(consumer->rk)))
            consumer->added = added_look(consumer->rk, settings->topic, settings->group_name);
    }
    int partitions = added_found(consumer->added);
    if (partitions == 0)
        return;
    log_line("partitions were added to topic %s, which now has %d, and the last one is assigned to nobody: "
             "rejoining the group",
             settings->topic, partitions);
    membership_rejoin(consumer);
}

/* What has become due, between two batches; then librdkafka is told. */
static void serve(struct consumer *consumer)
{
    bool paused = worker_control_paused(consumer->control);
    if (paused != consumer->fetching.paused) {
        fetching_pause(&consumer->fetching, paused);
        stats_phase(consumer->stats, consumer_idle_phase(consumer), clock_wall_us());
        log_line(paused ? "paused" : "resumed");
    }
    look_for_added(consumer);
    requests_run(consumer);
    for (int32_t i = partition_due(&consumer->partitions, STATE_DISPOSSESSED, 0); i != -1;
         i = partition_due(&consumer->partitions, STATE_DISPOSSESSED, i + 1))
        partition_event(&consumer->partitions, i, EVENT_DUE);
    starts_serve(consumer);
    offset_loss_serve(consumer);
    retries_serve(consumer);
    manual_serve(consumer);
    fetching_settle(&consumer->fetching);
}

static void serve_letters(struct consumer *consumer)
{
    dead_letters_serve(consumer->letters);
    if (exactly_once_is(consumer))
        exactly_once_serve(consumer);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long an idle loop may wait for a record. */
static int64_t idle_us(const struct consumer *consumer)
{
    int64_t due_us = least(commit_due_us(&consumer->committer), partitions_due_us(&consumer->partitions));
    due_us = least(due_us, dead_letters_due_us(consumer->letters));
    return least(due_us, consumer->request_waits ? REQUEST_US : IDLE_US);
}

static void turn(struct consumer *consumer, struct rounds *rounds)
{
    /* The first records after a start have waited through a death, perhaps: they are not made to wait for
     * their batch. */
    int64_t fill_us = consumer->ever_received ? consumer->settings->batch_wait_us : 0;
    serve(consumer);
    work(consumer, rounds, idle_us(consumer), fill_us);
    serve_letters(consumer);
    commit_async(&consumer->committer);
    stats_heartbeat(consumer->stats, clock_wall_us());
    kafka_outage_check(&consumer->outage, consumer->rk);
    trouble_check(&consumer->trouble);
    watch_queue(consumer, rounds);
    publish_watermarks(consumer, rounds, clock_monotonic_us());
    check_end(consumer, rounds);
}

/* --- the way out --------------------------------------------------------------------------------------- */

static void leave_group(struct consumer *consumer)
{
    consumer->end.leaving = true;
    membership_leave(consumer->rk, &consumer->partitions.assigned_count);
}

static bool fenced(const struct consumer *consumer)
{
    return consumer->end.exit_code == EXIT_CODE_FENCED || consumer->end.exit_code == EXIT_CODE_FORGOTTEN ||
           consumer->end.exit_code == EXIT_CODE_UNRELEASED ||
           consumer->end.exit_code == EXIT_CODE_POLL_INTERVAL ||
           consumer->end.exit_code == EXIT_CODE_KAFKA_FATAL;
}

/* When the last commit has got through, which may be that there was nothing to commit. */
static const char *const committed_so_far[] = {
    [COMMIT_BATCH] = "committed up to there",
    [COMMIT_AUTO] = "librdkafka commits by itself (--commit auto)",
    [COMMIT_MANUAL] = "only acknowledged records are committed (--commit manual)",
    [COMMIT_SINK] = "committed up to there",
};

static void tell_committed(const struct consumer *consumer, char text[ERROR_TEXT_BYTES])
{
    if (consumer->end.uncommitted)
        snprintf(text, ERROR_TEXT_BYTES, "the last commit failed: some of them will be delivered again");
    else if (consumer->end.left > 0)
        snprintf(text, ERROR_TEXT_BYTES,
                 "%" PRId64
                 " of them lost their partition before they were committed: other members process them again",
                 consumer->end.left);
    else
        snprintf(text, ERROR_TEXT_BYTES, "%s", committed_so_far[consumer->settings->commit]);
}

/* From the first batch to the last: joining and leaving the group are not in it. */
static void tell_total(const struct consumer *consumer, const struct rounds *rounds)
{
    char committed[ERROR_TEXT_BYTES];
    tell_committed(consumer, committed);
    double seconds = (double)(rounds->last_us - rounds->first_us) / 1e6;
    log_line("%" PRIu64 " %s received in %.3f s (%.0f/s); %s", rounds->records,
             consumer->settings->schema->noun_plural, seconds,
             seconds > 0 ? (double)rounds->records / seconds : 0.0, committed);
}

static void wind_up(struct consumer *consumer, const struct rounds *rounds)
{
    stats_phase(consumer->stats, PHASE_DRAINING, clock_wall_us());
    pipeline_finish(&consumer->pipeline);
    if (fenced(consumer)) /* the membership is another process's: nothing that we commit would get through */
        return;
    if (worker_control_wanted(consumer->control) == WORKER_DRAIN_KEEP)
        rebalance_commit(consumer);
    else
        leave_group(consumer);
    if (consumer->settings->supervised) /* the supervisor has been told by the lines of it */
        return;
    tell_total(consumer, rounds);
    if (consumer->end.uncommitted && consumer->end.exit_code == EXIT_CODE_OK)
        consumer->end.exit_code = EXIT_CODE_FAILED;
}

/* What the producer sent before it was stopped is on its way: taken until nothing more comes, but not for
 * long, or a consumer that is far behind would never end, and one that is stopped alone while the producer
 * goes on would keep the others waiting for its partitions. What is committed at the end has been compared as
 * in any other turn: where reading is to begin anew, it does. */
static void last_turns(struct consumer *consumer, struct rounds *rounds)
{
    int64_t now_us = clock_monotonic_us();
    int64_t until_us = now_us + LAST_TURNS_US;
    int64_t came_us = now_us;
    while (!consumer->end.must_stop && !consumer->end.hurried && !consumer->fetching.paused &&
           now_us < until_us && now_us - came_us < LAST_US) {
        uint64_t before = rounds->records;
        fetching_settle(&consumer->fetching);
        work(consumer, rounds, LAST_US, 0); /* or less: a request that was on its way ends a wait, too */
        now_us = clock_monotonic_us();
        if (rounds->records != before || consumer->partitions.unsettled)
            came_us = now_us;
    }
}

int loop_run(struct consumer *consumer)
{
    struct rounds rounds = {.lines.noun = consumer->settings->schema->noun_plural};
    while (worker_control_wanted(consumer->control) == WORKER_RUN && !consumer->end.must_stop)
        turn(consumer, &rounds);
    last_turns(consumer, &rounds);
    lines_flush(&rounds.lines, clock_monotonic_us(), true);
    wind_up(consumer, &rounds);
    log_flush();
    return consumer->end.exit_code;
}

void loop_close(struct consumer *consumer)
{
    consumer->end.closing = true;
    worker_control_set_wake(consumer->control, NULL, NULL);
    batch_clear(&consumer->batch);
    watermarks_close(consumer->watermarks);
    added_close(consumer->added);
    consumer->added = NULL;
    dead_letters_close(consumer->letters);
    consumer->letters = NULL;
    membership_end(consumer);
    stats_phase(consumer->stats, PHASE_STOPPED, clock_wall_us());
    partitions_release(&consumer->partitions);
}
