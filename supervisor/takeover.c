#include "supervisor/takeover.h"

#include <strings.h>

#include "supervisor/report.h"

struct directory *takeover_look(const struct supervisor *supervisor)
{
    struct directory *former = NULL;
    return directory_open(&former, supervisor->settings->instance, NULL) == 0 ? former : NULL;
}

static struct worker *find(const struct supervisor *supervisor, const char *name)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (strcasecmp(supervisor->workers[i]->name, name) == 0)
            return supervisor->workers[i];
    return NULL;
}

/* Its workers died with it (PDEATHSIG); one that did not, because the kernel is told of the death of a thread
 * and not of a stop, is ended. */
static void end_survivor(const struct directory_worker *row)
{
    if (row->pid > 0 && row->start_ticks > 0)
        process_end_survivor((pid_t)row->pid, (uint64_t)row->start_ticks);
}

static void go_on(struct worker *worker, const struct directory_worker *row)
{
    worker->generation = (uint64_t)(row->generation > 0 ? row->generation : 0);
    worker->restarts = (uint64_t)(row->restarts > 0 ? row->restarts : 0);
}

void takeover(struct supervisor *supervisor, struct directory *former)
{
    struct directory_worker row;
    if (former == NULL)
        return;
    for (size_t i = 0; i < directory_count(former); i++) {
        if (!directory_worker(former, i, &row))
            continue;
        struct worker *worker = find(supervisor, row.name);
        if (worker != NULL)
            go_on(worker, &row);
        end_survivor(&row);
    }
    report_line(supervisor, "taking over from pid %d: counters and generations go on",
                (int)directory_pid(former));
    directory_free(former);
}
