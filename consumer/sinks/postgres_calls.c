#include "consumer/sinks/postgres_calls.h"

#include <endian.h>
#include <inttypes.h>

#include "common/exit_codes.h"
#include "consumer/sinks/postgres_tables.h"

enum { NUMBER_BYTES = 24 };

/* $1 … $3: cluster, group, topic; $4: partition, or an array of them */
#define WHERE_OWN       "cluster = $1 AND consumer_group = $2 AND topic = $3"
#define WHERE_PARTITION " WHERE " WHERE_OWN " AND kafka_partition = $4::int"

/* Their names are what an error says was being done. */
#define LOCK          "wait for other processes"
#define OTHERS        "look for other groups"
#define TAKE          "take over"
#define READ          "read the next offset"
#define MOVE          "set the next offsets"
#define OUTBOX_ADD    "add to the outbox"
#define OUTBOX_LIST   "read the outbox"
#define OUTBOX_REMOVE "take out of the outbox"

struct statement {
    const char *name, *sql;
};
static const struct statement statements[] = {
    {LOCK, "SELECT pg_advisory_xact_lock(hashtext('ksupervise table ' || $1::text))"},
    {OTHERS, "SELECT consumer_group FROM ksupervise_offsets "
             "WHERE topic = $3 AND (cluster <> $1 OR consumer_group <> $2) LIMIT 1"},
    {TAKE, "INSERT INTO ksupervise_offsets (cluster, consumer_group, topic, kafka_partition, epoch) "
           "VALUES ($1, $2, $3, $4::int, 1) ON CONFLICT (cluster, consumer_group, topic, kafka_partition) "
           "DO UPDATE SET epoch = ksupervise_offsets.epoch + 1 RETURNING " SINK_PLACE},
    {READ, "SELECT " SINK_PLACE " FROM ksupervise_offsets" WHERE_PARTITION " FOR SHARE"},
    {MOVE,
     "WITH moved AS (UPDATE ksupervise_offsets SET next_offset = given.next, witness_offset = given.witness, "
     "witness_timestamp_ms = given.timestamp_ms, witness_hash = given.hash, group_had_ms = given.had_ms FROM "
     "unnest($4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], "
     "$10::bigint[], $11::bigint[]) AS given (number, epoch, expected, next, witness, timestamp_ms, hash, "
     "had_ms) "
     "WHERE " WHERE_OWN " AND kafka_partition = given.number AND "
     "ksupervise_offsets.epoch = given.epoch AND next_offset IS NOT DISTINCT FROM given.expected RETURNING "
     "1) "
     "SELECT count(*), " POSTGRES_SHAPE("$12::text") " FROM moved"},
    {OUTBOX_ADD,
     "INSERT INTO ksupervise_outbox VALUES ($1, $2, $3, $4::int, $5::bigint, $6::bigint, $7::bytea, "
     "$8::bytea, $9::bytea) ON CONFLICT (cluster, consumer_group, topic, kafka_partition, kafka_offset, "
     "timestamp_ms) DO UPDATE SET message_key = excluded.message_key, "
     "message_value = excluded.message_value, headers = excluded.headers"},
    {OUTBOX_LIST, "SELECT kafka_offset::bigint, timestamp_ms::bigint, message_key, message_value, headers "
                  "FROM ksupervise_outbox" WHERE_PARTITION " ORDER BY kafka_offset, timestamp_ms"},
    {OUTBOX_REMOVE,
     "DELETE FROM ksupervise_outbox USING unnest($4::int[], $5::bigint[], $6::bigint[]) AS given "
     "(number, position, moment) WHERE " WHERE_OWN " AND kafka_partition = given.number AND "
     "kafka_offset = given.position AND timestamp_ms = given.moment"},
};

int postgres_calls_prepare(struct postgres_link *link, struct error *error)
{
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        if (postgres_link_prepare(link, statements[i].name, statements[i].sql, error) == -1)
            return -1;
    return 0;
}

/* --- arrays -------------------------------------------------------------------------------------------- */

void postgres_calls_release(struct postgres_calls *calls)
{
    for (size_t i = 0; i < POSTGRES_ARRAYS; i++)
        free(calls->arrays[i].text);
    *calls = (struct postgres_calls){0};
}

void postgres_array_begin(struct postgres_array *array)
{
    array->used = 0;
}

/* Room for a number more, and the end. */
static int grow(struct postgres_array *array, struct error *error)
{
    if (array->size - array->used >= NUMBER_BYTES)
        return 0;
    size_t size = array->size * 2 + NUMBER_BYTES * 16;
    char *text = realloc(array->text, size);
    if (text == NULL)
        return error_set(error, "out of memory");
    array->text = text;
    array->size = size;
    return 0;
}

