/* reply.h: what a user's program says of a record, as a line or as a MessagePack value. Foreign bytes, that
 * come in pieces.
 *
 *   ok                    "ok"
 *   retry [reason]        "retry", "retry REASON", ["retry", "REASON"]
 *   dead [reason]         likewise; in an array nil is as good as no reason
 *
 * Nothing is allocated; pure functions of their arguments.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_REPLY_H
#define KSUPERVISE_CONSUMER_PIPELINE_REPLY_H

#include "common/msgpack/reader.h"
#include "consumer/pipeline/stage.h"

/* No reply is longer than this, its newline included. */
#define REPLY_BYTES_MAX 1024

struct reply {
    enum verdict verdict;
    struct mp_view reason;   /* a view into the bytes, not escaped; data NULL: it gave none */
    const char *unexplained; /* what is said where no reason is given; NULL for VERDICT_PASS */
    size_t bytes;            /* it took, or what is no reply */
};

enum reply_state {
    REPLY_WHOLE,
    REPLY_PART, /* more has to come */
    REPLY_BAD   /* it is no reply, whatever may come */
};

/* The first one of these bytes. */
enum reply_state reply_from_line(const char *bytes, size_t length, struct reply *reply);
enum reply_state reply_from_msgpack(const char *bytes, size_t length, struct reply *reply);

/* What is no reply, for an error: safe to show, and cut. */
#define REPLY_SHOWN_BYTES 128
void reply_show_line(const char *bytes, size_t length, char shown[REPLY_SHOWN_BYTES]);
void reply_show_msgpack(const char *bytes, size_t length, char shown[REPLY_SHOWN_BYTES]);

#endif
