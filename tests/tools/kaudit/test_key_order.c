#include "tools/kaudit/key_order.h"

#include "tests/support/check_main.h"

static struct key_order order;

static void teardown(void)
{
    key_order_release(&order);
}

static enum key_order_answer take(const char *key, int32_t partition, uint32_t run, int64_t seq)
{
    uint64_t hash = key_order_hash(key_order_hash(0, &partition, sizeof partition), key, strlen(key));
    return key_order_take(&order, hash, run, seq);
}

START_TEST(ascending_numbers_of_a_key_are_in_order)
{
    ck_assert_int_eq(take("anna", 0, 1, 1), KEY_IN_ORDER);
    ck_assert_int_eq(take("marek", 0, 1, 2), KEY_IN_ORDER);
    ck_assert_int_eq(take("anna", 0, 1, 9), KEY_IN_ORDER);
    ck_assert_int_eq(take("marek", 0, 1, 8), KEY_IN_ORDER);
}
END_TEST

START_TEST(a_smaller_number_of_the_same_key_is_not)
{
    take("anna", 0, 1, 5);
    ck_assert_int_eq(take("anna", 0, 1, 4), KEY_OUT_OF_ORDER);
    ck_assert_int_eq(take("anna", 0, 1, 6), KEY_IN_ORDER);
}
END_TEST

START_TEST(other_keys_and_other_partitions_do_not_matter)
{
    take("anna", 0, 1, 5);
    ck_assert_int_eq(take("marek", 0, 1, 4), KEY_IN_ORDER);
    ck_assert_int_eq(take("anna", 1, 1, 4), KEY_IN_ORDER);
}
END_TEST

START_TEST(a_new_run_begins_anew)
{
    take("anna", 0, 1, 500);
    ck_assert_int_eq(take("anna", 0, 2, 1), KEY_IN_ORDER);
    ck_assert_int_eq(take("anna", 0, 1, 501), KEY_OUT_OF_ORDER);
}
END_TEST

START_TEST(many_keys_are_all_followed_and_those_beyond_the_bound_are_counted)
{
    char key[16];
    for (int i = 0; i < KEY_ORDER_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        ck_assert_int_eq(take(key, 0, 1, 10), KEY_IN_ORDER);
    }
    ck_assert_int_eq(take("one more", 0, 1, 10), KEY_UNFOLLOWED);
    ck_assert_uint_eq(order.unfollowed, 1);
    ck_assert_int_eq(take("77", 0, 1, 9), KEY_OUT_OF_ORDER);
    ck_assert_int_eq(take("78", 0, 1, 11), KEY_IN_ORDER);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/key_order", NULL, teardown, ascending_numbers_of_a_key_are_in_order,
                a_smaller_number_of_the_same_key_is_not, other_keys_and_other_partitions_do_not_matter,
                a_new_run_begins_anew, many_keys_are_all_followed_and_those_beyond_the_bound_are_counted)
