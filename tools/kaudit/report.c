#include "tools/kaudit/report.h"

#include <inttypes.h>
#include <jansson.h>

#include "common/log.h"
#include "common/log_json.h"
#include "common/record/text.h"
#include "common/text.h"

/* --- findings ------------------------------------------------------------------------------------------ */

struct finding_def {
    size_t offset; /* in struct tally */
    const char *name;
    const char *meaning;
};

#define FINDING(member) offsetof(struct tally, member), #member

/* Each of them spoils an audit. */
static const struct finding_def finding_defs[] = {
    {FINDING(missing), "committed, but neither processed nor a dead letter"},
    {FINDING(doubled), "a record with more than one row or dead letter"},
    {FINDING(strange), "a row or dead letter without a record"},
    {FINDING(lost), "acknowledged to the producer, but not in the topic"},
    {FINDING(disorder), "out of order within its key"},
    {FINDING(different), "a row that differs from its record"},
};
enum { FINDINGS = sizeof finding_defs / sizeof finding_defs[0] };

static const struct finding *finding_of(const struct tally *tally, size_t which)
{
    return (const struct finding *)((const char *)tally + finding_defs[which].offset);
}

static uint64_t total(const struct audit *audit, size_t which)
{
    uint64_t sum = 0;
    for (int i = 0; i < audit->partitions; i++)
        sum += finding_of(&audit->tallies[i], which)->count;
    return sum;
}

static uint64_t doubled_by_producers(const struct audit *audit)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < audit->producers.count; i++)
        sum += audit->producers.items[i].sequence.doubled;
    return sum;
}

/* What a ledger says that cannot be: each of it spoils an audit, for a line that cannot be read may have been
 * an acknowledged one. */
static uint64_t spoiled_by_ledgers(const struct audit *audit)
{
    if (audit->ledgers == NULL)
        return 0;
    const struct ledger_count *count = ledgers_count(audit->ledgers);
    return count->failed_present + count->unreadable + count->nowhere;
}

static uint64_t lost_nowhere(const struct audit *audit)
{
    return audit->ledgers == NULL ? 0 : ledgers_count(audit->ledgers)->nowhere;
}

static bool ledger_is_unreadable(const struct audit *audit)
{
    return audit->ledgers != NULL && ledgers_count(audit->ledgers)->unreadable > 0;
}

static bool is_clean(const struct audit *audit)
{
    uint64_t sum = audit->sink.elsewhere + audit->sink.altered.count + doubled_by_producers(audit) +
                   spoiled_by_ledgers(audit);
    for (size_t i = 0; i < FINDINGS; i++)
        sum += total(audit, i);
    return sum == 0;
}

/* --- JSON ---------------------------------------------------------------------------------------------- */

