/* What librdkafka's interface is made of: lists of partitions, headers, messages, errors. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

/* --- lists --------------------------------------------------------------------------------------------- */

rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_new(int size)
{
    rd_kafka_topic_partition_list_t *list = calloc(1, sizeof *list);
    list->size = size > 4 ? size : 4;
    list->elems = calloc((size_t)list->size, sizeof *list->elems);
    return list;
}

static void release(rd_kafka_topic_partition_t *one)
{
    free(one->metadata);
}

void rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        release(&list->elems[i]);
    free(list->elems);
    free(list);
}

/* Names are the cluster's, or the caller's for as long as a history: nothing is copied. */
rd_kafka_topic_partition_t *rd_kafka_topic_partition_list_add(rd_kafka_topic_partition_list_t *list,
                                                              const char *topic, int32_t partition)
{
    if (list->cnt == list->size) {
        list->size *= 2;
        list->elems = realloc(list->elems, (size_t)list->size * sizeof *list->elems);
    }
    rd_kafka_topic_partition_t *one = &list->elems[list->cnt++];
    int known = cluster_topic(topic);
    const char *name = known >= 0 ? sim.cluster.topics[known].name : topic;
    *one = (rd_kafka_topic_partition_t){
        .topic = (char *)(uintptr_t)name, .partition = partition, .offset = RD_KAFKA_OFFSET_INVALID};
    return one;
}

void rd_kafka_topic_partition_list_add_range(rd_kafka_topic_partition_list_t *list, const char *topic,
                                             int32_t start, int32_t stop)
{
    for (; start <= stop; start++)
        rd_kafka_topic_partition_list_add(list, topic, start);
}

rd_kafka_topic_partition_list_t *
rd_kafka_topic_partition_list_copy(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *copy = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *one =
            rd_kafka_topic_partition_list_add(copy, list->elems[i].topic, list->elems[i].partition);
        *one = list->elems[i];
        if (one->metadata == NULL)
            continue;
        one->metadata = malloc(one->metadata_size + 1);
        memcpy(one->metadata, list->elems[i].metadata, one->metadata_size);
        ((char *)one->metadata)[one->metadata_size] = '\0';
    }
    return copy;
}

int rd_kafka_topic_partition_list_del_by_idx(rd_kafka_topic_partition_list_t *list, int index)
{
    if (index < 0 || index >= list->cnt)
        return 0;
    release(&list->elems[index]);
    memmove(&list->elems[index], &list->elems[index + 1],
            (size_t)(--list->cnt - index) * sizeof *list->elems);
    return 1;
}

rd_kafka_topic_partition_t *rd_kafka_topic_partition_list_find(const rd_kafka_topic_partition_list_t *list,
                                                               const char *topic, int32_t partition)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].partition == partition && strcmp(list->elems[i].topic, topic) == 0)
            return &list->elems[i];
    return NULL;
}

int rd_kafka_topic_partition_list_del(rd_kafka_topic_partition_list_t *list, const char *topic,
                                      int32_t partition)
{
    rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_find(list, topic, partition);
    return one != NULL ? rd_kafka_topic_partition_list_del_by_idx(list, (int)(one - list->elems)) : 0;
}

rd_kafka_topic_partition_list_t *list_of_set(const struct partition_set *set)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    for (int topic = 0; topic < TOPICS; topic++)
        for (int i = 0; i < PARTITIONS_MAX; i++)
            if (set_has(set, topic, i))
                rd_kafka_topic_partition_list_add(list, sim.cluster.topics[topic].name, i);
    return list;
}

/* --- headers ------------------------------------------------------------------------------------------- */

enum { HEADERS_MAX = 20 };

struct rd_kafka_headers_s {
    size_t count;
    struct header {
        char name[48];
        void *value;
        size_t length;
    } of[HEADERS_MAX];
};

rd_kafka_headers_t *rd_kafka_headers_new(size_t initial)
{
    (void)initial;
    return calloc(1, sizeof(rd_kafka_headers_t));
}

void rd_kafka_headers_destroy(rd_kafka_headers_t *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        free(headers->of[i].value);
    free(headers);
}

