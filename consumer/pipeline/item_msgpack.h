/* item_msgpack.h: a record with where it stands, as one MessagePack map: the fields of the message's own
 * value, under the names and with the types that they have there (common/record/README.md), behind its place.
 *
 *   {"partition": 3, "offset": 41, "payment_id": 16 bytes, "user": "marek", "amount_minor": 24999, …}
 *
 * It is encoded anew, like the JSON line: so what a newer producer wrote beside our fields is not among them,
 * and cannot pass for a partition or an offset.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_ITEM_MSGPACK_H
#define KSUPERVISE_CONSUMER_PIPELINE_ITEM_MSGPACK_H

#include "consumer/pipeline/stage.h"

/* Suffices for every record that was decoded: encoding makes none longer than it came. */
#define ITEM_MSGPACK_MAX (RECORD_BYTES_MAX + 64)

/* Writes the map. Returns its length; 0 when there is none for this record, and *why says the reason, a
 * constant. */
size_t item_msgpack(const struct item *item, char *buffer, size_t bytes, const char **why);

#endif
