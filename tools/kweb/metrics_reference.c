/* METRICS.md, from the same lists that the answers are made of. */
#include "tools/kweb/metrics_families.h"
#include "tools/kweb/metrics.h"
#include "tools/kweb/metrics_kafka.h"

static void row(FILE *stream, const struct exposition_family *head, const char *labels, const char *meaning)
{
    fprintf(stream, "| `%s%s` | %s | %s | %s |\n", head->name, exposition_suffix(head->type),
            exposition_type_name(head->type), labels, meaning);
}

static void head(FILE *stream, const char *title)
{
    fprintf(stream, "\n## %s\n\n| name | type | labels | meaning |\n|---|---|---|---|\n", title);
}

/* Which of them a row is about. */
struct part {
    const char *title, *labels;
    enum metrics_scope scope;
    int kind;
};

static void write_part(FILE *stream, const struct metrics_families *families, const struct part *part)
{
    head(stream, part->title);
    for (size_t i = 0; i < families->count; i++) {
        const struct metrics_family *family = &families->items[i];
        char labels[128];
        snprintf(labels, sizeof labels, "%s%s%s", part->labels,
                 family->head.type == EXPOSITION_STATES ? ", " : "",
                 family->head.type == EXPOSITION_STATES ? family->definition->name : "");
        if (family->scope == part->scope && family->kind == part->kind)
            row(stream, &family->head, labels, family->head.help);
    }
}

static void write_own(FILE *stream)
{
    static const struct part parts[] = {
        {"Of the instance", "", METRICS_OF_INSTANCE, 0},
        {"Of every worker", "worker, client, group", METRICS_OF_WORKER, 0},
        {"Of a consumer", "worker, client, group", METRICS_OF_WORKER, STATS_KIND_CONSUMER},
        {"Of a producer", "worker, client", METRICS_OF_WORKER, STATS_KIND_PRODUCER},
        {"Of a consumer's partition", "worker, client, group, topic, partition", METRICS_OF_PARTITION,
         STATS_KIND_CONSUMER},
        {"Of a producer's partition", "worker, client, topic, partition", METRICS_OF_PARTITION,
         STATS_KIND_PRODUCER},
    };
    struct metrics_families families;
    metrics_families_init(&families);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        write_part(stream, &families, &parts[i]);
}

static const char before[] =
    "# What `/metrics` and `/metrics/kafka` have\n\nMade by `kweb --metrics-reference`; a test keeps it up "
    "to date.\n\nValues are in base units. What is not known is left out. Prometheus itself adds `job` and "
    "`instance` (the\naddress that it asked); the name of the instance is in `ksupervise_instance_info`, "
    "whose labels are `name` and\n`bootstrap`, and the build's version in `ksupervise_build_info`.\n\nFor a "
    "partition that is no longer its own a consumer only reports `ksupervise_partition_assigned 0`. A "
    "dead\nworker keeps its partitions until it is back, or gone: until then two workers can have the same "
    "one. Take the\n`max by (group, topic, partition)` before adding up. A lag whose present end is unknown "
    "is a lower bound, and\nmarked as one. Workers that were removed by scaling are not here.\n\nHistograms "
    "have ten bounds, from 255 µs to 67 s, a factor of 4 apart.\n";

static const char kafka[] =
    "\n"
    "## `/metrics/kafka`: the names of existing dashboards\n"
    "\n"
    "Only what this instance knows of its own groups and their topics, so that dashboards of consumer lag "
    "work with\n"
    "no exporter. They are the names that two of them query: Grafana's 7589 (danielqsj's kafka_exporter), "
    "and the one of\n"
    "seglo's kafka-lag-exporter. `cluster_name` is the brokers' address. Labels that only the brokers know\n"
    "(`member_host`, `consumer_id`) are left out, and so are what an exporter says of itself (`jvm_…`) and "
    "names that\n"
    "promtool refuses (`…_lag_sum`: `_sum` is a histogram's); neither dashboard queries the latter.\n"
    "\n"
    "| name | labels | meaning | queried by |\n"
    "|---|---|---|---|\n";

void metrics_reference(FILE *stream)
{
    const struct metrics_kafka_family *family;
    fputs(before, stream);
    write_own(stream);
    fputs(kafka, stream);
    for (size_t i = 0; (family = metrics_kafka_family(i)) != NULL; i++)
        fprintf(stream, "| `%s` | %s | %s | %s |\n", family->head.name, family->labels, family->head.help,
                family->queried);
}