static json_t *count_json(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *known(bool known, uint64_t count)
{
    return known ? count_json(count) : json_null();
}

static json_t *examples_json(const int64_t *examples, uint64_t count)
{
    json_t *list = json_array();
    for (uint64_t i = 0; i < count && i < EXAMPLES_MAX; i++)
        json_array_append_new(list, json_integer((json_int_t)examples[i]));
    return list;
}

static json_t *offset_json(int64_t offset)
{
    return offset < 0 ? json_null() : json_integer((json_int_t)offset);
}

static json_t *tally_json(const struct audit *audit, const struct tally *tally)
{
    const struct settings *settings = audit->settings;
    bool has_sink = settings->open_sink != NULL;
    bool has_any = has_sink || settings->dead_letters;
    bool applies[FINDINGS] = {
        has_sink, has_any, has_any, audit->ledgers != NULL, true, audit->sink.schema != NULL};
    json_t *json =
        json_pack("{s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "partition",
                  (int)tally->partition, "low", (json_int_t)tally->low, "end", (json_int_t)tally->end,
                  "committed", offset_json(tally->committed), "in_database", offset_json(tally->in_database),
                  "produced", count_json(tally->produced), "in_sink", known(has_sink, tally->in_sink), "dead",
                  known(settings->dead_letters, tally->dead), "outbox",
                  known(has_sink && settings->dead_letters, tally->outbox), "waiting",
                  known(has_sink, tally->waiting), "expired", known(has_any, tally->expired), "unaccounted",
                  known(audit->ledgers != NULL, tally->unaccounted));
    json_t *examples = json_object();
    for (size_t i = 0; i < FINDINGS; i++) {
        const struct finding *finding = finding_of(tally, i);
        json_object_set_new(json, finding_defs[i].name, known(applies[i], finding->count));
        if (finding->count > 0)
            json_object_set_new(examples, finding_defs[i].name,
                                examples_json(finding->examples, finding->count));
    }
    json_object_set_new(json, "examples", examples);
    return json;
}

/* A foreign name, fit for a terminal and for JSON. */
static const char *plain(const struct producer *producer, char text[256])
{
    size_t used = 0;
    text[0] = '\0';
    text_escape(text, 256, &used, producer->name, producer->length);
    return text;
}

static json_t *producer_json(const struct producer *producer)
{
    char name[256];
    const struct sequence *sequence = &producer->sequence;
    json_t *gaps = json_array();
    for (size_t i = 0; i < sequence->gap_count && i < SEQUENCE_EXAMPLES_MAX; i++)
        json_array_append_new(gaps, json_pack("[I, I]", (json_int_t)sequence->gaps[i].first,
                                              (json_int_t)sequence->gaps[i].last));
    return json_pack("{s:s, s:o, s:i, s:I, s:I, s:o, s:o, s:o}", "producer", plain(producer, name), "records",
                     count_json(sequence->records), "runs", (int)sequence->runs, "first",
                     (json_int_t)sequence->first, "last", (json_int_t)sequence->highest, "doubled",
                     count_json(sequence->doubled), "missing_numbers", count_json(sequence->missing), "gaps",
                     gaps);
}

static json_t *ledger_json(const struct audit *audit)
{
    if (audit->ledgers == NULL)
        return json_null();
    const struct ledger_count *count = ledgers_count(audit->ledgers);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "messages",
                     count_json(count->messages), "acknowledged", count_json(count->acknowledged), "failed",
                     count_json(count->failed), "failed_present", count_json(count->failed_present),
                     "failed_examples", examples_json(count->failed_examples, count->failed_present),
                     "unknown", count_json(count->unknown), "unknown_present",
                     count_json(count->unknown_present), "other_topics", count_json(count->elsewhere),
                     "unreadable", count_json(count->unreadable), "nowhere", count_json(count->nowhere));
}

static json_t *altered_json(const struct altered *altered)
{
    json_t *list = json_array();
    for (size_t i = 0; i < altered->count && i < ALTERED_MAX; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "column", altered->columns[i].name, "type",
                                        altered->columns[i].found, "written", altered->columns[i].wanted));
    return list;
}

static json_t *letters_json(const struct audit *audit)
{
    const struct dead_letters *letters = &audit->letters;
    if (!audit->settings->dead_letters)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "letters", count_json(letters->letters), "outbox",
                     count_json(letters->outbox), "repeats", count_json(letters->repeats), "of_others",
                     count_json(letters->others), "unreadable", count_json(letters->unreadable));
}

static void print_json(const struct audit *audit, bool clean)
{
    json_t *partitions = json_array();
    json_t *producers = json_array();
    for (int i = 0; i < audit->partitions; i++)
        json_array_append_new(partitions, tally_json(audit, &audit->tallies[i]));
    for (size_t i = 0; i < audit->producers.count; i++)
        json_array_append_new(producers, producer_json(&audit->producers.items[i]));
    json_t *json =
        json_pack("{s:i, s:b, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", 1, "clean", clean,
                  "topic", audit->settings->topic, "group", audit->settings->group, "partitions", partitions,
                  "producers", producers, "ledger", ledger_json(audit), "dead_letters", letters_json(audit),
                  "unnumbered", count_json(audit->unnumbered), "rows_elsewhere",
                  known(audit->settings->open_sink != NULL, audit->sink.elsewhere), "altered_columns",
                  altered_json(&audit->sink.altered));
    log_json(json);
    json_decref(json);
}

/* --- for people ---------------------------------------------------------------------------------------- */

#define CELL_BYTES 24

static const char *cell(bool known, uint64_t count, char text[CELL_BYTES])
{
    snprintf(text, CELL_BYTES, known ? "%" PRIu64 : "-", count);
    return text;
}

static void print_tally(const struct audit *audit, const struct tally *tally)
{
    char committed[CELL_BYTES], sink[CELL_BYTES], dead[CELL_BYTES], outbox[CELL_BYTES], waiting[CELL_BYTES],
        missing[CELL_BYTES], doubled[CELL_BYTES], lost[CELL_BYTES];
    bool has_sink = audit->settings->open_sink != NULL;
    bool letters = audit->settings->dead_letters;
    log_line("  %9d %10" PRId64 " %10" PRId64 " %10s %10" PRIu64 " %10s %8s %8s %8s %8s %8s %8s %8" PRIu64,
             (int)tally->partition, tally->low, tally->end,
             cell(tally->committed >= 0, (uint64_t)tally->committed, committed), tally->produced,
             cell(has_sink, tally->in_sink, sink), cell(letters, tally->dead, dead),
             cell(has_sink && letters, tally->outbox, outbox), cell(has_sink, tally->waiting, waiting),
             cell(has_sink, tally->missing.count, missing),
             cell(has_sink || letters, tally->doubled.count, doubled),
             cell(audit->ledgers != NULL, tally->lost.count, lost), tally->disorder.count);
}

