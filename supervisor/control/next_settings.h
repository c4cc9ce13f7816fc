/* next_settings.h: what a worker's settings are under a configuration that is not the fleet's yet. A client
 * that was added (kctl add-client) is in none, and stays; one that the configuration names is the
 * configuration's. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_NEXT_SETTINGS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_NEXT_SETTINGS_H

#include "supervisor/supervisor.h"

/* NULL: it has no such worker. */
const struct settings *next_settings_of(const struct config *config, const struct worker *worker);
/* Its client is one that the configuration names. */
bool next_settings_take_over(const struct config *config, const struct worker *worker);
/* It was added in a group of its own, and is taken over into another one. */
bool next_settings_move(const struct config *config, const struct worker *worker);

#endif
