/* complete_names.h: names for a shell's completion (options_complete.h) that are in no table: of running
 * instances and workers, and from other programs. Nothing here contacts Kafka. */
#ifndef KSUPERVISE_COMMON_COMPLETE_NAMES_H
#define KSUPERVISE_COMMON_COMPLETE_NAMES_H

#include "common/options_complete.h"

/* Instances that have a directory. */
void complete_instances(const struct completion *completion);
/* The workers and clients of the completion's instance, or of all where it says none. */
void complete_workers(const struct completion *completion);
/* The groups of their consumers. */
void complete_groups(const struct completion *completion);
/* The workloads' own, and those that the workers of these instances work on. */
void complete_topics(const struct completion *completion);
/* Of a pipeline, behind its last comma: asks kconsume, which stands beside this program. */
void complete_stages(const struct completion *completion);

/* The values of these options: instance, topic, group, pipeline. */
void complete_known_options(const struct completion *completion);

#endif
