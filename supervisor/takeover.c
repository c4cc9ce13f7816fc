#include "supervisor/takeover.h"

#include <strings.h>

#include "common/text.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/journal.h"
#include "supervisor/log/report.h"

struct directory *takeover_look(const struct supervisor *supervisor)
{
    struct directory *former = NULL;
    return directory_open(&former, supervisor->settings->instance, NULL) == 0 ? former : NULL;
}

/* Its workers died with it (PDEATHSIG). One that did not (the signal is bound to the thread that created it)
 * is ended here. */
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

/* --- the scale ----------------------------------------------------------------------------------------- */

/* The workers that `kctl scale` made are in no configuration, only in the directory. They were made in the
 * order of their numbers, and are made again in that order. */
static struct worker *have(struct supervisor *supervisor, const struct directory_worker *row)
{
    struct worker *worker = fleet_find(supervisor, row->name);
    if (worker == NULL && row->kind == STATS_KIND_PRODUCER && strcasecmp(row->name, PRODUCER_WORKER) == 0) {
        worker = fleet_add(supervisor, config_producer(supervisor->config), NULL);
        if (worker != NULL)
            worker->retired = true; /* there is none now; the next goes on with the numbers */
    }
    if (worker != NULL || row->kind != STATS_KIND_CONSUMER || row->client[0] == '\0')
        return worker;
    return fleet_add_again(supervisor, row->client, row->name, row->retired != 0);
}

static unsigned count_of(const struct supervisor *supervisor, const struct worker *first)
{
    unsigned count = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        count += fleet_is_of(supervisor->workers[i], first->client) && !supervisor->workers[i]->retired;
    return count;
}

/* "; bravo has 3 workers, as it was scaled" of each client that has more than one. */
static void tell(struct supervisor *supervisor, pid_t pid)
{
    char text[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        bool first = worker->kind == KIND_CONSUMER && strcasecmp(worker->name, worker->client) == 0;
        if (first && count_of(supervisor, worker) > 1)
            used = text_append(text, sizeof text, used, "; %s has %u workers, as it was scaled",
                               worker->client, count_of(supervisor, worker));
    }
    report_line(supervisor, "taking over from pid %d: counters and generations continue%s", (int)pid, text);
    journal_start(supervisor, (int)pid);
}

void takeover(struct supervisor *supervisor, struct directory *former)
{
    struct directory_worker row;
    if (former == NULL) {
        journal_start(supervisor, 0);
        return;
    }
    for (size_t i = 0; i < directory_count(former); i++) {
        if (!directory_worker(former, i, &row))
            continue;
        struct worker *worker = have(supervisor, &row);
        if (worker != NULL)
            go_on(worker, &row);
        end_survivor(&row);
    }
    tell(supervisor, directory_pid(former));
    directory_free(former);
}
