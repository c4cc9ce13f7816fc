/* producers.h: those whose records are in the topic, told apart by the header `producer`. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_PRODUCERS_H
#define KSUPERVISE_TOOLS_KAUDIT_PRODUCERS_H

#include "tools/kaudit/sequence.h"

/* More are not followed: somebody's header that is different in each record must not take all memory. */
#define PRODUCERS_MAX 256

struct producer {
    char *name;
    size_t length;
    struct sequence sequence;
};

struct producers {
    struct producer items[PRODUCERS_MAX];
    size_t count;
    uint64_t unfollowed; /* records */
};

/* The producer of that name, made when it is new; NULL beyond PRODUCERS_MAX, or without memory. */
struct producer *producers_find(struct producers *producers, const char *name, size_t length);

void producers_release(struct producers *producers);

#endif
