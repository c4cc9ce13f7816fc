#include "supervisor/control/verb_status.h"

#include <inttypes.h>

#include "common/rpc/pack.h"
#include "common/stats/liveness.h"
#include "common/text.h"
#include "supervisor/control/request.h"
#include "supervisor/log/line.h"
#include "supervisor/states.h"

enum { WORKER_TEXT_BYTES = 256 + 2 * DIRECTORY_REASON_BYTES };

/* Stopped by SIGSTOP: it keeps its partitions until its session times out, and does nothing. */
static bool is_stopped(const struct worker *worker)
{
    return worker->process.pid != 0 && liveness_stopped(worker->process.pid);
}

/* What there is to say, in this order. */
static void describe(const struct worker *worker, char line[WORKER_TEXT_BYTES])
{
    int pid = (int)worker->process.pid;
    size_t used =
        text_append(line, WORKER_TEXT_BYTES, 0, "%s: %s", worker->name, worker_state_name(worker->state));
    if (pid != 0)
        used = text_append(line, WORKER_TEXT_BYTES, used, ", pid %d, generation %" PRIu64, pid,
                           worker->generation);
    if (is_stopped(worker))
        used = text_append(line, WORKER_TEXT_BYTES, used, ", stopped: continue it with kill -CONT %d", pid);
    if (worker->state == WORKER_READY_IDLE)
        used = text_append(line, WORKER_TEXT_BYTES, used, ", " WORKER_IDLE_TEXT);
    if (worker->paused)
        used = text_append(line, WORKER_TEXT_BYTES, used, ", paused");
    if (worker->on_request && pid != 0)
        used = text_append(line, WORKER_TEXT_BYTES, used, ", makes no records: for 'kctl produce'");
    if (pid != 0 && worker->version[0] != '\0')
        used = text_append(line, WORKER_TEXT_BYTES, used, ", version %s", worker->version);
    if (worker->reason[0] != '\0')
        used = text_append(line, WORKER_TEXT_BYTES, used, ", %s", worker->reason);
    if (worker->trouble[0] != '\0')
        text_append(line, WORKER_TEXT_BYTES, used, ", trouble: %s", worker->trouble);
}

void verb_lines(struct request *request, msgpack_packer *packer)
{
    struct supervisor *supervisor = request->supervisor;
    char line[WORKER_TEXT_BYTES];
    if (request->verb->lines != NULL) {
        request->verb->lines(request, packer);
        return;
    }
    msgpack_pack_array(packer, request_count_meant(request));
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        if (!request_means(request, supervisor->workers[i]))
            continue;
        describe(supervisor->workers[i], line);
        rpc_pack_text(packer, line);
    }
}

static void pack_worker(const struct worker *worker, msgpack_packer *packer)
{
    msgpack_pack_map(packer, 11);
    rpc_pack_text(packer, "name");
    rpc_pack_text(packer, worker->name);
    rpc_pack_text(packer, "client");
    rpc_pack_text(packer, worker->client);
    rpc_pack_text(packer, "state");
    rpc_pack_text(packer, worker_state_name(worker->state));
    rpc_pack_text(packer, "pid");
    worker->process.pid != 0 ? msgpack_pack_int64(packer, worker->process.pid) : msgpack_pack_nil(packer);
    rpc_pack_text(packer, "stopped");
    is_stopped(worker) ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
    rpc_pack_text(packer, "generation");
    msgpack_pack_uint64(packer, worker->generation);
    rpc_pack_text(packer, "version");
    rpc_pack_text(packer, worker->version);
    rpc_pack_text(packer, "restarts");
    msgpack_pack_uint64(packer, worker->restarts);
    rpc_pack_text(packer, "paused");
    worker->paused ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
    rpc_pack_text(packer, "reason");
    rpc_pack_text(packer, worker->reason);
    rpc_pack_text(packer, "trouble");
    rpc_pack_text(packer, worker->trouble);
}

void verb_pack_workers(struct request *request, msgpack_packer *packer)
{
    msgpack_pack_array(packer, request_count_meant(request));
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (request_means(request, request->supervisor->workers[i]))
            pack_worker(request->supervisor->workers[i], packer);
}