int postgres_array_add(struct postgres_array *array, int64_t number, struct error *error)
{
    if (grow(array, error) == -1)
        return -1;
    char *at = array->text + array->used;
    char before = array->used == 0 ? '{' : ',';
    if (number == STATS_UNKNOWN)
        array->used += (size_t)snprintf(at, NUMBER_BYTES, "%cNULL", before);
    else
        array->used += (size_t)snprintf(at, NUMBER_BYTES, "%c%" PRId64, before, number);
    return 0;
}

int postgres_array_end(struct postgres_array *array, struct error *error)
{
    if (grow(array, error) == -1)
        return -1;
    snprintf(array->text + array->used, NUMBER_BYTES, "%s", array->used == 0 ? "{}" : "}");
    return 0;
}

static int end_arrays(struct postgres_calls *calls, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (postgres_array_end(&calls->arrays[i], error) == -1)
            return -1;
    return 0;
}

/* --- where to go on ------------------------------------------------------------------------------------ */

int postgres_check_alone(struct postgres_link *link, const struct postgres_owner *owner, struct error *error)
{
    const char *const values[] = {owner->cluster, owner->group, owner->topic};
    const struct postgres_call lock = {.statement = LOCK, .count = 1, .values = &owner->topic};
    const struct postgres_call call = {.statement = OTHERS, .count = 3, .values = values};
    PGresult *locked = postgres_link_call(link, &lock, error);
    PGresult *others = locked != NULL ? postgres_link_call(link, &call, error) : NULL;
    int result = others != NULL ? 0 : -1;
    if (others != NULL && PQntuples(others) > 0)
        result = error_set_code(error, EXIT_CODE_CONFIG,
                                "PostgreSQL: table %s is filled by group %s, or from another cluster: give "
                                "each its own database",
                                owner->topic, PQgetvalue(others, 0, 0));
    PQclear(locked);
    PQclear(others);
    return result;
}

