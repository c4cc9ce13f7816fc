/* consumer.h: what the parts of kconsume share: one struct, owned by main, used by the one thread that owns
 * the librdkafka handle. Each part has a file of its own and its own member; none reaches into another's.
 */
#ifndef KSUPERVISE_CONSUMER_CONSUMER_H
#define KSUPERVISE_CONSUMER_CONSUMER_H

#include "common/kafka.h"
#include "common/stats/writer.h"
#include "common/worker/control.h"
#include "consumer/batch.h"
#include "consumer/commit.h"
#include "consumer/dead_letters.h"
#include "consumer/offsets.h"
#include "consumer/pipeline/pipeline.h"
#include "consumer/settings.h"
#include "consumer/sinks/sink.h"
#include "consumer/suspects.h"
#include "consumer/watermarks.h"

/* exactly_once.h */
struct exactly_once {
    const struct sink_class *class; /* NULL: the pipeline has no sink */
    void *state;
    struct sink_death *deaths; /* of the batch in flight */
    size_t death_count;
    struct sink_range *ranges;
    int64_t serve_us; /* monotonic: the outbox is not to be touched before */
};

struct consumer {
    const struct settings *settings;
    struct worker_control *control;
    struct stats_writer *stats; /* NULL: not published */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* where messages and callbacks come from */
    struct offsets offsets;
    struct committer committer;
    struct batch batch;
    struct pipeline pipeline;
    struct suspects suspects;
    struct exactly_once sink;
    struct dead_letters *letters; /* NULL before the handle is made, and after it is closed */
    struct watermarks *watermarks;
    struct kafka_outage outage;
    struct worker_errand errand; /* the last one */
    /* the end */
    bool leaving;  /* the group membership is being given up */
    int exit_code; /* why it must end, EXIT_CODE_OK while it need not */
    bool must_stop;
    /* readiness */
    bool assignment_changed; /* the supervisor has not been told yet */
    bool ever_assigned;
    bool holding; /* some partition waits: holds.h */
    bool paused;  /* no records are taken; partitions and membership are kept */
    bool ever_received;
    bool topic_missing_said;
    bool topic_left;      /* it was not there when librdkafka looked last: rebalance_look_back is due */
    int64_t low_asked_us; /* monotonic: when the low watermarks were asked for */
};

/* Something that this process cannot go on from: remembered once, with a line. */
void consumer_fail(struct consumer *consumer, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The phase between two batches. */
static inline enum stats_phase consumer_idle_phase(const struct consumer *consumer)
{
    return consumer->paused ? PHASE_PAUSED : PHASE_POLLING;
}

#endif
