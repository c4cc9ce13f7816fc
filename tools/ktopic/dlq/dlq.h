/* dlq.h: what can be done with the dead letters of a topic. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_DLQ_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_DLQ_H

#include "tools/ktopic/dlq/letters.h"

/* How many there are, by group, stage and reason. */
int dlq_list(struct letters *letters, struct error *error);

/* Each with why it is here, and the record, decoded where that can be. */
int dlq_show(struct letters *letters, struct error *error);

/* Sends the chosen ones back to their topic, each once (replay.c says how). With dry_run says what it would
 * do. */
int dlq_replay(struct letters *letters, struct error *error);

#endif
