/* history.h: runs one plan, from an empty cluster to the end. */
#ifndef KSUPERVISE_TESTS_SIM_HISTORY_H
#define KSUPERVISE_TESTS_SIM_HISTORY_H

#include "tests/sim/oracle.h"
#include "tests/sim/plan.h"

struct outcome {
    enum rule broken;
    char text[ORACLE_TEXT_BYTES];
    uint64_t events;
    int64_t virtual_us;
};

/* `tracing`: every event is a line on stdout. */
struct outcome history_run(const struct plan *plan, bool tracing);

#endif
