/* instance_case.h: an instance of the test's own, as a supervisor and its workers leave one in shared memory:
 * its directory, the consumer bravo with two partitions, and a producer, both of generation 2; and what kstat
 * makes of it.
 *
 *   CHECK_MAIN_WITH("common/view/x", instance_prepare, instance_clean_up, …)
 */
#ifndef KSUPERVISE_TESTS_COMMON_VIEW_INSTANCE_CASE_H
#define KSUPERVISE_TESTS_COMMON_VIEW_INSTANCE_CASE_H

#include <signal.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/stats/create.h"
#include "common/exit_codes.h"
#include "tests/common/stats/support.h"
#include "common/view/view.h"

static struct directory_writer *directory;
static struct stats_writer *bravo, *producer;
static struct view view;
static char *shown;
__attribute__((unused)) static int64_t watermarks_us; /* when bravo last knew them */

__attribute__((unused)) static const struct view_request everything = {.worker = NULL};

__attribute__((unused)) static int create_worker(const char *worker, enum stats_kind kind,
                                                 uint64_t generation)
{
    struct stats_identity identity = identity_of(kind, generation);
    struct error error = ERROR_INIT;
    snprintf(identity.worker, sizeof identity.worker, "%s", worker);
    snprintf(identity.client, sizeof identity.client, "%.*s", (int)strcspn(worker, "."), worker);
    int fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    return fd;
}

__attribute__((unused)) static void list_worker(uint32_t index, const char *name, enum stats_kind kind,
                                                enum worker_state state)
{
    struct directory_worker entry;
    directory_worker_init(&entry);
    snprintf(entry.name, sizeof entry.name, "%s", name);
    snprintf(entry.client, sizeof entry.client, "%s", name);
    if (kind == STATS_KIND_CONSUMER)
        snprintf(entry.group, sizeof entry.group, "test_group_bravo");
    entry.kind = kind;
    entry.state = state;
    entry.generation = 2;
    entry.pid = getpid();
    entry.restarts = kind == STATS_KIND_CONSUMER;
    entry.state_since_us = clock_wall_us() - 3 * US_PER_SECOND;
    ck_assert_int_eq(directory_publish(directory, index, &entry, NULL), 0);
}

__attribute__((unused)) static void set_partition(int32_t number, int64_t committed, int64_t high)
{
    int slot = stats_partition_slot(bravo, "payments", number);
    stats_partition_set(bravo, slot, PARTITION_ASSIGNED, 1);
    stats_partition_set(bravo, slot, PARTITION_POSITION, committed + 1);
    stats_partition_set(bravo, slot, PARTITION_COMMITTED, committed);
    stats_partition_set(bravo, slot, PARTITION_HIGH, high);
    stats_partition_set(bravo, slot, PARTITION_COMMITTED_AT, 5000);
    stats_partition_set(bravo, slot, PARTITION_WATERMARKS_AT, watermarks_us);
    stats_partition_publish(bravo, slot);
}

__attribute__((unused)) static void instance_prepare(void)
{
    name_instance();
    ck_assert_int_eq(directory_create(&directory, instance_name, "birth", 4, NULL), 0);
    directory_set_bootstrap(directory, "127.0.0.1:9092");
    int fd = create_worker("bravo", STATS_KIND_CONSUMER, 2);
    bravo = open_writer(fd);
    close(fd);
    fd = create_worker("producer", STATS_KIND_PRODUCER, 2);
    producer = open_writer(fd);
    close(fd);
    stats_add(bravo, CONSUMER_PROCESSED, 1042);
    stats_phase(bravo, PHASE_POLLING, 77);
    stats_observe(bravo, CONSUMER_PROCESS_US, 1000, 10);
    stats_event(bravo, STATS_RING_ERRORS, clock_wall_us(), -195, "broker down \033[31m");
    watermarks_us = clock_wall_us();
    set_partition(2, 50, 50);
    set_partition(0, 100, 107);
    stats_add(producer, PRODUCER_ACKNOWLEDGED, 9);
    list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_READY);
    list_worker(1, "producer", STATS_KIND_PRODUCER, WORKER_READY);
}

__attribute__((unused)) static void instance_clean_up(void)
{
    view_release(&view);
    free(shown);
    stats_writer_close(bravo);
    stats_writer_close(producer);
    directory_close(directory, true);
    remove_segments();
}

__attribute__((unused)) static void collect(const struct view_request *request)
{
    struct error error = ERROR_INIT;
    struct view_request complete = *request;
    complete.instance = instance_name;
    view_release(&view);
    ck_assert_msg(view_collect(&view, &complete, &error) == 0, "%s", error.text);
}

__attribute__((unused)) static int refused(const struct view_request *request, const char *what)
{
    struct error error = ERROR_INIT;
    struct view_request complete = *request;
    if (complete.instance == NULL)
        complete.instance = instance_name;
    view_release(&view);
    ck_assert_int_eq(view_collect(&view, &complete, &error), -1);
    ck_assert_msg(strstr(error.text, what) != NULL, "'%s' is not in: %s", what, error.text);
    return error.exit_code;
}

__attribute__((unused)) static void expect(const char *text)
{
    ck_assert_msg(strstr(shown, text) != NULL, "'%s' is not in:\n%s", text, shown);
}

__attribute__((unused)) static void leave_a_dead_generation(void)
{
    int fd = create_worker("bravo", STATS_KIND_CONSUMER, 1);
    pid_t pid = fork();
    if (pid == 0) {
        struct stats_writer *writer = open_writer(fd);
        stats_add(writer, CONSUMER_PROCESSED, 500);
        stats_heartbeat(writer, clock_wall_us() - 60 * US_PER_SECOND);
        stats_phase(writer, PHASE_COMMITTING, clock_wall_us() - 65 * US_PER_SECOND);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    close(fd);
}

#endif
