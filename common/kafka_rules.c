#include "common/kafka_rules.h"

#include <strings.h>

#include "common/decimal.h"
#include "common/exit_codes.h"

/* --- tests: true when the value cannot be --------------------------------------------------------------- */

static bool any(const char *value)
{
    (void)value;
    return true;
}

/* librdkafka's own idea of true. */
static bool is_true(const char *value)
{
    return strcasecmp(value, "true") == 0 || strcasecmp(value, "t") == 0 || strcmp(value, "1") == 0;
}

static bool is_false(const char *value)
{
    return !is_true(value);
}

static bool is_zero(const char *value)
{
    int64_t number;
    return decimal_parse(value, strlen(value), INT64_MAX, &number) && number == 0;
}

static bool is_not_all(const char *value)
{
    return strcasecmp(value, "all") != 0 && strcmp(value, "-1") != 0;
}

static bool is_above_five(const char *value)
{
    int64_t number;
    return decimal_parse(value, strlen(value), INT64_MAX, &number) && number > 5;
}

static bool is_not_committed(const char *value)
{
    return strcasecmp(value, "read_committed") != 0;
}

static bool is_not_fifo(const char *value)
{
    return strcasecmp(value, "fifo") != 0;
}

/* --- the table ----------------------------------------------------------------------------------------- */

enum {
    CONSUMER = KAFKA_ROLE_CONSUMER,
    LETTERS = KAFKA_ROLE_LETTERS,
    PRODUCER = KAFKA_ROLE_PRODUCER,
    TRANSACTIONS = KAFKA_ROLE_TRANSACTIONS,
    EVERY = CONSUMER | LETTERS | PRODUCER | KAFKA_ROLE_TOOL
};

#define IDEMPOTENT                                                                                           \
    "dead letters are sent, and sent back, by an idempotent producer, so that none is lost or doubled "      \
    "('kconsume --dead-letters off' has none)"
#define ONCE   "the sink kafka writes each record once, by an idempotent producer"
#define COUNTS "then what is counted as acknowledged is not"

/*  {property, who cannot have it, with which value, why}  */
static const struct rule {
    const char *name;
    unsigned roles;
    bool (*refused)(const char *value);
    const char *why;
} rules[] = {
    {"acks", LETTERS, is_not_all, IDEMPOTENT},
    {"request.required.acks", LETTERS, is_not_all, IDEMPOTENT},
    {"enable.idempotence", LETTERS, is_false, IDEMPOTENT},
    {"retries", LETTERS, is_zero, IDEMPOTENT},
    {"message.send.max.retries", LETTERS, is_zero, IDEMPOTENT},
    {"max.in.flight", LETTERS, is_above_five, IDEMPOTENT},
    {"max.in.flight.requests.per.connection", LETTERS, is_above_five, IDEMPOTENT},
    {"queuing.strategy", LETTERS, is_not_fifo, IDEMPOTENT},
    {"acks", TRANSACTIONS, is_not_all, ONCE},
    {"request.required.acks", TRANSACTIONS, is_not_all, ONCE},
    {"enable.idempotence", TRANSACTIONS, is_false, ONCE},
    {"retries", TRANSACTIONS, is_zero, ONCE},
    {"message.send.max.retries", TRANSACTIONS, is_zero, ONCE},
    {"max.in.flight", TRANSACTIONS, is_above_five, ONCE},
    {"max.in.flight.requests.per.connection", TRANSACTIONS, is_above_five, ONCE},
    {"queuing.strategy", TRANSACTIONS, is_not_fifo, ONCE},
    {"transactional.id", TRANSACTIONS, any, "it would be ignored: the sink kafka has one a worker"},
    {"isolation.level", TRANSACTIONS, is_not_committed,
     "a partition would begin before what a transaction that is still open has written of it"},
    {"transactional.id", LETTERS | PRODUCER, any,
     "no transaction is begun here, and without one nothing is sent"},
    {"acks", PRODUCER, is_zero, COUNTS},
    {"request.required.acks", PRODUCER, is_zero, COUNTS},
    {"delivery.report.only.error", LETTERS | PRODUCER, is_true, "then nobody says what was acknowledged"},
    {"produce.offset.report", LETTERS | PRODUCER, is_false, "then nobody says where a record is"},
    {"group.id", CONSUMER, any, "it would be ignored: --group names the group"},
    {"group.instance.id", CONSUMER, any, "it would be ignored, or all have the same: --instance-id"},
    {"auto.offset.reset", CONSUMER, any,
     "it would be ignored: --from says where to begin, --on-offset-loss what to do when offsets are gone"},
    {"enable.auto.commit", CONSUMER, is_true, "it would be ignored: --commit auto"},
    {"enable.auto.offset.store", CONSUMER, any, "it would be ignored: --commit says what is committed"},
    {"enable.partition.eof", CONSUMER, any,
     "it would be ignored: the end of a partition is always asked for"},
    {"bootstrap.servers", EVERY, any, "--bootstrap, or a line of --kafka-config"},
    {"metadata.broker.list", EVERY, any, "--bootstrap, or a line of --kafka-config"},
};

static bool is_named(const char *property, const char *name)
{
    size_t length = strlen(name);
    return strncmp(property, name, length) == 0 && property[length] == '=';
}

static int check(unsigned roles, const char *property, struct error *error)
{
    const char *value = strchr(property, '=');
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if ((rules[i].roles & roles) != 0 && is_named(property, rules[i].name) && value[1] != '@' &&
            rules[i].refused(value + 1))
            return error_set_code(error, EXIT_CODE_CONFIG, "the property %s is not allowed: %s", property,
                                  rules[i].why);
    return 0;
}

/* A later property overrides: only the last of a name counts. */
static bool is_overridden(const struct option_list *properties, size_t at)
{
    size_t length = strcspn(properties->items[at], "=") + 1;
    for (size_t i = at + 1; i < properties->count; i++)
        if (strncmp(properties->items[i], properties->items[at], length) == 0)
            return true;
    return false;
}

int kafka_rules_check(unsigned roles, const struct option_list *properties, struct error *error)
{
    for (size_t i = 0; i < properties->count; i++)
        if (!is_overridden(properties, i) && check(roles, properties->items[i], error) == -1)
            return -1;
    return 0;
}
