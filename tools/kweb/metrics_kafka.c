#include "tools/kweb/metrics_kafka.h"

/* --- what is known of a partition ---------------------------------------------------------------------- */

/* A group's, or with `group` "" the topic's own, whose offsets are `committed` = unknown. */
struct row {
    const char *group, *topic;
    int32_t number;
    bool alive;
    int64_t updated_us;
    int64_t committed, high, lag, lag_us, one;
    size_t worker;
};

struct rows {
    struct row *items;
    size_t count;
};

/* Values of a partition: looked for by name once, then taken of every one. */
enum column { HIGH, WATERMARKS_AT, COMMITTED, LAG, LAG_US, ACKNOWLEDGED, ACKNOWLEDGED_AT, COLUMNS };

struct metrics_kafka {
    const struct metrics_table *table;
    size_t columns[COLUMNS];
    size_t family, next;  /* what comes next: of a list, the first of those that stand together */
    struct rows groups;   /* by group, topic and partition */
    struct rows topics;   /* by topic and partition */
    struct labels labels; /* here, because the compiler clears a local one of 4 KiB for each sample */
};

static int compare_rows(const struct row *a, const struct row *b)
{
    int order = strcmp(a->group, b->group);
    if (order == 0)
        order = strcmp(a->topic, b->topic);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* Of the same partition, who is to be believed comes first: who lives, then who looked last. */
static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = compare_rows(a, b);
    if (order == 0)
        order = b->alive - a->alive;
    return order != 0 ? order : (a->updated_us < b->updated_us) - (a->updated_us > b->updated_us);
}

static void sort_and_choose(struct rows *rows)
{
    size_t kept = 0;
    if (rows->count > 0)
        qsort(rows->items, rows->count, sizeof rows->items[0], compare);
    for (size_t i = 0; i < rows->count; i++)
        if (kept == 0 || compare_rows(&rows->items[kept - 1], &rows->items[i]) != 0)
            rows->items[kept++] = rows->items[i];
    rows->count = kept;
}

/* --- from the table ------------------------------------------------------------------------------------ */

static void find_columns(const struct metrics_families *families, size_t columns[COLUMNS])
{
    static const char *const names[] = {"high",   "watermarks_us",       "committed",      "lag",
                                        "lag_us", "acknowledged_offset", "acknowledged_us"};
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = metrics_partition_column(families, names[i]);
}

static int64_t value_of(const struct metrics_kafka *kafka, size_t partition, enum column column)
{
    return metrics_partition_row(kafka->table, partition)[kafka->columns[column]];
}

static struct row row_of(const struct metrics_table *table, size_t index)
{
    const struct metrics_partition *partition = &table->partitions[index];
    const struct metrics_worker *worker = &table->workers[partition->worker];
    return (struct row){.group = metrics_text(table, worker->group),
                        .topic = metrics_text(table, partition->topic),
                        .number = partition->number,
                        .alive = worker->alive,
                        .committed = STATS_UNKNOWN,
                        .lag = STATS_UNKNOWN,
                        .lag_us = STATS_UNKNOWN,
                        .one = 1,
                        .worker = partition->worker};
}

static void of_consumer(struct metrics_kafka *kafka, size_t index)
{
    struct row row = row_of(kafka->table, index);
    row.high = value_of(kafka, index, HIGH);
    row.updated_us = value_of(kafka, index, WATERMARKS_AT);
    row.committed = value_of(kafka, index, COMMITTED);
    row.lag = value_of(kafka, index, LAG);
    row.lag_us = value_of(kafka, index, LAG_US);
    if (row.group[0] != '\0')
        kafka->groups.items[kafka->groups.count++] = row;
    row.group = "";
    row.alive = false; /* the topic's end is what it is, whoever saw it last */
    kafka->topics.items[kafka->topics.count++] = row;
}

static void of_producer(struct metrics_kafka *kafka, size_t index)
{
    struct row row = row_of(kafka->table, index);
    int64_t acknowledged = value_of(kafka, index, ACKNOWLEDGED);
    row.high = acknowledged < 0 || acknowledged == INT64_MAX ? STATS_UNKNOWN : acknowledged + 1;
    row.updated_us = value_of(kafka, index, ACKNOWLEDGED_AT);
    row.group = "";
    row.alive = false;
    kafka->topics.items[kafka->topics.count++] = row;
}

