#include "common/offset_set.h"
#include "tests/support/check_main.h"

static struct offset_set set;
static struct error error;

static void begin(void)
{
    offset_set_begin(&set, 40);
}

static void end(void)
{
    offset_set_release(&set);
}

static void add(int64_t first, int64_t past)
{
    ck_assert_int_eq(offset_set_add(&set, first, past, &error), 0);
}

/* "40: 45-46 50-59": the set, its ranges by first and last. */
static void is(const char *expected)
{
    char text[256];
    int used = snprintf(text, sizeof text, "%d:", (int)set.next);
    for (size_t i = 0; i < set.count; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, " %d-%d", (int)set.ranges[i].first,
                         (int)set.ranges[i].end - 1);
    ck_assert_str_eq(text, expected);
}

START_TEST(in_order_it_is_one_offset_and_takes_no_memory)
{
    for (int64_t offset = 40; offset < 1000; offset++)
        add(offset, offset + 1);
    is("1000:");
    ck_assert_ptr_null(set.ranges);
}
END_TEST

START_TEST(out_of_order_they_wait_until_the_gap_closes)
{
    add(60, 61);
    add(41, 58);
    is("40: 41-57 60-60");
    ck_assert_int_eq(offset_set_ahead(&set), 18);
    add(40, 41);
    is("58: 60-60");
    add(58, 60);
    is("61:");
}
END_TEST

START_TEST(ranges_that_touch_or_overlap_become_one)
{
    add(50, 53);
    add(60, 63);
    add(70, 73);
    add(53, 60);
    is("40: 50-62 70-72");
    add(45, 80);
    is("40: 45-79");
    add(0, 46);
    is("80:");
}
END_TEST

START_TEST(what_is_in_it_or_is_empty_changes_nothing)
{
    add(50, 60);
    add(0, 40);
    add(52, 55);
    add(45, 45);
    add(48, 44);
    is("40: 50-59");
}
END_TEST

START_TEST(a_join_tells_what_an_add_would_do_and_does_nothing)
{
    add(50, 53);
    add(60, 63);
    struct offset_join join = offset_set_join(&set, 53, 61);
    ck_assert(join.range.first == 50 && join.range.end == 63 && join.begin == 0 && join.past == 2);
    join = offset_set_join(&set, 55, 57);
    ck_assert(join.range.first == 55 && join.range.end == 57 && join.begin == 1 && join.past == 1);
    is("40: 50-52 60-62");
}
END_TEST

START_TEST(room_that_was_needed_once_is_not_asked_for_again)
{
    for (int64_t offset = 41; offset < 200; offset += 2)
        add(offset, offset + 1);
    size_t capacity = set.capacity;
    const struct offset_range *ranges = set.ranges;
    offset_set_begin(&set, 40);
    is("40:");
    for (int64_t offset = 199; offset > 40; offset -= 2)
        add(offset, offset + 1);
    ck_assert_uint_eq(set.capacity, capacity);
    ck_assert_ptr_eq(set.ranges, ranges);
}
END_TEST

/* Against a plain array of flags. */
START_TEST(its_map_has_a_bit_for_each_of_the_next_offsets)
{
    offset_set_begin(&set, 100);
    ck_assert_int_eq(offset_set_map(&set), 0);
    offset_set_add(&set, 101, 103, NULL);
    offset_set_add(&set, 105, 106, NULL);
    ck_assert_int_eq(offset_set_map(&set), (1 << 1) | (1 << 2) | (1 << 5));
    offset_set_add(&set, 160, 300, NULL);
    ck_assert_int_eq(offset_set_map(&set) >> 60, 7);
    ck_assert_int_gt(offset_set_map(&set), 0);
    offset_set_begin(&set, 0);
    offset_set_add(&set, 1, INT64_MAX, NULL);
    ck_assert_int_eq(offset_set_map(&set), INT64_MAX - 1);
    offset_set_begin(&set, 0);
    offset_set_add(&set, 63, 64, NULL);
    ck_assert_int_eq(offset_set_map(&set), 0);
}
END_TEST

START_TEST(random_ranges_are_those_of_a_plain_array)
{
    enum { SPAN = 200 };
    bool flags[SPAN] = {false};
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 1103515245U + 12345U;
        int64_t first = (seed >> 8) % SPAN;
        int64_t past = first + 1 + (seed >> 24) % 4;
        past = past < SPAN ? past : SPAN;
        add(40 + first, 40 + past);
        for (int64_t i = first; i < past; i++)
            flags[i] = true;
        int64_t next = 0;
        while (next < SPAN && flags[next])
            next++;
        ck_assert_int_eq(set.next, 40 + next);
        int64_t ahead = 0;
        bool same = true;
        for (int64_t i = 0; i < SPAN; i++) {
            same = same && offset_set_has(&set, 40 + i) == flags[i];
            ahead += i >= next && flags[i];
        }
        ck_assert_int_eq(offset_set_ahead(&set), ahead);
        for (size_t i = 0; i < set.count; i++)
            same = same && set.ranges[i].first > (i == 0 ? set.next : set.ranges[i - 1].end);
        ck_assert(same);
        if (round % 100 == 99) {
            memset(flags, 0, sizeof flags);
            offset_set_begin(&set, 40);
        }
    }
}
END_TEST

CHECK_MAIN_WITH("common/offset_set", begin, end, in_order_it_is_one_offset_and_takes_no_memory,
                out_of_order_they_wait_until_the_gap_closes, ranges_that_touch_or_overlap_become_one,
                what_is_in_it_or_is_empty_changes_nothing, a_join_tells_what_an_add_would_do_and_does_nothing,
                room_that_was_needed_once_is_not_asked_for_again,
                its_map_has_a_bit_for_each_of_the_next_offsets, random_ranges_are_those_of_a_plain_array)
