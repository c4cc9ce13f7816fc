/* events.h: what happened in an instance, in order: a ring of the last EVENTS_KEPT events in a shared-memory
 * object of its own, /ksupervise.<uid>.<instance>.~events, 0600. It stands beside the directory and not in
 * it: a directory that grows is replaced, and where /dev/shm has no room for the ring only the events are
 * missing.
 *
 * One writer, the supervisor. One that takes over from a supervisor that died goes on with its numbers. A
 * clean end unlinks the object; after a death it stays, and can be read.
 *
 * Readers follow by sequence number and never make the writer wait. One that falls behind is told exactly how
 * many it has missed. The protocol is drawn in README.md.
 */
#ifndef KSUPERVISE_COMMON_STATS_EVENTS_H
#define KSUPERVISE_COMMON_STATS_EVENTS_H

#include "common/stats/segment.h"

#include <stdbool.h>

#define EVENTS_KEPT      4096
#define EVENT_TEXT_BYTES 112

/* Every kind once: id, name, what has happened, and how the numbers `from`, `to` and `count` are said ('#' is
 * the number; NULL: the kind does not use it). Who asked, or why, is the event's text. The numbers of the ids
 * stand in objects and in captured files: append only. */
#define EVENT_KINDS(X)                                                                                       \
    X(EVENT_KIND_SUPERVISOR_STARTED, "supervisor-started",                                                   \
      "a supervisor has started, fresh or taking over from one that died", NULL, NULL, "workers: #")         \
    X(EVENT_KIND_SUPERVISOR_STOPPING, "supervisor-stopping", "the instance starts to end in order", NULL,    \
      NULL, NULL)                                                                                            \
    X(EVENT_KIND_SUPERVISOR_STOPPED, "supervisor-stopped",                                                   \
      "the instance has ended in order: its last event", NULL, NULL, "exit code #")                          \
    X(EVENT_KIND_STARTED, "started", "a process of the worker was started", NULL, NULL, NULL)                \
    X(EVENT_KIND_NOT_STARTED, "not-started", "a process of the worker could not be started", NULL, NULL,     \
      NULL)                                                                                                  \
    X(EVENT_KIND_READY, "ready", "it has joined its group, and works", NULL, NULL, "partitions: #")          \
    X(EVENT_KIND_DIED, "died",                                                                               \
      "its process ended without being asked to; the offsets are sums over its partitions", "committed #",   \
      "processed up to #", NULL)                                                                             \
    X(EVENT_KIND_RESTARTING, "restarting", "a new process follows, after a delay", NULL, NULL, "in # ms")    \
    X(EVENT_KIND_RESUMED, "resumed", "a new process continues; the offsets are sums over its partitions",    \
      "committed #", "resumed at #", "redelivering at most #")                                               \
    X(EVENT_KIND_HELD, "held", "it stays down until it is released", NULL, NULL, NULL)                       \
    X(EVENT_KIND_RELEASED, "released", "it was held, and may start again", NULL, NULL, NULL)                 \
    X(EVENT_KIND_KILLED, "killed", "the supervisor kills its process: it hangs, or its time is up", NULL,    \
      NULL, "after # ms")                                                                                    \
    X(EVENT_KIND_SIGNALLED, "signalled", "its process was sent a signal", NULL, NULL, "signal #")            \
    X(EVENT_KIND_STOPPING, "stopping", "it was told to finish, commit and end", NULL, NULL, NULL)            \
    X(EVENT_KIND_STOPPED, "stopped", "its process has ended as asked", NULL, NULL, NULL)                     \
    X(EVENT_KIND_DONE, "done", "it has finished its work", NULL, NULL, NULL)                                 \
    X(EVENT_KIND_FINISHED, "finished", "every record was produced and committed (--exit-when-done)", NULL,   \
      NULL, NULL)                                                                                            \
    X(EVENT_KIND_CANDIDATES, "candidates", "records that were in flight at a death are taken one by one",    \
      "from offset #", "to #", "records: #")                                                                 \
    X(EVENT_KIND_QUARANTINED, "quarantined", "a record that kills its consumers goes to the dead letters",   \
      "offset #", NULL, NULL)                                                                                \
    X(EVENT_KIND_CLEARED, "cleared", "it came through the poison candidates: batches are whole again", NULL, \
      NULL, NULL)                                                                                            \
    X(EVENT_KIND_ASSIGNED, "assigned", "its group gave it partitions", NULL, NULL, "partitions: #")          \
    X(EVENT_KIND_REVOKED, "revoked", "its group took partitions away", NULL, NULL, "partitions: #")          \
    X(EVENT_KIND_COMMITTED_GAP, "committed-gap", "it continues after records that it has not read",          \
      "from #", "to #", "records lost: #")                                                                   \
    X(EVENT_KIND_RESET, "reset", "the offset of a partition was set", "from #", "to #",                      \
      "partitions more: #")                                                                                  \
    X(EVENT_KIND_ACKNOWLEDGED, "acknowledged", "records of a partition were acknowledged", "from #", "to #", \
      "partitions more: #")                                                                                  \
    X(EVENT_KIND_PAUSED, "paused", "it takes no records", NULL, NULL, NULL)                                  \
    X(EVENT_KIND_UNPAUSED, "unpaused", "it takes records again", NULL, NULL, NULL)                           \
    X(EVENT_KIND_SCALED, "scaled", "the number of a client's workers has changed", "from #", "to #", NULL)   \
    X(EVENT_KIND_RATE, "rate", "the producer's pace has changed", NULL, NULL, "records a second: #")         \
    X(EVENT_KIND_CONFIG, "config", "the configuration was read again", NULL, NULL, "workers changed: #")     \
    X(EVENT_KIND_BROKER_AWAY, "broker-away", "no broker answers any more", NULL, NULL, NULL)                 \
    X(EVENT_KIND_BROKER_BACK, "broker-back", "a broker answers again", NULL, NULL, "after # ms")             \
    X(EVENT_KIND_TROUBLE, "trouble", "something is wrong, but the worker continues", NULL, NULL, NULL)       \
    X(EVENT_KIND_TROUBLE_OVER, "trouble-over", "what was wrong is over", NULL, NULL, NULL)                   \
    X(EVENT_KIND_REPLAYED, "replayed", "dead letters were sent back to their topic", NULL, NULL, "records: #")

