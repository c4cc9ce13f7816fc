/* letters.h: the dead letters of a topic: each with what its headers say, whether it was sent back already,
 * and whether it is among those that were asked for. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_LETTERS_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_LETTERS_H

#include "common/expression/expression.h"
#include "common/kafka_header.h"
#include "tools/ktopic/cluster.h"
#include "tools/ktopic/dlq/id_set.h"
#include "tools/ktopic/dlq/replayed.h"
#include "tools/ktopic/show.h"

struct dlq_settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    const char *where;
    const char *group;
    const char *workload, *schema_file;
    const char *dlq_topic;
    int64_t limit; /* 0: none */
    bool json;
    bool dry_run;
    bool supervised;
};

#define LETTERS_LIMIT_MAX 10000

#define TOPIC_NAME_BYTES 256

struct letters {
    const struct dlq_settings *settings;
    const char *topic;             /* where the records came from */
    char name[TOPIC_NAME_BYTES];   /* of the topic of the letters */
    char replay[TOPIC_NAME_BYTES]; /* the group under which a replay keeps what it sent back */
    struct kafka_cluster cluster;
    int partitions; /* 0: there is no such topic, and no letter */
    int64_t *from, *to;
    struct replayed *replayed; /* by partition */
    struct expression *where;  /* NULL: all */
    const struct schema *schema;
    struct id_set seen;
    uint64_t kinds[4]; /* how many were handed out, by enum letter_kind */
};

enum letter_kind {
    LETTER,           /* the only kind whose other members are all set */
    LETTER_REPEAT,    /* of one that was handed out */
    LETTER_OF_OTHERS, /* of another topic's record */
    LETTER_NONE       /* the record is no letter */
};

struct letter {
    enum letter_kind kind;
    const rd_kafka_message_t *message;
    rd_kafka_headers_t *headers;
    struct kafka_header id, group, stage, reason, attempts, first_failure;
    int32_t partition; /* where the record was read */
    int64_t offset;
    struct message content; /* the record, for show.h */
    bool is_replayed;       /* it was sent back already */
    bool is_chosen;         /* --group and --where */
};

/* The letters of `topic`. `letters` must be zeroed; letters_close it in any case. */
int letters_open(struct letters *letters, struct dlq_settings *settings, const char *topic,
                 struct error *error);
void letters_close(struct letters *letters);

/* Hands out every record of the topic, in the order of each partition. */
typedef int (*letter_function)(void *context, const struct letter *letter, struct error *error);
int letters_each(struct letters *letters, letter_function take, void *context, struct error *error);

/* Escaped for a terminal and for JSON; "-" when absent. */
#define LETTER_TEXT_BYTES 1024
const char *letter_text(struct kafka_header header, char text[LETTER_TEXT_BYTES]);

#endif
