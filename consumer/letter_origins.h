/* letter_origins.h: whose dead letters were acknowledged, of those that somebody else keeps too (an outbox), until
 * the keeper has let them go. The consumer's thread.
 */
#ifndef KSUPERVISE_CONSUMER_LETTER_ORIGINS_H
#define KSUPERVISE_CONSUMER_LETTER_ORIGINS_H

#include "common/error.h"
#include "consumer/letter.h"

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty one without room. */
struct letter_origins {
    struct letter_origin *list; /* owned, in the order of their acknowledgement */
    size_t count, capacity;
};

/* Room for `capacity`. 0, or -1 with the error when memory is out. */
int letter_origins_open(struct letter_origins *origins, size_t capacity, struct error *error);
void letter_origins_release(struct letter_origins *origins);

/* False: there is no room; it is to be added later. */
bool letter_origins_add(struct letter_origins *origins, struct letter_origin origin);
bool letter_origins_have(const struct letter_origins *origins, int32_t partition);
/* The first `count` are gone. */
void letter_origins_let_go(struct letter_origins *origins, size_t count);

/* Acknowledged origins of a partition that goes, or moves: another letter may have the same origin by the
 * time they are let go. The next owner sends the letter again, with the same id. */
void letter_origins_forget(struct letter_origins *origins, int32_t partition);

#endif
