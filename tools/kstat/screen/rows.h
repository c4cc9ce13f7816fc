/* rows.h: the workers of one moment as the screen lists them, the worst first. One thread. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SCREEN_ROWS_H
#define KSUPERVISE_TOOLS_KSTAT_SCREEN_ROWS_H

#include "tools/kstat/screen/history.h"
#include "tools/kstat/show.h"
#include "common/view/view.h"

/* The higher the worse. */
enum severity {
    SEVERITY_OVER,
    SEVERITY_WELL,
    SEVERITY_BEHIND,
    SEVERITY_UNDER_WAY,
    SEVERITY_STUCK,
    SEVERITY_DEAD,
    SEVERITY_HELD
};

struct row {
    char name[48], client[40], group[STATS_GROUP_BYTES]; /* as in the directory */
    char state[24], phase[24];
    char spark[SPARK_BYTES];
    char note[160]; /* why it is held, or what troubles it */
    enum severity severity;
    bool producer;
    int64_t generation, since_us, phase_us, restarts, failed, p99_us, progress;
    bool rates_known;
    double now, ten, sixty; /* records a second */
    struct behind behind;
};

struct rows {
    struct row *items;
    size_t count, capacity;
    struct view_state_count states[VIEW_STATES_MAX];
    size_t state_count;
    int64_t time_us;
    char *heading; /* the line above everything, as show_heading_of has it; NULL without memory */
};

/* Looks at all workers of a view, lazily, and notes in `history` how far they are, at `us`. 0, or -1 without
 * memory. */
int rows_take(struct rows *rows, struct view *view, const struct view_request *request,
              struct history *history, int64_t us, bool utf8);
void rows_release(struct rows *rows);

/* Has `filter` (without case) in its name, client, group, state or phase; "": all. */
bool row_matches(const struct row *row, const char *filter);

/* Of those that match, `count` from the `first` on, as a table: what cannot be seen need not be made. Returns
 * how many lines that is, with the titles. */
size_t rows_print(const struct rows *rows, const char *filter, size_t first, size_t count,
                  const struct screen *screen, FILE *stream);

#endif
