/* worker_config.h: which program a slot runs, and the configuration that its process gets on a descriptor. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_WORKER_CONFIG_H
#define KSUPERVISE_SUPERVISOR_PROCESS_WORKER_CONFIG_H

#include "supervisor/config/config.h"
#include "supervisor/worker.h"

/* "kconsume", "kproduce", … */
const char *worker_config_program(enum worker_kind kind);

/* True when a process of this kind publishes statistics. */
bool worker_config_publishes(enum worker_kind kind);

/* True when one of this kind listens to its channel: another is told by a signal. */
bool worker_config_listens(enum worker_kind kind);

/* The words of its command line: nothing secret stands there. Ends with NULL. */
#define WORKER_CONFIG_WORDS (8 + CONFIG_TOPICS_MAX)
void worker_config_arguments(const struct worker *worker, const char *words[WORKER_CONFIG_WORDS]);

/* True when a process under these settings would be told something else than one under the worker's own. What
 * stands in a file that a property names (@FILE) is not looked at. */
bool worker_config_differs(const struct worker *worker, const struct settings *next);

/* A descriptor with its configuration, or -1 with the error. `publish`: there is a segment for it. */
int worker_config(struct worker *worker, bool publish, struct error *error);

/* A number for what it would be told, but for who it is (client, group, instance id): workers with the same
 * one are told the same. 0: not known. */
uint64_t worker_config_digest(struct worker *worker);

/* Records acknowledged so far, over all generations; 0 without statistics. */
int64_t worker_config_acknowledged(struct worker *worker);

/* What is left of --count for the next process, never negative. A record that was sent and not acknowledged
 * counts as not sent: it may be there twice, and is not missing. */
int64_t worker_config_remaining(struct worker *worker);
/* A producer with --count that has nothing left of it: another process would be told 0, which is no end. */
bool worker_config_is_finished(struct worker *worker);

#endif
