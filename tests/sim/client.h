/* client.h: librdkafka, as far as kconsume sees it: what stands behind the opaque types, and what the files
 * client_*.c share. The habits are those of FACTS and of librdkafka's source: 2.0.2's, or the newest's where
 * `conf->newest` is set.
 *
 * One application thread. What librdkafka's own threads do are timers here; they put operations into queues
 * and wake whoever waits.
 */
#ifndef KSUPERVISE_TESTS_SIM_CLIENT_H
#define KSUPERVISE_TESTS_SIM_CLIENT_H

#include "tests/sim/cluster.h"

#include <librdkafka/rdkafka.h>

struct worker;

struct rd_kafka_conf_s {
    char group[128];
    char instance[INSTANCE_BYTES];
    int64_t session_us, max_poll_us;
    bool cooperative, auto_commit, auto_store, partition_eof;
    bool newest; /* the habits of the newest librdkafka, not of 2.0.2 */
    void *opaque;
    rd_kafka_interceptor_f_on_new_t *on_new;
    void *on_new_opaque;
    void (*rebalance)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
    void (*committed)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
    void (*error)(rd_kafka_t *, int, const char *, void *);
    void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *);
};

struct rd_kafka_topic_s {
    int topic;
};

/* --- queues -------------------------------------------------------------------------------------------- */

enum op_type {
    OP_MESSAGE,   /* a record, or an error that comes as a message */
    OP_REBALANCE, /* `err` says which */
    OP_COMMITTED, /* the answer to a commit */
    OP_ERROR,     /* for error_cb */
    OP_DELIVERY,  /* of a dead letter */
    OP_EVENT      /* the answer to an admin request */
};

struct op {
    rd_kafka_message_t message; /* first: a message is its op */
    enum op_type type;
    struct op *next;
    struct toppar *toppar; /* NULL: of no partition */
    int version;           /* of the toppar: an older one is not handed out */
    struct entry *entry;   /* what the message is of; NULL: none */
    int topic;
    int incarnation; /* of that */
    int64_t timestamp_ms;
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t err;
    rd_kafka_topic_partition_list_t *list; /* owned */
    void (*callback)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
    void *opaque;
    const char *text;
    void *event;
    bool after_fatal; /* it was handed out behind a fatal error */
};

struct rd_kafka_queue_s {
    rd_kafka_t *rk;
    struct op *first, **last;
    size_t length;
    bool yielded;
    bool closed; /* destroyed: what comes for it is dropped */
    void (*event_cb)(rd_kafka_t *, void *);
    void *event_opaque;
};

void queue_init(rd_kafka_queue_t *queue, rd_kafka_t *rk);
/* Takes the op over, and wakes who waits. */
void queue_put(rd_kafka_queue_t *queue, struct op *op);
struct op *op_new(enum op_type type);
void op_free(struct op *op);
/* Waits until there is one, the queue is yielded, or the time is up (NULL). */
struct op *queue_wait(rd_kafka_queue_t *queue, int64_t until_us);
/* Runs the callback of an op that has one; true: then it is gone. */
bool op_serve(rd_kafka_t *rk, struct op *op);

/* --- the handle ---------------------------------------------------------------------------------------- */

/* One partition of one topic, as a client sees it; it lives as long as the client. */
struct toppar {
    rd_kafka_t *rk;
    int topic;
    int32_t partition;
    bool assigned;
    bool started;  /* it is fetched, or would be but for a pause; false: an error has ended that */
    bool paused;   /* by the application; survives an assignment */
    bool fetching; /* a request is under way */
    bool missing;  /* the topic is not there, and that was told */
    bool idle;     /* the last answer was empty: waits for the log to grow */
    int version;   /* what was fetched under another one is not handed out */
    int64_t next;  /* where the next fetch begins; negative: a logical offset that is being looked up */
    int64_t base;  /* where fetching begins anew after whatever outdates what was fetched: an assignment, a
                      seek, or where a pause saved it */
    int64_t app;   /* behind the last record handed out; RD_KAFKA_OFFSET_INVALID */
    int64_t stored;
    int64_t eof;     /* the end was told there */
    int64_t high;    /* as the last fetch told */
    int incarnation; /* of the topic, when fetching began */
    size_t queued;
    int assignment;    /* how often it was assigned to this client */
    int64_t handed_to; /* records before it were handed out under this assignment */
    int knows;         /* the topic's incarnation that what the application was given is of */
    int knew;          /* and before that changed */
    bool seen;         /* something of that was looked at: until then it may be dropped with the array */
    bool told_missing; /* since then */
    bool fresh;        /* nothing was handed out since fetching began */
    int group_has; /* the topic's incarnation of which this client knows that the group has an offset; 0: none
                    */
    bool worked;   /* a record was processed under this assignment */
    bool forgot;   /* the database's last record was not there, and nothing was written since */
    bool jumped;   /* but perhaps not all of them */
};

