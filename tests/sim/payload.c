/* What the records hold: one valid payment, one that does not decode, and a key that tells records apart, so
 * that a topic that was made anew has others at the same offsets. */
#include "common/record/text.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"

enum { KEY_BYTES = 16 };

static char good[512];
static size_t good_length;
static char bad[] = "\xc1 is no MessagePack";

static void make_good(void)
{
    static const char *const fields[] = {"user",   "marek",  "currency",    "PLN", "amount",
                                         "249.99", "method", "credit_card", NULL};
    static struct record_storage storage;
    struct record record = {.schema = schema_by_workload("payments")};
    struct error error = ERROR_INIT;
    for (size_t i = 0; fields[i] != NULL; i += 2)
        record_set_text(&record, fields[i], fields[i + 1], &storage, &error);
    record_complete(&record, &storage, INT64_C(1772099540102594), &error);
    good_length = record_encode(&record, good, sizeof good);
}

void payload_fill(rd_kafka_message_t *message, struct entry *entry, int incarnation)
{
    static char keys[TOPICS][8][PARTITIONS_MAX][ENTRIES_MAX][KEY_BYTES];
    if (good_length == 0)
        make_good();
    char *key = keys[entry->topic][incarnation & 7][entry->partition][entry->offset];
    if (key[0] == '\0')
        snprintf(key, KEY_BYTES, "%d/%d/%d/%lld", entry->topic, incarnation & 7, entry->partition,
                 (long long)entry->offset);
    message->key = key;
    message->key_len = strlen(key);
    message->payload = entry->kind == ENTRY_BAD ? bad : good;
    message->len = entry->kind == ENTRY_BAD ? sizeof bad - 1 : good_length;
}
