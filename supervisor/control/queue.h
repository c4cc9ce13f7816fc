/* queue.h: the requests that are open, in the order of their arrival: which may begin, which has to wait, and
 * which have no caller left. The supervisor's thread only.
 *
 * Two that touch the same worker or group (requests_meet) queue; others run side by side. What workers were
 * asked to do continues without a caller, and the next request to them comes after it: a worker is asked one
 * thing at a time. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_QUEUE_H
#define KSUPERVISE_SUPERVISOR_CONTROL_QUEUE_H

#include "supervisor/control/request.h"

#define QUEUE_REQUESTS_MAX 64

struct pending {
    bool open;         /* this slot is in use */
    void *caller;      /* who waits; NULL: gone */
    uint64_t sequence; /* in the order of their arrival */
    uint32_t id;       /* the caller's */
    struct request request;
};

struct queue {
    struct pending pendings[QUEUE_REQUESTS_MAX];
    uint64_t arrived;
};

/* A free slot, to be filled and entered; NULL: all are in use. */
struct pending *queue_free_slot(struct queue *queue);
void queue_enter(struct queue *queue, struct pending *pending, void *caller, uint32_t id);

/* Advances it: it begins when it may; it fails when its time is up. */
enum progress queue_step(const struct queue *queue, struct pending *pending, struct error *error);
/* Its caller has been answered, or is gone. */
void queue_answered(struct pending *pending);
/* It has a request open. */
bool queue_waits_for(const struct queue *queue, const void *caller);
void queue_caller_gone(struct queue *queue, const void *caller);
void queue_release(struct queue *queue);

/* The first open one that came after that one (0: the first of all); NULL: none. */
struct pending *queue_after(struct queue *queue, uint64_t sequence);
bool queue_is_empty(const struct queue *queue);

#endif
