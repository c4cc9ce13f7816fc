#include "consumer/sinks/postgres_calls.h"

#include "tests/support/check_main.h"

static struct postgres_calls calls;
static struct sink_epochs epochs;
static struct error error;

static void begin(void)
{
    error = (struct error)ERROR_INIT;
}

static void end(void)
{
    postgres_calls_release(&calls);
    sink_epochs_release(&epochs);
}

START_TEST(ranges_become_arrays_of_the_same_order)
{
    const struct sink_range ranges[] = {{3, 41, {60, {59, 1772099540102, -5}, 1772099540103}},
                                        {0, STATS_UNKNOWN, {INT64_MAX, WITNESS_NONE, STATS_UNKNOWN}}};
    ck_assert_int_eq(sink_epoch_set(&epochs, 3, 7, &error), 0);
    ck_assert_int_eq(postgres_ranges_set(&calls, ranges, 2, &epochs, &error), 0);
    ck_assert_str_eq(calls.arrays[0].text, "{3,0}");
    ck_assert_str_eq(calls.arrays[1].text, "{7,0}");
    ck_assert_str_eq(calls.arrays[2].text, "{41,NULL}");
    ck_assert_str_eq(calls.arrays[3].text, "{60,9223372036854775807}");
    ck_assert_str_eq(calls.arrays[4].text, "{59,NULL}");
    ck_assert_str_eq(calls.arrays[5].text, "{1772099540102,NULL}");
    ck_assert_str_eq(calls.arrays[6].text, "{-5,NULL}");
    ck_assert_str_eq(calls.arrays[7].text, "{1772099540103,NULL}");
}
END_TEST

START_TEST(an_array_without_numbers_is_empty)
{
    postgres_array_begin(&calls.arrays[0]);
    ck_assert_int_eq(postgres_array_end(&calls.arrays[0], &error), 0);
    ck_assert_str_eq(calls.arrays[0].text, "{}");
}
END_TEST

START_TEST(an_array_grows_once_and_is_filled_again)
{
    struct postgres_array *array = &calls.arrays[0];
    size_t size = 0;
    for (int round = 0; round < 2; round++) {
        postgres_array_begin(array);
        for (int i = 0; i < 10000; i++)
            ck_assert_int_eq(postgres_array_add(array, INT64_MIN + 2 + i, &error), 0);
        ck_assert_int_eq(postgres_array_end(array, &error), 0);
        ck_assert_uint_eq(strlen(array->text), 10000 * 21 + 1);
        ck_assert(round == 0 || size == array->size);
        size = array->size;
    }
}
END_TEST

CHECK_MAIN_WITH("consumer/postgres_calls", begin, end, ranges_become_arrays_of_the_same_order,
                an_array_without_numbers_is_empty, an_array_grows_once_and_is_filled_again)
