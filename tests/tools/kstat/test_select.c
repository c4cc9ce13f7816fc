#include "tests/support/fake_clock.h"

#include "tools/kstat/select.h"

#include <jansson.h>

#include "tests/common/view/instance_case.h"

static size_t choose(const struct view_request *request, struct rates *rates,
                     const struct selection *selection)
{
    size_t bytes;
    struct view_request complete = *request;
    complete.instance = instance_name;
    collect(request);
    free(shown);
    FILE *stream = open_memstream(&shown, &bytes);
    size_t found = select_values(&view, &complete, rates, selection, stream);
    fclose(stream);
    return found;
}

static const struct view_request lazy = {.lazy = true};

START_TEST(patterns_choose_lines_in_the_order_of_the_values)
{
    static const char *const patterns[] = {"*.lag", "bravo/payments/*/committed", "producer.acknowledged"};
    ck_assert_uint_eq(choose(&lazy, NULL, &(struct selection){patterns, 3, false}), 4);
    ck_assert_str_eq(shown, "bravo.lag 7\nbravo/payments/0/committed 100\nbravo/payments/2/committed 50\n"
                            "producer.acknowledged 9\n");
}
END_TEST

START_TEST(a_value_that_two_patterns_choose_comes_once)
{
    static const char *const patterns[] = {"bravo.lag", "*.lag"};
    ck_assert_uint_eq(choose(&lazy, NULL, &(struct selection){patterns, 2, false}), 1);
    ck_assert_str_eq(shown, "bravo.lag 7\n");
}
END_TEST

START_TEST(without_patterns_all_are_chosen)
{
    size_t found = choose(&lazy, NULL, &(struct selection){NULL, 0, false}), lines = 0;
    for (const char *at = shown; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(found, lines);
    ck_assert_uint_gt(found, 100);
    expect("bravo.processed 1042\n");
    expect("bravo.rates ?\n");
    expect("producer.pid ");
}
END_TEST

START_TEST(nothing_is_chosen_by_a_pattern_that_nothing_matches)
{
    static const char *const patterns[] = {"*.nothing"};
    ck_assert_uint_eq(choose(&lazy, NULL, &(struct selection){patterns, 1, false}), 0);
    ck_assert_str_eq(shown, "");
    ck_assert_uint_eq(choose(&lazy, NULL, &(struct selection){patterns, 1, true}), 0);
    ck_assert_str_eq(shown, "{}\n");
}
END_TEST

START_TEST(as_json_they_are_one_object_on_one_line)
{
    static const char *const patterns[] = {"*.lag", "bravo.alive", "bravo.rates", "bravo.state"};
    ck_assert_uint_eq(choose(&lazy, NULL, &(struct selection){patterns, 4, true}), 4);
    ck_assert_str_eq(
        shown, "{\"bravo.alive\":true,\"bravo.state\":\"ready\",\"bravo.lag\":7,\"bravo.rates\":null}\n");
}
END_TEST

START_TEST(lazy_or_not_the_lines_are_the_same)
{
    choose(&everything, NULL, &(struct selection){NULL, 0, false});
    char *whole = shown;
    shown = NULL;
    choose(&lazy, NULL, &(struct selection){NULL, 0, false});
    ck_assert_str_eq(shown, whole);
    ck_assert_ptr_null(view.workers[0].snapshot);
    free(whole);
}
END_TEST

START_TEST(rates_are_known_from_the_second_look_on)
{
    static const char *const patterns[] = {"bravo.rates.processed.*"};
    struct rates *rates = rates_new();
    ck_assert_uint_eq(choose(&lazy, rates, &(struct selection){patterns, 1, false}), 0);
    fake_clock_advance(4 * US_PER_SECOND);
    stats_add(bravo, CONSUMER_PROCESSED, 10);
    ck_assert_uint_eq(choose(&lazy, rates, &(struct selection){patterns, 1, false}), 2);
    ck_assert_str_eq(shown, "bravo.rates.processed.now 2.500\nbravo.rates.processed.average 2.500\n");
    rates_free(rates);
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/select", instance_prepare, instance_clean_up,
                patterns_choose_lines_in_the_order_of_the_values, a_value_that_two_patterns_choose_comes_once,
                without_patterns_all_are_chosen, nothing_is_chosen_by_a_pattern_that_nothing_matches,
                as_json_they_are_one_object_on_one_line, lazy_or_not_the_lines_are_the_same,
                rates_are_known_from_the_second_look_on)
