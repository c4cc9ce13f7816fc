#include "supervisor/fleet.h"

#include "common/runtime.h"
#include "common/stats/history.h"
#include "common/stats/kept.h"
#include "supervisor/evidence.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/journal.h"
#include "supervisor/process/segment.h"
#include "supervisor/publish.h"
#include "supervisor/takeover.h"

static int add_all(struct supervisor *supervisor)
{
    const struct settings *settings = supervisor->settings;
    bool embedded = settings_embedded(settings);
    for (size_t i = 0; i < settings->clients.count; i++)
        if (fleet_add_consumer(supervisor, config_client(supervisor->config, i), settings->clients.items[i],
                               settings->clients.items[i], (unsigned)i) == NULL)
            return -1;
    if (!settings->no_producer && fleet_add_slot(supervisor, config_producer(supervisor->config),
                                                 KIND_PRODUCER, PRODUCER_WORKER) == NULL)
        return -1;
    if (settings->http != NULL && fleet_add_slot(supervisor, settings, KIND_WEB, "kweb") == NULL)
        return -1;
    return fleet_add_slot(supervisor, settings, embedded ? KIND_BROKER : KIND_PROVISION,
                          embedded ? "kbroker" : "provision") == NULL
               ? -1
               : 0;
}

int fleet_init(struct supervisor *supervisor, struct error *error)
{
    const struct settings *settings = supervisor->settings;
    if (add_all(supervisor) == -1)
        return error_set(error, "out of memory");
    struct directory *former = takeover_look(supervisor);
    if (directory_create(&supervisor->directory, settings->instance, supervisor->birth_id,
                         (uint32_t)supervisor->worker_count, error) == -1) {
        directory_free(former);
        return -1;
    }
    journal_open(supervisor);
    takeover(supervisor, former);
    supervisor->brokers = settings->brokers;
    evidence_take_over(supervisor);
    if (supervisor->brokers.bootstrap[0] != '\0')
        directory_set_bootstrap(supervisor->directory, supervisor->brokers.bootstrap);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        publish_worker(supervisor->workers[i]);
    return 0;
}

/* kweb removes it itself, unless it was killed or never came to listen. */
static void remove_token(const struct supervisor *supervisor)
{
    char path[PATH_MAX];
    if (supervisor->settings->http != NULL && runtime_token(path, supervisor->settings->instance, NULL) == 0)
        unlink(path);
}

void fleet_release(struct supervisor *supervisor)
{
    bool keep = supervisor->settings->keep;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        segment_release(worker);
        progress_release(&worker->progress);
        free(worker->output.partial);
        tail_release(&worker->tail);
        free(worker);
    }
    if (!keep) {
        segment_unlink_all(supervisor->settings->instance);
        kept_unlink(supervisor->settings->instance);
        history_unlink(supervisor->settings->instance);
    }
    remove_token(supervisor);
    journal_close(supervisor, !keep);
    directory_close(supervisor->directory, !keep);
    free(supervisor->workers);
    poison_release(&supervisor->poison);
}
