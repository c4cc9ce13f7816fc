/* plan.h: what a history is to contain: settings, and steps at their moments, all from the seed. A plan is a
 * value: shortening a failing history is taking features and steps out of it, one after the other, and
 * running it again (shorten.h). */
#ifndef KSUPERVISE_TESTS_SIM_PLAN_H
#define KSUPERVISE_TESTS_SIM_PLAN_H

#include "common/worker/options.h"
#include "tests/sim/random.h"

#include <stddef.h>

struct worker;

/*  X(id, name, percent of the histories that have it)  */
#define FEATURES(X)                                                                                          \
    X(TRANSACTIONS, "transactions", 35)                                                                      \
    X(COMPACTION, "compaction", 20)                                                                          \
    X(RETENTION, "retention", 20)                                                                            \
    X(KILLS, "kills", 60)                                                                                    \
    X(MEMBERS, "members", 60)                                                                                \
    X(FREEZES, "freezes", 15)                                                                                \
    X(ISOLATION, "isolation", 15)                                                                            \
    X(OUTAGES, "outages", 20)                                                                                \
    X(COMMIT_FAULTS, "commit-faults", 35)                                                                    \
    X(QUERY_FAULTS, "query-faults", 25)                                                                      \
    X(DEAD, "dead", 50)                                                                                      \
    X(LETTER_FAULTS, "letter-faults", 20)                                                                    \
    X(RETRIES, "retries", 40)                                                                                \
    X(BATCH_FAILURES, "batch-failures", 25)                                                                  \
    X(SLOW, "slow", 12)                                                                                      \
    X(PAUSES, "pauses", 30)                                                                                  \
    X(RESETS, "resets", 20)                                                                                  \
    X(RESET_PROCESS, "reset-process", 8)                                                                     \
    X(NEW_PARTITION, "new-partition", 20)                                                                    \
    X(NEW_TOPIC, "new-topic", 15)                                                                            \
    X(OTHER_TOPIC, "other-topic", 10)                                                                        \
    X(JUMPS, "jumps", 40)                                                                                    \
    X(SINK_FAULTS, "sink-faults", 60)                                                                        \
    X(RESTORES, "restores", 15)                                                                              \
    X(NEW_DATABASE, "new-database", 12)

enum feature_index {
#define X(id, name, percent) FEATURE_INDEX_##id,
    FEATURES(X)
#undef X
        FEATURE_COUNT
};
enum feature {
#define X(id, name, percent) FEATURE_##id = 1u << FEATURE_INDEX_##id,
    FEATURES(X)
#undef X
};

/*  X(id, name)  — numbers a and b say what exactly  */
#define STEPS(X)                                                                                             \
    X(PRODUCE, "produce")                                                                                    \
    X(BEGIN, "begin")                                                                                        \
    X(DECIDE, "decide")                                                                                      \
    X(COMPACT, "compact")                                                                                    \
    X(RETAIN, "retain")                                                                                      \
    X(START, "start")                                                                                        \
    X(STOP, "stop")                                                                                          \
    X(KILL, "kill")                                                                                          \
    X(FREEZE, "freeze")                                                                                      \
    X(ISOLATE, "isolate")                                                                                    \
    X(OUTAGE, "outage")                                                                                      \
    X(COMMITS_FAIL, "commits-fail")                                                                          \
    X(QUERIES_FAIL, "queries-fail")                                                                          \
    X(LETTERS_FAIL, "letters-fail")                                                                          \
    X(BATCHES_FAIL, "batches-fail")                                                                          \
    X(SLOW, "slow")                                                                                          \
    X(PAUSE, "pause")                                                                                        \
    X(RESUME, "resume")                                                                                      \
    X(ACK, "ack")                                                                                            \
    X(RESET, "reset")                                                                                        \
    X(RESET_PROCESS, "reset-process")                                                                        \
    X(NEW_PARTITION, "new-partition")                                                                        \
    X(NEW_TOPIC, "new-topic")                                                                                \
    X(SINK_FAILS, "sink-fails")                                                                              \
    X(SNAPSHOT, "snapshot")                                                                                  \
    X(RESTORE, "restore")                                                                                    \
    X(NEW_DATABASE, "new-database")

enum step_kind {
#define X(id, name) STEP_##id,
    STEPS(X)
#undef X
        STEP_KINDS
};

struct step {
    int64_t at_us; /* since the history began */
    enum step_kind kind;
    uint32_t a, b;
    bool off; /* taken out */
};

enum { STEPS_MAX = 160, PLAN_TEXT_BYTES = 600 };

struct plan {
    uint64_t seed;
    uint32_t features;
    uint32_t allowed; /* rules of the oracle's that are not looked at, a bit each */
    /* settings */
    int commit; /* enum commit_mode */
    int from, on_offset_loss;
    bool cooperative, fixed_members, newest, letters_off;
    int partitions, workers;
    int64_t batch_size, batch_wait_us, retries, retry_delay_us, max_unacknowledged;
    int64_t session_us, max_poll_us;
    int64_t latency_max_us;
    struct step steps[STEPS_MAX];
    size_t step_count;
    int64_t calm_us; /* when faults are over */
};

void plan_make(struct plan *plan, uint64_t seed);
/* Takes features out after the fact: those steps are off. */
void plan_without(struct plan *plan, uint32_t features);
void plan_describe(const struct plan *plan, char text[PLAN_TEXT_BYTES]);
const char *step_name(enum step_kind kind);
const char *feature_name(unsigned index);

/* --- carried out: actors.c ----------------------------------------------------------------------------- */

/* What fails now. */
struct fault_window {
    int64_t until_us;
    unsigned percent;
};

struct faults {
    struct fault_window commits, queries, batches, sink;
    int64_t letters_refused_until_us, queue_full_until_us, produce_fails_until_us;
    int64_t slow_until_us, slow_us; /* a record takes that long */
    bool over;                      /* for good */
    bool tolerate_loss;             /* the operator has said --on-offset-loss earliest */
};

bool faults_strike(const struct fault_window *window);

/* Sets the plan's steps going. */
void plan_begin(void);
/* A supervisor sees it, and does what it does. */
void plan_worker_ended(struct worker *worker);

#endif