/* NULL is unknown. */
static int64_t number_of(const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? STATS_UNKNOWN : strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* A call about one partition that returns SINK_PLACE: 1, or 0 when it returns no row. */
static int ask_position(struct postgres_link *link, const char *statement, const struct postgres_owner *owner,
                        int32_t partition, struct postgres_position *position, struct error *error)
{
    char number[NUMBER_BYTES];
    const char *const values[] = {owner->cluster, owner->group, owner->topic, number};
    const struct postgres_call call = {.statement = statement, .count = 4, .values = values};
    snprintf(number, sizeof number, "%" PRId32, partition);
    PGresult *result = postgres_link_call(link, &call, error);
    if (result == NULL)
        return -1;
    int there = PQntuples(result);
    if (there == 1) {
        position->epoch = number_of(result, 0);
        position->position.next_offset = number_of(result, 1);
        position->position.witness =
            (struct witness){number_of(result, 2), number_of(result, 3), number_of(result, 4)};
        position->position.group_had_ms = number_of(result, 5);
    }
    PQclear(result);
    return there;
}

int postgres_take(struct postgres_link *link, const struct postgres_owner *owner, int32_t partition,
                  struct postgres_position *position, struct error *error)
{
    return ask_position(link, TAKE, owner, partition, position, error) == -1 ? -1 : 0;
}

int postgres_read(struct postgres_link *link, const struct postgres_owner *owner, int32_t partition,
                  struct postgres_position *position, struct error *error)
{
    return ask_position(link, READ, owner, partition, position, error);
}

int postgres_ranges_set(struct postgres_calls *calls, const struct sink_range *ranges, size_t count,
                        const struct sink_epochs *epochs, struct error *error)
{
    for (size_t i = 0; i < POSTGRES_ARRAYS; i++)
        postgres_array_begin(&calls->arrays[i]);
    for (size_t i = 0; i < count; i++) {
        const struct sink_range *range = &ranges[i];
        const struct witness *witness = &range->next.witness;
        const int64_t numbers[POSTGRES_ARRAYS] = {
            range->partition, sink_epoch(epochs, range->partition),
            range->expected,  range->next.next_offset,
            witness->offset,  witness->timestamp_ms,
            witness->hash,    range->next.group_had_ms,
        };
        for (size_t j = 0; j < POSTGRES_ARRAYS; j++)
            if (postgres_array_add(&calls->arrays[j], numbers[j], error) == -1)
                return -1;
    }
    return end_arrays(calls, POSTGRES_ARRAYS, error);
}

int64_t postgres_move(struct postgres_link *link, const struct postgres_calls *calls,
                      const struct postgres_owner *owner, const char *shape, bool *altered,
                      struct error *error)
{
    enum { OWN = 3, TABLE = OWN + POSTGRES_ARRAYS, VALUES };
    const char *values[VALUES] = {owner->cluster, owner->group, owner->topic};
    char table[SINK_SQL_BYTES];
    for (size_t i = 0; i < POSTGRES_ARRAYS; i++)
        values[OWN + i] = calls->arrays[i].text;
    sink_name_sql(table, owner->topic);
    values[TABLE] = table;
    const struct postgres_call call = {.statement = MOVE, .count = VALUES, .values = values};
    PGresult *result = postgres_link_call(link, &call, error);
    if (result == NULL)
        return -1;
    int64_t met = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    *altered = strcmp(PQgetvalue(result, 0, 1), shape) != 0;
    PQclear(result);
    return met;
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

int postgres_outbox_add(struct postgres_link *link, const struct postgres_owner *owner,
                        const struct sink_death *death, struct error *error)
{
    const rd_kafka_message_t *message = death->message;
    char partition[NUMBER_BYTES];
    char offset[NUMBER_BYTES];
    char timestamp_ms[NUMBER_BYTES];
    size_t bytes;
    char *headers = sink_pack_headers(death->headers, &bytes);
    if (headers == NULL)
        return error_set(error, "out of memory");
    snprintf(partition, sizeof partition, "%" PRId32, message->partition);
    snprintf(offset, sizeof offset, "%" PRId64, message->offset);
    snprintf(timestamp_ms, sizeof timestamp_ms, "%" PRId64, rd_kafka_message_timestamp(message, NULL));
    const char *const values[] = {owner->cluster, owner->group, owner->topic,     partition, offset,
                                  timestamp_ms,   message->key, message->payload, headers};
    const int lengths[] = {0, 0, 0, 0, 0, 0, (int)message->key_len, (int)message->len, (int)bytes};
    const int formats[] = {0, 0, 0, 0, 0, 0, 1, 1, 1};
    const struct postgres_call call = {OUTBOX_ADD, 9, values, lengths, formats, 0};
    PGresult *result = postgres_link_call(link, &call, error);
    free(headers);
    PQclear(result);
    return result != NULL ? 0 : -1;
}

static int64_t big_endian(const char *bytes)
{
    uint64_t big;
    memcpy(&big, bytes, sizeof big);
    return (int64_t)be64toh(big);
}

static const void *bytes_of(const PGresult *rows, int row, int column, size_t *length)
{
    *length = (size_t)PQgetlength(rows, row, column);
    return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

int postgres_outbox_list(struct postgres_link *link, const struct postgres_owner *owner, int32_t partition,
                         void (*each)(void *context, const struct letter_body *letter), void *context,
                         struct error *error)
{
    char number[NUMBER_BYTES];
    const char *const values[] = {owner->cluster, owner->group, owner->topic, number};
    const struct postgres_call call = {
        .statement = OUTBOX_LIST, .count = 4, .values = values, .result_format = 1};
    snprintf(number, sizeof number, "%" PRId32, partition);
    PGresult *rows = postgres_link_call(link, &call, error);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        struct letter_body body = {.partition = partition,
                                   .offset = big_endian(PQgetvalue(rows, i, 0)),
                                   .timestamp_ms = big_endian(PQgetvalue(rows, i, 1))};
        size_t packed_bytes;
        body.key = bytes_of(rows, i, 2, &body.key_length);
        body.value = bytes_of(rows, i, 3, &body.value_length);
        const void *packed = bytes_of(rows, i, 4, &packed_bytes);
        body.headers = sink_unpack_headers(packed, packed_bytes);
        each(context, &body);
        rd_kafka_headers_destroy(body.headers);
    }
    PQclear(rows);
    return rows != NULL ? 0 : -1;
}

int postgres_outbox_remove(struct postgres_link *link, struct postgres_calls *calls,
                           const struct postgres_owner *owner, const struct letter_origin *letters,
                           size_t count, struct error *error)
{
    enum { IDENTITY = 3 };
    struct postgres_array *arrays = calls->arrays;
    for (size_t i = 0; i < IDENTITY; i++)
        postgres_array_begin(&arrays[i]);
    for (size_t i = 0; i < count; i++)
        if (postgres_array_add(&arrays[0], letters[i].partition, error) == -1 ||
            postgres_array_add(&arrays[1], letters[i].offset, error) == -1 ||
            postgres_array_add(&arrays[2], letters[i].timestamp_ms, error) == -1)
            return -1;
    if (end_arrays(calls, IDENTITY, error) == -1)
        return -1;
    const char *const values[] = {owner->cluster, owner->group,   owner->topic,
                                  arrays[0].text, arrays[1].text, arrays[2].text};
    const struct postgres_call call = {.statement = OUTBOX_REMOVE, .count = 6, .values = values};
    PGresult *result = postgres_link_call(link, &call, error);
    PQclear(result);
    return result != NULL ? 0 : -1;
}
