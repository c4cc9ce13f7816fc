/* trouble.h: an error of librdkafka that no rule handles, and that lasts: said in one line when it is new,
 * kept in the ring of errors, and told to the supervisor, whose status shows it until it is over. One thread.
 */
#ifndef KSUPERVISE_CONSUMER_TROUBLE_H
#define KSUPERVISE_CONSUMER_TROUBLE_H

#include "common/stats/writer.h"
#include "common/worker/control.h"

#define TROUBLE_KINDS 8

struct trouble {
    struct worker_control *control; /* NULL: nobody to tell */
    struct stats_writer *stats;
    struct {
        int code;        /* librdkafka's error; 0: free */
        int64_t last_us; /* monotonic: when it was met last */
        char text[160];
    } kinds[TROUBLE_KINDS];
    char told[160]; /* what the supervisor was told last; "": that there is none */
};

/* Ours, beside librdkafka's error codes. */
enum trouble_kind { TROUBLE_BATCH = 100001, TROUBLE_PLACE, TROUBLE_LETTER, TROUBLE_RECORD };

/* It was met now. `code` tells kinds apart. */
void trouble_met(struct trouble *trouble, int code, const char *text);
/* The same, of something that has a line of its own. */
void trouble_goes_on(struct trouble *trouble, int code, const char *text);
/* For every turn: one that has not been met for a while is over, and the supervisor hears of it. Cheap. */
void trouble_check(struct trouble *trouble);

#endif
