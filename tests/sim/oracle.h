/* oracle.h: knows every record's fate, and what was promised of it. Told of whatever happens; the first
 * broken promise ends the history. The promises are listed in README.md. */
#ifndef KSUPERVISE_TESTS_SIM_ORACLE_H
#define KSUPERVISE_TESTS_SIM_ORACLE_H

#include "tests/sim/cluster.h"

#include <librdkafka/rdkafka.h>

struct worker;

/*  X(id, name, what is broken)  */
#define RULES(X)                                                                                             \
    X(NONE, "", "")                                                                                          \
    X(SKIPPED, "skipped", "an offset was committed beyond a record that was neither processed nor lettered") \
    X(UNACKNOWLEDGED, "unacknowledged", "a commit covers a record that nobody acknowledged")                 \
    X(ACK_LOST, "ack-lost", "kctl ack reported success, and it is not committed")                            \
    X(ACKED_AGAIN, "acked-again", "an acknowledged record was delivered again")                              \
    X(LETTER_EARLY, "letter-early", "a letter left before its batch stood")                                  \
    X(LETTER_TWICE, "letter-twice", "two letters of one record, nothing lay between")                        \
    X(GIVEN_UP, "given-up", "a record became a letter before its retries were spent")                        \
    X(LETTER_TIME, "letter-time", "a letter has another time than the present")                              \
    X(ROW_SKIPPED, "row-skipped", "the database went on past a record that is no row and no letter")         \
    X(ROW_TWICE, "row-twice", "two rows of one record")                                                      \
    X(ROW_AND_LETTER, "row-and-letter", "a record is a row and a letter")                                    \
    X(OTHER_TOPIC, "other-topic", "a record of another topic was processed")                                 \
    X(AFTER_FATAL, "after-fatal", "a record was processed after a fatal error was handed out")               \
    X(RECEIVED, "received", "`received` counts a record more than once an assignment")                       \
    X(EXCEEDED, "exceeded", "a consumer that is merely slow does not poll within max.poll.interval.ms")      \
    X(FALSE_OUTAGE, "false-outage", "an outage is told while brokers answer")                                \
    X(ENDED, "ended", "a worker ended by itself, and nothing warranted it")                                  \
    X(NOTHING_GONE, "nothing-gone", "a worker stopped for offsets that were never records")                  \
    X(FOREIGN_FENCE, "foreign-fence", "fenced, and no other process has the id")                             \
    X(STUCK, "stuck", "faults are over, and the lag does not reach 0")                                       \
    X(CRASHED, "crashed", "the process crashed")

enum rule {
#define X(id, name, help) RULE_##id,
    RULES(X)
#undef X
        RULE_COUNT
};

enum { ORACLE_TEXT_BYTES = 300 };

struct oracle {
    enum rule broken; /* the first */
    char text[ORACLE_TEXT_BYTES];
    uint64_t requests;               /* taken up so far */
    int64_t checked[PARTITIONS_MAX]; /* records before it may be committed past */
    bool loss[PARTITIONS_MAX];       /* an offset that was asked for is gone, and with it records */
    bool reported[PARTITIONS_MAX];   /* an offset was reported as gone, rightly or not */
};

void oracle_init(void);
void oracle_fail(enum rule rule, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *rule_name(enum rule rule);
const char *rule_help(enum rule rule);

/* --- what happens -------------------------------------------------------------------------------------- */

/* The pipeline: a stage sees a record, judges it, and at the end the run stands or failed. */
void oracle_seen(struct worker *worker, const rd_kafka_message_t *message);
void oracle_judged(struct worker *worker, struct entry *entry, bool dead);
/* It is to be tried again: what follows in its partition comes again, too. */
void oracle_stopped(struct worker *worker, const struct entry *entry);
void oracle_run(struct worker *worker, bool stands);

void oracle_committed(struct worker *worker, int topic, int32_t partition, bool late, bool former);
/* A topic that was made anew: what its consumers can know, and from when on (oracle_topics.c). */
struct toppar;
struct op;
void oracle_begins(const struct toppar *toppar, int64_t offset);
void oracle_handed(struct toppar *toppar, const struct op *op);
/* Of which making of the topic it knows. */
int oracle_knows(const struct toppar *toppar);
/* All that it was given of the partition is of a topic that is no more. */
bool oracle_is_former(const rd_kafka_t *client, int32_t partition);
/* Nobody promises these offsets, whoever asks. */
void oracle_exempt_range(const struct worker *worker, int32_t partition, int64_t from, int64_t to);
void oracle_exempt(int32_t partition, int64_t before);
/* Acknowledged, or settled otherwise, of the former topic, by who cannot know that there is another one. */
bool oracle_inherited(const struct entry *entry);
/* What it sends of these again is no second letter. */
void oracle_forget_letters(const struct worker *worker, struct log *log, int64_t from, int64_t to);
/* It tells that it reads the partition again, from `to` up to before `from`. */
void oracle_begins_again(const struct worker *worker, int32_t partition, int64_t from, int64_t to);
/* Before the producer takes it, or does not. */
void oracle_letter_tried(const struct worker *worker, struct entry *entry);
void oracle_letter_sent(struct worker *worker, struct entry *entry);
/* The time that the letter was given; 0: the present one. */
void oracle_letter_time(const struct entry *entry, int64_t timestamp_ms);
void oracle_letter_stored(struct entry *entry);
void oracle_letter_refused(struct entry *entry);

/* Where a consumer was told that a log ends, or that an offset is gone. */
void oracle_end_told(struct worker *worker, int topic, int32_t partition, int64_t end);
void oracle_out_of_range(int topic, int32_t partition, int64_t offset);
void oracle_retained(int topic, int32_t partition);

/* Its callback is about to run. */
void oracle_rebalance(rd_kafka_t *client);
void oracle_ended(struct worker *worker);

/* Requests: taken up, a line of the answer, the end. */
void oracle_request_taken(struct worker *worker);
void oracle_request_line(struct worker *worker, const char *line);
void oracle_request_ended(struct worker *worker, bool success);
/* A commit of a process has landed: one that resets, and not a database's, has done so with it. */
void oracle_reset_committed(struct worker *worker, int32_t partition, int64_t target);

/* The database: a range that a transaction went over, before its rows are counted. */
void oracle_range(struct worker *worker, int32_t partition, int64_t from, int64_t to);
void oracle_row(struct entry *entry);

/* Nothing is left to be done: when faults are over, this has to become true. `why`: what is missing. */
bool oracle_settled(char why[ORACLE_TEXT_BYTES]);

#endif