static int gather(struct metrics_kafka *kafka, const struct metrics_table *table)
{
    kafka->table = table;
    find_columns(&table->families, kafka->columns);
    kafka->groups.items = calloc(table->partitions_count + 1, sizeof *kafka->groups.items);
    kafka->topics.items = calloc(table->partitions_count + 1, sizeof *kafka->topics.items);
    if (kafka->groups.items == NULL || kafka->topics.items == NULL)
        return -1;
    for (size_t i = 0; i < table->partitions_count; i++) {
        bool is_producer = table->workers[table->partitions[i].worker].kind == STATS_KIND_PRODUCER;
        if (is_producer)
            of_producer(kafka, i);
        else if (table->partitions[i].assigned)
            of_consumer(kafka, i);
    }
    sort_and_choose(&kafka->groups);
    sort_and_choose(&kafka->topics);
    return 0;
}

/* --- labels -------------------------------------------------------------------------------------------- */

/* kafka_exporter says consumergroup; kafka-lag-exporter says group, and which cluster and which client. */
static void exporter_labels(const struct metrics_kafka *kafka, const struct row *row, struct labels *labels)
{
    (void)kafka;
    labels_add(labels, "consumergroup", row->group);
    labels_add(labels, "topic", row->topic);
    labels_add_number(labels, "partition", row->number);
}

static void lag_exporter_labels(const struct metrics_kafka *kafka, const struct row *row,
                                struct labels *labels)
{
    const struct metrics_worker *worker = &kafka->table->workers[row->worker];
    labels_add(labels, "cluster_name", metrics_text(kafka->table, kafka->table->cluster));
    labels_add(labels, "group", row->group);
    labels_add(labels, "topic", row->topic);
    labels_add_number(labels, "partition", row->number);
    if (row->group[0] != '\0')
        labels_add(labels, "client_id", metrics_text(kafka->table, worker->client));
}

static void group_labels(const struct metrics_kafka *kafka, const struct row *row, struct labels *labels)
{
    labels_add(labels, "cluster_name", metrics_text(kafka->table, kafka->table->cluster));
    labels_add(labels, "group", row->group);
}

static void topic_labels(const struct metrics_kafka *kafka, const struct row *row, struct labels *labels)
{
    (void)kafka;
    labels_add(labels, "topic", row->topic);
}

/* --- families ------------------------------------------------------------------------------------------ */

#define EXPORTER     "7589"
#define LAG_EXPORTER "kafka-lag-exporter"

/* What is written for neighbours: each for itself, or once for all that have the same group or topic. */
struct family {
    struct metrics_kafka_family shown;
    size_t list, member; /* in struct metrics_kafka a struct rows, in struct row an int64_t */
    void (*label)(const struct metrics_kafka *kafka, const struct row *row, struct labels *labels);
    bool (*together)(const struct row *a, const struct row *b);
    int64_t (*join)(int64_t a, int64_t b);
};

static bool same_group(const struct row *a, const struct row *b)
{
    return strcmp(a->group, b->group) == 0;
}

static bool same_topic(const struct row *a, const struct row *b)
{
    return strcmp(a->topic, b->topic) == 0;
}

static bool alone(const struct row *a, const struct row *b)
{
    return a == b;
}

/* Of a number that is not known and others, the largest is not known. */
static int64_t larger(int64_t a, int64_t b)
{
    if (a == STATS_UNKNOWN || b == STATS_UNKNOWN)
        return STATS_UNKNOWN;
    return a > b ? a : b;
}

static int64_t added(int64_t a, int64_t b)
{
    return a + b; /* of how many there are */
}

#define GROUPS     offsetof(struct metrics_kafka, groups)
#define TOPICS     offsetof(struct metrics_kafka, topics)
#define OF(member) offsetof(struct row, member)

