/* errand.h: something that a consumer was asked to do, and what it has answered so far. One at a time a
 * worker; its answer is kept until the next. */
#ifndef KSUPERVISE_SUPERVISOR_ERRAND_H
#define KSUPERVISE_SUPERVISOR_ERRAND_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

enum errand_state { ERRAND_NONE, ERRAND_GIVEN, ERRAND_DONE, ERRAND_FAILED };

#define ERRAND_TEXT_BYTES   256
#define ERRAND_REASON_BYTES 512

struct errand {
    enum errand_state state;
    int64_t number; /* counts those of this worker */
    bool alone;     /* the process was started for nothing else: hand_over.h gives it `text` */
    char text[ERRAND_TEXT_BYTES];
    char reason[ERRAND_REASON_BYTES]; /* ERRAND_FAILED */
    char *lines;                      /* of the answer, each with its newline; owned; NULL: none */
    size_t used;
};

struct worker;

/* Asks the running process. */
void errand_give(struct worker *worker, const char *method, const char *text);
/* Starts a process for a reset alone; when it ends, the worker is down as before. */
void errand_start_for(struct worker *worker, const char *text);

/* What the process says, and that it has ended: without an answer the errand has failed. */
void errand_line(struct worker *worker, const char *text, size_t length);
void errand_done(struct worker *worker);
void errand_failed(struct worker *worker, const char *reason, size_t length);
void errand_process_ended(struct worker *worker, bool well);

void errand_forget(struct worker *worker);

#endif
