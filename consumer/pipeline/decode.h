/* decode.h: from a message to a record of the consumer's schema. */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_DECODE_H
#define KSUPERVISE_CONSUMER_PIPELINE_DECODE_H

#include "common/record/record.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#define DECODE_WHY_BYTES 256

enum decoded {
    DECODE_OK,
    DECODE_DEAD,         /* it is no record of this schema: `why` says the reason */
    DECODE_TOMBSTONE,    /* it has no value, which is another thing than an empty one; `why` says so */
    DECODE_UNKNOWN_MAJOR /* of a version that this build does not know: not the record's fault */
};

/* `first_of_run`: the message before it was of another partition, or there was none. */
enum decoded decode_message(const struct schema *schema, const rd_kafka_message_t *message, bool first_of_run,
                            struct record *record, char why[DECODE_WHY_BYTES]);

#endif
