/* topics.h: which topics the fleet uses: each once, in the order of the workers. */
#ifndef KSUPERVISE_SUPERVISOR_CONFIG_TOPICS_H
#define KSUPERVISE_SUPERVISOR_CONFIG_TOPICS_H

#include "supervisor/supervisor.h"

#define TOPICS_MAX CONFIG_TOPICS_MAX

/* The topics of all consumers and of the producer; without any such worker, that of the settings. Returns how
 * many, at most TOPICS_MAX. The texts are the settings'. */
size_t topics_used(const struct supervisor *supervisor, const char *topics[TOPICS_MAX]);
/* True when it is one of them. */
bool topics_has(const struct supervisor *supervisor, const char *topic);

/* `payments, orders`, truncated to fit. */
void topics_text(const struct supervisor *supervisor, char *text, size_t bytes);

#endif
