/* ktopic read */
#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "tools/ktopic/cluster.h"
#include "tools/ktopic/show.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

/* A topic that is not read to its end by then, without any record coming, will not be: a partition has lost
 * its leader. */
#define STALLED_US (30 * US_PER_SECOND)
#define POLL_MS    200

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    bool from_beginning;
    bool follow;
    bool json;
    bool offsets;
    int64_t count; /* 0: all */
    const char *workload, *schema_file;
};

static const struct option_def options[] = {
    KAFKA_OPTIONS(struct settings),
    {.type = OPTION_FLAG,
     .name = "from-beginning",
     .offset = offsetof(struct settings, from_beginning),
     .help = "print the existing records and exit at the end of the topic; without it, wait for new records"},
    {.type = OPTION_FLAG,
     .name = "follow",
     .letter = 'f',
     .offset = offsetof(struct settings, follow),
     .help = "after --from-beginning, continue with new records"},
    {.type = OPTION_INTEGER,
     .name = "count",
     .letter = 'c',
     .argument = "N",
     .minimum = 1,
     .maximum = INT64_MAX,
     .offset = offsetof(struct settings, count),
     .help = "exit after N records"},
    {.type = OPTION_FLAG,
     .name = "json",
     .offset = offsetof(struct settings, json),
     .help = "one JSON object per line"},
    {.type = OPTION_FLAG,
     .name = "offsets",
     .offset = offsetof(struct settings, offsets),
     .help = "PARTITION:OFFSET in front of each line; with --json, the members partition and offset"},
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
};

static const struct program program = {
    .complete = complete_topic,
    .name = "ktopic read",
    .synopsis = "[OPTION]… TOPIC",
    .about = "Prints the records of a topic. What cannot be decoded is printed with its offset and the "
             "reason. Joins no\n"
             "group and commits nothing.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = 1,
};

/* How far a partition is to be read. */
struct extent {
    int32_t partition;
    int64_t end; /* the offset after the last that is meant; INT64_MAX when following */
    bool done;
};

struct reader {
    const struct settings *settings;
    const char *topic;
    struct kafka_cluster cluster;
    struct show show;
    struct extent *extents;
    int extent_count;
    int remaining; /* extents that are not done */
    int64_t progress_us;
};

