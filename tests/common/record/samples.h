/* samples.h: records and payloads for the tests of common/record. */
#ifndef KSUPERVISE_TESTS_COMMON_RECORD_SAMPLES_H
#define KSUPERVISE_TESTS_COMMON_RECORD_SAMPLES_H

#include <msgpack.h>

#include "common/record/generate.h"
#include "common/record/record.h"

#define SAMPLE_WALL_US INT64_C(1772099540102594) /* 2026-02-26T09:52:20.102594+00:00 */

#define FOR_EACH_SCHEMA(schema)                                                                              \
    for (const struct schema *schema = schema_at(0); schema != NULL;                                         \
         schema = schema_at((size_t)(schema - schema_at(0)) + 1))

struct payload {
    uint8_t bytes[4096];
    size_t length;
};

/* A valid record of that schema, encoded. */
static inline struct payload sample_payload(const struct schema *schema, uint64_t seed)
{
    struct payload payload;
    struct generator generator;
    struct record record;
    generator_init(&generator, seed);
    generator_next(&generator, schema, SAMPLE_WALL_US, &record);
    payload.length = record_encode(&record, payload.bytes, sizeof payload.bytes);
    return payload;
}

/* A payload that the test packs by hand with msgpack-c. */
struct handmade {
    msgpack_sbuffer buffer;
    msgpack_packer packer;
};

static inline void handmade_init(struct handmade *handmade, size_t pairs)
{
    msgpack_sbuffer_init(&handmade->buffer);
    msgpack_packer_init(&handmade->packer, &handmade->buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&handmade->packer, pairs);
}

static inline void handmade_text(struct handmade *handmade, const char *text)
{
    msgpack_pack_str_with_body(&handmade->packer, text, strlen(text));
}

static inline void handmade_pair(struct handmade *handmade, const char *key, const char *value)
{
    handmade_text(handmade, key);
    handmade_text(handmade, value);
}

static inline void handmade_release(struct handmade *handmade)
{
    msgpack_sbuffer_destroy(&handmade->buffer);
}

#endif
