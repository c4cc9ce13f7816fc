#include "supervisor/process/launch.h"

#include <errno.h>

#include "supervisor/process/worker_config.h"

int launch(struct worker *worker, struct spawn_request request, struct reactor *reactor,
           void (*ended)(void *context), void *context, struct error *error)
{
    const struct supervisor *supervisor = worker->supervisor;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", supervisor->folder, worker_config_program(worker->kind));
    request.path = path;
    request.mask = supervisor->original_mask;
    if (process_spawn(&worker->process, &request, error) == -1)
        return -1;
    /* The watch owns its descriptor, and process_reap needs one: so a copy. */
    int watched = dup(worker->process.pidfd);
    if (watched != -1 && reactor_add(reactor, &worker->exit_watch, watched, ended, context, error) == 0)
        return 0;
    error_set(error, "cannot watch %s: %s", path, strerror(errno));
    if (watched != -1)
        close(watched);
    process_abandon(&worker->process);
    return -1;
}
