/* fleet_case.h: what the tests of a whole fleet do to its workers, and look at. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_FLEET_CASE_H
#define KSUPERVISE_TESTS_SUPERVISOR_FLEET_CASE_H

#include "tests/supervisor/fleet_stage.h"

static struct error error;

static inline void runs(const char *name, bool wanted)
{
    ck_assert_msg((fleet_worker(name)->process.pid != 0) == wanted, "%s %s", name,
                  wanted ? "does not run" : "runs");
}

static inline void ends(const char *name, int exit_status)
{
    fake_ends(&fleet_worker(name)->process, exit_status, 0);
    fleet_turn();
    fleet_turn();
}

static struct rpc_message message;
static inline const char *hears(const char *name)
{
    return fake_hears(fleet_worker(name), &message);
}

static inline void open_real(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1", "--hang-after", "8s", "--start-timeout",
               "60s");
}

#endif
