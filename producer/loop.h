/* loop.h: takes records from the source when the pace says so, and sends them, until there are no more or it
 * is told to stop. */
#ifndef KSUPERVISE_PRODUCER_LOOP_H
#define KSUPERVISE_PRODUCER_LOOP_H

#include "producer/deliver.h"
#include "producer/pace.h"
#include "producer/request.h"
#include "producer/source.h"

struct producer {
    struct settings *settings; /* its pace can change */
    struct worker_control *control;
    struct source source;
    struct delivery delivery;
    struct pace pace;
    struct request request;  /* a record that the supervisor asks for */
    struct worker_rate rate; /* the request that was taken last */
    bool paused;             /* the supervisor wants it to send nothing */
    bool waiting;            /* a record is made that found librdkafka's queue full */
};

/* Runs to the end, drains, and returns the exit code. `producer` has its settings, control, source and
 * delivery, opened. */
int loop_run(struct producer *producer);

#endif
