/* What the page is told of an instance. */
#include "tests/support/fake_clock.h"

#include "common/view/snapshot.h"

#include "common/clock.h"
#include "tests/common/view/instance_case.h"

#include <jansson.h>

static struct rates *rates;
static json_t *snapshot;

static json_t *look_at(const char *instance)
{
    size_t bytes;
    json_decref(snapshot);
    free(shown);
    FILE *stream = open_memstream(&shown, &bytes);
    const struct snapshot_spec spec = {instance, false, rates};
    const struct view_request request = {.instance = instance};
    struct view now;
    bool there = view_collect(&now, &request, NULL) == 0;
    snapshot_write(&spec, there ? &now : NULL, stream);
    if (there)
        view_release(&now);
    fclose(stream);
    snapshot = json_loads(shown, 0, NULL);
    ck_assert_msg(snapshot != NULL, "no JSON: %s", shown);
    ck_assert_ptr_null(strchr(shown, '\n')); /* a line of server-sent events */
    return snapshot;
}

static json_t *worker(const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(look_at(instance_name), "workers"), i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
            return one;
    }
    ck_abort_msg("no %s", name);
}

static json_t *partition(int64_t number)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(worker("bravo"), "partitions"), i, one)
    {
        if (json_integer_value(json_object_get(one, "partition")) == number)
            return one;
    }
    ck_abort_msg("no partition");
}

static void prepare(void)
{
    instance_prepare();
    rates = rates_new();
}

static void clean_up(void)
{
    json_decref(snapshot);
    rates_free(rates);
    instance_clean_up();
}

START_TEST(an_instance_that_is_not_there_has_no_workers)
{
    look_at("check-nobody");
    ck_assert(json_is_null(json_object_get(snapshot, "supervisor")));
    ck_assert_uint_eq(json_array_size(json_object_get(snapshot, "workers")), 0);
}
END_TEST

START_TEST(each_worker_is_told_of)
{
    json_t *bravos = worker("bravo");
    ck_assert_str_eq(json_string_value(json_object_get(snapshot, "bootstrap")), "127.0.0.1:9092");
    ck_assert(json_is_true(json_object_get(json_object_get(snapshot, "supervisor"), "alive")));
    ck_assert_str_eq(json_string_value(json_object_get(bravos, "kind")), "consumer");
    ck_assert_str_eq(json_string_value(json_object_get(bravos, "group")), "test_group_bravo");
    ck_assert_str_eq(json_string_value(json_object_get(bravos, "state")), "ready");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(bravos, "counters"), "processed")),
                     1042);
    ck_assert_int_eq(json_integer_value(json_object_get(bravos, "lag")), 7);
    json_t *producers = worker("producer");
    ck_assert_str_eq(json_string_value(json_object_get(producers, "kind")), "producer");
    ck_assert(json_is_null(json_object_get(producers, "group")));
}
END_TEST

static void set_ahead(int64_t committed, int64_t next, int64_t map)
{
    int slot = stats_partition_slot(bravo, "payments", 0);
    stats_partition_set(bravo, slot, PARTITION_COMMITTED, committed);
    stats_partition_set(bravo, slot, PARTITION_ACKNOWLEDGED_NEXT, next);
    stats_partition_set(bravo, slot, PARTITION_ACKNOWLEDGED_MAP, map);
    stats_partition_publish(bravo, slot);
}

static void ahead_is(const char *bits)
{
    ck_assert_str_eq(json_string_value(json_object_get(partition(0), "ahead")), bits);
}

START_TEST(what_is_acknowledged_ahead_is_drawn_from_the_committed_offset_on)
{
    set_ahead(100, 100, 0);
    ahead_is("");
    set_ahead(100, 100, 0x6);
    ahead_is("011");
    set_ahead(100, 102, 0x2); /* two of them are not committed yet */
    ahead_is("1101");
    set_ahead(100, 100, INT64_C(1) << 62);
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(partition(0), "ahead"))), 63);
    set_ahead(100, 163, INT64_MAX);
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(partition(0), "ahead"))), 126);
}
END_TEST

START_TEST(without_acknowledging_one_by_one_there_is_nothing_ahead)
{
    ck_assert_ptr_null(json_object_get(partition(0), "ahead"));
    set_ahead(STATS_UNKNOWN, 100, 0x6);
    ck_assert_ptr_null(json_object_get(partition(0), "ahead"));
}
END_TEST

START_TEST(what_is_unknown_is_null)
{
    ck_assert(json_is_null(json_object_get(partition(0), "low")));
    ck_assert(json_is_null(json_object_get(worker("bravo"), "per_second")));
}
END_TEST

CHECK_MAIN_WITH("common/view/snapshot", prepare, clean_up, an_instance_that_is_not_there_has_no_workers,
                each_worker_is_told_of, what_is_acknowledged_ahead_is_drawn_from_the_committed_offset_on,
                without_acknowledging_one_by_one_there_is_nothing_ahead, what_is_unknown_is_null)
