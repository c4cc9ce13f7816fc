/* request.h: a record that the supervisor was asked to send (`kctl produce`): read, sent with the next number
 * like any other, and answered when its report says what became of it. One at a time: the supervisor asks for
 * the next when this one is answered.
 *
 * The loop's thread only. */
#ifndef KSUPERVISE_PRODUCER_REQUEST_H
#define KSUPERVISE_PRODUCER_REQUEST_H

#include "common/record/text.h"
#include "producer/deliver.h"

struct request {
    struct worker_request asked; /* the one that was taken last */
    enum {
        REQUEST_NONE,
        REQUEST_MADE, /* the record found librdkafka's queue full: tried again in the next turn */
        REQUEST_SENT
    } state;
    struct record record;
    struct record_storage storage;
};

/* Takes what is asked, sends it and answers it, as far as that goes now; never waits. True while a record
 * waits for room in librdkafka's queue. */
bool request_serve(struct request *request, struct delivery *delivery);

/* It is time to stop: what is not sent is refused. */
void request_refuse(struct request *request, struct delivery *delivery);

/* Answers the one that was sent, once its report is there. */
void request_answer(struct request *request, struct delivery *delivery);

#endif
