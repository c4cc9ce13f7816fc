/* Producers are told apart by their names, as many as are followed. */
#include "tools/kaudit/producers.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"

static struct producers producers;

static void tear_down(void)
{
    producers_release(&producers);
    ck_assert_uint_eq(producers.count, 0);
    producers_release(&producers); /* of nothing more */
}

START_TEST(a_name_is_all_of_its_bytes)
{
    char name[] = "one\0two";
    struct producer *one = producers_find(&producers, name, 3);
    struct producer *both = producers_find(&producers, name, 7);
    ck_assert_ptr_ne(one, both);
    ck_assert_uint_eq(one->length, 3);
    ck_assert_str_eq(one->name, "one");
    ck_assert_mem_eq(both->name, name, 8);
    memset(name, 'x', sizeof name); /* it was the caller's */
    ck_assert_ptr_eq(producers_find(&producers, "one\0two", 7), both);
    ck_assert_ptr_eq(producers_find(&producers, "one", 3), one);
    ck_assert_uint_eq(producers.count, 2);
}
END_TEST

START_TEST(the_last_that_is_followed_is_found_again_and_one_more_is_not)
{
    char name[16];
    for (size_t i = 0; i < PRODUCERS_MAX; i++) {
        snprintf(name, sizeof name, "p%03zu", i);
        ck_assert_ptr_eq(producers_find(&producers, name, strlen(name)), &producers.items[i]);
    }
    ck_assert_ptr_null(producers_find(&producers, "another", 7));
    ck_assert_ptr_eq(producers_find(&producers, name, strlen(name)), &producers.items[PRODUCERS_MAX - 1]);
    ck_assert_uint_eq(producers.count, PRODUCERS_MAX);
}
END_TEST

START_TEST(what_a_producer_s_numbers_need_goes_with_it)
{
    struct producer *one = producers_find(&producers, "one", 3);
    ck_assert_int_eq(sequence_take(&one->sequence, 1, 1000, false), SEQUENCE_NEW);
    ck_assert_int_eq(sequence_take(&one->sequence, 9, 1001, false), SEQUENCE_NEW); /* a gap is kept */
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/producers", NULL, tear_down, a_name_is_all_of_its_bytes,
                the_last_that_is_followed_is_found_again_and_one_more_is_not,
                what_a_producer_s_numbers_need_goes_with_it)
