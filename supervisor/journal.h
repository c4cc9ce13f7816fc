/* journal.h: what happens, published for readers of the instance: the ring of events of
 * common/stats/events.h. Each event is written where it happens, beside the line for people if there is one.
 * Without a ring (no room for it) nothing is written. */
#ifndef KSUPERVISE_SUPERVISOR_JOURNAL_H
#define KSUPERVISE_SUPERVISOR_JOURNAL_H

#include "common/stats/events.h"
#include "supervisor/log/offsets_text.h"
#include "supervisor/supervisor.h"

/* Opens the ring; where it cannot, that is told, and the instance runs without. */
void journal_open(struct supervisor *supervisor);
/* With the instance's last event. */
void journal_close(struct supervisor *supervisor, bool unlink_object);

/* The beginnings of events: of the worker's present process, of the supervisor. The caller adds numbers. */
struct event journal_of(const struct worker *worker, enum event_kind kind);
struct event journal_of_instance(enum event_kind kind);

/* Writes it, with that text. Behind the text stands who asked, when somebody did: supervisor->cause. */
void journal_add(struct supervisor *supervisor, struct event *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One without numbers; one without a text of its own either. */
void journal_note(struct worker *worker, enum event_kind kind);
void journal_note_instance(struct supervisor *supervisor, enum event_kind kind);
void journal_tell(struct worker *worker, enum event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A worker says that no broker answers, or that one does. An outage is told once, by the first worker that
 * meets it, and its end when the last of them has a broker again. */
void journal_broker(struct worker *worker, bool away);

/* The producer's new pace; a client's new number of workers, before it changes. A client that is not there is
 * not told. */
void journal_rate(struct worker *producer);
void journal_scale(struct supervisor *supervisor, const char *client, unsigned count);

/* That this supervisor has started: in the place of the one with that pid, or with 0 of none. */
void journal_start(struct supervisor *supervisor, int former_pid);

/* How its last process ended, and where it left its group. */
void journal_death(struct worker *worker, const char *how);

/* That it has ended as asked. */
void journal_stop(struct worker *worker);

/* That the supervisor kills it, with what has lasted since when (monotonic). */
void journal_kill(struct worker *worker, int64_t since_us, const char *why);

/* That a new one follows; other verdicts have events of their own. */
void journal_restart(struct worker *worker, enum restart_verdict verdict, int64_t delay_us);

/* Where its new process goes on, and when. */
void journal_resume(struct worker *worker, const struct resumption *sum, const char *when);

#endif
