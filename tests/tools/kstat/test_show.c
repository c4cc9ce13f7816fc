/* An instance of the test's own, and what kstat shows of it. */
#include "tools/kstat/show.h"

#include "tests/common/view/instance_case.h"

typedef void show_function(const struct view *view, const struct rates *rates, const struct screen *screen,
                           FILE *stream);

static const char *show(show_function *function)
{
    size_t bytes;
    const struct screen screen = {.columns = 0};
    free(shown);
    FILE *stream = open_memstream(&shown, &bytes);
    function(&view, NULL, &screen, stream);
    fclose(stream);
    return shown;
}

START_TEST(the_overview_shows_workers_partitions_in_order_and_lag)
{
    collect(&everything);
    show(show_overview);
    expect(instance_name);
    expect("127.0.0.1:9092 · 2 ready");
    expect("bravo     ready  polling    2");
    expect("producer  ready  ?          2");
    expect("bravo   payments          0       101        100   107    7");
    ck_assert_int_eq(view_lag(&view, &view.workers[0]), 7);
}
END_TEST

START_TEST(what_an_open_transaction_holds_back_is_said)
{
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_LAST_STABLE, 103);
    stats_partition_publish(bravo, slot);
    collect(&everything);
    show(show_overview);
    expect("bravo: an open transaction holds back 4 of 7 records of lag in payments [0], from offset 103 on");
}
END_TEST

static json_t *worker_json(json_t *root, size_t index)
{
    return json_array_get(json_object_get(root, "workers"), index);
}

static int64_t integer_at(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer", name);
    return json_integer_value(value);
}

START_TEST(a_supervisor_that_is_stopped_or_of_another_container_is_shown_as_that)
{
    collect(&everything);
    view.elsewhere = true;
    show(show_overview);
    expect(" (in another pid namespace), up ");
    view.supervisor_stopped = true;
    show(show_overview);
    expect(" is STOPPED (kill -CONT ");
    json_t *root = json_view(&view, NULL), *supervisor = json_object_get(root, "supervisor");
    ck_assert(json_is_true(json_object_get(supervisor, "stopped")));
    ck_assert(json_is_true(json_object_get(supervisor, "other_pid_namespace")));
    json_decref(root);
}
END_TEST

