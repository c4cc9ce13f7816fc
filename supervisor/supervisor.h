/* supervisor.h: the one struct of ksupervise, and the fleet in it. */
#ifndef KSUPERVISE_SUPERVISOR_SUPERVISOR_H
#define KSUPERVISE_SUPERVISOR_SUPERVISOR_H

#include "supervisor/poison.h"
#include "supervisor/log/printer.h"
#include "common/reactor.h"
#include "supervisor/config/config.h"
#include "supervisor/worker.h"

#include <limits.h>
#include <signal.h>

/* The order of a start and of a stop: each step begins when the one before is over. */
enum fleet_step {
    STEP_BROKER,         /* kweb runs, and kbroker, where none is configured; that has told its address */
    STEP_PROVISION,      /* the topic is there */
    STEP_WORK,           /* producer and consumers run */
    STEP_STOP_PRODUCER,  /* nothing new comes */
    STEP_STOP_CONSUMERS, /* they finish, commit and leave */
    STEP_STOP_WEB,
    STEP_STOP_BROKER,
    STEP_OVER
};

struct control; /* control.h */
struct ktopic;  /* ktopic.h */
struct reload;  /* reload.h */
struct request; /* request.h */
struct rollout; /* rollout.h */
struct service; /* service.h */

struct rpc_message; /* common/rpc/message.h */

/* How the modules that run processes report what happens to workers; set by notifications.h, which is above
 * them. */
struct worker_listener {
    /* Its process has sent this; its parameters are not read yet. */
    void (*notified)(struct worker *worker, struct rpc_message *message);
    /* Its process can be reaped. */
    void (*exited)(struct worker *worker);
    /* It was reaped. `well`: it had been asked to end, and said that it did so in order. */
    void (*reaped)(struct worker *worker, bool well);
};

struct supervisor {
    int argc;
    char **argv; /* read again by a reload */
    struct config *config;
    struct config *first_config;     /* what threads and watches point into; the same until a reload */
    const struct settings *settings; /* config_settings(config): the instance's */
    struct printer *printer;
    struct log_files *logs; /* NULL: no --log-dir */
    struct log_file *log;   /* our own */
    struct reactor reactor;
    const struct worker_listener *listener; /* set before a worker is started */
    struct watch signal_watch;
    sigset_t original_mask; /* for the children */
    bool child_ended;       /* one that may not be reaped yet */
    char folder[PATH_MAX];  /* where our executables are: folder.h */
    int lock_fd;
    /* the fleet */
    struct worker **workers; /* each on its own, because watches point into it */
    size_t snapshots;        /* of workers' segments, in memory; segment.c counts them */
    size_t worker_count;
    enum fleet_step step;
    bool ready_told;
    bool provisioned; /* the topics were there once */
    bool colours;
    bool terminal;         /* there is a controlling one */
    int log_format;        /* enum log_format; does not change while threads run */
    struct reload *reload; /* main's, as the next ones */
    struct rollout *rollout;
    /* what readers see */
    struct directory_writer *directory;
    struct events_writer *events; /* journal.h; NULL: there was no room for it */
    const char *cause;            /* who asked for what is done right now; NULL: nobody did */
    int64_t broker_away_us;       /* monotonic: since when no broker answers; 0: one does */
    struct control *control;
    struct request *requests;  /* those that have asked workers, a list */
    int64_t requests_numbered; /* so many */
    uint64_t lines_numbered;   /* the last line's number, of all workers; begins with the time */
    struct ktopic *ktopics;    /* those that run, a list */
    struct service *service;
    struct brokers brokers;
    char birth_id[37];
    char host[65];
    /* the end */
    bool stopping;
    int64_t signalled_us; /* monotonic: when a signal to stop was taken last; 0: none was */
    int exit_code;
    int64_t hang_check_us; /* monotonic: when the next look for hangs is due */
    int64_t done_check_us; /* monotonic: when --exit-when-done looks next; INT64_MAX: not */
    struct poison poison;  /* records that killed consumers */
    uint64_t random;
};

/* The fleet's one worker of a kind that has one at most: broker, provision, producer. NULL: it has none. */
static inline struct worker *supervisor_find(const struct supervisor *supervisor, enum worker_kind kind)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->kind == kind)
            return supervisor->workers[i];
    return NULL;
}

#endif
