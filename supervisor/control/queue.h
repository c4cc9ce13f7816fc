/* queue.h: the requests that are open, in the order of their arrival: which may begin, which has to wait,
 * which nobody waits for any more. The supervisor's thread only.
 *
 * Two that touch the same worker or group (requests_meet) queue; others run side by side. What workers were
 * asked goes on when nobody waits for it any more, and what is asked of them next comes after it: a worker is
 * asked one thing at a time. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_QUEUE_H
#define KSUPERVISE_SUPERVISOR_CONTROL_QUEUE_H

#include "supervisor/control/request.h"

#define QUEUE_REQUESTS_MAX 64

struct pending {
    bool open;         /* this place is taken */
    void *caller;      /* who waits; NULL: nobody does any more */
    uint64_t sequence; /* in the order of their arrival */
    uint32_t id;       /* the caller's */
    struct request request;
};

struct queue {
    struct pending pendings[QUEUE_REQUESTS_MAX];
    uint64_t arrived;
};

/* A free place, to be filled and entered; NULL: there is none. */
struct pending *queue_free_slot(struct queue *queue);
void queue_enter(struct queue *queue, struct pending *pending, void *caller, uint32_t id);

/* How far it is now: it begins when it may; when its time is up, it has failed. */
enum progress queue_step(const struct queue *queue, struct pending *pending, struct error *error);
/* Its caller has been answered, or is gone. */
void queue_answered(struct pending *pending);
/* It has a request open. */
bool queue_waits_for(const struct queue *queue, const void *caller);
void queue_caller_gone(struct queue *queue, const void *caller);
void queue_release(struct queue *queue);

/* The first that came after that one (0: the first of all) and is open; NULL: there is none. */
struct pending *queue_after(struct queue *queue, uint64_t sequence);
bool queue_is_empty(const struct queue *queue);

#endif
