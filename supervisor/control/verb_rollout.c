#include "supervisor/control/verb_rollout.h"

#include "common/options.h"
#include "common/rpc/pack.h"
#include "supervisor/control/request.h"
#include "supervisor/control/reload.h"
#include "supervisor/control/rollout.h"

/* --- beginning ----------------------------------------------------------------------------------------- */

/* A worker that was stopped, or has finished its work, is not started by this. */
static bool takes_part(const struct request *request, const struct worker *worker)
{
    return request_means(request, worker) && worker->kind == KIND_CONSUMER && !worker->retired &&
           worker->state != WORKER_DOWN && worker->state != WORKER_DONE && worker->state != WORKER_STOPPING;
}

static struct rollout_row *rolling_rows(const struct request *request, size_t *count, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    struct rollout_row *rows = calloc(supervisor->worker_count, sizeof *rows);
    *count = 0;
    for (size_t i = 0; rows != NULL && i < supervisor->worker_count; i++)
        if (takes_part(request, supervisor->workers[i]))
            rows[(*count)++] =
                (struct rollout_row){.worker = supervisor->workers[i], .kind = ROLLOUT_RESTART};
    if (rows != NULL && *count > 0)
        return rows;
    error_set(error, rows == NULL ? "out of memory" : "no consumer of '%s' runs", request->target);
    free(rows);
    return NULL;
}

enum progress verb_rolling_begin(struct request *request, struct error *error)
{
    int64_t max_lag = ROLLOUT_LAG_SETTINGS;
    size_t count;
    if (request->argument[0] != '\0' &&
        option_parse_integer(request->argument, 0, INT64_MAX, &max_lag, error) == -1) {
        error_context(error, "rolling-restart %s: records behind", request->target);
        return PROGRESS_FAILED;
    }
    if (request_check_target(request, error) == PROGRESS_FAILED ||
        rollout_refuse(request->supervisor, error) == -1)
        return PROGRESS_FAILED;
    struct rollout_row *rows = rolling_rows(request, &count, error);
    if (rows == NULL ||
        rollout_begin(request->supervisor, "rolling restart", rows, count, false, max_lag, error) == -1)
        return PROGRESS_FAILED;
    return PROGRESS_WAITING;
}

enum progress verb_reload_begin(struct request *request, struct error *error)
{
    return reload_begin(request->supervisor, error) == -1 ? PROGRESS_FAILED : PROGRESS_WAITING;
}

enum progress verb_reload_check(struct request *request, struct error *error)
{
    const struct reload *reload = request->supervisor->reload;
    reload_check(request->supervisor);
    if (reload->next != NULL)
        return PROGRESS_WAITING;
    if (reload->reason[0] == '\0')
        return verb_rollout_check(request, error);
    error_set(error, "%s", reload->reason);
    return PROGRESS_FAILED;
}

enum progress verb_rollout_check(struct request *request, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    rollout_check(supervisor); /* a reload that touches nobody is over at once */
    const struct rollout *rollout = supervisor->rollout;
    if (rollout->under_way)
        return PROGRESS_WAITING;
    if (rollout->reason[0] == '\0')
        return PROGRESS_DONE;
    error_set(error, "%s", rollout->reason);
    return PROGRESS_FAILED;
}

/* --- what it changed ----------------------------------------------------------------------------------- */

/* While a reload is being validated, the rollout still has the rows of the former one. */
static size_t row_count(const struct request *request)
{
    return request->supervisor->reload->next != NULL ? 0 : request->supervisor->rollout->count;
}

void verb_rollout_lines(struct request *request, msgpack_packer *packer)
{
    const struct rollout *rollout = request->supervisor->rollout;
    size_t count = row_count(request);
    char text[1024];
    msgpack_pack_array(packer, count > 0 ? count : 1);
    for (size_t i = 0; i < count; i++) {
        rollout_row_text(&rollout->rows[i], text, sizeof text);
        rpc_pack_text(packer, text);
    }
    if (count == 0)
        rpc_pack_text(packer, request->supervisor->reload->next != NULL
                                  ? "the configuration is being read; the outcome is in the supervisor's log"
                                  : "nothing has changed for any worker");
}

static void pack_setting(const struct rollout_setting *setting, msgpack_packer *packer)
{
    msgpack_pack_map(packer, 3);
    rpc_pack_text(packer, "name");
    rpc_pack_text(packer, setting->name);
    rpc_pack_text(packer, "from");
    rpc_pack_text(packer, setting->from);
    rpc_pack_text(packer, "to");
    rpc_pack_text(packer, setting->to);
}

static void pack_change(const struct rollout_row *row, msgpack_packer *packer)
{
    msgpack_pack_map(packer, 5);
    rpc_pack_text(packer, "worker");
    rpc_pack_text(packer, row->worker->name);
    rpc_pack_text(packer, "change");
    rpc_pack_text(packer, rollout_kind_name(row->kind));
    rpc_pack_text(packer, "pid");
    msgpack_pack_int64(packer, row->worker->process.pid);
    rpc_pack_text(packer, "generation");
    msgpack_pack_uint64(packer, row->worker->generation);
    rpc_pack_text(packer, "settings");
    msgpack_pack_array(packer, row->setting_count);
    for (size_t i = 0; i < row->setting_count; i++)
        pack_setting(&row->settings[i], packer);
}

void verb_rollout_changes(struct request *request, msgpack_packer *packer)
{
    const struct rollout *rollout = request->supervisor->rollout;
    msgpack_pack_array(packer, row_count(request));
    for (size_t i = 0; i < row_count(request); i++)
        pack_change(&rollout->rows[i], packer);
}
