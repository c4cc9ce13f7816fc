/* verb_ktopic.h: the verbs that need Kafka, which a process of ktopic's carries out (ktopic.h): `peek`,
 * `dead-letters`. Rows of the table in verbs.c. The target is a topic, any of the cluster's.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_KTOPIC_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_KTOPIC_H

#include "supervisor/control/verb.h"

#define VERB_KTOPIC_SHOWN     50 /* dead letters, unless told */
#define VERB_KTOPIC_SHOWN_MAX 500

#define VERB_PEEK_LATE    "it was ended"
#define VERB_LETTERS_LATE "it was ended; the next replay continues where it stopped, and sends nothing twice"

/* The argument: PARTITION OFFSET [N]. */
enum progress verb_peek_begin(struct request *request, struct error *error);
/* The argument: list | show [N] | replay [dry-run]. */
enum progress verb_letters_begin(struct request *request, struct error *error);

/* Of both: the lines are what ktopic has printed. */
enum progress verb_ktopic_check(struct request *request, struct error *error);
void verb_ktopic_lines(struct request *request, msgpack_packer *packer);

#endif