enum event_kind {
    EVENT_KIND_NONE, /* of no event */
#define X(id, name, help, from, to, count) id,
    EVENT_KINDS(X)
#undef X
        EVENT_KIND_COUNT
};

/* Numbers that are not known are STATS_UNKNOWN: event_init. */
struct event {
    uint64_t sequence;           /* 1, 2, … without a gap; given by events_add */
    int64_t time_us;             /* wall time; 0: events_add takes the present */
    int64_t kind;                /* enum event_kind; a reader may meet one of a newer build */
    int64_t generation, pid;     /* of the worker's process; the supervisor's pid where there is no worker */
    int64_t partition;           /* unknown: all of them, or none */
    int64_t from, to, count;     /* the kind says what they are */
    char worker[48];             /* "": the instance itself */
    char text[EVENT_TEXT_BYTES]; /* the cause, a plain phrase, cut to fit; "": there is nothing to say */
};

/* An event of that kind of which nothing else is known. */
void event_init(struct event *event, enum event_kind kind);

/* What a kind is. Strings are "" where there is none. */
struct event_about {
    const char *name, *help;
    const char *from, *to, *count; /* how the number is said, '#' being it */
};

/* Of this build's kinds; those that it does not know are called "?". */
struct event_about event_about(int64_t kind);
const char *event_kind_name(int64_t kind);

/* --- writing: the supervisor, one thread; all calls but the first take NULL and do nothing -------------- */
struct events_writer;

/* Goes on with the object of that name where it is whole and of this build, else makes it anew: its numbers
 * begin at 1. The caller is the instance, and so the only writer (directory_create sees to it). -1 and
 * *writer NULL where there is no room for it, or the name is somebody else's. */
int events_open(struct events_writer **writer, const char *instance, struct error *error);

/* No allocation, no lock, and one system call, which wakes the readers that wait. */
void events_add(struct events_writer *writer, const struct event *event);

/* Readers that have it open still read its last events when it is unlinked. */
void events_close(struct events_writer *writer, bool unlink_object);

/* --- reading: any process of the same user; a reader belongs to one thread ------------------------------ */
struct events_reader;

/* EXIT_CODE_NOT_RUNNING when there is none. */
int events_reader_open(struct events_reader **reader, const char *instance, struct error *error);

/* From a descriptor, which stays the caller's. Such a reader does not follow an object that is replaced. */
int events_reader_take(struct events_reader **reader, int fd, struct error *error);
void events_reader_close(struct events_reader *reader); /* NULL is fine */

/* The next event after number `after`. 1: *event is filled, and *missed says how many between the two were
 * overwritten; 0: there is none yet; -1: the object cannot be read. 0 is before the oldest that is kept, and
 * nothing was missed then. So is a number that the ring has not reached: it is of a ring that is gone, as one
 * is whose name leads to a new object when all of the old one was read. */
int events_read(struct events_reader *reader, uint64_t after, struct event *event, uint64_t *missed,
                struct error *error);

/* Sleeps until there is one after `after`, and at most timeout_us; a signal ends it too. It does not poll
 * (futex(2) on a read-only mapping, which it never reads through: a truncated object is no SIGBUS). */
void events_wait(struct events_reader *reader, uint64_t after, int64_t timeout_us);

/* The number of the newest; 0: there is none, or it cannot be read. */
uint64_t events_newest(const struct events_reader *reader);
/* When the ring that is read now was made, in microseconds since the epoch: which one it is. Numbers begin
 * anew in the next one. */
int64_t events_created_us(const struct events_reader *reader);

/* What a kind is in the build that writes the ring. Valid until the reader is closed. */
struct event_about events_about(const struct events_reader *reader, int64_t kind);

#endif