enum join_state {
    JOIN_OUT,    /* not subscribed, or given up */
    JOIN_ASKED,  /* waits for the group */
    JOIN_GIVING, /* an assign callback is due */
    JOIN_STEADY,
    JOIN_TAKING /* a revoke callback is due */
};

struct rd_kafka_s {
    rd_kafka_type_t type;
    rd_kafka_conf_t *conf;
    struct worker *worker;
    bool alive;
    rd_kafka_queue_t consumer_queue, main_queue;
    struct rd_kafka_topic_s handles[TOPICS];
    struct toppar toppars[TOPICS][PARTITIONS_MAX];
    /* membership */
    enum join_state state;
    int topic; /* subscribed to; −1 */
    int64_t member_id;
    int generation;
    struct partition_set owned; /* what the group has given, as the client knows it */
    struct partition_set added; /* to be given after what is taken now (cooperative) */
    bool rejoin, leaving, closing, lost;
    bool doomed;          /* what it has, or is about to be given, is void */
    bool away_from_group; /* a static member that has left by itself: its commits are answered as fenced */
    bool noticed;         /* of a rebalance, in the middle of another one */
    int64_t arrival_us;   /* of its last commit */
    bool asked;           /* its JoinGroup is with the group */
    rd_kafka_resp_err_t fatal;
    int64_t polled_us;
    bool poll_exceeded;
    int64_t isolated_until_us; /* nothing gets through to it, nor from it */
    uint64_t query;            /* numbers the questions under way */
    rd_kafka_interceptor_f_on_request_sent_t *on_sent;
    rd_kafka_interceptor_f_on_response_received_t *on_received;
    void *interceptor_opaque;
    uint64_t calls; /* of rd_kafka_consume_batch_queue */
    uint64_t
        rebalance_call; /* in which a rebalance callback ran last: what that hands out is not looked at */
    bool in_rebalance;  /* its callback runs: what it assigns is what the group gives */
    bool in_call; /* callbacks run inside: of what the call has taken the application knows nothing yet */
    /* a producer's */
    int in_flight;
};

/* --- what the cluster tells a client ------------------------------------------------------------------- */

/* It is alive, runs, and the network is there. */
bool client_hears(const rd_kafka_t *client);
void client_joined(rd_kafka_t *client, int64_t member_id, int generation, const struct partition_set *given);
void client_rebalance(rd_kafka_t *client);
/* Its assignment is void; `unknown`: its membership too. */
void client_lost(rd_kafka_t *client, const char *why, bool unknown);
void client_fenced(rd_kafka_t *client);
void client_log_grew(int topic, int32_t partition);
void client_topic_changed(int topic);

/* The process is gone; stands still; comes back. */
void client_process_gone(struct worker *worker);
void client_process_frozen(struct worker *worker);
void client_isolate(rd_kafka_t *client, int64_t us);

/* --- among the files ----------------------------------------------------------------------------------- */

extern rd_kafka_t *clients[];
extern int client_count;
void clients_init(void);

/* Until when a request of the client cannot be answered: an outage, an isolation; 0: it can now. */
int64_t client_cut_off_until(const rd_kafka_t *client);
int64_t client_latency_us(void);
/* Waits for the answer to a question: false when it does not come within the time. */
bool client_ask(rd_kafka_t *client, int timeout_ms);

void toppar_begin(struct toppar *toppar, int64_t offset);
void toppar_stop(struct toppar *toppar);
/* Forgets what was fetched ahead. */
void toppar_outdate(struct toppar *toppar);
void toppar_fetch(struct toppar *toppar);
struct toppar *client_toppar(rd_kafka_t *client, const rd_kafka_topic_partition_t *one);
void client_assigned_done(rd_kafka_t *client, bool given);
void client_tell_error(rd_kafka_t *client, rd_kafka_resp_err_t err, const char *text);
void client_put_error(rd_kafka_t *client, struct toppar *toppar, rd_kafka_resp_err_t err, int64_t offset,
                      const char *text);
void client_poll_done(rd_kafka_t *client);
void client_join_again(rd_kafka_t *client);
/* For interceptors: a JoinGroup leaves; a SyncGroup is answered. */
void client_tell_joining(rd_kafka_t *client, bool begins);
void client_commit_stored(rd_kafka_t *client, bool wait);
void client_commit_timer(void *client, int64_t a, int64_t b);
rd_kafka_topic_partition_list_t *list_of_set(const struct partition_set *set);
rd_kafka_error_t *error_new(rd_kafka_resp_err_t err, const char *text);
/* What a record holds: payload.c. */
void payload_fill(rd_kafka_message_t *message, struct entry *entry, int incarnation);

#endif
