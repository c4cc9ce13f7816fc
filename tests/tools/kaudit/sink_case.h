/* sink_case.h: a sink that an audit opens, the offsets that it has, and a record with which a row of it is
 * compared. A test's one source file may include it. */
#ifndef KSUPERVISE_TESTS_TOOLS_KAUDIT_SINK_CASE_H
#define KSUPERVISE_TESTS_TOOLS_KAUDIT_SINK_CASE_H

#include "common/record/generate.h"
#include "common/record/text.h"
#include "tests/support/check_main.h"
#include "tools/kaudit/sink.h"

enum { P = 3 };

static struct sink sink;
static int64_t next_offsets[P];
static struct sink_spec spec;
static struct error error;

static inline void look_for(const char *where)
{
    for (int i = 0; i < P; i++)
        next_offsets[i] = -1;
    spec = (struct sink_spec){.where = where,
                              .table = "payments",
                              .partitions = P,
                              .cluster = "c",
                              .group = "g",
                              .topic = "payments",
                              .letters = true,
                              .next_offsets = next_offsets};
}

static inline void close_sink(void)
{
    source_close(&sink.source);
    source_close(&sink.outbox);
    sink = (struct sink){0};
    error = (struct error)ERROR_INIT;
}

/* "1 5@7 " and so on: the offsets of a partition, with their timestamps where they have one. */
static inline const char *offsets(const struct source *source, int32_t partition)
{
    static char text[512];
    struct source_item item;
    size_t used = 0;
    int answer;
    text[0] = '\0';
    while ((answer = source->next(source->state, partition, &item, &error)) == 1)
        used += (size_t)snprintf(text + used, sizeof text - used, item.timestamp_ms > 0 ? "%d@%d " : "%d ",
                                 (int)item.offset, (int)item.timestamp_ms);
    ck_assert_msg(answer == 0, "%s", error.text);
    return text;
}

/* --- a record ------------------------------------------------------------------------------------------ */

static struct generator generator;
static struct record record;
static uint8_t payload[RECORD_ENCODED_MAX];
static size_t payload_length;

static inline void make_record(const struct schema *schema)
{
    generator_next(&generator, schema, INT64_C(1772099522102594), &record);
    payload_length = record_encode(&record, payload, sizeof payload);
    ck_assert_uint_gt(payload_length, 0);
}

/* The first record that a generator makes of it. */
static inline void make_first(const struct schema *schema)
{
    generator_init(&generator, 7);
    make_record(schema);
}

/* In which fields the row of partition 0 differs from the record: bit i. */
static inline uint64_t difference(enum content_form form)
{
    struct source_item item;
    struct content content;
    ck_assert_int_eq(sink.source.next(sink.source.state, 0, &item, &error), 1);
    ck_assert_int_eq(item.offset, 1);
    ck_assert(content_of_payload(&content, form, sink.schema, payload, payload_length));
    ck_assert_uint_ne(item.content.known, 0);
    ck_assert_uint_eq(content.known & item.content.known, item.content.known);
    return content_difference(&item.content, &content);
}

#endif
