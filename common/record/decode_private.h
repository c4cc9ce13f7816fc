/* decode_private.h: what the walks over MessagePack and over JSON share. Inside common/record only. */
#ifndef KSUPERVISE_COMMON_RECORD_DECODE_PRIVATE_H
#define KSUPERVISE_COMMON_RECORD_DECODE_PRIVATE_H

#include "common/record/record.h"

/* Gives fields that are wanted and not present their defaults. Returns the first that has none, or NULL. */
const struct field *record_fill_in(struct record *record);

/* What a payload that could not be read looks like by its first bytes. */
enum foreign { FOREIGN_NOT, FOREIGN_JSON, FOREIGN_MSGPACK, FOREIGN_CONFLUENT };
enum foreign foreign_kind(const uint8_t *payload, size_t length);

#endif
