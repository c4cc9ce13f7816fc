/* sink_work.h: what a test gives to a sink and gets from it: batches, origins, letters; by the names that
 * sink_cases.h asks for.
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_SINK_WORK_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_SINK_WORK_H

#include "common/exit_codes.h"
#include "consumer/pipeline/stages/stages.h"
#include "consumer/sinks/sink_table.h"
#include "tests/consumer/fake_messages.h"

enum { WORK_MAX = 8, KEPT_MAX = 8, KEPT_BYTES = 64 };

extern const struct stage_class *const stage;
void *open_sink(void);
const char *ask(const char *sql);

static struct settings settings;
static struct pipeline pipeline;
static struct error error;
static void *sink;
static struct letter_source source = {"cluster-1", "group-1", "letters"};

static inline void settle_in(void)
{
    settings = (struct settings){
        .topic = "letters", .schema = schema_by_workload("messages"), .group_name = "group-1"};
    pipeline = (struct pipeline){.settings = &settings};
    error = (struct error)ERROR_INIT;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

static struct {
    struct item items[WORK_MAX];
    struct record records[WORK_MAX];
    struct record_storage storage[WORK_MAX];
    struct sink_range ranges[WORK_MAX];
    struct sink_death deaths[WORK_MAX];
    struct fake *fakes[2 * WORK_MAX];
    size_t item_count, range_count, death_count, fake_count;
} work;

static struct fake *work_fake(int32_t partition, int64_t offset, const void *bytes, size_t length)
{
    struct fake *fake = fake_bytes(partition, offset, bytes, length);
    fake->timestamp_ms = 1000 + offset;
    return work.fakes[work.fake_count++] = fake;
}

static void add_item(int32_t partition, int64_t offset, const char *content)
{
    const char *const fields[] = {"content", content, "key", "k", NULL};
    struct item *item = &work.items[work.item_count];
    item->record = &work.records[work.item_count];
    fill_record(item->record, &work.storage[work.item_count++], settings.schema, fields);
    item->message = &work_fake(partition, offset, NULL, 0)->message;
}

/* A letter; its key and its value may be NULL, or empty. */
static inline void add_death(int32_t partition, int64_t offset, const char *key, const char *value)
{
    struct fake *fake = work_fake(partition, offset, value, value != NULL ? strlen(value) : 0);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    if (value == NULL)
        fake->message.payload = NULL;
    fake->message.key = (void *)key;
    fake->message.key_len = key != NULL ? strlen(key) : 0;
    rd_kafka_header_add(headers, "why", -1, "because", -1);
    work.deaths[work.death_count++] = (struct sink_death){&fake->message, headers};
}

static inline struct sink_range *add_range(int32_t partition, int64_t expected, int64_t next)
{
    struct sink_range *range = &work.ranges[work.range_count++];
    *range = (struct sink_range){partition, expected, {next, WITNESS_NONE, STATS_UNKNOWN}};
    return range;
}

static inline void clear_work(void)
{
    for (size_t i = 0; i < work.fake_count; i++)
        rd_kafka_message_destroy(&work.fakes[i]->message);
    for (size_t i = 0; i < work.death_count; i++)
        rd_kafka_headers_destroy(work.deaths[i].headers);
    work.item_count = work.range_count = work.death_count = work.fake_count = 0;
}

static int32_t lost;

static enum sink_result commit(void *by)
{
    const struct sink_batch batch = {.items = work.items,
                                     .item_count = work.item_count,
                                     .ranges = work.ranges,
                                     .range_count = work.range_count,
                                     .deaths = work.deaths,
                                     .death_count = work.death_count};
    lost = -1;
    ck_assert(sink_batch_is_within(&batch));
    error = (struct error)ERROR_INIT;
    return stage->sink->commit(by, &batch, &lost, &error);
}

/* One record of one partition. */
static inline enum sink_result commit_one(void *by, int32_t partition, int64_t expected, int64_t offset)
{
    clear_work();
    add_item(partition, offset, "one");
    add_range(partition, expected, offset + 1);
    return commit(by);
}

static inline int64_t take(void *by, int32_t partition)
{
    struct sink_position position;
    ck_assert_msg(stage->sink->take(by, &source, partition, &position, &error) == 0, "%s", error.text);
    return position.next_offset;
}

static inline enum sink_result reread(void *by, int32_t partition, struct sink_position *position)
{
    error = (struct error)ERROR_INIT;
    return stage->sink->reread(by, partition, position, &error);
}

static inline enum sink_result move(void *by, int32_t partition, int64_t from, int64_t to, bool delete_rows)
{
    error = (struct error)ERROR_INIT;
    const struct sink_range range = {partition, from, {to, WITNESS_NONE, 1000 + to}};
    return stage->sink->move(by, &range, delete_rows, &error);
}

#define ROWS   "SELECT kafka_partition, kafka_offset FROM letters ORDER BY 1, 2"
#define PLACES "SELECT kafka_partition, epoch, next_offset FROM ksupervise_offsets ORDER BY 1"
#define OUTBOX "SELECT kafka_partition, kafka_offset FROM ksupervise_outbox ORDER BY 1, 2"

/* --- letters ------------------------------------------------------------------------------------------- */

static struct {
    struct letter_body body[KEPT_MAX];
    char key[KEPT_MAX][KEPT_BYTES], value[KEPT_MAX][KEPT_BYTES], why[KEPT_MAX][KEPT_BYTES];
    size_t count;
} kept;

static inline const void *keep_bytes(char to[KEPT_BYTES], const void *from, size_t length)
{
    if (from == NULL)
        return NULL;
    ck_assert_uint_lt(length, KEPT_BYTES);
    memcpy(to, from, length);
    return to;
}

static inline void keep_letter(void *context, const struct letter_body *letter)
{
    const void *why;
    size_t length;
    size_t i = kept.count++;
    ck_assert_ptr_eq(context, &kept);
    kept.body[i] = *letter;
    kept.body[i].key = keep_bytes(kept.key[i], letter->key, letter->key_length);
    kept.body[i].value = keep_bytes(kept.value[i], letter->value, letter->value_length);
    ck_assert_int_eq(rd_kafka_header_get_last(letter->headers, "why", &why, &length), 0);
    keep_bytes(kept.why[i], why, length);
}

static inline void list_letters(void *by, int32_t partition)
{
    memset(&kept, 0, sizeof kept);
    ck_assert_msg(stage->sink->outbox(by, partition, keep_letter, &kept, &error) == 0, "%s", error.text);
}

#endif