static void print_position(const struct tally *tally)
{
    int partition = (int)tally->partition;
    if (tally->low > 0)
        log_line("partition %d: retention deleted what was before offset %" PRId64 "; audited from there",
                 partition, tally->low);
    if (tally->in_database > tally->committed)
        log_line("partition %d: the database continues at offset %" PRId64
                 ", beyond what is committed in Kafka; "
                 "audited up to there",
                 partition, tally->in_database);
    else if (tally->committed < 0 && tally->in_sink > 0)
        log_line("partition %d: the sink has rows, but the group has committed nothing (its offsets expire "
                 "when it is away for long): missing records cannot be told from waiting ones",
                 partition);
}

static void print_table(const struct audit *audit)
{
    log_line("  %9s %10s %10s %10s %10s %10s %8s %8s %8s %8s %8s %8s %8s", "PARTITION", "FIRST", "END",
             "COMMITTED", "PRODUCED", "IN SINK", "DEAD", "OUTBOX", "WAITING", "MISSING", "DOUBLED", "LOST",
             "DISORDER");
    for (int i = 0; i < audit->partitions; i++)
        print_tally(audit, &audit->tallies[i]);
    for (int i = 0; i < audit->partitions; i++)
        print_position(&audit->tallies[i]);
}

/* "12, 14, 15 …" */
static const char *listed(const int64_t *examples, uint64_t count, char text[256])
{
    size_t used = 0;
    text[0] = '\0';
    for (uint64_t i = 0; i < count && i < EXAMPLES_MAX; i++)
        used = text_append(text, 256, used, "%s%" PRId64, i == 0 ? "" : ", ", examples[i]);
    if (count > EXAMPLES_MAX)
        text_append(text, 256, used, " …");
    return text;
}

static const char *meaning_of(const struct audit *audit, size_t which)
{
    if (finding_defs[which].offset == offsetof(struct tally, missing) && !audit->settings->dead_letters)
        return "committed, but not processed; dead letters were not checked: --dlq checks them";
    return finding_defs[which].meaning;
}

static void print_different(const struct audit *audit, const struct tally *tally)
{
    const struct schema *schema = audit->sink.schema;
    for (size_t i = 0; i < schema->field_count; i++)
        if ((tally->different_fields >> i & 1) != 0)
            log_line("  field %s", schema->fields[i].name);
}

static void print_findings(const struct audit *audit)
{
    char text[256];
    for (size_t which = 0; which < FINDINGS; which++)
        for (int i = 0; i < audit->partitions; i++) {
            const struct finding *finding = finding_of(&audit->tallies[i], which);
            if (finding->count > 0)
                log_line("partition %d: %" PRIu64 " %s (%s): offset %s", i, finding->count,
                         finding_defs[which].name, meaning_of(audit, which),
                         listed(finding->examples, finding->count, text));
            if (finding == &audit->tallies[i].different && finding->count > 0)
                print_different(audit, &audit->tallies[i]);
        }
    if (audit->sink.elsewhere > 0)
        log_line("%" PRIu64 " rows of partitions that this topic does not have", audit->sink.elsewhere);
    for (size_t i = 0; i < audit->sink.altered.count && i < ALTERED_MAX; i++) {
        const struct altered_column *column = &audit->sink.altered.columns[i];
        log_line("column %s is of type %s, but the sink writes %s: its values may be garbage", column->name,
                 column->found, column->wanted);
    }
}

static void print_producer(const struct producer *producer)
{
    char name[256];
    const struct sequence *sequence = &producer->sequence;
    log_line("producer %s: %" PRIu64 " records in %u run%s, the last from seq %" PRId64 " to %" PRId64
             ", %" PRIu64 " doubled, %" PRIu64 " numbers missing in %" PRIu64 " gap%s",
             plain(producer, name), sequence->records, (unsigned)sequence->runs,
             sequence->runs == 1 ? "" : "s", sequence->first, sequence->highest, sequence->doubled,
             sequence->missing, sequence->gap_count, sequence->gap_count == 1 ? "" : "s");
    for (size_t i = 0; i < sequence->gap_count && i < SEQUENCE_EXAMPLES_MAX; i++)
        log_line("  seq %" PRId64 " to %" PRId64 " are missing", sequence->gaps[i].first,
                 sequence->gaps[i].last);
}

