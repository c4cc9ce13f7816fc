/* JSON version 2 of an instance; that it follows its schema is tested on a real one. */
#include "tests/support/fake_clock.h"

#include "common/view/json_v2.h"

#include <jansson.h>

#include "tests/common/view/instance_case.h"

static json_t *root;
static struct rates *rates;

static json_t *render(const struct view_request *request)
{
    size_t bytes;
    collect(request);
    free(shown);
    shown = NULL;
    FILE *stream = open_memstream(&shown, &bytes);
    struct view_request complete = *request;
    complete.instance = instance_name;
    json_v2(&view, &complete, rates, stream);
    fclose(stream);
    ck_assert_ptr_eq(strchr(shown, '\n'), shown + bytes - 1);
    json_decref(root);
    root = json_loads(shown, 0, NULL);
    ck_assert_msg(root != NULL, "%s", shown);
    return root;
}

static void release(void)
{
    json_decref(root);
    rates_free(rates);
    instance_clean_up();
}

static json_t *worker_at(size_t index)
{
    return json_array_get(json_object_get(root, "workers"), index);
}

static int64_t number_at(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer in %s", name, shown);
    return json_integer_value(value);
}

static const char *text_at(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_string(value), "%s is no text in %s", name, shown);
    return json_string_value(value);
}

START_TEST(it_has_the_instance_and_its_supervisor)
{
    render(&everything);
    ck_assert_int_eq(number_at(root, "version"), 2);
    ck_assert_str_eq(text_at(root, "instance"), instance_name);
    ck_assert_int_eq(number_at(root, "time_us"), fake_wall_us);
    ck_assert_str_eq(text_at(root, "bootstrap"), "127.0.0.1:9092");
    const json_t *supervisor = json_object_get(root, "supervisor");
    ck_assert_int_eq(number_at(supervisor, "pid"), getpid());
    ck_assert_int_eq(number_at(supervisor, "started_us"), fake_wall_us);
    ck_assert_str_eq(text_at(supervisor, "birth_id"), "birth");
    ck_assert(json_is_true(json_object_get(supervisor, "alive")));
    ck_assert(json_is_false(json_object_get(supervisor, "stopped")));
    ck_assert(json_is_false(json_object_get(supervisor, "other_pid_namespace")));
    ck_assert_int_eq(number_at(json_object_get(root, "states"), "ready"), 2);
    ck_assert_uint_eq(json_object_size(root), 7);
}
END_TEST

START_TEST(a_lazy_view_gives_the_same_line_and_keeps_no_segment)
{
    render(&everything);
    char *whole = shown;
    shown = NULL;
    render(&(struct view_request){.lazy = true});
    ck_assert_str_eq(shown, whole);
    for (size_t i = 0; i < view.count; i++)
        ck_assert_ptr_null(view.workers[i].snapshot);
    free(whole);
}
END_TEST

START_TEST(what_is_not_known_is_null)
{
    directory_set_bootstrap(directory, "");
    render(&everything);
    ck_assert(json_is_null(json_object_get(root, "bootstrap")));
    ck_assert(json_is_null(json_object_get(worker_at(0), "rates")));
    ck_assert(json_is_null(json_object_get(worker_at(0), "last_death")));
    ck_assert(json_is_null(json_object_get(worker_at(1), "group")));
    json_t *first = json_array_get(json_object_get(worker_at(0), "partitions"), 0);
    ck_assert(json_is_null(json_object_get(first, "low")));
    ck_assert(json_is_null(json_object_get(json_object_get(worker_at(1), "status"), "phase")));
}
END_TEST

START_TEST(without_a_supervisor_it_is_null_and_the_workers_run)
{
    directory_close(directory, true);
    directory = NULL;
    render(&everything);
    ck_assert(json_is_null(json_object_get(root, "supervisor")));
    ck_assert(json_is_null(json_object_get(root, "bootstrap")));
    ck_assert_int_eq(number_at(json_object_get(root, "states"), "running"), 2);
}
END_TEST

START_TEST(a_worker_has_its_values_by_group_and_a_partition_its_topic_and_number)
{
    render(&everything);
    const json_t *worker = worker_at(0), *last = worker_at(1);
    ck_assert_str_eq(text_at(worker, "name"), "bravo");
    ck_assert_int_eq(number_at(worker, "lag"), 7);
    ck_assert_ptr_null(json_object_get(last, "lag"));
    ck_assert_int_eq(number_at(json_object_get(worker, "counters"), "processed"), 1042);
    ck_assert_str_eq(text_at(json_object_get(worker, "status"), "phase"), "polling");
    ck_assert_int_eq(number_at(json_object_get(json_object_get(worker, "latency"), "process_us"), "count"),
                     10);
    const json_t *partitions = json_object_get(worker, "partitions"), *second = json_array_get(partitions, 1);
    ck_assert_uint_eq(json_array_size(partitions), 2);
    ck_assert_str_eq(text_at(second, "topic"), "payments");
    ck_assert_int_eq(number_at(second, "partition"), 2);
    ck_assert_int_eq(number_at(second, "committed"), 50);
    ck_assert(json_is_true(json_object_get(second, "assigned")));
    const json_t *errors = json_object_get(worker, "errors");
    ck_assert_uint_eq(json_array_size(errors), 1);
    ck_assert_int_eq(number_at(json_array_get(errors, 0), "number"), -195);
    ck_assert_str_eq(text_at(json_array_get(errors, 0), "text"), "broker down ?[31m");
    ck_assert_int_eq(number_at(json_object_get(last, "counters"), "acknowledged"), 9);
}
END_TEST

START_TEST(rates_come_with_the_second_look)
{
    rates = rates_new();
    render(&(struct view_request){.lazy = true});
    ck_assert_uint_eq(json_object_size(json_object_get(worker_at(0), "rates")), 0);
    fake_clock_advance(2 * US_PER_SECOND);
    stats_add(bravo, CONSUMER_PROCESSED, 25);
    render(&(struct view_request){.lazy = true});
    json_t *processed = json_object_get(json_object_get(worker_at(0), "rates"), "processed");
    ck_assert_double_eq_tol(json_real_value(json_object_get(processed, "now")), 12.5, 1e-9);
    ck_assert_double_eq_tol(json_real_value(json_object_get(processed, "average")), 12.5, 1e-9);
}
END_TEST

CHECK_MAIN_WITH("common/view/json_v2", instance_prepare, release, it_has_the_instance_and_its_supervisor,
                a_lazy_view_gives_the_same_line_and_keeps_no_segment, what_is_not_known_is_null,
                without_a_supervisor_it_is_null_and_the_workers_run,
                a_worker_has_its_values_by_group_and_a_partition_its_topic_and_number,
                rates_come_with_the_second_look)
