#include "supervisor/publish.h"

#include "supervisor/log/report.h"
#include "supervisor/process/kinds.h"

void publish_worker(struct worker *worker)
{
    struct supervisor *supervisor = worker->supervisor;
    if (!kind_publishes(worker->kind) || supervisor->directory == NULL)
        return;
    struct directory_worker row = {
        .kind = worker->kind == KIND_PRODUCER ? STATS_KIND_PRODUCER : STATS_KIND_CONSUMER,
        .state = worker->state,
        .state_since_us = worker->state_since_us,
        .pid = worker->process.pid,
        .start_ticks = (int64_t)worker->process.start_ticks,
        .generation = (int64_t)worker->generation,
        .restarts = (int64_t)worker->restarts,
        .next_restart_us = worker->next_restart_us,
        .retired = worker->retired,
        .last_death = worker->last_death,
    };
    snprintf(row.name, sizeof row.name, "%s", worker->name);
    snprintf(row.client, sizeof row.client, "%s", worker->client);
    snprintf(row.group, sizeof row.group, "%s", worker->group);
    snprintf(row.reason, sizeof row.reason, "%s",
             worker->reason[0] != '\0' ? worker->reason : worker->trouble);
    struct error error = ERROR_INIT;
    if (directory_publish(supervisor->directory, worker->index, &row, &error) == -1)
        report_line(supervisor, "%s", error.text);
}
