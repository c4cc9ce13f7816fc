/* ktopic peek */
#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/worker/config.h"
#include "tools/ktopic/cluster.h"
#include "tools/ktopic/message_json.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

#define STALLED_US  (10 * US_PER_SECOND)
#define POLL_MS     200
#define RECORDS_MAX 100
#define HEADERS_MAX 64

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    const char *workload, *schema_file;
    bool supervised;
};

static const struct option_def options[] = {
    KAFKA_OPTIONS(struct settings),
    {.type = OPTION_STRING,
     .name = "workload",
     .letter = 'w',
     .argument = "NAME",
     .offset = offsetof(struct settings, workload),
     .help =
         "decode records without a schema header as this workload's (default: the one whose topic it is)"},
    {.type = OPTION_STRING,
     .name = "schema",
     .argument = "FILE",
     .offset = offsetof(struct settings, schema_file),
     .help = "decode records by this schema"},
    WORKER_OPTION(struct settings),
};

static const struct program program = {
    .complete = complete_topic,
    .name = "ktopic peek",
    .synopsis = "[OPTION]… TOPIC PARTITION OFFSET [N]",
    .about =
        "Prints the record at an offset, or N from there on (at most 100), whole: a JSON object a line with "
        "place, time, key,\n"
        "headers and value. Joins no group and commits nothing.",
    .epilogue =
        "What cannot be decoded has the member 'undecodable' with the reason; its value is the MessagePack "
        "that it is,\nor text. Where there is no record at that offset any more (compaction, a "
        "transaction's marker), the next one\nis printed.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 3,
    .operands_max = 4,
};

struct peek {
    const char *topic;
    int64_t partition, offset, count;
    int64_t shown;
    int64_t end; /* the offset that the next record gets */
    const struct schema *fallback;
    struct kafka_cluster cluster;
};

/* --- what is meant ------------------------------------------------------------------------------------- */

static int take_number(const char *text, const char *what, int64_t minimum, int64_t maximum, int64_t *number,
                       struct error *error)
{
    if (option_parse_integer(text, minimum, maximum, number, error) == 0)
        return 0;
    error->exit_code = EXIT_CODE_USAGE;
    return error_context(error, "%s", what);
}

static int take_operands(struct peek *peek, const struct operands *operands, struct error *error)
{
    peek->topic = operands->items[0];
    peek->count = 1;
    return take_number(operands->items[1], "partition", 0, INT32_MAX, &peek->partition, error) == 0 &&
                   take_number(operands->items[2], "offset", 0, INT64_MAX - 1, &peek->offset, error) == 0 &&
                   (operands->count < 4 ||
                    take_number(operands->items[3], "how many", 1, RECORDS_MAX, &peek->count, error) == 0)
               ? 0
               : -1;
}

/* --- is it there --------------------------------------------------------------------------------------- */

static int check_offset(struct peek *peek, const struct kafka_watermarks *watermarks, struct error *error)
{
    peek->end = watermarks->high;
    if (watermarks->low < 0)
        return error_set(error, "topic %s: partition %" PRId64 " has no leader now", peek->topic,
                         peek->partition);
    if (peek->offset >= watermarks->low && peek->offset < watermarks->high)
        return 0;
    if (watermarks->low == watermarks->high)
        return error_set(error,
                         "topic %s: partition %" PRId64 " is empty: its next record gets offset %" PRId64,
                         peek->topic, peek->partition, watermarks->high);
    return error_set(
        error, "topic %s: partition %" PRId64 " has the offsets %" PRId64 " to %" PRId64 ", not %" PRId64,
        peek->topic, peek->partition, watermarks->low, watermarks->high - 1, peek->offset);
}

static int check_partition(struct peek *peek, const struct rd_kafka_metadata_topic *topic,
                           struct error *error)
{
    struct kafka_watermarks *watermarks = calloc((size_t)topic->partition_cnt + 1, sizeof *watermarks);
    if (watermarks == NULL)
        return error_set(error, "out of memory");
    int result = kafka_cluster_watermarks(&peek->cluster, topic, watermarks, error);
    int at = 0;
    while (at < topic->partition_cnt && topic->partitions[at].id != peek->partition)
        at++;
    if (result == 0 && at == topic->partition_cnt)
        result = error_set(error, "topic %s has the partitions 0 to %d, not %" PRId64, peek->topic,
                           topic->partition_cnt - 1, peek->partition);
    else if (result == 0)
        result = check_offset(peek, &watermarks[at], error);
    free(watermarks);
    return result;
}

static int check_place(struct peek *peek, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(&peek->cluster, &metadata, error) == -1)
        return -1;
    const struct rd_kafka_metadata_topic *topic = kafka_metadata_topic(metadata, peek->topic);
    int result = topic == NULL ? unknown_topic(&peek->cluster, metadata, peek->topic, error)
                               : check_partition(peek, topic, error);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