static const struct family families[] = {
    {{{"kafka_topic_partitions", "Number of partitions of the topic that this instance has seen", "",
       EXPOSITION_GAUGE, false},
      "topic",
      EXPORTER},
     TOPICS,
     OF(one),
     topic_labels,
     same_topic,
     added},
    {{{"kafka_topic_partition_current_offset", "Offset of the next record to come", "", EXPOSITION_GAUGE,
       false},
      "topic, partition",
      EXPORTER},
     TOPICS,
     OF(high),
     exporter_labels,
     alone,
     larger},
    {{{"kafka_consumergroup_current_offset", "Committed offset of the group", "", EXPOSITION_GAUGE, false},
      "consumergroup, topic, partition",
      EXPORTER},
     GROUPS,
     OF(committed),
     exporter_labels,
     alone,
     larger},
    {{{"kafka_consumergroup_lag", "Lag of the group in records", "", EXPOSITION_GAUGE, false},
      "consumergroup, topic, partition",
      EXPORTER},
     GROUPS,
     OF(lag),
     exporter_labels,
     alone,
     larger},
    {{{"kafka_partition_latest_offset", "Offset of the next record to come", "", EXPOSITION_GAUGE, false},
      "cluster_name, topic, partition",
      LAG_EXPORTER},
     TOPICS,
     OF(high),
     lag_exporter_labels,
     alone,
     larger},
    {{{"kafka_consumergroup_group_offset", "Committed offset of the group", "", EXPOSITION_GAUGE, false},
      "cluster_name, group, topic, partition, client_id",
      LAG_EXPORTER},
     GROUPS,
     OF(committed),
     lag_exporter_labels,
     alone,
     larger},
    {{{"kafka_consumergroup_group_lag", "Lag of the group in records", "", EXPOSITION_GAUGE, false},
      "cluster_name, group, topic, partition, client_id",
      LAG_EXPORTER},
     GROUPS,
     OF(lag),
     lag_exporter_labels,
     alone,
     larger},
    {{{"kafka_consumergroup_group_lag_seconds", "Lag of the group in time", "seconds", EXPOSITION_GAUGE,
       true},
      "cluster_name, group, topic, partition, client_id",
      LAG_EXPORTER},
     GROUPS,
     OF(lag_us),
     lag_exporter_labels,
     alone,
     larger},
    {{{"kafka_consumergroup_group_max_lag", "The largest lag in records of the group's partitions", "",
       EXPOSITION_GAUGE, false},
      "cluster_name, group",
      LAG_EXPORTER},
     GROUPS,
     OF(lag),
     group_labels,
     same_group,
     larger},
    {{{"kafka_consumergroup_group_max_lag_seconds", "The longest lag in time of the group's partitions",
       "seconds", EXPOSITION_GAUGE, true},
      "cluster_name, group",
      LAG_EXPORTER},
     GROUPS,
     OF(lag_us),
     group_labels,
     same_group,
     larger},
};
#define FAMILIES (sizeof families / sizeof families[0])

const struct metrics_kafka_family *metrics_kafka_family(size_t index)
{
    return index < FAMILIES ? &families[index].shown : NULL;
}

/* --- writing ------------------------------------------------------------------------------------------- */

static int64_t member_of(const struct row *row, size_t member)
{
    int64_t value;
    memcpy(&value, (const char *)row + member, sizeof value);
    return value;
}

/* Those that stand together, joined; returns the first after them. */
static size_t write_sample(struct exposition *exposition, struct metrics_kafka *kafka,
                           const struct family *family, const struct rows *rows, size_t first)
{
    int64_t value = member_of(&rows->items[first], family->member);
    size_t i = first + 1;
    for (; i < rows->count && family->together(&rows->items[first], &rows->items[i]); i++)
        value = family->join(value, member_of(&rows->items[i], family->member));
    kafka->labels.used = 0;
    family->label(kafka, &rows->items[first], &kafka->labels);
    exposition_sample(exposition, labels_span(&kafka->labels), value);
    return i;
}

bool metrics_kafka_next(struct metrics_kafka *kafka, struct exposition *exposition)
{
    if (kafka->family == FAMILIES)
        return false;
    const struct family *family = &families[kafka->family];
    const struct rows *rows = (const void *)((const char *)kafka + family->list);
    if (kafka->next == 0)
        exposition_family(exposition, &family->shown.head);
    if (kafka->next < rows->count) {
        kafka->next = write_sample(exposition, kafka, family, rows, kafka->next);
    } else {
        kafka->family++;
        kafka->next = 0;
    }
    return true;
}

struct metrics_kafka *metrics_kafka_new(const struct metrics_table *table)
{
    struct metrics_kafka *kafka = calloc(1, sizeof *kafka);
    if (kafka == NULL || gather(kafka, table) == 0)
        return kafka;
    metrics_kafka_free(kafka);
    return NULL;
}

void metrics_kafka_free(struct metrics_kafka *kafka)
{
    if (kafka == NULL)
        return;
    free(kafka->groups.items);
    free(kafka->topics.items);
    free(kafka);
}
