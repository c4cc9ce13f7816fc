/* consumer.h: what the parts of kconsume share: one struct, owned by main, used by the one thread that owns
 * the librdkafka handle. Each part has a file of its own and its own member; none writes another's. Which
 * file may include which is a list in consumer/FLOORS: a part asks those below it, and returns to those above
 * what should happen.
 */
#ifndef KSUPERVISE_CONSUMER_CONSUMER_H
#define KSUPERVISE_CONSUMER_CONSUMER_H

#include "common/kafka.h"
#include "common/stats/writer.h"
#include "common/worker/control.h"
#include "consumer/added.h"
#include "consumer/batch.h"
#include "consumer/commit.h"
#include "consumer/dead_letters.h"
#include "consumer/deaths.h"
#include "consumer/fetching.h"
#include "consumer/partition.h"
#include "consumer/pipeline/pipeline.h"
#include "consumer/settings.h"
#include "consumer/sinks/sink.h"
#include "consumer/candidates.h"
#include "consumer/trouble.h"
#include "consumer/watermarks.h"

/* exactly_once.h */
struct exactly_once {
    const struct sink_class *class; /* NULL: the pipeline has no sink */
    void *state;
    struct sink_death *deaths; /* of the batch in flight */
    struct sink_range *ranges;
    int64_t serve_us; /* monotonic: the outbox is not to be touched before */
    int64_t left_us;  /* monotonic: nor what was left in it */
};

/* The end: what this process cannot go on from. */
struct consumer_end {
    bool must_stop;
    int exit_code;    /* why, EXIT_CODE_OK while it need not */
    bool hurried;     /* it came in the middle of a batch, whose rest was dropped: no more is taken */
    bool leaving;     /* the group membership is being given up */
    bool closing;     /* the handle is: nothing begins any more */
    bool abandoned;   /* librdkafka's threads did not end with it: only _exit ends the process */
    bool uncommitted; /* the last commit did not get through: what it covered is delivered again */
    int64_t left;     /* records of partitions that went, done here and not committed: others do them again */
};

/* tenure.h */
struct tenure {
    unsigned lapses;   /* that were heeded */
    int64_t silent_us; /* monotonic: since when the coordinator's silence is heeded; 0: it is not silent */
};

/* process.h: how large a slice of a batch is. */
struct pace {
    size_t records;         /* the next one, at most */
    int64_t polled_us;      /* monotonic: librdkafka saw the last poll */
    bool interval_exceeded; /* max.poll.interval.ms ran out: the group gave our partitions to others */
};

struct consumer {
    const struct settings *settings;
    struct worker_control *control;
    struct stats_writer *stats; /* NULL: not published */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* where messages and callbacks come from */
    struct partitions partitions;
    struct fetching fetching;
    struct joining joining;
    struct tenure tenure;
    struct committer committer;
    struct batch batch;
    struct deaths deaths;
    struct pipeline pipeline;
    struct pace pace;
    struct candidates candidates;
    struct exactly_once sink;
    struct dead_letters *letters; /* NULL before the handle is made, and after it is closed */
    struct watermarks *watermarks;
    struct added *added;           /* NULL: nobody looks */
    const rd_kafka_topic_t *topic; /* librdkafka's handle of ours, as it was met last; NULL: it was not */
    struct kafka_outage outage;
    struct trouble trouble;
    struct worker_request request; /* the last one */
    bool request_waits;            /* for the commit under way to be answered */
    uint64_t request_changes;      /* partitions.changes when it was begun */
    struct consumer_end end;
    /* readiness */
    bool assignment_changed; /* the supervisor has not been told yet */
    bool ever_assigned;
    bool ever_received;
    bool added_looked;
    int topic_partitions; /* that the topic had before the group was joined; not above 0: not known */
    bool topic_missing_said;
    bool topic_left;      /* it was not there when librdkafka looked last: all partitions are to be doubted */
    int64_t low_asked_us; /* monotonic: when the low watermarks were asked for */
};

/* Something that this process cannot go on from: remembered once, with a line. */
void consumer_fail(struct consumer *consumer, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What became of a partition, for the one who asked: the supervisor, or the user of a process started by
 * hand, who gets the line alone. */
void consumer_say(struct consumer *consumer, int32_t partition, int64_t from, int64_t to, const char *format,
                  ...) __attribute__((format(printf, 5, 6)));

/* The phase between two batches. */
static inline enum stats_phase consumer_idle_phase(const struct consumer *consumer)
{
    return consumer->fetching.paused ? PHASE_PAUSED : PHASE_POLLING;
}

#endif
