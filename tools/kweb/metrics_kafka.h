/* metrics_kafka.h: the families of metrics_kafka_write, for the reference page. */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_KAFKA_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_KAFKA_H

#include "tools/kweb/exposition.h"

struct metrics_kafka_family {
    struct exposition_family head;
    const char *labels;  /* "consumergroup, topic, partition" */
    const char *queried; /* by which dashboard */
};
/* NULL past the last. */
const struct metrics_kafka_family *metrics_kafka_family(size_t index);

#endif
