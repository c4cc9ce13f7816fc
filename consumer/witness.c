#include "consumer/witness.h"

#include "common/hash.h"
enum { LENGTH_BYTES = 8 };

static uint64_t add(uint64_t hash, const void *bytes, size_t length)
{
    unsigned char head[LENGTH_BYTES];
    uint64_t said = bytes != NULL ? length : UINT64_MAX;
    for (int i = 0; i < LENGTH_BYTES; i++)
        head[i] = (unsigned char)(said >> (8 * i));
    hash = hash_64(hash, head, sizeof head);
    return bytes != NULL ? hash_64(hash, bytes, length) : hash;
}

struct witness witness_of(const rd_kafka_message_t *message)
{
    uint64_t hash = add(HASH_64_START, message->key, message->key_len);
    hash = add(hash, message->payload, message->len);
    struct witness witness = {.offset = message->offset,
                              .timestamp_ms = rd_kafka_message_timestamp(message, NULL)};
    memcpy(&witness.hash, &hash, sizeof hash);
    return witness;
}

bool witness_equal(const struct witness *a, const struct witness *b)
{
    return a->offset == b->offset && a->timestamp_ms == b->timestamp_ms && a->hash == b->hash;
}
