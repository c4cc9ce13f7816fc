/* Another topic, as the sink `kafka` writes it: each record says in a header where it was taken from
 * (common/provenance.h). Committed records only are read; what a transaction that is still open has
 * written is nobody's yet. */
#include "common/kafka_header.h"
#include "common/provenance.h"
#include "tools/kaudit/scratch.h"
#include "tools/kaudit/sink.h"
#include "tools/kaudit/topic.h"

/* All records are of one schema: the first that names one tells it. */
static void look_for_schema(struct sink *sink, const rd_kafka_headers_t *headers)
{
    struct kafka_header named = kafka_header_find(headers, HEADER_SCHEMA);
    const char *slash = named.data != NULL ? memchr(named.data, '/', named.length) : NULL;
    if (sink->schema == NULL && slash != NULL)
        sink->schema = schema_by_name(named.data, (size_t)(slash - named.data));
}

/* A topic that the broker stamps has times of its own. */
static int64_t timestamp_of(const struct topic_record *record)
{
    return record->broker_stamped ? 0 : record->timestamp_ms;
}

static int take(struct sink *sink, struct scratch *scratch, const struct sink_spec *spec,
                const struct topic_record *record, struct error *error)
{
    struct kafka_header from = kafka_header_find(record->headers, PROVENANCE_HEADER);
    struct source_item item = {.timestamp_ms = timestamp_of(record)};
    int32_t partition;
    if (from.data == NULL ||
        !provenance_parse(from.data, from.length, spec->topic, &partition, &item.offset) ||
        partition >= spec->partitions) {
        sink->elsewhere++;
        return 0;
    }
    look_for_schema(sink, record->headers);
    if (sink->schema != NULL)
        content_of_payload(&item.content, sink->form, sink->schema, record->message->payload,
                           record->message->len);
    return scratch_add(scratch, partition, item, error) == -1 ? -1 : 0;
}

static int take_all(struct sink *sink, struct scratch *scratch, const struct sink_spec *spec,
                    struct topic_reader *reader, struct error *error)
{
    struct topic_record record;
    int answer;
    while ((answer = topic_next(reader, &record, error)) == 1)
        if (take(sink, scratch, spec, &record, error) == -1)
            return -1;
    return answer;
}

static int read_topic(struct sink *sink, struct scratch *scratch, const struct sink_spec *spec,
                      struct error *error)
{
    struct kafka_watermarks *extents = NULL;
    struct topic_reader *reader = NULL;
    int partitions = cluster_extents(spec->kafka, spec->where, &extents, error);
    int result =
        partitions > 0 ? topic_open(&reader, spec->kafka, spec->where, extents, partitions, error) : -1;
    if (partitions == 0)
        error_set(error, "there is no such topic");
    if (result == 0)
        result = take_all(sink, scratch, spec, reader, error);
    topic_close(reader);
    free(extents);
    return result;
}

int sink_open_kafka(struct sink *sink, const struct sink_spec *spec, struct error *error)
{
    struct scratch *scratch = scratch_open(false, error);
    sink->form = CONTENT_COLUMNS;
    if (scratch != NULL && read_topic(sink, scratch, spec, error) == 0)
        return scratch_source(scratch, &sink->source, error);
    scratch_free(scratch);
    return error_context(error, "--kafka %s", spec->where);
}
