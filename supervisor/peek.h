/* peek.h: `ktopic peek` as a process of the supervisor's, whose output is kept, bounded: the properties of
 * the instance's Kafka reach it on a descriptor, as they reach a worker. A request owns one.
 *
 * Nobody waits for it but the reactor. The supervisor's thread only.
 */
#ifndef KSUPERVISE_SUPERVISOR_PEEK_H
#define KSUPERVISE_SUPERVISOR_PEEK_H

#include "supervisor/request.h"

/* What it may print: an answer has to fit into what a client takes (1 MiB). */
#define PEEK_BYTES_MAX (768 * 1024)
#define PEEKS_MAX      4 /* at once */

/* Starts it with these operands (topic, partition, offset, how many), which ends with NULL. NULL with the
 * error.
 */
struct peek *peek_start(struct supervisor *supervisor, const char *const operands[], struct error *error);

/* PROGRESS_DONE when it has ended well; PROGRESS_FAILED with its own error. */
enum progress peek_check(struct peek *peek, struct error *error);

/* What it has printed, a record a line, NUL-terminated; lines end with '\n'. */
const char *peek_text(const struct peek *peek);

/* Ends its process, if it runs. NULL is fine. */
void peek_free(struct peek *peek);

/* True when that is the process of one: it is reaped here. */
bool peek_owns(const struct supervisor *supervisor, pid_t pid);

#endif
