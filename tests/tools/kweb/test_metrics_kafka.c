/* What /metrics/kafka has: groups and topics under the names of other exporters, one sample of each. */
#include "tests/support/fake_clock.h"

#include "tests/tools/kweb/metrics_case.h"

#define EXPORTER(number) "{consumergroup=\"test_group_bravo\",topic=\"payments\",partition=\"" #number "\"}"
#define LAG_EXPORTER(number)                                                                                 \
    "{cluster_name=\"127.0.0.1:9092\",group=\"test_group_bravo\",topic=\"payments\",partition=\"" #number    \
    "\",client_id=\"bravo\"}"
#define GROUP "{cluster_name=\"127.0.0.1:9092\",group=\"test_group_bravo\"}"

static struct stats_writer *second;

static void show(void)
{
    render(&everything, METRICS_KAFKA, EXPOSITION_TEXT, 1000);
}

static size_t times(const char *text)
{
    size_t found = 0;
    for (const char *at = shown; (at = strstr(at, text)) != NULL; at++)
        found++;
    return found;
}

/* A second worker of the same client has partition 0, too. */
static void add_second(int64_t committed, int64_t looked_us)
{
    int fd = create_worker("bravo.2", STATS_KIND_CONSUMER, 1);
    second = open_writer(fd);
    close(fd);
    int slot = stats_partition_slot(second, "payments", 0);
    stats_partition_set(second, slot, PARTITION_ASSIGNED, 1);
    stats_partition_set(second, slot, PARTITION_COMMITTED, committed);
    stats_partition_set(second, slot, PARTITION_HIGH, 110);
    stats_partition_set(second, slot, PARTITION_WATERMARKS_AT, looked_us);
    stats_partition_publish(second, slot);
}

/* The group `audit` of another client has the same partition, and one of another topic. */
static void add_group(void)
{
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "bravo.2");
    snprintf(entry.client, sizeof entry.client, "audit");
    snprintf(entry.group, sizeof entry.group, "audit");
    entry.kind = STATS_KIND_CONSUMER;
    entry.generation = 1;
    ck_assert_int_eq(directory_publish(directory, 2, &entry, NULL), 0);
    add_second(10, watermarks_us);
    int slot = stats_partition_slot(second, "orders", 0);
    stats_partition_set(second, slot, PARTITION_ASSIGNED, 1);
    stats_partition_set(second, slot, PARTITION_COMMITTED, 3);
    stats_partition_set(second, slot, PARTITION_HIGH, 8);
    stats_partition_set(second, slot, PARTITION_WATERMARKS_AT, watermarks_us);
    stats_partition_publish(second, slot);
}

static void clean_up(void)
{
    stats_writer_close(second);
    instance_clean_up();
}

START_TEST(it_speaks_kafka_exporters_names)
{
    show();
    expect("\nkafka_consumergroup_current_offset" EXPORTER(0) " 100\n");
    expect("\nkafka_consumergroup_lag" EXPORTER(0) " 7\n");
    expect("\nkafka_consumergroup_lag" EXPORTER(2) " 0\n");
    expect("\nkafka_topic_partition_current_offset{topic=\"payments\",partition=\"0\"} 107\n");
    expect("\nkafka_topic_partitions{topic=\"payments\"} 2\n");
}
END_TEST

START_TEST(it_speaks_kafka_lag_exporters_names)
{
    show();
    expect("\nkafka_consumergroup_group_offset" LAG_EXPORTER(0) " 100\n");
    expect("\nkafka_consumergroup_group_lag" LAG_EXPORTER(0) " 7\n");
    expect("\nkafka_consumergroup_group_lag_seconds" LAG_EXPORTER(2) " 0\n");
    expect("\nkafka_consumergroup_group_max_lag" GROUP " 7\n");
    expect("\nkafka_partition_latest_offset{cluster_name=\"127.0.0.1:9092\",topic=\"payments\",partition="
           "\"2\"} 50\n");
}
END_TEST

