/* deaths.h: the records of the batch in flight that can never be processed. They become dead letters only once the
 * batch has succeeded: a batch that fails as a whole is retried, and so is a record after one that waits; its
 * verdict may then be different. With --commit manual those that a stage dropped are here too:
 * neither needs an acknowledgement. One thread. */
#ifndef KSUPERVISE_CONSUMER_DEATHS_H
#define KSUPERVISE_CONSUMER_DEATHS_H

#include "common/error.h"
#include "consumer/partition.h"

#define DEATH_WHY_BYTES 256

struct death {
    const rd_kafka_message_t *message; /* the batch's */
    const char *stage;                 /* a constant; NULL: it did not die, a stage dropped it */
    unsigned attempts;
    int64_t first_failure_us; /* wall */
    char why[DEATH_WHY_BYTES];
};

struct deaths {
    struct death *list;
    size_t count;
    size_t capacity; /* a batch */
};

int deaths_init(struct deaths *deaths, size_t capacity, struct error *error);
void deaths_release(struct deaths *deaths);

/* There is room: no more than a batch can die. */
struct death *deaths_add(struct deaths *deaths, const rd_kafka_message_t *message, const char *stage,
                         const char *why);
/* Only those that the positions will move over are left. */
void deaths_keep_standing(struct deaths *deaths, const struct partitions *partitions);

#endif
