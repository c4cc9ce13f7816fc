#include "tests/supervisor/segments.h"

#include "supervisor/done.h"
#include "supervisor/process/segment.h"

#define PRODUCER(...) SEGMENT(STATS_KIND_PRODUCER, "payments", __VA_ARGS__)
#define CONSUMER(...) SEGMENT(STATS_KIND_CONSUMER, "payments", __VA_ARGS__)

enum { WORKERS = 4 };

static struct worker workers[WORKERS];
static struct worker *pointers[WORKERS];
static struct supervisor supervisor;
static struct settings settings;

static void gather(void)
{
    settings = (struct settings){.topic = "payments"};
    supervisor = (struct supervisor){.workers = pointers};
}

static void release(void)
{
    for (size_t i = 0; i < supervisor.worker_count; i++)
        stats_snapshot_free(workers[i].stats);
}

static void add(enum worker_kind kind, const char *group, enum worker_state state,
                struct stats_snapshot *stats)
{
    struct worker *worker = &workers[supervisor.worker_count];
    pointers[supervisor.worker_count++] = worker;
    *worker = (struct worker){
        .kind = kind, .state = state, .stats = stats, .settings = &settings, .supervisor = &supervisor};
    snprintf(worker->group, sizeof worker->group, "%s", group);
}

static void add_producer(enum worker_state state)
{
    add(KIND_PRODUCER, "", state,
        PRODUCER({0, PRODUCER_ACKNOWLEDGED_OFFSET, 9}, {1, PRODUCER_ACKNOWLEDGED_OFFSET, 0}));
}

START_TEST(done_when_every_group_has_committed_past_the_last_record)
{
    add_producer(WORKER_DONE);
    add(KIND_CONSUMER, "a", WORKER_READY,
        CONSUMER({0, PARTITION_COMMITTED, 10}, {1, PARTITION_COMMITTED, 1}));
    add(KIND_CONSUMER, "b", WORKER_READY,
        CONSUMER({0, PARTITION_COMMITTED, 12}, {1, PARTITION_COMMITTED, 1}));
    ck_assert(done_check(&supervisor));
}
END_TEST

START_TEST(not_done_while_one_record_of_one_group_is_missing)
{
    add_producer(WORKER_DONE);
    add(KIND_CONSUMER, "a", WORKER_READY,
        CONSUMER({0, PARTITION_COMMITTED, 10}, {1, PARTITION_COMMITTED, 1}));
    add(KIND_CONSUMER, "b", WORKER_READY, CONSUMER({0, PARTITION_COMMITTED, 9}, {1, PARTITION_COMMITTED, 1}));
    ck_assert(!done_check(&supervisor));
}
END_TEST

START_TEST(not_done_while_the_producer_works_or_was_never_there)
{
    add(KIND_CONSUMER, "a", WORKER_READY,
        CONSUMER({0, PARTITION_COMMITTED, 10}, {1, PARTITION_COMMITTED, 1}));
    ck_assert(!done_check(&supervisor));
    add_producer(WORKER_READY);
    ck_assert(!done_check(&supervisor));
    workers[1].state = WORKER_BACKING_OFF;
    ck_assert(!done_check(&supervisor));
    workers[1].on_request = true; /* it has made its records, and now sends what it is asked for */
    ck_assert(done_check(&supervisor));
    workers[1].on_request = false;
    workers[1].state = WORKER_DONE;
    ck_assert(done_check(&supervisor));
}
END_TEST

START_TEST(members_of_one_group_may_each_have_their_part)
{
    add_producer(WORKER_DONE);
    add(KIND_CONSUMER, "shared", WORKER_READY, CONSUMER({0, PARTITION_COMMITTED, 10}));
    add(KIND_CONSUMER, "shared", WORKER_READY,
        CONSUMER({1, PARTITION_COMMITTED, 1}, {0, PARTITION_COMMITTED, 3})); /* it had partition 0 earlier */
    ck_assert(done_check(&supervisor));
}
END_TEST

START_TEST(a_group_that_has_committed_nothing_is_not_done)
{
    add_producer(WORKER_DONE);
    add(KIND_CONSUMER, "a", WORKER_STARTING, NULL);
    ck_assert(!done_check(&supervisor));
    workers[1].stats = CONSUMER({0, PARTITION_COMMITTED, 10}, {1, PARTITION_ASSIGNED, 1});
    ck_assert(!done_check(&supervisor));
}
END_TEST

START_TEST(a_producer_without_statistics_cannot_be_done)
{
    add(KIND_PRODUCER, "", WORKER_DONE, NULL);
    ck_assert(!done_check(&supervisor));
}
END_TEST

START_TEST(a_partition_without_records_holds_nobody_up)
{
    add(KIND_PRODUCER, "", WORKER_DONE,
        PRODUCER({0, PRODUCER_ACKNOWLEDGED_OFFSET, 9}, {1, PRODUCER_ACKNOWLEDGED_OFFSET, STATS_UNKNOWN}));
    add(KIND_CONSUMER, "a", WORKER_READY, CONSUMER({0, PARTITION_COMMITTED, 10}));
    ck_assert(done_check(&supervisor));
}
END_TEST

