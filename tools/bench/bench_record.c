/* A payment in and out: nanoseconds and bytes per record, ours against msgpack-c's object tree and against
 * JSON with jansson, as one JSON object. Medians of ROUNDS rounds in which the contestants take turns, over
 * the same RECORDS generated payments.
 *
 *   cc -O2 -DNDEBUG -I. -D_GNU_SOURCE tools/bench/bench_record.c build/libcommon.a -lmsgpackc -ljansson
 * -luuid -o bench_record
 *
 * The peers are used as well as we can: msgpack-c packs into one buffer that is used again, and unpacks into
 * one zone that is used again; jansson parses and prints without indentation. `decode` is what each needs
 * before a field can be read. */
#include <jansson.h>
#include <msgpack.h>

#include "common/record/generate.h"
#include "common/record/text.h"

#define ROUNDS        9
#define RECORDS       256
#define REPEATS       400 /* times all records a round */
#define PAYLOAD_BYTES 256

struct payload {
    size_t length;
    char bytes[PAYLOAD_BYTES];
};

struct bench {
    const struct schema *schema;
    struct generator generators[RECORDS]; /* each backs the record of its index */
    struct record records[RECORDS];
    struct payload packed[RECORDS];
    struct payload json[RECORDS];
    msgpack_sbuffer buffer;
    msgpack_zone zone;
    uint64_t sum; /* what each contestant read is added up, or the compiler would leave it out */
};

static struct bench bench;

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "bench_record: %s failed\n", what);
    exit(1);
}

/* --- ours ----------------------------------------------------------------------------------------------- */

static void encode_ours(size_t i)
{
    char bytes[PAYLOAD_BYTES];
    bench.sum += record_encode(&bench.records[i], bytes, sizeof bytes);
}

static void decode_ours(size_t i)
{
    struct record record;
    struct record_problem problem;
    demand(record_decode(bench.schema, bench.packed[i].bytes, bench.packed[i].length, &record, &problem) == 0,
           "decode");
    bench.sum += (uint64_t)record.values[2].integer;
}

static void decode_validate_ours(size_t i)
{
    struct record record;
    struct record_problem problem;
    demand(record_decode(bench.schema, bench.packed[i].bytes, bench.packed[i].length, &record, &problem) ==
                   0 &&
               record_validate(&record, &problem) == 0,
           "validate");
    bench.sum += (uint64_t)record.values[2].integer;
}

static void decode_validate_ours_json(size_t i)
{
    struct record record;
    struct record_problem problem;
    demand(record_decode_json(bench.schema, bench.json[i].bytes, bench.json[i].length, NULL, &record,
                              &problem) == 0 &&
               record_validate(&record, &problem) == 0,
           "validate JSON");
    bench.sum += (uint64_t)record.values[2].integer;
}

/* --- msgpack-c ------------------------------------------------------------------------------------------ */

static bool is_integer(const struct field *field)
{
    return field->type == FIELD_MONEY || field->type == FIELD_EXPONENT || field->type == FIELD_TIME;
}

static void encode_msgpack(size_t i)
{
    const struct record *record = &bench.records[i];
    msgpack_packer packer;
    msgpack_sbuffer_clear(&bench.buffer);
    msgpack_packer_init(&packer, &bench.buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, bench.schema->field_count);
    for (size_t f = 0; f < bench.schema->field_count; f++) {
        const struct field *field = &bench.schema->fields[f];
        const struct value *value = &record->values[f];
        msgpack_pack_str_with_body(&packer, field->name, strlen(field->name));
        if (is_integer(field))
            msgpack_pack_int64(&packer, value->integer);
        else if (field->type == FIELD_UUID)
            msgpack_pack_bin_with_body(&packer, value->uuid, sizeof value->uuid);
        else
            msgpack_pack_str_with_body(&packer, value->text.data, value->text.length);
    }
    bench.sum += bench.buffer.size;
}

static void decode_msgpack(size_t i)
{
    msgpack_object object;
    size_t offset = 0;
    msgpack_zone_clear(&bench.zone);
    demand(msgpack_unpack(bench.packed[i].bytes, bench.packed[i].length, &offset, &bench.zone, &object) ==
               MSGPACK_UNPACK_SUCCESS,
           "msgpack_unpack");
    bench.sum += object.via.map.ptr[2].val.via.u64;
}

/* --- jansson -------------------------------------------------------------------------------------------- */

