/* Views: which workers there are, each with its segment, or with one at a time. */
#include "tests/support/fake_clock.h"

#include "tests/common/view/instance_case.h"

static const struct view_request lazy = {.lazy = true};

/* A worker that was there: its segment stays. */
static void leave(const char *worker, uint64_t generation, uint64_t processed)
{
    int fd = create_worker(worker, STATS_KIND_CONSUMER, generation);
    struct stats_writer *writer = open_writer(fd);
    stats_add(writer, CONSUMER_PROCESSED, processed);
    stats_writer_close(writer);
    close(fd);
}

static size_t index_of(const char *name)
{
    for (size_t i = 0; i < view.count; i++)
        if (strcmp(view.workers[i].entry.name, name) == 0)
            return i;
    ck_abort_msg("there is no %s", name);
}

static const struct view_worker *worker(const char *name)
{
    return &view.workers[index_of(name)];
}

START_TEST(the_workers_of_the_directory_come_first_and_then_those_of_segments_alone)
{
    static const char *const names[] = {"bravo", "producer", "alpha", "bravo.2", "zulu"};
    leave("zulu", 1, 1);
    leave("zulu", 2, 1);
    leave("bravo.2", 7, 1);
    leave("alpha", 1, 1);
    collect(&everything);
    ck_assert_uint_eq(view.count, 5);
    ck_assert_str_eq(view.instance, instance_name);
    ck_assert_int_eq(view.now_us, fake_wall_us);
    ck_assert(view.supervisor_alive && !view.supervisor_stopped && !view.elsewhere);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_str_eq(view.workers[i].entry.name, names[i]);
        ck_assert_int_eq(view.workers[i].listed, i < 2);
        ck_assert_ptr_nonnull(view.workers[i].snapshot);
    }
    ck_assert_uint_eq(worker("zulu")->generation, 2);
    ck_assert_uint_eq(worker("bravo.2")->segments, 1);
}
END_TEST

START_TEST(each_of_many_workers_finds_its_own_segments)
{
    enum { WORKERS = 60 };
    for (int i = 0; i < WORKERS; i++)
        for (uint64_t generation = 1; generation <= (uint64_t)i % 3 + 1; generation++) {
            char name[WORKER_NAME_BYTES];
            snprintf(name, sizeof name, "bravo.%d", i + 2);
            leave(name, generation, (uint64_t)(i * 10) + generation);
        }
    collect(&everything);
    ck_assert_uint_eq(view.count, WORKERS + 2);
    for (int i = 0; i < WORKERS; i++) {
        char name[WORKER_NAME_BYTES];
        snprintf(name, sizeof name, "bravo.%d", i + 2);
        ck_assert_uint_eq(worker(name)->segments, (size_t)i % 3 + 1);
        ck_assert_uint_eq(worker(name)->generation, (uint64_t)i % 3 + 1);
        ck_assert_int_eq(view_counter(worker(name), "processed"), i * 10 + i % 3 + 1);
    }
    ck_assert_uint_eq(worker("bravo")->segments, 1);
}
END_TEST

START_TEST(a_worker_that_nobody_supervises_is_described_by_its_segment)
{
    leave("zulu.3", 5, 1);
    collect(&everything);
    const struct directory_worker *entry = &worker("zulu.3")->entry;
    ck_assert_str_eq(entry->client, "zulu");
    ck_assert_str_eq(entry->group, "test_group_bravo");
    ck_assert_int_eq(entry->kind, STATS_KIND_CONSUMER);
    ck_assert_int_eq(entry->generation, 5);
    ck_assert_int_eq(entry->pid, getpid());
    ck_assert(entry->next_restart_us == STATS_UNKNOWN);
}
END_TEST

