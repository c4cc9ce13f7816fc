#include "tools/kaudit/audit.h"

#include "common/dead_letter.h"
#include "common/exit_codes.h"
#include "common/kafka_topic.h"

#define ANSWER_MS 10000

/* --- what is compared ---------------------------------------------------------------------------------- */

static int allocate(struct audit *audit, struct error *error)
{
    size_t count = (size_t)audit->partitions;
    audit->committed = calloc(count, sizeof *audit->committed);
    audit->in_database = calloc(count, sizeof *audit->in_database);
    audit->tallies = calloc(count, sizeof *audit->tallies);
    audit->compares = calloc(count, sizeof *audit->compares);
    if (audit->committed == NULL || audit->in_database == NULL || audit->tallies == NULL ||
        audit->compares == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++)
        audit->committed[i] = audit->in_database[i] = -1;
    return 0;
}

static int find_topic(struct audit *audit, struct error *error)
{
    const struct settings *settings = audit->settings;
    audit->partitions = cluster_extents(&audit->cluster, settings->topic, &audit->extents, error);
    if (audit->partitions == 0 && kafka_topic_forbidden(audit->cluster.kafka.rk, settings->topic, ANSWER_MS))
        return error_set(error, "there is no topic '%s' at %s, or you lack the right to see it (DESCRIBE)",
                         settings->topic, audit->cluster.kafka.brokers.bootstrap);
    if (audit->partitions == 0)
        return error_set(error, "there is no topic '%s' at %s; 'ktopic list' shows the existing ones",
                         settings->topic, audit->cluster.kafka.brokers.bootstrap);
    return audit->partitions == -1 ? -1 : allocate(audit, error);
}

static const struct source *if_open(const struct source *source)
{
    return source->next != NULL ? source : NULL;
}

/* Its outbox is asked for with the dead letters only. */
static int open_sink(struct audit *audit, struct error *error)
{
    const struct settings *settings = audit->settings;
    const struct sink_spec spec = {.where = settings->sink_where,
                                   .schema = settings->schema,
                                   .table = settings->table != NULL ? settings->table : settings->topic,
                                   .partitions = audit->partitions,
                                   .cluster = audit->cluster.id,
                                   .group = settings->group,
                                   .topic = settings->topic,
                                   .letters = settings->dead_letters,
                                   .next_offsets = audit->in_database,
                                   .kafka = &audit->cluster};
    return settings->open_sink == NULL ? 0 : settings->open_sink(&audit->sink, &spec, error);
}

static int open_letters(struct audit *audit, struct error *error)
{
    const struct settings *settings = audit->settings;
    char topic[256];
    snprintf(topic, sizeof topic, "%s" DEAD_LETTER_SUFFIX, settings->topic);
    return dead_letters_read(&audit->letters, &audit->cluster,
                             settings->dead_letter_topic != NULL ? settings->dead_letter_topic : topic,
                             if_open(&audit->sink.outbox), settings->topic, settings->group,
                             audit->partitions, error);
}

static int open_ledgers(struct audit *audit, struct error *error)
{
    const struct option_list *paths = &audit->settings->ledgers;
    if (paths->count == 0)
        return 0;
    audit->ledgers = ledgers_open(audit->settings->topic, audit->partitions, error);
    if (audit->ledgers == NULL)
        return -1;
    for (size_t i = 0; i < paths->count; i++)
        if (ledgers_read(audit->ledgers, paths->items[i], error) == -1)
            return -1;
    return ledgers_ready(audit->ledgers, &audit->ledger_source, error);
}

/* In this order: audit.h. The topic was looked at once before, for its partitions. */
static int gather(struct audit *audit, struct error *error)
{
    const struct settings *settings = audit->settings;
    if (settings->group != NULL && cluster_committed(&audit->cluster, settings->group, settings->topic,
                                                     audit->partitions, audit->committed, error) == -1)
        return -1;
    if (open_sink(audit, error) == -1 || (settings->dead_letters && open_letters(audit, error) == -1) ||
        open_ledgers(audit, error) == -1)
        return -1;
    free(audit->extents);
    audit->extents = NULL;
    int partitions = cluster_extents(&audit->cluster, settings->topic, &audit->extents, error);
    if (partitions >= 0 && partitions < audit->partitions) {
        error_set(error, "topic %s was deleted while it was audited", settings->topic);
        return -1;
    }
    return audit->extents == NULL ? -1 : 0;
}