rd_kafka_resp_err_t rd_kafka_header_add(rd_kafka_headers_t *headers, const char *name, ssize_t name_length,
                                        const void *value, ssize_t length)
{
    (void)name_length;
    if (headers->count == HEADERS_MAX)
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    struct header *header = &headers->of[headers->count++];
    header->length = length >= 0 ? (size_t)length : strlen(value);
    header->value = malloc(header->length + 1);
    memcpy(header->value, value, header->length);
    ((char *)header->value)[header->length] = '\0';
    snprintf(header->name, sizeof header->name, "%s", name);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_headers_t *rd_kafka_headers_copy(const rd_kafka_headers_t *headers)
{
    rd_kafka_headers_t *copy = rd_kafka_headers_new(headers->count);
    for (size_t i = 0; i < headers->count; i++)
        rd_kafka_header_add(copy, headers->of[i].name, -1, headers->of[i].value,
                            (ssize_t)headers->of[i].length);
    return copy;
}

rd_kafka_resp_err_t rd_kafka_header_remove(rd_kafka_headers_t *headers, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (strcmp(headers->of[i].name, name) == 0)
            free(headers->of[i].value);
        else
            headers->of[kept++] = headers->of[i];
    }
    bool found = kept != headers->count;
    headers->count = kept;
    return found ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

rd_kafka_resp_err_t rd_kafka_header_get_last(const rd_kafka_headers_t *headers, const char *name,
                                             const void **value, size_t *length)
{
    for (size_t i = headers->count; i > 0; i--) {
        const struct header *header = &headers->of[i - 1];
        if (strcmp(header->name, name) != 0)
            continue;
        *value = header->value;
        *length = header->length;
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return RD_KAFKA_RESP_ERR__NOENT;
}

rd_kafka_resp_err_t rd_kafka_header_get_all(const rd_kafka_headers_t *headers, size_t index,
                                            const char **name, const void **value, size_t *length)
{
    if (index >= headers->count)
        return RD_KAFKA_RESP_ERR__NOENT;
    *name = headers->of[index].name;
    *value = headers->of[index].value;
    *length = headers->of[index].length;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

size_t rd_kafka_header_cnt(const rd_kafka_headers_t *headers)
{
    return headers->count;
}

/* --- messages ------------------------------------------------------------------------------------------ */

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    const struct op *op = (const struct op *)message;
    *headers = op->headers;
    return op->headers != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

rd_kafka_resp_err_t rd_kafka_message_detach_headers(rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    struct op *op = (struct op *)message;
    *headers = op->headers;
    op->headers = NULL;
    return *headers != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *message, rd_kafka_timestamp_type_t *type)
{
    if (type != NULL)
        *type = RD_KAFKA_TIMESTAMP_CREATE_TIME;
    return ((const struct op *)message)->timestamp_ms;
}

const char *rd_kafka_message_errstr(const rd_kafka_message_t *message)
{
    const struct op *op = (const struct op *)message;
    return op->text != NULL ? op->text : rd_kafka_err2str(message->err);
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    struct op *op = (struct op *)message;
    if (op->toppar != NULL && op->incarnation == op->toppar->knows)
        op->toppar->seen = true;
    op_free(op);
}

/* --- errors -------------------------------------------------------------------------------------------- */

struct rd_kafka_error_s {
    rd_kafka_resp_err_t err;
    const char *text;
};

rd_kafka_error_t *error_new(rd_kafka_resp_err_t err, const char *text)
{
    rd_kafka_error_t *error = calloc(1, sizeof *error);
    *error = (struct rd_kafka_error_s){err, text};
    return error;
}

rd_kafka_resp_err_t rd_kafka_error_code(const rd_kafka_error_t *error)
{
    return error->err;
}

const char *rd_kafka_error_string(const rd_kafka_error_t *error)
{
    return error->text;
}

void rd_kafka_error_destroy(rd_kafka_error_t *error)
{
    free(error);
}

const char *rd_kafka_err2name(rd_kafka_resp_err_t err)
{
    static char texts[8][32];
    static unsigned next;
    switch (err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return "NO_ERROR";
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return "FENCED_INSTANCE_ID";
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
        return "UNKNOWN_MEMBER_ID";
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
        return "ILLEGAL_GENERATION";
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return "TIMED_OUT";
    case RD_KAFKA_RESP_ERR__FATAL:
        return "_FATAL";
    default:
        break;
    }
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "error %d", (int)err);
    return text;
}

const char *rd_kafka_err2str(rd_kafka_resp_err_t err)
{
    return rd_kafka_err2name(err);
}
