/* explain.h: the tables that the supervisor works by, for people: --explain-states, --explain-exits, --check.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_EXPLAIN_H
#define KSUPERVISE_SUPERVISOR_CONFIG_EXPLAIN_H

#include "supervisor/config/config.h"

/* Every state, the events that can come in it, what is done and where it leads: states.c's own table. */
void explain_states(FILE *stream);

/* Every exit code of common/exit_codes.h, its meaning, and what follows from it. */
void explain_exits(FILE *stream);

/* What would run, a line a worker, with what was said for it. Values of properties are not shown: they may be
 * secrets. */
void explain_config(const struct config *config, FILE *stream);

#endif
