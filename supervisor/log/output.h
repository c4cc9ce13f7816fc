/* output.h: what a worker prints: its stdout and stderr arrive on one pipe, are cut into lines (a longer one
 * than OUTPUT_LINE_BYTES into pieces of that size), and go to the printer with a prefix. Reading never waits,
 * and the worker's pipe is emptied as fast as it fills: a worker does not block on its own output. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_OUTPUT_H
#define KSUPERVISE_SUPERVISOR_LOG_OUTPUT_H

#include "supervisor/worker.h"

/* Makes the pipe; our end is watched, the other is returned for the spawn (the caller closes it). -1 with the
 * error. */
int output_open(struct worker *worker, struct error *error);

/* Takes what is still in the pipe, without waiting for more (a grandchild may hold it open), then closes it.
 */
void output_close(struct worker *worker);

#endif
