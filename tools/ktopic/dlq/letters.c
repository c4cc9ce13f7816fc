#include "tools/ktopic/dlq/letters.h"

#include <jansson.h>

#include "common/dead_letter.h"
#include "common/decimal.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/names.h"
#include "common/record/text.h"
#include "tools/ktopic/dlq/scan.h"
#include "tools/ktopic/group_admin.h"

/* --- what a letter says -------------------------------------------------------------------------------- */

const char *letter_text(struct kafka_header header, char text[LETTER_TEXT_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    if (header.data != NULL)
        text_escape(text, LETTER_TEXT_BYTES, &used, header.data, header.length);
    return text[0] == '\0' ? "-" : text;
}

/* False: it is no letter. */
static bool read_letter(const rd_kafka_message_t *message, struct letter *letter)
{
    int64_t partition;
    *letter = (struct letter){.kind = LETTER_NONE, .message = message};
    if (rd_kafka_message_headers(message, &letter->headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    const rd_kafka_headers_t *headers = letter->headers;
    struct kafka_header from = kafka_header_find(headers, DEAD_LETTER_PARTITION);
    struct kafka_header at = kafka_header_find(headers, DEAD_LETTER_OFFSET);
    letter->id = kafka_header_find(headers, DEAD_LETTER_ID);
    letter->group = kafka_header_find(headers, DEAD_LETTER_GROUP);
    letter->stage = kafka_header_find(headers, DEAD_LETTER_STAGE);
    letter->reason = kafka_header_find(headers, DEAD_LETTER_REASON);
    letter->attempts = kafka_header_find(headers, DEAD_LETTER_ATTEMPTS);
    letter->first_failure = kafka_header_find(headers, DEAD_LETTER_FIRST_FAILURE);
    if (letter->id.data == NULL || letter->group.data == NULL ||
        !decimal_parse(from.data, from.length, INT32_MAX, &partition) ||
        !decimal_parse(at.data, at.length, INT64_MAX - 1, &letter->offset))
        return false;
    letter->partition = (int32_t)partition;
    struct kafka_header schema = kafka_header_find(headers, HEADER_SCHEMA);
    letter->content = (struct message){.value = message->payload,
                                       .length = message->len,
                                       .schema = schema.data,
                                       .schema_length = schema.length,
                                       .partition = letter->partition,
                                       .offset = letter->offset};
    return true;
}

/* --- which are asked for ------------------------------------------------------------------------------- */

/* The condition sees the record where it was read, not where its letter lies. */
static bool fulfils(const struct letters *letters, const struct letter *letter)
{
    struct record record;
    char reason[256];
    bool decoded = show_decode(letters->schema, &letter->content, &record, reason, sizeof reason) &&
                   record.schema == letters->schema;
    int64_t timestamp_ms = rd_kafka_message_timestamp(letter->message, NULL);
    struct expression_coordinates coordinates = {
        .partition = letter->partition,
        .offset = letter->offset,
        .timestamp_us = timestamp_ms > 0 ? timestamp_ms * 1000 : -1,
        .key = {letter->message->key, (uint32_t)letter->message->key_len}};
    return expression_matches(letters->where, decoded ? &record : NULL, &coordinates);
}

static bool is_chosen(const struct letters *letters, const struct letter *letter)
{
    const char *group = letters->settings->group;
    return (group == NULL || kafka_header_is(letter->group, group)) &&
           (letters->where == NULL || fulfils(letters, letter));
}

struct handing_out {
    struct letters *letters;
    letter_function take;
    void *context;
};

static int hand_out(void *context, const rd_kafka_message_t *message, struct error *error)
{
    struct handing_out *handing = context;
    struct letters *letters = handing->letters;
    struct letter letter;
    if (read_letter(message, &letter))
        letter.kind = kafka_header_is(kafka_header_find(letter.headers, DEAD_LETTER_TOPIC), letters->topic)
                          ? LETTER
                          : LETTER_OF_OTHERS;
    if (letter.kind == LETTER) {
        int is_new = id_set_add(&letters->seen, letter.id.data, letter.id.length, error);
        if (is_new == -1)
            return -1;
        letter.kind = is_new == 1 ? LETTER : LETTER_REPEAT;
        letter.is_replayed = offset_set_has(&letters->replayed[message->partition].done, message->offset);
        letter.is_chosen = is_chosen(letters, &letter);
    }
    letters->kinds[letter.kind]++;
    return handing->take(handing->context, &letter, error);
}

int letters_each(struct letters *letters, letter_function take, void *context, struct error *error)
{
    struct handing_out handing = {letters, take, context};
    struct scan scan = {&letters->cluster, letters->name, letters->partitions, letters->from, letters->to};
    return scan_run(&scan, hand_out, &handing, error);
}

/* --- opening ------------------------------------------------------------------------------------------- */

static int take_progress(struct letters *letters, const json_t *partitions, struct error *error)
{
    size_t index;
    json_t *entry;
    json_array_foreach(partitions, index, entry)
    {
        json_int_t number = json_integer_value(json_object_get(entry, "partition"));
        const char *topic = json_string_value(json_object_get(entry, "topic"));
        if (strcmp(topic, letters->name) != 0 || number < 0 || number >= letters->partitions)
            continue;
        if (replayed_parse(&letters->replayed[number],
                           json_integer_value(json_object_get(entry, "committed")),
                           json_string_value(json_object_get(entry, "metadata")), error) == -1)
            return error_context(error, "group %s, partition %d", letters->replay, (int)number);
    }
    return 0;
}

/* What replays have committed. */
static int read_progress(struct letters *letters, struct error *error)
{
    json_t *groups = json_pack("[{s:s}]", "group", letters->replay);
    if (groups == NULL)
        return error_set(error, "out of memory");
    group_admin_offsets(&letters->cluster, groups);
    int result = take_progress(letters, json_object_get(json_array_get(groups, 0), "partitions"), error);
    json_decref(groups);
    for (int i = 0; i < letters->partitions && result == 0; i++)
        result = offset_set_add(&letters->replayed[i].done, 0, letters->from[i], error);
    return result;
}

static int measure(struct letters *letters, const struct rd_kafka_metadata_topic *topic, struct error *error)
{
    size_t count = (size_t)topic->partition_cnt;
    struct kafka_watermarks *watermarks = calloc(count + 1, sizeof *watermarks);
    letters->partitions = topic->partition_cnt;
    letters->from = calloc(count + 1, sizeof *letters->from);
    letters->to = calloc(count + 1, sizeof *letters->to);
    letters->replayed = calloc(count + 1, sizeof *letters->replayed);
    int result = -1;
    if (watermarks == NULL || letters->from == NULL || letters->to == NULL || letters->replayed == NULL)
        error_set(error, "out of memory");
    else
        result = kafka_cluster_watermarks(&letters->cluster, topic, watermarks, error);
    for (size_t i = 0; i < count && result == 0; i++) {
        size_t id = (size_t)topic->partitions[i].id;
        letters->from[id] = watermarks[i].low;
        letters->to[id] = watermarks[i].high;
    }
    free(watermarks);
    return result;
}

static int find_topic(struct letters *letters, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(&letters->cluster, &metadata, error) == -1)
        return -1;
    int result = 0;
    const struct rd_kafka_metadata_topic *found = kafka_metadata_topic(metadata, letters->name);
    if (found != NULL)
        result = measure(letters, found, error);
    else if (kafka_metadata_topic(metadata, letters->topic) != NULL)
        log_warning("there is no topic %s: no record of %s became a dead letter", letters->name,
                    letters->topic);
    else
        result = unknown_topic(&letters->cluster, metadata, letters->topic, error);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

static int parse_where(struct letters *letters, struct error *error)
{
    const struct dlq_settings *settings = letters->settings;
    if (show_fallback(settings->workload, settings->schema_file, letters->topic, &letters->schema, error) ==
        -1)
        return -1;
    if (settings->where == NULL)
        return 0;
    if (letters->schema == NULL)
        return error_set_code(
            error, EXIT_CODE_USAGE,
            "--where: no workload has the topic %s: name its fields with --workload or --schema",
            letters->topic);
    letters->where = expression_parse(letters->schema, settings->where, error);
    return letters->where == NULL ? error_context(error, "--where") : 0;
}

int letters_open(struct letters *letters, struct dlq_settings *settings, const char *topic,
                 struct error *error)
{
    letters->settings = settings;
    if (topic_name_check(topic, error) == -1 ||
        (settings->dlq_topic != NULL && topic_name_check(settings->dlq_topic, error) == -1))
        return -1;
    letters->topic = topic;
    if (settings->dlq_topic != NULL)
        snprintf(letters->name, sizeof letters->name, "%s", settings->dlq_topic);
    else
        snprintf(letters->name, sizeof letters->name, "%.244s" DEAD_LETTER_SUFFIX, topic);
    snprintf(letters->replay, sizeof letters->replay, "%.240s" DEAD_LETTER_REPLAY_SUFFIX, letters->name);
    const struct kafka_property properties[] = {{"group.id", letters->replay},
                                                {"enable.auto.commit", "false"},
                                                {"enable.partition.eof", "true"},
                                                {"auto.offset.reset", "error"},
                                                {NULL, NULL}};
    /* The supervisor has read the file: its properties are among ours. */
    const struct kafka_source source = {settings->bootstrap,
                                        settings->supervised ? "" : settings->kafka_config};
    if (parse_where(letters, error) == -1 ||
        cluster_open(&letters->cluster, RD_KAFKA_CONSUMER, &source, &settings->properties, properties,
                     error) == -1 ||
        find_topic(letters, error) == -1)
        return -1;
    return letters->partitions == 0 ? 0 : read_progress(letters, error);
}

void letters_close(struct letters *letters)
{
    for (int i = 0; letters->replayed != NULL && i < letters->partitions; i++)
        offset_set_release(&letters->replayed[i].done);
    free(letters->replayed);
    free(letters->from);
    free(letters->to);
    id_set_release(&letters->seen);
    expression_free(letters->where);
    if (letters->cluster.rk != NULL)
        rd_kafka_consumer_close(letters->cluster.rk);
    kafka_cluster_close(&letters->cluster);
}
