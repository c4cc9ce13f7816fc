/* item_json.h: a record with where it stands, as one JSON line: what files and programs get.
 *
 *   {"partition":3,"offset":41,"payment_id":"…","user":"marek","amount":249.99,…}
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_ITEM_JSON_H
#define KSUPERVISE_CONSUMER_PIPELINE_ITEM_JSON_H

#include "common/record/text.h"
#include "consumer/pipeline/stage.h"

#define ITEM_JSON_START "{\"partition\":"
/* Suffices for any valid record, newline included. */
#define ITEM_JSON_MAX (RECORD_JSON_MAX + 64)
#define ITEM_JSON_WHY "its JSON is longer than 448 KiB"

/* Writes the line and its newline. Returns its length, 0 when it does not fit. */
size_t item_json(const struct item *item, char *buffer, size_t bytes);

#endif
