/* kafka.h: what every program that links librdkafka does alike: its configuration, its errors as sentences,
 * its log lines. The supervisor and kstat never include this.
 */
#ifndef KSUPERVISE_COMMON_KAFKA_H
#define KSUPERVISE_COMMON_KAFKA_H

#include "common/brokers.h"
#include "common/kafka_config.h"
#include "common/kafka_failure.h"
#include "common/options.h"
#include "common/worker/control.h"

#include <librdkafka/rdkafka.h>

/* The rows that every such program's option table has in common. `settings_type` is the struct with these
 * members. */
#define KAFKA_OPTIONS(settings_type)                                                                         \
    OPTION_ROW(OPTION_STRING, "bootstrap", 'b', "HOST:PORT", NULL, offsetof(settings_type, bootstrap), 0, 0, \
               NULL,                                                                                         \
               "brokers to ask first; otherwise KAFKA_BOOTSTRAP, KAFKA_HOST_IP, .env, or what 'make kafka' " \
               "started",                                                                                    \
               0),                                                                                           \
        OPTION_ROW(OPTION_STRING, "kafka-config", 0, "FILE", NULL, offsetof(settings_type, kafka_config), 0, \
                   0, NULL,                                                                                  \
                   "properties of the cluster, a line each, NAME=VALUE; otherwise KAFKA_CONFIG, .env. -X "   \
                   "overrides it",                                                                           \
                   0),                                                                                       \
        OPTION_ROW(                                                                                          \
            OPTION_LIST, "property", 'X', "NAME=VALUE", NULL, offsetof(settings_type, properties), 0, 0,     \
            NULL,                                                                                            \
            "any property of librdkafka, may be repeated; VALUE @FILE reads a file; -X help lists them", 0)

/* A configuration with the address, client.id, quick reconnects (measured: 0.1–0.5 s from port open to
 * records instead of 3–5 s), and the user's properties last. NULL with the error. `properties` may be NULL.
 * The caller owns it until rd_kafka_new took it. */
rd_kafka_conf_t *kafka_conf(const char *bootstrap, const char *client_id,
                            const struct option_list *properties, struct error *error);

/* Sets one property. An unknown one or a bad value is a usage error that names it. */
int kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error);

/* What a program sets itself: a list that ends with a row without a name. */
struct kafka_property {
    const char *name, *value;
};

/* Sets them but for those that the user's `unless` has, where that is not NULL. */
int kafka_conf_set_all(rd_kafka_conf_t *conf, const struct kafka_property *list,
                       const struct option_list *unless, struct error *error);

/* When one of the properties is the word `help`: prints librdkafka's list and exits 0. */
void kafka_help_if_asked(const struct option_list *properties);

/* True when the user's properties set `name`: then our own default for it is not wanted. */
bool kafka_property_given(const struct option_list *properties, const char *name);

/* Creates the handle; takes `conf` over in any case. NULL with the error. */
rd_kafka_t *kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error);

/* Whether a handle can be created: librdkafka checks only then whether properties fit together. Takes `conf`
 * over; connects to nobody, and logs nothing. 0, or -1 with the error of kafka_new. */
int kafka_check(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error);

/* Asks for metadata of the cluster until somebody answers, for at most `timeout_ms`, and for less when
 * retrying cannot help. Serves callbacks meanwhile: the error callback notes in `failure`. -1 with its
 * advice; EXIT_CODE_CONFIG when it lasts. */
int kafka_reach(rd_kafka_t *rk, const struct brokers *brokers, const struct kafka_failure *failure,
                int timeout_ms, struct error *error);

/* True when the cluster with that id is librdkafka's mock (kbroker), which cannot do all that Kafka does. */
bool kafka_is_mock(const char *cluster_id);

/* The exit code that a fatal error of librdkafka deserves. */
int kafka_exit_code(rd_kafka_resp_err_t err);

/* Follows the brokers' absence, so that it is told once, and its end too; the supervisor is told by the
 * notification `outage` (1: away, 0: back), because a worker that waits for a broker is not at fault.
 *
 * An outage begins with a question that no broker answers, not with an error of librdkafka: librdkafka counts
 * the brokers that are down, reports that all are although one answers (after one of three was killed; over
 * after 6 s), and can fail to report it when one was lost long before the others. So its errors only cause
 * the question. */
struct kafka_outage {
    struct brokers brokers;
    struct worker_control *control; /* NULL: nobody to tell */
    int64_t since_us;               /* monotonic; 0: none */
    int64_t over_us;                /* monotonic: the last one ended; 0: there was none */
    int64_t claimed_us;             /* monotonic: librdkafka last said that all are down; 0: never */
    int64_t asked_us;               /* monotonic: kafka_outage_check asked last */
    unsigned unanswered;            /* consecutive questions without an answer */
    struct kafka_failure failure;   /* why */
};
/* For the error callback. Returns true when it is new that librdkafka reports no broker: worth an entry in
 * the ring of errors. */
bool kafka_outage_error(struct kafka_outage *outage, rd_kafka_resp_err_t err);
/* For the error callback, before that: notes the error. */
void kafka_outage_reason(struct kafka_outage *outage, rd_kafka_resp_err_t err, const char *reason);
/* No broker has ever accepted us, and retrying cannot help; `text` says why. */
bool kafka_outage_lasts(const struct kafka_outage *outage, char *text, size_t bytes);
/* Proof of life: a record, a delivery, a commit, an assignment. Says how long it took, once. */
void kafka_outage_over(struct kafka_outage *outage);
/* There is an outage, or one has just ended; or librdkafka has just reported one: it may be over before
 * anybody asks. */
bool kafka_outage_recent(const struct kafka_outage *outage);
/* Called in every turn of a loop: asks once a second, during an outage, whether a broker answers again, which
 * without records nobody would notice; and at once when librdkafka reports that brokers are down. Waits for
 * at most 100 ms then. After the loss of a single broker three questions without an answer are an outage,
 * after the loss of all, one. */
void kafka_outage_check(struct kafka_outage *outage, rd_kafka_t *rk);

#endif
