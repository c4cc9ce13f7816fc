/* verb_peek.h: the verb `peek`: records of a topic at an offset, by a process of its own (peek.h). A row of
 * the table in verbs.c. */
#ifndef KSUPERVISE_SUPERVISOR_VERB_PEEK_H
#define KSUPERVISE_SUPERVISOR_VERB_PEEK_H

#include "supervisor/verbs.h"

/* The target is the topic, any of the cluster's; the argument PARTITION OFFSET [N]. */
enum progress verb_peek_begin(struct request *request, struct error *error);
enum progress verb_peek_check(struct request *request, struct error *error);
void verb_peek_lines(struct request *request, msgpack_packer *packer);

#endif
