/* ktopic.h: ktopic as a process of the supervisor's, whose output is kept, bounded: the properties of the
 * instance's Kafka reach it on a descriptor, as they reach a worker. A request owns one.
 *
 * Only the reactor waits for it. The supervisor's thread only. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_KTOPIC_H
#define KSUPERVISE_SUPERVISOR_CONTROL_KTOPIC_H

#include "supervisor/control/verb.h"
#include "supervisor/supervisor.h"

/* What it may print: an answer has to fit into what a client takes (1 MiB). */
#define KTOPIC_BYTES_MAX (768 * 1024)
#define KTOPICS_MAX      4 /* at once */

/* Which of its verbs, and with which words; all are the caller's. The arrays end with NULL. */
struct ktopic_command {
    const char *verb;
    const char *topic; /* whose workload says how its records are read */
    const char *options[4];
    const char *operands[5];
    bool of_letters; /* it is about the dead letters, which a client may have sent to another topic */
    bool alone;      /* not beside another of the same topic that is to be alone, too */
};

/* NULL with the error. */
struct ktopic *ktopic_start(struct supervisor *supervisor, const struct ktopic_command *command,
                            struct error *error);

/* PROGRESS_DONE when it has ended well; PROGRESS_FAILED with its own error. */
enum progress ktopic_check(struct ktopic *ktopic, struct error *error);

/* What it has printed, NUL-terminated; lines end with '\n'. */
const char *ktopic_text(const struct ktopic *ktopic);

/* Ends its process, if it runs. NULL is fine. */
void ktopic_free(struct ktopic *ktopic);

/* True when that is the process of one: it is reaped here. */
bool ktopic_owns(const struct supervisor *supervisor, pid_t pid);

#endif
