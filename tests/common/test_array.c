#include "common/array.h"
#include "tests/support/check_main.h"

#include <stdint.h>

START_TEST(it_grows_when_it_is_full_and_not_before)
{
    size_t capacity = 0;
    int *items = array_room(NULL, 0, &capacity, 2, sizeof *items);
    ck_assert_ptr_nonnull(items);
    ck_assert_uint_eq(capacity, 2);
    items[0] = 7;
    ck_assert_ptr_eq(array_room(items, 1, &capacity, 2, sizeof *items), items);
    ck_assert_uint_eq(capacity, 2);
    items[1] = 8;
    items = array_room(items, 2, &capacity, 2, sizeof *items);
    ck_assert_uint_eq(capacity, 4);
    ck_assert(items[0] == 7 && items[1] == 8);
    free(items);
}
END_TEST

START_TEST(without_memory_it_is_as_it_was)
{
    size_t capacity = SIZE_MAX / 8;
    int item = 7;
    ck_assert_ptr_null(array_room(&item, capacity, &capacity, 2, sizeof(int64_t)));
    ck_assert_uint_eq(capacity, SIZE_MAX / 8);
    ck_assert_int_eq(item, 7);
}
END_TEST

CHECK_MAIN("common/array", it_grows_when_it_is_full_and_not_before, without_memory_it_is_as_it_was)
