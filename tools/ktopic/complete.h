/* complete.h: the words of the verbs, for a shell's completion. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_COMPLETE_H
#define KSUPERVISE_TOOLS_KTOPIC_COMPLETE_H

#include "common/complete_names.h"

/* A topic first; topics throughout; what dlq does, then a topic; a group. */
void complete_topic(const struct completion *completion);
void complete_all_topics(const struct completion *completion);
void complete_dlq(const struct completion *completion);
void complete_group(const struct completion *completion);

#endif