START_TEST(a_worker_is_chosen_by_its_name_or_its_client_without_case)
{
    leave("zulu", 1, 1);
    leave("zulu.2", 1, 1);
    static const struct {
        const char *name;
        size_t count;
    } cases[] = {{"bravo", 1}, {"PRODUCER", 1}, {"zulu.2", 1}, {"Zulu", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int is_lazy = 0; is_lazy < 2; is_lazy++) {
            collect(&(struct view_request){.worker = cases[i].name, .lazy = is_lazy == 1});
            ck_assert_msg(view.count == cases[i].count, "%s", cases[i].name);
            ck_assert((view.workers[0].snapshot == NULL) == (is_lazy == 1));
        }
    collect(&(struct view_request){.worker = "Zulu", .alone = true});
    ck_assert_uint_eq(view.count, 1);
    ck_assert_str_eq(view.workers[0].entry.name, "zulu");
    ck_assert_int_eq(refused(&(struct view_request){.worker = "zul", .lazy = true},
                             "it has: bravo, producer, zulu, zulu.2"),
                     EXIT_CODE_NOT_RUNNING);
}
END_TEST

START_TEST(a_lazy_view_has_one_segment_at_a_time)
{
    leave("zulu", 3, 77);
    collect(&lazy);
    ck_assert_uint_eq(view.count, 3);
    for (size_t i = 0; i < view.count; i++)
        ck_assert(view.workers[i].snapshot == NULL && view.workers[i].order == NULL);
    view_begin_worker(&view, 2, &lazy);
    ck_assert_int_eq(view_counter(&view.workers[2], "processed"), 77);
    ck_assert_uint_eq(view.workers[2].generation, 3);
    ck_assert_str_eq(view.workers[2].entry.client, "zulu");
    ck_assert_ptr_null(view.workers[0].snapshot);
    view_end_worker(&view, 2, &lazy);
    ck_assert(view.workers[2].snapshot == NULL && view.workers[2].order == NULL);
    ck_assert_uint_eq(view.workers[2].generation, 0);
    view_begin_worker(&view, 0, &lazy);
    ck_assert_int_eq(view_lag(&view, &view.workers[0]), 7);
    view_end_worker(&view, 0, &lazy);
}
END_TEST

START_TEST(around_a_worker_of_a_whole_view_nothing_is_done)
{
    collect(&everything);
    const struct stats_snapshot *snapshot = view.workers[0].snapshot;
    view_begin_worker(&view, 0, &everything);
    ck_assert_ptr_eq(view.workers[0].snapshot, snapshot);
    view_end_worker(&view, 0, &everything);
    ck_assert_ptr_eq(view.workers[0].snapshot, snapshot);
}
END_TEST

START_TEST(the_generation_of_the_directory_is_the_present_one_else_the_newest)
{
    leave("bravo", 3, 300); /* the directory does not know it yet */
    leave("bravo", 1, 100);
    collect(&everything);
    ck_assert_uint_eq(view.workers[0].generation, 2);
    ck_assert_uint_eq(view.workers[0].segments, 3);
    ck_assert_ptr_null(view.workers[0].successor);
    stats_writer_close(bravo);
    bravo = NULL;
    ck_assert_int_eq(stats_segment_unlink(instance_name, "bravo", 2), 0);
    collect(&everything);
    ck_assert_uint_eq(view.workers[0].generation, 3);
}
END_TEST

START_TEST(a_past_generation_comes_with_the_one_after_it)
{
    leave("bravo", 1, 100);
    leave("bravo", 3, 300);
    collect(&(struct view_request){.worker = "bravo", .generation = 1});
    ck_assert_uint_eq(view.workers[0].generation, 1);
    ck_assert_int_eq(view_counter(&view.workers[0], "processed"), 100);
    ck_assert_int_eq(stats_snapshot_counter(view.workers[0].successor, "processed"), 1042);
    collect(&(struct view_request){.worker = "bravo", .generation = 3});
    ck_assert_ptr_null(view.workers[0].successor);
    collect(&(struct view_request){.worker = "bravo", .postmortem = true});
    ck_assert_uint_eq(view.workers[0].generation, 3);
    ck_assert_int_eq(refused(&(struct view_request){.worker = "bravo", .generation = 9},
                             "no generation 9 any more; kept are: bravo 1, bravo 2, bravo 3"),
                     EXIT_CODE_NOT_RUNNING);
}
END_TEST

START_TEST(of_the_dead_generations_the_last_is_shown_also_when_a_living_one_is_newer)
{
    leave("bravo", 1, 100);
    collect(&(struct view_request){.worker = "bravo", .postmortem = true});
    ck_assert_uint_eq(view.workers[0].generation, 1);
    ck_assert_uint_eq(stats_snapshot_identity(view.workers[0].successor)->generation, 2);
}
END_TEST

START_TEST(a_generation_that_nobody_has_is_told_also_when_none_is_kept)
{
    stats_writer_close(bravo);
    bravo = NULL;
    ck_assert_int_eq(stats_segment_unlink(instance_name, "bravo", 2), 0);
    ck_assert_int_eq(refused(&(struct view_request){.worker = "bravo", .generation = 2}, "kept are: none"),
                     EXIT_CODE_NOT_RUNNING);
    collect(&everything);
    ck_assert_ptr_null(view.workers[0].snapshot);
    ck_assert_str_eq(view.workers[0].problem, "");
}
END_TEST

START_TEST(partitions_come_by_topic_and_number)
{
    static const char *const expected[] = {"orders 1",   "orders 30",  "payments -1",
                                           "payments 0", "payments 2", "payments 11"};
    static const struct {
        const char *topic;
        int32_t number;
    } more[] = {{"orders", 30}, {"payments", 11}, {"orders", 1}, {"payments", -1}};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        stats_partition_publish(bravo, stats_partition_slot(bravo, more[i].topic, more[i].number));
    collect(&everything);
    for (size_t i = 0; i < 6; i++) {
        struct view_partition partition;
        char text[64];
        ck_assert(view_partition(&view, &view.workers[0], i, &partition));
        snprintf(text, sizeof text, "%s %d", partition.topic, (int)partition.number);
        ck_assert_str_eq(text, expected[i]);
    }
}
END_TEST

START_TEST(a_damaged_segment_is_a_problem_of_its_worker_alone)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, instance_name, "producer", 2);
    int fd = shm_open(name, O_RDWR, 0);
    ck_assert_int_eq(pwrite(fd, "garbage!", 8, 0), 8);
    close(fd);
    collect(&everything);
    ck_assert_ptr_nonnull(view.workers[0].snapshot);
    ck_assert_ptr_null(view.workers[1].snapshot);
    ck_assert_ptr_nonnull(strstr(view.workers[1].problem, "not a statistics segment"));
    collect(&(struct view_request){.worker = "producer", .generation = 2}); /* is told, and no error */
    ck_assert_ptr_nonnull(strstr(view.workers[0].problem, "not a statistics segment"));
}
END_TEST