START_TEST(what_is_not_known_is_left_out_of_a_maximum_too)
{
    show();
    expect_not("kafka_consumergroup_group_lag_seconds" LAG_EXPORTER(0));
    expect_not("kafka_consumergroup_group_max_lag_seconds{");
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_BEHIND_SINCE, clock_wall_us() - 2500000);
    stats_partition_publish(bravo, slot);
    show();
    expect("\nkafka_consumergroup_group_lag_seconds" LAG_EXPORTER(0) " 2.5\n");
    expect("\nkafka_consumergroup_group_max_lag_seconds" GROUP " 2.5\n");
}
END_TEST

START_TEST(of_two_workers_that_live_the_one_that_looked_last_is_believed)
{
    add_second(104, watermarks_us + 1);
    show();
    expect("\nkafka_consumergroup_current_offset" EXPORTER(0) " 104\n");
    ck_assert_uint_eq(times("\nkafka_consumergroup_current_offset" EXPORTER(0)), 1);
    expect("\nkafka_topic_partition_current_offset{topic=\"payments\",partition=\"0\"} 110\n");
    ck_assert_uint_eq(times("\nkafka_topic_partition_current_offset{"), 2);
    ck_assert_uint_eq(times("\nkafka_consumergroup_group_max_lag{"), 1);
}
END_TEST

START_TEST(groups_and_topics_are_told_apart)
{
    add_group();
    show();
    expect("\nkafka_consumergroup_lag" EXPORTER(0) " 7\n");
    expect("\nkafka_consumergroup_lag{consumergroup=\"audit\",topic=\"payments\",partition=\"0\"} 100\n");
    expect("\nkafka_consumergroup_lag{consumergroup=\"audit\",topic=\"orders\",partition=\"0\"} 5\n");
    expect("\nkafka_consumergroup_group_max_lag" GROUP " 7\n");
    expect("\nkafka_consumergroup_group_max_lag{cluster_name=\"127.0.0.1:9092\",group=\"audit\"} 100\n");
    expect("\nkafka_topic_partitions{topic=\"payments\"} 2\n");
    expect("\nkafka_topic_partitions{topic=\"orders\"} 1\n");
    expect("\nkafka_topic_partition_current_offset{topic=\"orders\",partition=\"0\"} 8\n");
    ck_assert_uint_eq(times("\nkafka_topic_partition_current_offset{"), 3);
    ck_assert_uint_eq(times("\nkafka_consumergroup_group_max_lag{"), 2);
}
END_TEST

START_TEST(one_that_lives_is_believed_before_one_that_is_dead)
{
    add_second(104, watermarks_us + 1);
    stats_writer_close(second);
    second = NULL;
    show();
    expect("\nkafka_consumergroup_current_offset" EXPORTER(0) " 100\n");
    expect("\nkafka_topic_partition_current_offset{topic=\"payments\",partition=\"0\"} 110\n");
}
END_TEST

START_TEST(a_producer_knows_the_end_of_a_topic)
{
    int slot = stats_partition_slot(producer, "payments", 1);
    stats_partition_set(producer, slot, PRODUCER_ACKNOWLEDGED_OFFSET, 41);
    stats_partition_set(producer, slot, PRODUCER_ACKNOWLEDGED_AT, clock_wall_us());
    stats_partition_publish(producer, slot);
    show();
    expect("\nkafka_topic_partition_current_offset{topic=\"payments\",partition=\"1\"} 42\n");
    expect("\nkafka_topic_partitions{topic=\"payments\"} 3\n");
    expect_not("kafka_consumergroup_lag" EXPORTER(1));
}
END_TEST

START_TEST(a_partition_that_is_not_assigned_is_nobodys_lag)
{
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_ASSIGNED, 0);
    stats_partition_publish(bravo, slot);
    show();
    expect_not("kafka_consumergroup_lag" EXPORTER(0));
    expect("\nkafka_consumergroup_lag" EXPORTER(2) " 0\n");
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/metrics_kafka", instance_prepare, clean_up, it_speaks_kafka_exporters_names,
                it_speaks_kafka_lag_exporters_names, what_is_not_known_is_left_out_of_a_maximum_too,
                of_two_workers_that_live_the_one_that_looked_last_is_believed,
                groups_and_topics_are_told_apart, one_that_lives_is_believed_before_one_that_is_dead,
                a_producer_knows_the_end_of_a_topic, a_partition_that_is_not_assigned_is_nobodys_lag)
