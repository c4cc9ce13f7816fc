/* What /metrics has of an instance: every worker and partition, in families, and nothing that is not known.
 */
#include "tests/support/fake_clock.h"

#include "common/view/view_behind.h"

#include "tests/tools/kweb/metrics_case.h"

#define BRAVO            "{worker=\"bravo\",client=\"bravo\",group=\"test_group_bravo\""
#define PAYMENTS(number) BRAVO ",topic=\"payments\",partition=\"" #number "\"}"

static void show(void)
{
    render(&everything, METRICS_OWN, EXPOSITION_TEXT, 65536);
}

START_TEST(it_says_what_it_is)
{
    char line[256];
    show();
    expect("\nksupervise_build_info{version=\"" KSUPERVISE_VERSION "\"} 1\n");
    snprintf(line, sizeof line, "\nksupervise_instance_info{name=\"%s\",bootstrap=\"127.0.0.1:9092\"} 1\n",
             instance_name);
    expect(line);
    expect("\nksupervise_up 1\n");
    expect("\nksupervise_supervisor_stopped 0\n");
}
END_TEST

START_TEST(a_worker_has_its_state_its_counters_and_its_labels)
{
    show();
    expect("\nksupervise_worker_up" BRAVO "} 1\n");
    expect("\nksupervise_worker_state" BRAVO ",state=\"ready\"} 1\n");
    expect("\nksupervise_worker_state" BRAVO ",state=\"held\"} 0\n");
    expect("\nksupervise_worker_generation" BRAVO "} 2\n");
    expect("\nksupervise_worker_restarts_total" BRAVO "} 1\n");
    expect("\nksupervise_consumer_phase" BRAVO ",phase=\"polling\"} 1\n");
    expect("\nksupervise_consumer_phase_since_timestamp_seconds" BRAVO "} 0.000077\n");
    expect("\nksupervise_consumer_processed_records_total" BRAVO "} 1042\n");
    expect("\nksupervise_producer_acknowledged_records_total{worker=\"producer\",client=\"producer\"} 9\n");
    expect_not("ksupervise_producer_acknowledged_records_total" BRAVO);
    expect_not("ksupervise_worker_lag_records{worker=\"producer\"");
}
END_TEST

START_TEST(a_partition_has_its_offsets_and_its_lag)
{
    show();
    expect("\nksupervise_partition_committed_offset" PAYMENTS(0) " 100\n");
    expect("\nksupervise_partition_high_offset" PAYMENTS(0) " 107\n");
    expect("\nksupervise_partition_committed_timestamp_seconds" PAYMENTS(0) " 0.005\n");
    expect("\nksupervise_partition_lag_records" PAYMENTS(0) " 7\n");
    expect("\nksupervise_partition_lag_records" PAYMENTS(2) " 0\n");
    expect("\nksupervise_partition_lag_seconds" PAYMENTS(2) " 0\n");
    expect("\nksupervise_worker_lag_records" BRAVO "} 7\n");
}
END_TEST

START_TEST(a_workers_lag_in_time_is_the_longest_of_its_partitions)
{
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_BEHIND_SINCE, clock_wall_us() - 2500000);
    stats_partition_publish(bravo, slot);
    show();
    expect("\nksupervise_partition_lag_seconds" PAYMENTS(0) " 2.5\n");
    expect("\nksupervise_worker_lag_seconds" BRAVO "} 2.5\n");
}
END_TEST

START_TEST(each_format_has_its_media_type)
{
    ck_assert_ptr_nonnull(strstr(metrics_content_type(EXPOSITION_TEXT), "text/plain; version=0.0.4"));
    ck_assert_ptr_nonnull(
        strstr(metrics_content_type(EXPOSITION_OPENMETRICS), "application/openmetrics-text"));
}
END_TEST

START_TEST(a_lag_that_nobody_looked_at_lately_is_marked_and_no_other)
{
    show();
    expect_not("ksupervise_partition_lag_is_lower_bound{");
    fake_clock_advance(2 * BEHIND_LATELY_US);
    show();
    expect("\nksupervise_partition_lag_is_lower_bound" PAYMENTS(0) " 1\n");
    expect("\nksupervise_partition_lag_seconds_is_lower_bound" PAYMENTS(2) " 1\n");
    expect_not("ksupervise_partition_lag_seconds_is_lower_bound" PAYMENTS(0)); /* of no lag in time */
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
    show();
    expect_not("ksupervise_partition_low_offset{");
    expect_not("ksupervise_partition_lag_seconds" PAYMENTS(0)); /* nobody said since when */
    expect_not("ksupervise_worker_last_death_signal{");
    expect_not("-9223372036854775808");
}
END_TEST