static int no_segments(const struct source *source, const char *instance, struct segment_list *list,
                       struct error *error)
{
    (void)source;
    (void)instance;
    segment_list_add(list, "bravo", 1); /* what it has until then is let go */
    return error_set(error, "no list");
}

static int no_supervisor(const struct source *source, const char *instance,
                         struct source_supervisor *supervisor, struct error *error)
{
    (void)source;
    (void)instance;
    (void)supervisor;
    return error_set(error, "no directory");
}

START_TEST(a_source_that_fails_is_an_error_and_no_view)
{
    struct source_class class = *source_live.class;
    struct source source = {&class};
    class.segments = no_segments;
    ck_assert_int_eq(refused(&(struct view_request){.source = &source}, "no list"), EXIT_CODE_FAILED);
    ck_assert(view.workers == NULL && view.directory == NULL && view.segments.items == NULL);
    class.supervisor = no_supervisor;
    ck_assert_int_eq(refused(&(struct view_request){.source = &source}, "no directory"), EXIT_CODE_FAILED);
}
END_TEST

CHECK_MAIN_WITH("common/view/collect", instance_prepare, instance_clean_up,
                the_workers_of_the_directory_come_first_and_then_those_of_segments_alone,
                each_of_many_workers_finds_its_own_segments,
                a_worker_that_nobody_supervises_is_described_by_its_segment,
                a_worker_is_chosen_by_its_name_or_its_client_without_case,
                a_lazy_view_has_one_segment_at_a_time, around_a_worker_of_a_whole_view_nothing_is_done,
                the_generation_of_the_directory_is_the_present_one_else_the_newest,
                a_past_generation_comes_with_the_one_after_it,
                of_the_dead_generations_the_last_is_shown_also_when_a_living_one_is_newer,
                a_generation_that_nobody_has_is_told_also_when_none_is_kept,
                partitions_come_by_topic_and_number, a_damaged_segment_is_a_problem_of_its_worker_alone,
                a_source_that_fails_is_an_error_and_no_view)