enum { MANY = 2000 };

static struct stats_snapshot *many(enum stats_kind kind, int32_t first, int32_t end, int id, int64_t value)
{
    static struct segment_value values[MANY];
    for (int32_t i = first; i < end; i++)
        values[i] = (struct segment_value){i, id, value};
    return segment_with(kind, "payments", values + first, (size_t)(end - first));
}

START_TEST(two_thousand_partitions_are_done_when_the_last_one_is)
{
    add(KIND_PRODUCER, "", WORKER_DONE, many(STATS_KIND_PRODUCER, 0, MANY, PRODUCER_ACKNOWLEDGED_OFFSET, 9));
    add(KIND_CONSUMER, "shared", WORKER_READY,
        many(STATS_KIND_CONSUMER, MANY / 2, MANY, PARTITION_COMMITTED, 10));
    add(KIND_CONSUMER, "shared", WORKER_READY,
        many(STATS_KIND_CONSUMER, 0, MANY / 2 - 1, PARTITION_COMMITTED, 10));
    ck_assert(!done_check(&supervisor));
    stats_snapshot_free(workers[2].stats);
    workers[2].stats = many(STATS_KIND_CONSUMER, 0, MANY / 2, PARTITION_COMMITTED, 10);
    ck_assert(done_check(&supervisor));
}
END_TEST

START_TEST(records_of_two_topics_are_each_to_be_committed)
{
    struct settings other = {.topic = "orders"};
    add(KIND_PRODUCER, "", WORKER_DONE,
        SEGMENT(STATS_KIND_PRODUCER, "orders", {1, PRODUCER_ACKNOWLEDGED_OFFSET, 5}));
    add(KIND_CONSUMER, "a", WORKER_READY, CONSUMER({1, PARTITION_COMMITTED, 6}));
    ck_assert(done_check(&supervisor)); /* nobody reads it */
    workers[1].settings = &other;
    ck_assert(!done_check(&supervisor)); /* what it committed is another topic's */
}
END_TEST

START_TEST(a_client_of_another_topic_holds_nobody_up)
{
    struct settings other = {.topic = "orders"};
    add_producer(WORKER_DONE);
    add(KIND_CONSUMER, "a", WORKER_READY,
        CONSUMER({0, PARTITION_COMMITTED, 10}, {1, PARTITION_COMMITTED, 1}));
    add(KIND_CONSUMER, "b", WORKER_READY, NULL);
    ck_assert(!done_check(&supervisor));
    workers[2].settings = &other;
    ck_assert(done_check(&supervisor));
}
END_TEST

START_TEST(a_producer_that_ended_before_its_count_is_not_done)
{
    settings.count = 11; /* its segment counts no acknowledgement */
    add_producer(WORKER_DONE);
    ck_assert(!done_check(&supervisor));
}
END_TEST

START_TEST(what_a_consumer_has_committed_since_is_seen)
{
    static char name[32];
    struct error error = ERROR_INIT;
    struct stats_writer *writer;
    snprintf(name, sizeof name, "check-%d", (int)getpid());
    settings.instance = name;
    supervisor.settings = &settings;
    add_producer(WORKER_DONE);
    add(KIND_CONSUMER, "a", WORKER_READY, NULL);
    workers[1].segment_fd = -1;
    workers[1].generation = 1;
    snprintf(workers[1].name, sizeof workers[1].name, "bravo");
    snprintf(workers[1].client, sizeof workers[1].client, "bravo");
    ck_assert_msg(segment_next(&workers[1], &error) == 0, "%s", error.text);
    ck_assert_int_eq(stats_writer_open(&writer, workers[1].segment_fd, &error), 0);
    for (int32_t number = 0; number < 2; number++) {
        ck_assert(!done_check(&supervisor));
        int slot = stats_partition_slot(writer, "payments", number);
        stats_partition_set(writer, slot, PARTITION_COMMITTED, 10);
        stats_partition_publish(writer, slot);
    }
    ck_assert(done_check(&supervisor));
    stats_writer_close(writer);
    segment_release(&workers[1]);
    segment_unlink_all(name);
}
END_TEST

CHECK_MAIN_WITH("supervisor/done", gather, release, done_when_every_group_has_committed_past_the_last_record,
                not_done_while_one_record_of_one_group_is_missing,
                not_done_while_the_producer_works_or_was_never_there,
                members_of_one_group_may_each_have_their_part, a_group_that_has_committed_nothing_is_not_done,
                a_producer_without_statistics_cannot_be_done, a_partition_without_records_holds_nobody_up,
                two_thousand_partitions_are_done_when_the_last_one_is,
                records_of_two_topics_are_each_to_be_committed, a_client_of_another_topic_holds_nobody_up,
                a_producer_that_ended_before_its_count_is_not_done,
                what_a_consumer_has_committed_since_is_seen)
