#include "common/stats/directory_layout.h"

#define TEXT(member)   FIELD(directory_worker, member, true)
#define NUMBER(member) FIELD(directory_worker, member, false)

const struct stats_field directory_fields[] = {
    TEXT(name),
    TEXT(client),
    TEXT(group),
    TEXT(reason),
    NUMBER(kind),
    NUMBER(state),
    NUMBER(state_since_us),
    NUMBER(pid),
    NUMBER(start_ticks),
    NUMBER(generation),
    NUMBER(restarts),
    NUMBER(next_restart_us),
    NUMBER(retired),
    NUMBER(last_death.time_us),
    NUMBER(last_death.exit_status),
    NUMBER(last_death.signal),
    NUMBER(last_death.core_dumped),
    NUMBER(last_death.generation),
    NUMBER(last_death.pid),
    NUMBER(last_death.user_us),
    NUMBER(last_death.system_us),
    NUMBER(last_death.max_rss_bytes),
    NUMBER(last_death.phase),
    NUMBER(last_death.heartbeat_age_us),
};
_Static_assert(sizeof directory_fields / sizeof directory_fields[0] == DIRECTORY_FIELD_COUNT, "count them");

const char *worker_state_name(enum worker_state state)
{
#define X(id, name) name,
    static const char *const names[] = {WORKER_STATES(X)};
#undef X
    size_t index = (size_t)state;
    return index < sizeof names / sizeof names[0] ? names[index] : "?";
}

void directory_worker_init(struct directory_worker *worker)
{
    memset(worker, 0, sizeof *worker);
    worker->state_since_us = STATS_UNKNOWN;
    worker->next_restart_us = STATS_UNKNOWN;
    worker->last_death.time_us = STATS_UNKNOWN;
    worker->last_death.exit_status = STATS_UNKNOWN;
    worker->last_death.phase = STATS_UNKNOWN;
    worker->last_death.heartbeat_age_us = STATS_UNKNOWN;
}

void directory_name(char name[STATS_NAME_BYTES], const char *instance)
{
    directory_name_beside(name, instance, "");
}

void directory_name_beside(char name[STATS_NAME_BYTES], const char *instance, const char *end)
{
    snprintf(name, STATS_NAME_BYTES, "/ksupervise.%u.%.*s%s", (unsigned)geteuid(), NAME_LENGTH_MAX, instance,
             end);
}
