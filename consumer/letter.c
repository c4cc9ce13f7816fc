#include "consumer/letter.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/dead_letter.h"

static void add_text(rd_kafka_headers_t *headers, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_text(rd_kafka_headers_t *headers, const char *name, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    rd_kafka_header_remove(headers, name); /* a replayed letter that died again has the old ones */
    rd_kafka_header_add(headers, name, -1, text, -1);
}

rd_kafka_headers_t *letter_headers(const struct letter_source *source, const rd_kafka_message_t *message,
                                   const struct letter_failure *failure)
{
    rd_kafka_headers_t *original;
    rd_kafka_headers_t *headers = rd_kafka_message_headers(message, &original) == RD_KAFKA_RESP_ERR_NO_ERROR
                                      ? rd_kafka_headers_copy(original)
                                      : rd_kafka_headers_new(11);
    char when[CLOCK_ISO8601_BYTES];
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    add_text(headers, DEAD_LETTER_CLUSTER, "%s", source->cluster);
    add_text(headers, DEAD_LETTER_GROUP, "%s", source->group);
    add_text(headers, DEAD_LETTER_TOPIC, "%s", source->topic);
    add_text(headers, DEAD_LETTER_PARTITION, "%" PRId32, message->partition);
    add_text(headers, DEAD_LETTER_OFFSET, "%" PRId64, message->offset);
    add_text(headers, DEAD_LETTER_TIMESTAMP, "%" PRId64, timestamp_ms);
    add_text(headers, DEAD_LETTER_STAGE, "%s", failure->stage);
    add_text(headers, DEAD_LETTER_REASON, "%s", failure->why);
    add_text(headers, DEAD_LETTER_ATTEMPTS, "%u", failure->attempts);
    add_text(headers, DEAD_LETTER_FIRST_FAILURE, "%s", clock_format_iso8601(when, failure->first_failure_us));
    add_text(headers, DEAD_LETTER_ID, "%s/%s/%s/%" PRId32 "/%" PRId64 "/%" PRId64, source->cluster,
             source->group, source->topic, message->partition, message->offset, timestamp_ms);
    return headers;
}

struct letter_body letter_of(const rd_kafka_message_t *message, rd_kafka_headers_t *headers)
{
    return (struct letter_body){.partition = message->partition,
                                .offset = message->offset,
                                .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
                                .key = message->key,
                                .key_length = message->key_len,
                                .value = message->payload,
                                .value_length = message->len,
                                .headers = headers};
}