static bool retention_took_some(const struct audit *audit)
{
    for (int i = 0; i < audit->partitions; i++)
        if (audit->tallies[i].low > 0)
            return true;
    return false;
}

static void print_producers(const struct audit *audit)
{
    for (size_t i = 0; i < audit->producers.count; i++)
        print_producer(&audit->producers.items[i]);
    if (audit->producers.count > 0 && retention_took_some(audit))
        log_line("(numbers are also missing where retention deleted their records)");
    if (audit->unnumbered > 0)
        log_line("%" PRIu64 " records without the headers producer and seq: audited by their offsets alone",
                 audit->unnumbered);
    if (audit->producers.unfollowed > 0)
        log_line("%" PRIu64 " records of further producers were not checked for gaps",
                 audit->producers.unfollowed);
    if (audit->order.unfollowed > 0)
        log_line("%" PRIu64 " records of further keys were not checked for order", audit->order.unfollowed);
}

static void print_ledger(const struct audit *audit)
{
    char text[256];
    uint64_t unaccounted = 0;
    if (audit->ledgers == NULL)
        return;
    const struct ledger_count *count = ledgers_count(audit->ledgers);
    for (int i = 0; i < audit->partitions; i++)
        unaccounted += audit->tallies[i].unaccounted;
    log_line("ledger: %" PRIu64 " acknowledged; %" PRIu64 " failed, %" PRIu64
             " of them stored nevertheless%s%s; %" PRIu64 " unknown, %" PRIu64 " of them stored; %" PRIu64
             " records without a line (their producer was killed)",
             count->acknowledged, count->failed, count->failed_present,
             count->failed_present > 0 ? ": seq " : "",
             listed(count->failed_examples, count->failed_present, text), count->unknown,
             count->unknown_present, unaccounted);
    if (count->unreadable > 0)
        log_line("ledger: %" PRIu64 " lines could not be read: what they say is not audited",
                 count->unreadable);
    if (count->nowhere > 0)
        log_line("ledger: %" PRIu64 " lost: acknowledged in partitions that the topic does not have",
                 count->nowhere);
}

static void print_letters(const struct audit *audit)
{
    const struct dead_letters *letters = &audit->letters;
    if (!audit->settings->dead_letters)
        return;
    log_line("dead letters: %" PRIu64 " of this group, %" PRIu64 " repeats of them, %" PRIu64 " of others%s",
             letters->letters, letters->repeats, letters->others,
             letters->unreadable > 0 ? ", and some records that are not dead letters" : "");
    if (letters->outbox > 0)
        log_line("%" PRIu64
                 " more in the outbox of the database: the dead-letter topic has not acknowledged them",
                 letters->outbox);
}

static void print_verdict(const struct audit *audit, bool clean)
{
    if (clean && audit->settings->open_sink == NULL && audit->ledgers == NULL)
        log_line("clean, as far as the topic alone tells: a sink or a ledger tells more");
    else if (clean)
        log_line("clean: nothing is lost, nothing is doubled, every key is in order");
    else
        log_line("NOT clean: %" PRIu64 " missing, %" PRIu64 " doubled, %" PRIu64 " strange, %" PRIu64
                 " lost, %" PRIu64 " out of order, %" PRIu64 " different%s%s",
                 total(audit, 0), total(audit, 1) + doubled_by_producers(audit),
                 total(audit, 2) + audit->sink.elsewhere, total(audit, 3) + lost_nowhere(audit),
                 total(audit, 4), total(audit, 5),
                 audit->sink.altered.count > 0 ? "; columns were altered" : "",
                 ledger_is_unreadable(audit) ? "; the ledger cannot be read in full" : "");
}

bool report(const struct audit *audit)
{
    bool clean = is_clean(audit);
    if (audit->settings->json) {
        print_json(audit, clean);
        return clean;
    }
    log_line("Topic %s%s%s", audit->settings->topic, audit->settings->group != NULL ? ", group " : "",
             audit->settings->group != NULL ? audit->settings->group : "");
    print_table(audit);
    print_findings(audit);
    print_letters(audit);
    print_producers(audit);
    print_ledger(audit);
    print_verdict(audit, clean);
    return clean;
}
