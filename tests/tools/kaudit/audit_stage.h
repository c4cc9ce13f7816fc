/* audit_stage.h: an audit of a small topic, a sink that is a list, and a Kafka that is written down: all is
 * committed and processed, until a test says otherwise. A test's one source file may include it. */
#ifndef KSUPERVISE_TESTS_TOOLS_KAUDIT_AUDIT_STAGE_H
#define KSUPERVISE_TESTS_TOOLS_KAUDIT_AUDIT_STAGE_H

#include <unistd.h>

#include "common/dead_letter.h"
#include "tests/tools/kaudit/fake_kafka.h"
#include "tools/kaudit/audit.h"

/* --- a sink that is a list ----------------------------------------------------------------------------- */

struct rows {
    struct source_item items[FAKE_RECORDS_MAX];
    int32_t partitions[FAKE_RECORDS_MAX];
    size_t count;
    size_t at[FAKE_PARTITIONS_MAX];
    const char *fails; /* behind the last of any partition */
    int closed;
};

static struct rows rows, outbox;
static bool has_outbox;
static const char *sink_fails;
static int64_t in_database[FAKE_PARTITIONS_MAX];
static struct sink_spec asked;

static inline int next_row(void *state, int32_t partition, struct source_item *item, struct error *error)
{
    struct rows *from = state;
    for (size_t i = from->at[partition]; i < from->count; i++)
        if (from->partitions[i] == partition) {
            *item = from->items[i];
            from->at[partition] = i + 1;
            return 1;
        }
    return from->fails != NULL ? error_set(error, "%s", from->fails) : 0;
}

static inline void close_rows(void *state)
{
    ((struct rows *)state)->closed++;
}

static inline int open_list(struct sink *sink, const struct sink_spec *spec, struct error *error)
{
    fake_asked("sink", spec->where);
    asked = *spec;
    if (sink_fails != NULL)
        return error_set(error, "%s", sink_fails);
    sink->source = (struct source){.next = next_row, .close = close_rows, .state = &rows};
    if (has_outbox)
        sink->outbox = (struct source){.next = next_row, .close = close_rows, .state = &outbox};
    for (int i = 0; i < spec->partitions; i++)
        sink_take_position(spec, i, in_database[i]);
    return 0;
}

static inline void add_row(struct rows *to, int32_t partition, int64_t offset)
{
    to->partitions[to->count] = partition;
    to->items[to->count++] = (struct source_item){.offset = offset};
}

/* --- the stage ----------------------------------------------------------------------------------------- */

enum { P = 2 };

static struct settings settings;
static struct audit audit;
static struct error error;
static char ledger[64];

/* payments: three records in partition 0, two in the last one, all committed and all in the sink. */
static inline void set_up(void)
{
    fake_kafka.topics[0] = (struct fake_topic){.name = "payments", .partitions = P};
    for (int64_t i = 0; i < 3; i++)
        fake_add("payments", 0, i, "one", 1 + i, 1000 + i);
    for (int64_t i = 0; i < 2; i++)
        fake_add("payments", 1, i, "one", 4 + i, 1010 + i);
    for (int32_t partition = 0; partition < P; partition++) {
        for (int64_t i = 0; i < 3 - partition; i++)
            add_row(&rows, partition, i);
        fake_kafka.committed[partition] = 3 - partition;
        in_database[partition] = -1;
    }
    settings = (struct settings){
        .topic = "payments", .group = "g", .open_sink = open_list, .sink_where = "the list"};
    audit.settings = &settings;
}

static inline void tear_down(void)
{
    audit_release(&audit);
    ck_assert_int_eq(fake_kafka.readers, 0);
    for (size_t i = 0; i < fake_kafka.topics[1].count; i++)
        if (fake_kafka.topics[1].records[i].record.headers != NULL)
            rd_kafka_headers_destroy(fake_kafka.topics[1].records[i].record.headers);
    if (ledger[0] != '\0')
        unlink(ledger);
}

/* Another audit: what the one before had is released. */
static inline void anew(void)
{
    audit_release(&audit);
    memset(&audit, 0, sizeof audit);
    audit.settings = &settings;
    memset(rows.at, 0, sizeof rows.at);
}

static inline void runs(void)
{
    ck_assert_msg(audit_run(&audit, &error) == 0, "%s", error.text);
}

static inline void fails(const char *why)
{
    ck_assert_int_eq(audit_run(&audit, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
}

static inline uint64_t findings(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < audit.partitions; i++) {
        const struct tally *tally = &audit.tallies[i];
        sum += tally->missing.count + tally->doubled.count + tally->strange.count + tally->lost.count +
               tally->disorder.count + tally->different.count;
    }
    return sum;
}

static inline void write_ledger(const char *text)
{
    snprintf(ledger, sizeof ledger, "/tmp/audit-XXXXXX");
    int fd = mkstemp(ledger);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    static char *paths[] = {ledger};
    settings.ledgers = (struct option_list){.items = (void *)paths, .count = 1};
}

#endif
