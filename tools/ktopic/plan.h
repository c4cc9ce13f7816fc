/* plan.h: what provisioning has to do with one topic, decided before anything is changed. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_PLAN_H
#define KSUPERVISE_TOOLS_KTOPIC_PLAN_H

#include "common/error.h"

#include <stdbool.h>

enum plan { PLAN_REFUSE = -1, PLAN_KEEP, PLAN_CREATE, PLAN_GROW };

/* `present`: its partitions now, 0 when there is no such topic. `is_explicit`: somebody asked for `wanted`
 * partitions by a flag, it is not merely the default. PLAN_REFUSE comes with the error.
 *
 * More partitions than the default are as good. Fewer are grown only when asked: records of a key then go to
 * another partition, and that is not to happen by the way. Kafka cannot take partitions away. */
enum plan plan_topic(const char *topic, int present, int wanted, bool is_explicit, struct error *error);

#endif
