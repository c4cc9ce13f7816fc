/* call.h: a verb, asked of the supervisor while others go on: connected, sent, and answered by the loop. A
 * call ends with exactly one `done`, at the latest some seconds after its time is up. */
#ifndef KSUPERVISE_TOOLS_KWEB_CALL_H
#define KSUPERVISE_TOOLS_KWEB_CALL_H

#include "common/rpc/verb_call.h"
#include "tools/kweb/kweb.h"

/* The supervisor takes 32 connections, and kctl is to find a free one. */
#define CALLS_MAX 20

enum call_end {
    CALL_ANSWERED,
    CALL_REFUSED,     /* the supervisor's reason is in the text */
    CALL_LATE,        /* so it is, and it is that the verb's time was up */
    CALL_NOT_RUNNING, /* nobody listens at the instance's socket */
    CALL_BUSY,        /* too many calls are under way, here or there */
    CALL_SILENT,      /* no answer in time */
    CALL_BROKEN       /* the connection ended, or what came was no answer */
};

/* `result` is at the answer's map, and only for CALL_ANSWERED; both live as long as the call of `done`. */
typedef void call_done(void *context, enum call_end end, const struct mp_reader *result, const char *text);

/* Its texts are copied. `done` may come before this returns. */
void call_begin(struct kweb *kweb, const struct verb_call *asked, call_done *done, void *context);

/* Ends those whose time is up. */
void calls_check(struct kweb *kweb, int64_t now_us);
/* When it wants to be called again, monotonic; INT64_MAX: nobody waits. */
int64_t calls_deadline_us(const struct kweb *kweb);
/* Ends all, as CALL_BROKEN. */
void calls_close(struct kweb *kweb);

#endif
