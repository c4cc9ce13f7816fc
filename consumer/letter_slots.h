/* letter_slots.h: the letters that are not acknowledged yet, each in a slot whose address stays while
 * librdkafka has it. No Kafka here: dead_letters.h sends them. */
#ifndef KSUPERVISE_CONSUMER_LETTER_SLOTS_H
#define KSUPERVISE_CONSUMER_LETTER_SLOTS_H

#include "consumer/letter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum letter_state { LETTER_FREE, LETTER_UNDER_WAY, LETTER_ACKNOWLEDGED, LETTER_REFUSED };

struct letter {
    enum letter_state state;
    int32_t partition; /* of the source; -1: it is not ours any more */
    bool kept;         /* elsewhere: no barrier, but its origin is told */
    bool last;         /* its record is gone: nobody can make it again, so it is sent whatever happens */
    int64_t offset;
    int64_t timestamp_ms; /* of the record: which letter it is */
    unsigned refusals;
    int64_t again_us;        /* monotonic: a refused one is sent again */
    struct letter_body body; /* of a refused one: owned */
};

struct letter_slots {
    struct letter *slots;
    size_t capacity;
    size_t top;                /* slots from here on are free */
    size_t under_way, refused; /* so many are; dead_letters.c counts */
};

/* -1 when memory is out. */
int letter_slots_init(struct letter_slots *slots, size_t capacity);
/* With the bodies. */
void letter_slots_release(struct letter_slots *slots);

/* The lowest free slot, so that the occupied ones stay together; NULL: there is none. */
struct letter *letter_slots_take(struct letter_slots *slots);
/* With its body. */
void letter_slots_free(struct letter_slots *slots, struct letter *letter);

/* Copies key and value; the headers are the letter's now. */
void letter_keep_body(struct letter *letter, const struct letter_body *body);

/* Some letter of that partition was refused. */
bool letter_slots_any_refused(const struct letter_slots *slots, int32_t partition);
/* The first offset at or after `from` of a letter of that partition; INT64_MAX: there is none. */
int64_t letter_slots_next(const struct letter_slots *slots, int32_t partition, int64_t from);
/* From now until a refused one is due, at least 0; INT64_MAX: none is refused. */
int64_t letter_slots_due_us(const struct letter_slots *slots, int64_t now_us);

#endif
