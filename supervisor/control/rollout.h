/* rollout.h: a change of the fleet that is carried out step by step, whoever asked for it: a reload, a
 * rolling restart. One at a time.
 *
 *   removed workers end → new topics are created → restarts, one after the other → new workers start → over
 *
 * The next restart begins when the previous worker works again and, if asked for, has caught up.
 * The first failure ends the rollout, with the reason; the remaining workers keep their processes.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_ROLLOUT_H
#define KSUPERVISE_SUPERVISOR_CONTROL_ROLLOUT_H

#include "supervisor/supervisor.h"

#define ROLLOUT_SETTINGS_MAX 16
#define ROLLOUT_VALUE_BYTES  64

/* How far behind a restarted consumer may be before the next one is restarted: a number of records, its
 * --max-lag, or any. One that was further behind before its restart only has to be no further than it was. */
#define ROLLOUT_LAG_SETTINGS (-1)
#define ROLLOUT_LAG_ANY      (-2)

enum rollout_kind {
    ROLLOUT_ADJUST,  /* its settings are the supervisor's business: the process is not touched */
    ROLLOUT_RESTART, /* a new process; the group membership is kept, unless group or topic changed */
    ROLLOUT_ADD,
    ROLLOUT_REMOVE,   /* finish, commit, leave the group */
    ROLLOUT_PASS_OVER /* it was stopped before its turn: it stays stopped */
};

/* One setting that changed; the texts are empty where they may be secrets. */
struct rollout_setting {
    char name[ROLLOUT_VALUE_BYTES];
    char from[ROLLOUT_VALUE_BYTES], to[ROLLOUT_VALUE_BYTES];
};

struct rollout_row {
    struct worker *worker;
    enum rollout_kind kind;
    bool over;
    uint64_t generation;                                   /* the one that has to work */
    struct rollout_setting settings[ROLLOUT_SETTINGS_MAX]; /* what does not fit is not told */
    size_t setting_count;
};

/* A change of the fleet that is carried out, or the last one that was. */
enum rollout_step { ROLLOUT_TOPICS, ROLLOUT_RESTARTS, ROLLOUT_STARTS, ROLLOUT_ENDS };

struct rollout {
    const char *title;
    bool under_way;
    const char *reserved; /* something that is to become one is being validated; NULL: nothing is */
    enum rollout_step step;
    struct rollout_row *rows;
    size_t count;
    struct worker *awaited;        /* restarted last */
    int64_t max_lag;               /* how far behind consumers may be */
    int64_t lag_bound;             /* the awaited one's */
    bool lag_awaited;              /* that is what is waited for */
    char reason[ERROR_TEXT_BYTES]; /* why it was stopped; empty: it was not */
};

/* Begins one with these rows, which it takes over (allocated). `title` is what lines call it. `topics`: there
 * are topics to be made first. -1 when one is under way; the rows are freed then. */
int rollout_begin(struct supervisor *supervisor, const char *title, struct rollout_row *rows, size_t count,
                  bool topics, int64_t max_lag, struct error *error);

/* One is under way, or is to come: an error that names it. */
int rollout_refuse(const struct supervisor *supervisor, struct error *error);

/* Advances as far as possible; called after every round of events. */
void rollout_check(struct supervisor *supervisor);
/* The next call is due then, monotonic; INT64_MAX: an event will come. */
int64_t rollout_deadline_us(const struct supervisor *supervisor);

/* "bravo: restarted, pid 12, generation 2 (batch-size: 500 → 50)": what a row means, or has become. */
void rollout_row_text(const struct rollout_row *row, char *text, size_t bytes);
const char *rollout_kind_name(enum rollout_kind kind);

void rollout_release(struct supervisor *supervisor);

#endif
