#include "consumer/letter_origins.h"

#include "tests/support/check_main.h"

static struct letter_origins origins;

static void open_two(void)
{
    ck_assert_int_eq(letter_origins_open(&origins, 2, NULL), 0);
    ck_assert(letter_origins_add(&origins, (struct letter_origin){0, 5, 1}));
    ck_assert(letter_origins_add(&origins, (struct letter_origin){1, 7, 2}));
}

static void release(void)
{
    letter_origins_release(&origins);
}

START_TEST(there_is_no_more_room_than_asked_for)
{
    ck_assert(!letter_origins_add(&origins, (struct letter_origin){2, 9, 3}));
    ck_assert_uint_eq(origins.count, 2);
    ck_assert(letter_origins_have(&origins, 1) && !letter_origins_have(&origins, 2));
}
END_TEST

START_TEST(what_is_let_go_is_the_first_and_gives_room)
{
    letter_origins_let_go(&origins, 1);
    ck_assert(!letter_origins_have(&origins, 0) && letter_origins_have(&origins, 1));
    ck_assert(letter_origins_add(&origins, (struct letter_origin){2, 9, 3}));
    ck_assert_int_eq(origins.list[1].offset, 9);
}
END_TEST

START_TEST(a_partition_that_went_is_forgotten_and_no_other)
{
    letter_origins_forget(&origins, 0);
    ck_assert_uint_eq(origins.count, 1);
    ck_assert_int_eq(origins.list[0].offset, 7);
}
END_TEST

START_TEST(without_room_there_is_nothing)
{
    struct letter_origins none = {0};
    ck_assert(!letter_origins_add(&none, (struct letter_origin){0, 1, 1}));
    ck_assert(!letter_origins_have(&none, 0));
    letter_origins_forget(&none, 0);
    letter_origins_release(&none);
}
END_TEST

CHECK_MAIN_WITH("consumer/letter_origins", open_two, release, there_is_no_more_room_than_asked_for,
                what_is_let_go_is_the_first_and_gives_room, a_partition_that_went_is_forgotten_and_no_other,
                without_room_there_is_nothing)
