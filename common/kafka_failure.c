#include "common/kafka_failure.h"

#include <stdio.h>

#include "common/text.h"

/* librdkafka's, as rd_kafka_version() has it. */
#define SCRAM_WORKS_FROM 0x020601ff

/* How telling a reason is. A guess at the configuration is wrong once a broker has let us in with it. */
enum { SAYS_NOTHING, REFUSED, GUESS, HINT, LASTING };

/* What is looked for in librdkafka's text; the first row that fits. */
static const struct cause {
    rd_kafka_resp_err_t err;
    int weight;
    const char *text;   /* "": whatever it says */
    const char *advice; /* what to change; "": the text says it itself */
} causes[] = {
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, LASTING, "Request not valid in current SASL state",
     "; the listener does not use SASL: check security.protocol"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, LASTING, "mechanism handshake failed", "; check sasl.mechanism"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, LASTING, "", "; check sasl.username and sasl.password"},
    {RD_KAFKA_RESP_ERR__SSL, LASTING, "verif", ""},
    {RD_KAFKA_RESP_ERR__SSL, LASTING, "wrong version number",
     "; the listener does not use TLS: check security.protocol"},
    {RD_KAFKA_RESP_ERR__SSL, LASTING, "alert", "; check ssl.certificate.location and ssl.key.location"},
    /* A plain listener ends it so, and a broker that is just stopped. */
    {RD_KAFKA_RESP_ERR__SSL, GUESS, "eof", "; does the listener use TLS? Check security.protocol"},
    {RD_KAFKA_RESP_ERR__SSL, HINT, "", ""},
    {RD_KAFKA_RESP_ERR__RESOLVE, HINT, "", ""},
    {RD_KAFKA_RESP_ERR__TRANSPORT, LASTING, "alert", "; check ssl.certificate.location and ssl.key.location"},
    {RD_KAFKA_RESP_ERR__TRANSPORT, GUESS, "security.protocol", ""},
    {RD_KAFKA_RESP_ERR__TRANSPORT, REFUSED, "", ""},
};

static const struct cause *find(rd_kafka_resp_err_t err, const char *text)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].err == err && strstr(text, causes[i].text) != NULL)
            return &causes[i];
    return NULL;
}

/* Without the clock that librdkafka puts behind it: " (after 301ms in state AUTH_REQ)". */
static void take_text(struct kafka_failure *failure, const char *reason)
{
    const char *after = strstr(reason, " (after ");
    size_t length = after != NULL ? (size_t)(after - reason) : strlen(reason);
    snprintf(failure->text, sizeof failure->text, "%.*s", (int)length, reason);
}

void kafka_failure_note(struct kafka_failure *failure, rd_kafka_resp_err_t err, const char *reason)
{
    const struct cause *cause = find(err, reason);
    if (cause == NULL || cause->weight < failure->weight || (failure->let_in && cause->weight == GUESS))
        return;
    failure->weight = cause->weight;
    failure->err = err;
    take_text(failure, reason);
}

void kafka_failure_over(struct kafka_failure *failure)
{
    *failure = (struct kafka_failure){.let_in = true};
}

bool kafka_failure_tells(const struct kafka_failure *failure)
{
    return failure->weight >= GUESS;
}

bool kafka_failure_lasts(const struct kafka_failure *failure)
{
    return failure->weight == LASTING;
}

/* Kafka 4 refuses a SCRAM exchange as librdkafka had it before 2.6.1: as if the password were wrong. */
static void add_scram(const struct kafka_failure *failure, char *text, size_t bytes)
{
    size_t used = strlen(text);
    if (strstr(failure->text, "SCRAM") != NULL && strstr(failure->text, "credentials") != NULL &&
        rd_kafka_version() < SCRAM_WORKS_FROM)
        text_append(text, bytes, used,
                    "; or they are right: librdkafka %s cannot do SCRAM with Kafka 4, 2.6.1 is needed",
                    rd_kafka_version_str());
}

void kafka_failure_advice(const struct kafka_failure *failure, const struct brokers *brokers, char *text,
                          size_t bytes)
{
    brokers_advice(brokers, text, bytes);
    const struct cause *cause = failure != NULL ? find(failure->err, failure->text) : NULL;
    if (cause == NULL || cause->weight <= REFUSED || brokers->bootstrap[0] == '\0')
        return;
    snprintf(text, bytes, "no broker at %.120s (from %s) can be used: %s%s", brokers->bootstrap,
             brokers->source, failure->text, cause->advice);
    add_scram(failure, text, bytes);
}
