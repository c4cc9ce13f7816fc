/* kafka_producer.h: the transactional producer of the `kafka` sink (KIP-98, KIP-447), one per worker.
 *
 * For a supervised worker transactional.id is `GROUP.INSTANCE-ID`, so its successor ends at once the
 * transaction that it left open. A process without a supervisor has an id of its own, and a transaction that it
 * leaves open ends with transaction.timeout.ms. Of two processes with one id the broker fences the older.
 *
 * But the owner of a record is not decided by that id. It is decided by the group's generation, which goes
 * into the transaction with the offsets. The broker refuses the offsets of a process that is no longer a
 * member, or of another generation, and the transaction with them. The partition's next owner gets no offset
 * while a transaction that holds one is open (isolation.level=read_committed: OffsetFetch asks for stable
 * offsets). So it starts after what was committed, or at what was aborted, and never in between.
 *
 *   in                    what happens                  then                        the batch
 *   --------------------  ----------------------------  --------------------------  ---------------------------
 *   begin to offsets      no answer in time             aborted, or else closed     AGAIN: nothing was written
 *   the records           the topic refuses one: too    aborted; then one by one,   AGAIN; that record is dead
 *                         large, a time out of bounds   to see which it is
 *   the offsets           another generation, or no     aborted                     AGAIN; the rebalance callback
 *                         member any more                                           is on its way
 *   begin to offsets      fenced, or another error      closed, opened anew by the  AGAIN; a successor, if there
 *                         that is fatal                 next call                   is one, has ended it
 *   the commit            no answer in time, any error  closed, or aborted where    UNKNOWN: recover ends it,
 *                                                       librdkafka asks for that    then the group is asked
 *   anywhere              SIGKILL                       the successor's recover     written whole, or not at all
 *
 * Closing alone ends no transaction: kafka_producer_recover does (InitProducerId), with another epoch of the
 * same id. After it a transaction of an earlier epoch is aborted, or committed if its commit had begun, and
 * what is still on its way is refused. So the group's committed offset is then the truth.
 *
 * Each wait takes at most ten seconds, and it ticks between two of them, so the supervisor does not take
 * absent brokers for a hang. The loop's thread.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_KAFKA_PRODUCER_H
#define KSUPERVISE_CONSUMER_SINKS_KAFKA_PRODUCER_H

#include "consumer/letter.h"
#include "consumer/pipeline/pipeline.h"
#include "consumer/sinks/sink.h"

/* A record that the topic refuses for good. */
struct kafka_refusal {
    int32_t partition;
    int64_t offset;
    rd_kafka_resp_err_t err;
};

enum { KAFKA_REFUSALS_MAX = 64 }; /* a batch that has more is tried again for the rest */

struct kafka_producer {
    const struct pipeline *pipeline; /* ticks */
    const struct settings *settings;
    char topic[250];
    char id[600];   /* transactional.id */
    rd_kafka_t *rk; /* NULL: closed */
    rd_kafka_topic_t *rkt;
    int partitions;                  /* of the topic */
    bool recovered;                  /* nothing of an earlier epoch is open */
    bool looked;                     /* at the topic: it is there, and its limit is known */
    bool one_by_one;                 /* a record was refused, and which is not known */
    bool letters_there;              /* so is the dead letters' topic */
    int64_t batch_bytes;             /* of a request; less than the topic's limit */
    rd_kafka_resp_err_t refused_err; /* the first that a delivery report of this transaction told; 0: none */
    struct kafka_refusal refusals[KAFKA_REFUSALS_MAX];
    size_t refusal_count;
};

/* Connects to nobody. */
void kafka_producer_init(struct kafka_producer *producer, const struct pipeline *pipeline, const char *topic);
void kafka_producer_release(struct kafka_producer *producer);

/* Whether one can be made of these properties. */
int kafka_producer_check(const struct kafka_producer *producer, struct error *error);

/* Opens it, and ends what an earlier epoch has left open; makes the topic like its source when it is not
 * there. Cheap when that is done. -1 with the error when it cannot be done now. */
int kafka_producer_recover(struct kafka_producer *producer, struct error *error);

/* One transaction: the items, the letters, the offsets. */
enum sink_result kafka_producer_write(struct kafka_producer *producer, const struct sink_batch *batch,
                                      struct error *error);

/* Why this record is not to be written; NULL: nothing is known against it. */
const char *kafka_producer_refuses(const struct kafka_producer *producer, const rd_kafka_message_t *message);

#endif