/* 1000 µs in ten records. */
START_TEST(a_histogram_has_cumulative_buckets_of_its_own_bounds)
{
    show();
    expect("\nksupervise_consumer_process_seconds_bucket" BRAVO ",le=\"0.000255\"} 0\n"
           "ksupervise_consumer_process_seconds_bucket" BRAVO ",le=\"0.001023\"} 10\n"
           "ksupervise_consumer_process_seconds_bucket" BRAVO ",le=\"0.004095\"} 10\n");
    expect(",le=\"+Inf\"} 10\nksupervise_consumer_process_seconds_sum" BRAVO "} 0.01\n"
           "ksupervise_consumer_process_seconds_count" BRAVO "} 10\n");
    expect("\nksupervise_consumer_batch_seconds_count" BRAVO "} 0\n");
}
END_TEST

/* Every line's name belongs to the family that was declared last. */
START_TEST(families_stand_together_and_come_once)
{
    char family[128] = "", before[8192] = "";
    show();
    for (char *rest = shown, *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0';) {
        char mark[160];
        if (sscanf(line, "# HELP %127s", family) == 1) {
            snprintf(mark, sizeof mark, " %s ", family);
            ck_assert_msg(strstr(before, mark) == NULL, "%s comes twice", family);
            snprintf(before + strlen(before), sizeof before - strlen(before), "%s", mark);
        } else if (line[0] != '#') {
            ck_assert_msg(strncmp(line, family, strlen(family)) == 0, "'%s' is not of %s", line, family);
        }
    }
}
END_TEST

START_TEST(a_lazy_view_shows_the_same)
{
    show();
    char *whole = shown;
    shown = NULL;
    render(&(const struct view_request){.lazy = true}, METRICS_OWN, EXPOSITION_TEXT, 65536);
    ck_assert_str_eq(shown, whole);
    free(whole);
}
END_TEST

/* More than the buffer holds, too: a hundred workers. */
START_TEST(in_pieces_of_any_size_it_is_the_same)
{
    static const size_t pieces[] = {1, 7, 4096};
    for (uint32_t i = 2; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "worker-%u", i);
        list_worker(i, name, STATS_KIND_CONSUMER, WORKER_HELD);
    }
    show();
    char *whole = shown;
    shown = NULL;
    ck_assert_uint_gt(strlen(whole), 2 * 65536);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        render(&everything, METRICS_OWN, EXPOSITION_TEXT, pieces[i]);
        ck_assert_str_eq(shown, whole);
    }
    free(whole);
}
END_TEST

START_TEST(openmetrics_ends_with_its_mark)
{
    render(&everything, METRICS_OWN, EXPOSITION_OPENMETRICS, 65536);
    ck_assert_str_eq(shown + strlen(shown) - 6, "# EOF\n");
    expect("\n# TYPE ksupervise_consumer_processed_records counter\n");
    expect("\n# UNIT ksupervise_consumer_processed_records records\n");
    expect("\nksupervise_consumer_processed_records_total" BRAVO "} 1042\n");
}
END_TEST

START_TEST(of_a_partition_that_is_no_longer_its_own_a_consumer_says_only_that)
{
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_ASSIGNED, 0);
    stats_partition_publish(bravo, slot);
    show();
    expect("\nksupervise_partition_assigned" PAYMENTS(0) " 0\n");
    expect("\nksupervise_partition_committed_offset" PAYMENTS(2) " 50\n");
    expect_not("ksupervise_partition_committed_offset" PAYMENTS(0));
    expect_not("ksupervise_partition_lag_records" PAYMENTS(0));
}
END_TEST

START_TEST(a_worker_that_was_scaled_away_is_not_there)
{
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "zulu");
    snprintf(entry.client, sizeof entry.client, "zulu");
    entry.kind = STATS_KIND_CONSUMER;
    ck_assert_int_eq(directory_publish(directory, 2, &entry, NULL), 0);
    show();
    expect("\nksupervise_worker_up{worker=\"zulu\",client=\"zulu\"} 0\n");
    expect_not("ksupervise_consumer_processed_records_total{worker=\"zulu\"");
    entry.retired = 1;
    ck_assert_int_eq(directory_publish(directory, 2, &entry, NULL), 0);
    show();
    expect_not("zulu");
}
END_TEST

