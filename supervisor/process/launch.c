#include "supervisor/process/launch.h"

#include <errno.h>
#include <limits.h>

int launch(const struct launch *launch, struct process *process, struct watch *watch, struct error *error)
{
    struct spawn_request request = launch->request;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", launch->folder, launch->program);
    request.path = path;
    if (process_spawn(process, &request, error) == -1)
        return -1;
    /* The watch owns its descriptor, and process_reap needs one: so a copy. */
    int watched = dup(process->pidfd);
    if (watched != -1 &&
        reactor_add(launch->reactor, watch, watched, launch->ended, launch->context, error) == 0)
        return 0;
    error_set(error, "cannot watch %s: %m", path);
    if (watched != -1)
        close(watched);
    process_abandon(process);
    return -1;
}