START_TEST(json_has_the_schema_of_version_1)
{
    collect(&everything);
    json_t *root = json_view(&view, NULL), *worker = worker_json(root, 0), *last = worker_json(root, 1);
    ck_assert_int_eq(integer_at(root, "version"), 1);
    ck_assert_str_eq(json_string_value(json_object_get(root, "instance")), instance_name);
    ck_assert_str_eq(json_string_value(json_object_get(root, "bootstrap")), "127.0.0.1:9092");
    ck_assert_int_eq(integer_at(json_object_get(root, "states"), "ready"), 2);
    static const char *const texts[][2] = {{"name", "bravo"},    {"client", "bravo"},
                                           {"kind", "consumer"}, {"state", "ready"},
                                           {"phase", "polling"}, {"group", "test_group_bravo"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_str_eq(json_string_value(json_object_get(worker, texts[i][0])), texts[i][1]);
    ck_assert_int_eq(integer_at(worker, "generation"), 2);
    ck_assert_int_eq(integer_at(worker, "pid"), getpid());
    ck_assert_int_eq(integer_at(worker, "restarts"), 1);
    ck_assert_int_eq(integer_at(worker, "phase_since_us"), 77);
    ck_assert(json_is_true(json_object_get(worker, "alive")));
    ck_assert_int_eq(integer_at(json_object_get(worker, "counters"), "processed"), 1042);
    json_t *latency = json_object_get(json_object_get(worker, "latency"), "process_us");
    ck_assert_int_eq(integer_at(latency, "count"), 10);
    ck_assert_int_eq(integer_at(latency, "max"), 1000);
    ck_assert_str_eq(json_string_value(json_object_get(last, "kind")), "producer");
    ck_assert_int_eq(integer_at(json_object_get(last, "counters"), "acknowledged"), 9);
    json_decref(root);
}
END_TEST

/* A script's `kill -9 0` would end the script's own process group. */
START_TEST(json_has_no_process_0)
{
    collect(&everything);
    view.workers[0].liveness.pid = 0; /* starting */
    json_t *root = json_view(&view, NULL);
    ck_assert(json_is_null(json_object_get(worker_json(root, 0), "pid")));
    json_decref(root);
}
END_TEST

START_TEST(json_partitions_have_null_for_what_is_not_known)
{
    collect(&everything);
    json_t *root = json_view(&view, NULL);
    json_t *partitions = json_object_get(worker_json(root, 0), "partitions"),
           *first = json_array_get(partitions, 0);
    ck_assert_uint_eq(json_array_size(partitions), 2);
    ck_assert(json_is_true(json_object_get(first, "assigned")));
    ck_assert_int_eq(integer_at(first, "committed"), 100);
    ck_assert_int_eq(integer_at(first, "lag"), 7);
    ck_assert_int_eq(integer_at(first, "updated_us"), watermarks_us);
    ck_assert(json_is_null(json_object_get(first, "low")));
    ck_assert(json_is_null(json_object_get(first, "lag_ms")));
    ck_assert(json_is_false(json_object_get(first, "lag_at_least")));
    ck_assert(json_is_null(json_object_get(first, "behind_us")));
    ck_assert(json_is_false(json_object_get(first, "behind_us_at_least")));
    ck_assert_int_eq(integer_at(first, "held_back"), 0);
    ck_assert_int_eq(integer_at(json_array_get(partitions, 1), "behind_us"), 0);
    ck_assert_int_eq(integer_at(json_array_get(partitions, 1), "lag_ms"), 0);
    json_decref(root);
}
END_TEST

START_TEST(one_worker_is_shown_with_all_that_is_known)
{
    collect(&(struct view_request){.worker = "BRAVO"});
    ck_assert_uint_eq(view.count, 1);
    show(show_detail);
    expect("client bravo, group test_group_bravo");
    expect("alive");
    expect("process_us     10");
    expect("broker down ?[31m");
    expect("processed");
    expect("1042");
}
END_TEST

START_TEST(what_is_not_there_is_not_running_and_says_what_is)
{
    ck_assert_int_eq(refused(&(struct view_request){.worker = "bravi"}, "it has: bravo, producer"),
                     EXIT_CODE_NOT_RUNNING);
    ck_assert_int_eq(
        refused(&(struct view_request){.instance = "no-such-instance"}, "ksupervise --instance no-such"),
        EXIT_CODE_NOT_RUNNING);
    ck_assert_int_eq(refused(&(struct view_request){.worker = "bravo", .generation = 7}, "kept are: bravo 2"),
                     EXIT_CODE_NOT_RUNNING);
    ck_assert_int_eq(
        refused(&(struct view_request){.worker = "bravo", .postmortem = true}, "no dead generation"),
        EXIT_CODE_NOT_RUNNING);
}
END_TEST

START_TEST(a_dead_generation_is_shown_as_it_left_itself_with_its_age)
{
    leave_a_dead_generation();
    const struct view_request requests[] = {{.worker = "bravo", .postmortem = true},
                                            {.worker = "bravo", .generation = 1}};
    for (size_t i = 0; i < 2; i++) {
        collect(&requests[i]);
        show(show_detail);
        expect("DEAD");
        expect("this is how it was 60 s ago");
        expect("committing for 5"); /* until it died */
        expect("dead for 60");      /* though its successor has been ready for 3 s */
        expect("500");
        json_t *root = json_view(&view, NULL);
        ck_assert(json_is_false(json_object_get(worker_json(root, 0), "alive")));
        ck_assert_int_eq(integer_at(worker_json(root, 0), "generation"), 1);
        json_decref(root);
    }
    collect(&everything);
    ck_assert_uint_eq(view.workers[0].generation, 2);
}
END_TEST

START_TEST(workers_without_a_directory_are_shown_too)
{
    directory_close(directory, true);
    directory = NULL;
    collect(&everything);
    show(show_overview);
    expect("workers without a supervisor · 2 running");
    json_t *root = json_view(&view, NULL);
    ck_assert(json_is_null(json_object_get(root, "bootstrap")));
    ck_assert(json_is_null(json_object_get(worker_json(root, 0), "restarts")));
    json_decref(root);
}
END_TEST

START_TEST(a_dead_supervisor_is_said)
{
    directory_close(directory, true);
    directory = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        if (directory_create(&directory, instance_name, "birth", 4, NULL) == 0)
            list_worker(0, "bravo", STATS_KIND_CONSUMER, WORKER_READY);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    stats_writer_close(bravo);
    bravo = NULL;
    collect(&everything);
    show(show_overview);
    expect("is dead; this is what it left");
    expect("bravo     dead");
    /* The next test run must not find it. */
    ck_assert_int_eq(directory_create(&directory, instance_name, "birth", 4, NULL), 0);
}
END_TEST

START_TEST(a_damaged_segment_is_a_note_not_the_end)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, instance_name, "bravo", 2);
    int fd = shm_open(name, O_RDWR, 0);
    ck_assert_int_eq(pwrite(fd, "garbage!", 8, 0), 8);
    close(fd);
    collect(&everything);
    show(show_overview);
    expect("not a statistics segment");
    expect("producer  ready");
    json_t *root = json_view(&view, NULL);
    ck_assert(json_is_string(json_object_get(worker_json(root, 0), "problem")));
    json_decref(root);
}
END_TEST

START_TEST(every_definition_is_listed)
{
    size_t bytes;
    const struct screen screen = {.columns = 0};
    FILE *stream = open_memstream(&shown, &bytes);
    show_definitions(&screen, stream);
    fclose(stream);
    expect("partition  oldest_unprocessed_us");
    expect("dead_lettered");
    expect("delivery_us");
    json_t *definitions = json_definitions();
    ck_assert_uint_gt(json_array_size(definitions), 40);
    json_decref(definitions);
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/show", instance_prepare, instance_clean_up,
                the_overview_shows_workers_partitions_in_order_and_lag,
                what_an_open_transaction_holds_back_is_said, json_has_the_schema_of_version_1,
                json_has_no_process_0, json_partitions_have_null_for_what_is_not_known,
                one_worker_is_shown_with_all_that_is_known, what_is_not_there_is_not_running_and_says_what_is,
                a_dead_generation_is_shown_as_it_left_itself_with_its_age,
                workers_without_a_directory_are_shown_too, a_dead_supervisor_is_said,
                a_supervisor_that_is_stopped_or_of_another_container_is_shown_as_that,
                a_damaged_segment_is_a_note_not_the_end, every_definition_is_listed)
