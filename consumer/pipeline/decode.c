#include "consumer/pipeline/decode.h"

/* The schema that the `schema` header names; without the header, the client's. SCHEMA_KNOWN sets *schema. */
static enum schema_match schema_of(const rd_kafka_message_t *message, const struct schema *ours,
                                   const struct schema **schema)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t length;
    *schema = ours;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, HEADER_SCHEMA, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return SCHEMA_KNOWN;
    return schema_from_header(value, length, ours, schema);
}

static enum decoded check_header(const struct schema *ours, const rd_kafka_message_t *message,
                                 char why[DECODE_WHY_BYTES])
{
    const struct schema *schema;
    enum schema_match match = schema_of(message, ours, &schema);
    if (match == SCHEMA_KNOWN && schema == ours)
        return DECODE_OK;
    if (match == SCHEMA_UNKNOWN_MAJOR)
        return DECODE_UNKNOWN_MAJOR;
    snprintf(why, DECODE_WHY_BYTES, "its schema header does not say %s/%d", ours->name, ours->major);
    return DECODE_DEAD;
}

/* Asking librdkafka for a message's headers makes it parse and allocate them, which costs more than all that
 * we do with the record (measured: 0.45 of the throughput). So the `schema` header is looked at where it can
 * matter: for a record that does not decode as ours, for one with fields that we do not know, and for the
 * first of every run of a partition. What is left is a new major version with exactly the fields and types of
 * the old one, in the middle of a run; it is noticed at the next. */
enum decoded decode_message(const struct schema *schema, const rd_kafka_message_t *message, bool first_of_run,
                            struct record *record, char why[DECODE_WHY_BYTES])
{
    struct record_problem problem;
    if (message->payload == NULL) {
        snprintf(why, DECODE_WHY_BYTES, "a tombstone: the record has no value");
        return DECODE_TOMBSTONE;
    }
    if (schema->raw) /* whatever it is */
        first_of_run = false;
    bool decoded = record_decode(schema, message->payload, message->len, record, &problem) == 0;
    if (!decoded || first_of_run || record->unknown_fields > 0) {
        enum decoded header = check_header(schema, message, why);
        if (header != DECODE_OK)
            return header;
    }
    if (decoded)
        return DECODE_OK;
    record_problem_text(&problem, why, DECODE_WHY_BYTES);
    return DECODE_DEAD;
}