static int start_reading(struct reader *reader, const struct rd_kafka_metadata_topic *topic,
                         const struct kafka_watermarks *watermarks, struct error *error)
{
    const struct settings *settings = reader->settings;
    bool endless = settings->follow || !settings->from_beginning;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(topic->partition_cnt);
    for (int i = 0; i < topic->partition_cnt; i++) {
        int64_t start = settings->from_beginning ? watermarks[i].low : watermarks[i].high;
        struct extent *extent = &reader->extents[reader->extent_count++];
        *extent = (struct extent){.partition = topic->partitions[i].id,
                                  .end = endless ? INT64_MAX : watermarks[i].high};
        extent->done = start >= extent->end;
        reader->remaining += extent->done ? 0 : 1;
        if (!extent->done)
            rd_kafka_topic_partition_list_add(list, topic->topic, extent->partition)->offset = start;
    }
    rd_kafka_resp_err_t err = rd_kafka_assign(reader->cluster.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    reader->progress_us = clock_monotonic_us();
    return err == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : error_set(error, "cannot read topic %s: %s", topic->topic, rd_kafka_err2str(err));
}

static int prepare(struct reader *reader, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(&reader->cluster, &metadata, error) == -1)
        return -1;
    int result = -1;
    struct kafka_watermarks *watermarks = NULL;
    const struct rd_kafka_metadata_topic *topic = kafka_metadata_topic(metadata, reader->topic);
    if (topic == NULL) {
        unknown_topic(&reader->cluster, metadata, reader->topic, error);
        goto out;
    }
    watermarks = calloc((size_t)topic->partition_cnt + 1, sizeof *watermarks);
    reader->extents = calloc((size_t)topic->partition_cnt + 1, sizeof *reader->extents);
    if (watermarks == NULL || reader->extents == NULL) {
        error_set(error, "out of memory");
        goto out;
    }
    if (kafka_cluster_watermarks(&reader->cluster, topic, watermarks, error) == 0)
        result = start_reading(reader, topic, watermarks, error);
out:
    free(watermarks);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

static struct extent *find_extent(struct reader *reader, int32_t partition)
{
    for (int i = 0; i < reader->extent_count; i++)
        if (reader->extents[i].partition == partition)
            return &reader->extents[i];
    return NULL;
}

static void finish(struct reader *reader, struct extent *extent)
{
    if (!extent->done)
        reader->remaining--;
    extent->done = true;
}

static int take_record(struct reader *reader, const rd_kafka_message_t *message, struct error *error)
{
    struct message m = {.value = message->payload,
                        .length = message->len,
                        .partition = message->partition,
                        .offset = message->offset};
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_header_get_last(headers, HEADER_SCHEMA, &m.schema, &m.schema_length);
    const char *line = show_message(&reader->show, &m);
    if (line == NULL)
        return error_set(error,
                         "partition %" PRId32 " offset %" PRId64 ": no memory to show a record of %zu bytes",
                         m.partition, m.offset, m.length);
    log_line("%s", line);
    return 0;
}

/* One message of librdkafka's: a record, the end of a partition, or an error. */
static int take_message(struct reader *reader, const rd_kafka_message_t *message, struct error *error)
{
    struct extent *extent = find_extent(reader, message->partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        /* Transaction markers and compacted records leave the last offsets without a record. */
        if (extent != NULL && message->offset >= extent->end)
            finish(reader, extent);
        return 0;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "reading topic %s: %s", reader->topic, rd_kafka_message_errstr(message));
    if (extent == NULL || extent->done)
        return 0;
    reader->progress_us = clock_monotonic_us();
    if (message->offset >= extent->end) { /* it came after we began */
        finish(reader, extent);
        return 0;
    }
    if (message->offset == extent->end - 1)
        finish(reader, extent);
    return take_record(reader, message, error);
}

static int stalled(const struct reader *reader, struct error *error)
{
    if (reader->settings->follow || !reader->settings->from_beginning ||
        clock_monotonic_us() - reader->progress_us < STALLED_US)
        return 0;
    return error_set(error,
                     "topic %s: no record for 30 s, and %d of its partitions are not at their end: do they "
                     "have a leader ('ktopic describe %s')?",
                     reader->topic, reader->remaining, reader->topic);
}

static int read_on(struct reader *reader, struct error *error)
{
    int64_t wanted = reader->settings->count == 0 ? INT64_MAX : reader->settings->count;
    while (reader->remaining > 0 && (int64_t)reader->show.number < wanted) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->cluster.rk, 0);
        if (message == NULL) { /* nothing more for now: whoever reads us gets what there is */
            if (log_flush() == -1)
                return 0;
            message = rd_kafka_consumer_poll(reader->cluster.rk, POLL_MS);
        }
        if (message == NULL) {
            if (stalled(reader, error) == -1)
                return -1;
            continue;
        }
        int result = take_message(reader, message, error);
        rd_kafka_message_destroy(message);
        if (result == -1)
            return -1;
    }
    return 0;
}

static int read_topic(void *given, const struct operands *operands, struct error *error)
{
    struct settings *settings = given;
    const char *topic = operands->items[0];
    struct reader reader = {.settings = settings, .topic = topic};
    const struct schema *fallback;
    if (show_fallback(settings->workload, settings->schema_file, topic, &fallback, error) == -1 ||
        cluster_open(&reader.cluster, RD_KAFKA_CONSUMER,
                     &(struct kafka_source){settings->bootstrap, settings->kafka_config},
                     &settings->properties, cluster_reader_settings, error) == -1)
        return -1;
    rd_kafka_poll_set_consumer(reader.cluster.rk);
    show_init(&reader.show, fallback);
    reader.show.json = settings->json;
    reader.show.offsets = settings->offsets;
    int result = prepare(&reader, error);
    if (result == 0)
        result = read_on(&reader, error);
    show_release(&reader.show);
    free(reader.extents);
    rd_kafka_consumer_close(reader.cluster.rk);
    kafka_cluster_close(&reader.cluster);
    return result;
}

int verb_read(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, read_topic, argc, argv);
}