/* --- the records --------------------------------------------------------------------------------------- */

static size_t take_headers(const rd_kafka_message_t *message, struct message_header headers[HEADERS_MAX])
{
    rd_kafka_headers_t *all;
    size_t count = 0;
    if (rd_kafka_message_headers(message, &all) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    while (count < HEADERS_MAX &&
           rd_kafka_header_get_all(all, count, &headers[count].name, &headers[count].value,
                                   &headers[count].length) == RD_KAFKA_RESP_ERR_NO_ERROR)
        count++;
    return count;
}

static int print_message(const struct whole_message *whole, const struct schema *fallback)
{
    char *line = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&line, &length);
    if (stream == NULL)
        return -1;
    int result = message_json(stream, whole, fallback);
    if (fclose(stream) != 0)
        result = -1;
    if (result == 0)
        log_line("%s", line);
    free(line);
    return result;
}

static int print_record(const struct peek *peek, const rd_kafka_message_t *message, struct error *error)
{
    struct message_header headers[HEADERS_MAX];
    rd_kafka_timestamp_type_t kind;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &kind);
    struct whole_message whole = {
        .message = {.value = message->payload,
                    .length = message->len,
                    .partition = message->partition,
                    .offset = message->offset},
        .timestamp_us = kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms * US_PER_MS,
        .key = message->key,
        .key_length = message->key_len,
        .headers = headers,
        .header_count = take_headers(message, headers),
    };
    rd_kafka_headers_t *all;
    if (rd_kafka_message_headers(message, &all) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_header_get_last(all, HEADER_SCHEMA, &whole.message.schema, &whole.message.schema_length);
    if (print_message(&whole, peek->fallback) == 0)
        return 0;
    return error_set(error,
                     "partition %" PRId32 " offset %" PRId64 ": no memory to show a record of %zu bytes",
                     message->partition, message->offset, message->len);
}

/* 1: goes on, 0: that was all, -1: the error. */
static int take_message(struct peek *peek, const rd_kafka_message_t *message, struct error *error)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return 0;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "reading topic %s: %s", peek->topic, rd_kafka_message_errstr(message));
    if (message->offset >= peek->end)
        return 0;
    if (print_record(peek, message, error) == -1)
        return -1;
    peek->shown++;
    return peek->shown < peek->count && message->offset + 1 < peek->end;
}

static int read_records(struct peek *peek, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + STALLED_US;
    int goes_on = 1;
    while (goes_on == 1) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(peek->cluster.rk, POLL_MS);
        if (message == NULL && clock_monotonic_us() >= until_us)
            return error_set(error,
                             "topic %s: partition %" PRId64
                             " returns no record: does it have a leader ('ktopic describe %s')?",
                             peek->topic, peek->partition, peek->topic);
        if (message == NULL)
            continue;
        goes_on = take_message(peek, message, error);
        rd_kafka_message_destroy(message);
    }
    if (goes_on == 0 && peek->shown == 0)
        return error_set(error,
                         "topic %s: partition %" PRId64 " holds no record at offset %" PRId64 " or after it",
                         peek->topic, peek->partition, peek->offset);
    return goes_on;
}

static int assign(struct peek *peek, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, peek->topic, (int32_t)peek->partition)->offset = peek->offset;
    rd_kafka_resp_err_t err = rd_kafka_assign(peek->cluster.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : error_set(error, "cannot read topic %s: %s", peek->topic, rd_kafka_err2str(err));
}

/* --- the verb ------------------------------------------------------------------------------------------ */

static int look(struct peek *peek, struct settings *settings, struct error *error)
{
    /* The supervisor has read the file: its properties are among ours. */
    const struct kafka_source source = {settings->bootstrap,
                                        settings->supervised ? "" : settings->kafka_config};
    if (cluster_open(&peek->cluster, RD_KAFKA_CONSUMER, &source, &settings->properties,
                     cluster_reader_settings, error) == -1)
        return -1;
    rd_kafka_poll_set_consumer(peek->cluster.rk);
    int result = check_place(peek, error) == 0 && assign(peek, error) == 0 ? read_records(peek, error) : -1;
    rd_kafka_consumer_close(peek->cluster.rk);
    kafka_cluster_close(&peek->cluster);
    return result;
}

static int peek_records(void *given, const struct operands *operands, struct error *error)
{
    struct settings *settings = given;
    struct peek peek = {0};
    if (settings->supervised && worker_config_read(WORKER_CONFIG_FD, &program, settings, error) == -1)
        return -1;
    if (take_operands(&peek, operands, error) == -1 ||
        show_fallback(settings->workload, settings->schema_file, peek.topic, &peek.fallback, error) == -1)
        return -1;
    return look(&peek, settings, error);
}

int verb_peek(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, peek_records, argc, argv);
}