static void begin_partition(struct audit *audit, int partition)
{
    struct tally *tally = &audit->tallies[partition];
    *tally = (struct tally){.partition = partition,
                            .low = audit->extents[partition].low,
                            .end = audit->extents[partition].high,
                            .committed = audit->committed[partition],
                            .in_database = audit->in_database[partition]};
    audit->compares[partition] = (struct compare){
        .tally = tally,
        .rows = {.source = if_open(&audit->sink.source), .partition = partition},
        .dead = {.source = if_open(&audit->letters.source), .partition = partition},
        .ledger = {.source = if_open(&audit->ledger_source), .partition = partition},
        .judged = audit->settings->open_sink != NULL,
    };
}

/* --- a record ------------------------------------------------------------------------------------------ */

static void check_order(struct audit *audit, const struct topic_record *record,
                        const struct producer *producer)
{
    const rd_kafka_message_t *message = record->message;
    if (message->key == NULL) /* no key, no order promised */
        return;
    uint64_t hash = key_order_hash(0, &message->partition, sizeof message->partition);
    hash = key_order_hash(hash, producer->name, producer->length + 1);
    hash = key_order_hash(hash, message->key, message->key_len);
    if (key_order_take(&audit->order, hash, producer->sequence.runs, record->seq) == KEY_OUT_OF_ORDER)
        finding_add(&audit->tallies[message->partition].disorder, message->offset);
}

static int take_number(struct audit *audit, const struct topic_record *record, struct error *error)
{
    struct producer *producer = producers_find(&audit->producers, record->producer, record->producer_length);
    if (producer == NULL) {
        audit->producers.unfollowed++;
        return 0;
    }
    switch (sequence_take(&producer->sequence, record->seq, record->timestamp_ms, record->broker_stamped)) {
    case SEQUENCE_NEW:
        check_order(audit, record, producer);
        break;
    case SEQUENCE_DOUBLED:
        break;
    case SEQUENCE_NO_MEMORY:
        return error_set(error, "out of memory");
    }
    return 0;
}

static int take_record(struct audit *audit, const struct topic_record *record, struct error *error)
{
    const rd_kafka_message_t *message = record->message;
    struct audited audited = {
        .offset = message->offset, .seq = record->seq, .timestamp_ms = record->timestamp_ms};
    bool numbered = record->producer != NULL && record->seq >= 0;
    bool acknowledged, told;
    if (numbered && take_number(audit, record, error) == -1)
        return -1;
    audit->unnumbered += !numbered;
    if (audit->sink.schema != NULL)
        content_of_payload(&audited.content, audit->sink.form, audit->sink.schema, message->payload,
                           message->len);
    if (compare_record(&audit->compares[message->partition], &audited, &acknowledged, error) == -1)
        return -1;
    if (audit->ledgers != NULL && numbered && !acknowledged &&
        ledgers_covers(audit->ledgers, record->producer, record->producer_length, record->seq,
                       record->timestamp_ms, &told) &&
        !told)
        audit->tallies[message->partition].unaccounted++;
    return 0;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

static int read_topic(struct audit *audit, struct error *error)
{
    struct topic_reader *reader;
    struct topic_record record;
    if (topic_open(&reader, &audit->cluster, audit->settings->topic, audit->extents, audit->partitions,
                   error) == -1)
        return -1;
    int answer;
    while ((answer = topic_next(reader, &record, error)) == 1)
        if (take_record(audit, &record, error) == -1) {
            answer = -1;
            break;
        }
    topic_close(reader);
    return answer;
}

int audit_run(struct audit *audit, struct error *error)
{
    struct settings *settings = audit->settings;
    const struct kafka_source source = {settings->bootstrap, settings->kafka_config};
    if (cluster_open(&audit->cluster, &source, &settings->properties, error) == -1 ||
        find_topic(audit, error) == -1 || gather(audit, error) == -1)
        return -1;
    for (int i = 0; i < audit->partitions; i++)
        begin_partition(audit, i);
    if (read_topic(audit, error) == -1)
        return -1;
    for (int i = 0; i < audit->partitions; i++)
        if (compare_finish(&audit->compares[i], error) == -1)
            return -1;
    for (size_t i = 0; i < audit->producers.count; i++)
        sequence_finish(&audit->producers.items[i].sequence);
    return 0;
}

void audit_release(struct audit *audit)
{
    source_close(&audit->sink.source);
    source_close(&audit->sink.outbox);
    source_close(&audit->letters.source);
    source_close(&audit->ledger_source);
    ledgers_close(audit->ledgers);
    producers_release(&audit->producers);
    key_order_release(&audit->order);
    free(audit->extents);
    free(audit->committed);
    free(audit->in_database);
    free(audit->tallies);
    free(audit->compares);
    cluster_close(&audit->cluster);
}
