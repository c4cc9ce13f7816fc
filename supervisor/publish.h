/* publish.h: what readers of the instance's directory see of a worker. */
#ifndef KSUPERVISE_SUPERVISOR_PUBLISH_H
#define KSUPERVISE_SUPERVISOR_PUBLISH_H

#include "supervisor/worker.h"

/* Puts the worker's row into the directory. Nothing for a kind that has none, nor before the directory is
 * there. */
void publish_worker(struct worker *worker);

#endif
