#include "supervisor/spec.h"

#include "supervisor/config/topics.h"
#include "supervisor/count.h"
#include "supervisor/supervisor.h"

_Static_assert(TOPICS_MAX == CONFIG_TOPICS_MAX, "a specification has room for all topics");

void spec_of_worker(struct worker *worker, struct worker_spec *spec)
{
    const struct supervisor *supervisor = worker->supervisor;
    *spec = (struct worker_spec){
        .kind = worker->kind,
        .name = worker->name,
        .client = worker->client,
        .group = worker->group,
        .settings = worker->settings,
        .instance = supervisor->settings,
        .bootstrap = supervisor->brokers.bootstrap,
        .host = supervisor->host,
        .poison = &supervisor->poison,
        .reset = worker->started_for.text,
        .remaining = count_remaining(worker),
        .takes_over = worker->takes_over,
        .on_request = worker->on_request,
        .keeps_group = worker->own_group[0] != '\0',
        .publish = worker->segment_fd != -1,
    };
    if (worker->kind == KIND_BROKER || worker->kind == KIND_PROVISION) /* who makes them */
        spec->topic_count = topics_used(supervisor, spec->topics);
}