static void encode_json(size_t i)
{
    const struct record *record = &bench.records[i];
    char uuid[40] =
        "00000000-0000-4000-8000-000000000000"; /* formatting it and the time is not JSON's doing */
    char bytes[PAYLOAD_BYTES];
    json_t *object = json_object();
    json_object_set_new_nocheck(object, "payment_id", json_string_nocheck(uuid));
    json_object_set_new_nocheck(
        object, "user", json_stringn_nocheck(record->values[1].text.data, record->values[1].text.length));
    json_object_set_new_nocheck(object, "amount", json_real((double)record->values[2].integer / 100));
    json_object_set_new_nocheck(object, "currency", json_stringn_nocheck(record->values[3].text.data, 3));
    json_object_set_new_nocheck(
        object, "method", json_stringn_nocheck(record->values[5].text.data, record->values[5].text.length));
    json_object_set_new_nocheck(object, "timestamp", json_string_nocheck("2026-02-26T09:52:20.102594+00:00"));
    bench.sum += json_dumpb(object, bytes, sizeof bytes, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(object);
}

static void decode_json(size_t i)
{
    json_error_t error;
    json_t *object = json_loadb(bench.json[i].bytes, bench.json[i].length, 0, &error);
    demand(object != NULL, "json_loadb");
    bench.sum += (uint64_t)json_number_value(json_object_get(object, "amount"));
    json_decref(object);
}

/* --- the rounds ----------------------------------------------------------------------------------------- */

static const struct contestant {
    const char *name;
    void (*run)(size_t i);
} contestants[] = {
    {"encode", encode_ours},
    {"decode", decode_ours},
    {"decode_validate", decode_validate_ours},
    {"decode_validate_json", decode_validate_ours_json},
    {"encode_msgpack_c", encode_msgpack},
    {"decode_msgpack_c", decode_msgpack},
    {"encode_json", encode_json},
    {"decode_json", decode_json},
};
#define CONTESTANTS (sizeof contestants / sizeof contestants[0])

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double round_ns(const struct contestant *contestant)
{
    double start = now_ns();
    for (size_t repeat = 0; repeat < REPEATS; repeat++)
        for (size_t i = 0; i < RECORDS; i++)
            contestant->run(i);
    return (now_ns() - start) / (REPEATS * RECORDS);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void prepare(void)
{
    bench.schema = schema_by_workload("payments");
    for (size_t i = 0; i < RECORDS; i++) {
        generator_init(&bench.generators[i], i);
        generator_next(&bench.generators[i], bench.schema, INT64_C(1772099540102594) + (int64_t)i,
                       &bench.records[i]);
        bench.packed[i].length = record_encode(&bench.records[i], bench.packed[i].bytes, PAYLOAD_BYTES);
        demand(record_json(&bench.records[i], bench.json[i].bytes, PAYLOAD_BYTES) == 0, "record_json");
        bench.json[i].length = strlen(bench.json[i].bytes);
    }
    msgpack_sbuffer_init(&bench.buffer);
    demand(msgpack_zone_init(&bench.zone, 8192), "msgpack_zone_init");
}

static double mean_bytes(const struct payload *payloads)
{
    size_t sum = 0;
    for (size_t i = 0; i < RECORDS; i++)
        sum += payloads[i].length;
    return (double)sum / RECORDS;
}

static void print_results(double rounds[CONTESTANTS][ROUNDS])
{
    double packed = mean_bytes(bench.packed);
    double json = mean_bytes(bench.json);
    printf("{\"records\":%d,\"rounds\":%d,\"ns\":{", RECORDS, ROUNDS);
    for (size_t c = 0; c < CONTESTANTS; c++) {
        qsort(rounds[c], ROUNDS, sizeof rounds[c][0], compare);
        printf("%s\"%s\":%.1f", c > 0 ? "," : "", contestants[c].name, rounds[c][ROUNDS / 2]);
    }
    printf("},\"bytes\":{\"msgpack\":%.1f,\"json\":%.1f,\"saved\":%.3f}}\n", packed, json, 1 - packed / json);
}

int main(void)
{
    static double rounds[CONTESTANTS][ROUNDS];
    prepare();
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t c = 0; c < CONTESTANTS; c++)
            rounds[c][round] = round_ns(&contestants[c]);
    print_results(rounds);
    msgpack_zone_destroy(&bench.zone);
    msgpack_sbuffer_destroy(&bench.buffer);
    return bench.sum == 0;
}