START_TEST(a_death_is_told_as_it_was)
{
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "zulu");
    snprintf(entry.client, sizeof entry.client, "zulu");
    entry.kind = STATS_KIND_CONSUMER;
    entry.state = WORKER_HELD;
    entry.last_death.time_us = 2500000;
    entry.last_death.signal = 9;
    entry.last_death.exit_status = STATS_UNKNOWN;
    ck_assert_int_eq(directory_publish(directory, 2, &entry, NULL), 0);
    show();
    expect("\nksupervise_worker_last_death_timestamp_seconds{worker=\"zulu\",client=\"zulu\"} 2.5\n");
    expect("\nksupervise_worker_last_death_signal{worker=\"zulu\",client=\"zulu\"} 9\n");
    expect_not("ksupervise_worker_last_death_exit_status{");
    expect("\nksupervise_worker_state{worker=\"zulu\",client=\"zulu\",state=\"held\"} 1\n");
}
END_TEST

START_TEST(foreign_text_is_escaped)
{
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "zulu");
    snprintf(entry.group, sizeof entry.group, "a\"b\\c\xff");
    entry.kind = STATS_KIND_CONSUMER;
    ck_assert_int_eq(directory_publish(directory, 2, &entry, NULL), 0);
    show();
    expect("\nksupervise_worker_up{worker=\"zulu\",group=\"a\\\"b\\\\c\xef\xbf\xbd\"} 0\n");
}
END_TEST

static int open_segment(struct stats_header *header)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, instance_name, "bravo", 2);
    int fd = shm_open(name, O_RDWR, 0);
    ck_assert_int_eq(pread(fd, header, sizeof *header, 0), sizeof *header);
    return fd;
}

/* The segment of a broken worker: its partition 2 calls itself 0 as well. */
static void rename_the_first_partition(void)
{
    struct stats_header header;
    int32_t number = 0;
    int fd = open_segment(&header);
    off_t at = (off_t)(header.partitions_offset + offsetof(struct stats_wire_partition, partition));
    ck_assert_int_eq(pwrite(fd, &number, sizeof number, at), sizeof number);
    close(fd);
}

START_TEST(a_partition_that_a_segment_has_twice_comes_once)
{
    rename_the_first_partition();
    show();
    const char *first = strstr(shown, "\nksupervise_partition_committed_offset" PAYMENTS(0));
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "\nksupervise_partition_committed_offset" PAYMENTS(0)));
}
END_TEST

/* Another build has its first two counters (received, processed) in another order, and counts something else
 * as failed. */
static void change_definitions(void)
{
    struct stats_header header;
    struct stats_wire_definition first[3];
    int fd = open_segment(&header);
    ck_assert_int_eq(pread(fd, first, sizeof first, header.definitions_offset), sizeof first);
    struct stats_wire_definition received = first[0];
    first[0] = first[1];
    first[1] = received;
    snprintf(first[2].unit, sizeof first[2].unit, "fields");
    ck_assert_int_eq(pwrite(fd, first, sizeof first, header.definitions_offset), sizeof first);
    close(fd);
}

START_TEST(a_segment_of_another_build_is_read_by_its_definitions)
{
    change_definitions();
    show();
    expect("\nksupervise_consumer_received_records_total" BRAVO "} 0\n");
    expect("\nksupervise_consumer_processed_records_total" BRAVO "} 1042\n");
    expect_not("ksupervise_consumer_failed_records_total{");
    expect("\nksupervise_consumer_retried_records_total" BRAVO "} 0\n");
}
END_TEST

START_TEST(a_supervisor_that_never_was_is_not_down)
{
    directory_close(directory, true);
    directory = NULL;
    show();
    expect_not("\nksupervise_up ");
    expect("\nksupervise_worker_state" BRAVO ",state=\"running\"} 1\n");
    expect_not("ksupervise_worker_restarts_total" BRAVO);
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/metrics", instance_prepare, instance_clean_up, it_says_what_it_is,
                a_worker_has_its_state_its_counters_and_its_labels, a_partition_has_its_offsets_and_its_lag,
                a_workers_lag_in_time_is_the_longest_of_its_partitions, each_format_has_its_media_type,
                a_lag_that_nobody_looked_at_lately_is_marked_and_no_other, what_is_not_known_is_left_out,
                a_histogram_has_cumulative_buckets_of_its_own_bounds, families_stand_together_and_come_once,
                a_lazy_view_shows_the_same, in_pieces_of_any_size_it_is_the_same,
                openmetrics_ends_with_its_mark,
                of_a_partition_that_is_no_longer_its_own_a_consumer_says_only_that,
                a_worker_that_was_scaled_away_is_not_there, a_death_is_told_as_it_was,
                foreign_text_is_escaped, a_partition_that_a_segment_has_twice_comes_once,
                a_segment_of_another_build_is_read_by_its_definitions,
                a_supervisor_that_never_was_is_not_down)
