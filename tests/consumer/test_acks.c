#include "consumer/acks.h"
#include "tests/support/check_main.h"

static struct acks acks;
static struct error error;
static char text[ACKS_METADATA_BYTES];

static void begin(void)
{
    acks_begin(&acks, 40);
}

static void end(void)
{
    acks_release(&acks);
}

static void add(int64_t first, int64_t past)
{
    ck_assert_msg(acks_add(&acks, first, past, &error) == 0, "%s", error.text);
}

static void is(int64_t prefix, const char *metadata)
{
    acks_metadata(&acks, text);
    ck_assert_int_eq(acks.done.next, prefix);
    ck_assert_str_eq(text, metadata);
}

START_TEST(in_order_the_prefix_moves_and_nothing_is_ahead)
{
    add(40, 41);
    is(41, "");
    add(41, 60);
    is(60, "");
    ck_assert_int_eq(acks_ahead(&acks), 0);
}
END_TEST

START_TEST(out_of_order_they_wait_ahead_until_the_gap_closes)
{
    add(41, 58);
    add(60, 61);
    is(40, "acks1:1-17,20");
    ck_assert_int_eq(acks_ahead(&acks), 18);
    add(58, 60);
    is(40, "acks1:1-20");
    add(40, 41);
    is(61, "");
}
END_TEST

START_TEST(what_overlaps_or_was_said_before_changes_nothing_twice)
{
    add(50, 60);
    add(45, 55);
    add(50, 52);
    add(0, 10);
    is(40, "acks1:5-19");
    add(10, 50);
    is(60, "");
}
END_TEST

START_TEST(it_knows_who_is_acknowledged)
{
    add(45, 47);
    ck_assert(acks_has(&acks, 39) && !acks_has(&acks, 40) && !acks_has(&acks, 44));
    ck_assert(acks_has(&acks, 45) && acks_has(&acks, 46) && !acks_has(&acks, 47));
}
END_TEST

START_TEST(the_metadata_says_the_same_again_when_it_is_read)
{
    add(41, 58);
    add(60, 61);
    add(1000000, 1000007);
    size_t length = acks_metadata(&acks, text);
    struct acks copy = {0};
    ck_assert(acks_load(&copy, 40, text, length));
    char again[ACKS_METADATA_BYTES];
    acks_metadata(&copy, again);
    ck_assert_str_eq(again, text);
    ck_assert_int_eq(copy.done.next, 40);
    acks_release(&copy);
}
END_TEST

START_TEST(metadata_of_somebody_else_is_not_ours_and_nothing_is_ahead)
{
    static const char *const foreign[] = {"hello",
                                          "acks1:",
                                          "acks1:0",
                                          "acks1:1,",
                                          "acks1:1-",
                                          "acks1:x",
                                          "acks1:5-3",
                                          "acks2:1",
                                          "acks1:1;2",
                                          "acks1:99999999999999999999",
                                          "acks1:9223372036854775807"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        ck_assert_msg(!acks_load(&acks, 40, foreign[i], strlen(foreign[i])), "%s", foreign[i]);
        is(40, "");
    }
    ck_assert(acks_load(&acks, 40, NULL, 0)); /* none is nobody's */
}
END_TEST

START_TEST(what_would_not_fit_in_the_metadata_is_refused_and_changes_nothing)
{
    int64_t last = 0;
    for (int64_t offset = 42; acks_add(&acks, offset, offset + 1, &error) == 0; offset += 2)
        last = offset;
    ck_assert_ptr_nonnull(strstr(error.text, "beyond 40"));
    ck_assert(acks_has(&acks, last) && !acks_has(&acks, last + 2));
    size_t length = acks_metadata(&acks, text);
    ck_assert_uint_lt(length, ACKS_METADATA_BYTES);
    ck_assert_uint_gt(length, ACKS_METADATA_BYTES - 16);
    add(40, last); /* closing gaps makes room */
    is(last + 1, "");
}
END_TEST

START_TEST(the_metadata_is_used_to_its_end_by_ranges_too)
{
    for (int64_t offset = 42; acks_add(&acks, offset, offset + 1 + offset % 3, &error) == 0;)
        offset += 2 + offset % 3;
    size_t length = acks_metadata(&acks, text);
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_uint_gt(length, ACKS_METADATA_BYTES - 16);
    ck_assert_int_eq(acks_add(&acks, 43, 44, &error), 0); /* its two neighbours become one */
    ck_assert_uint_lt(acks_metadata(&acks, text), ACKS_METADATA_BYTES);
}
END_TEST

START_TEST(whatever_stands_first_counts_with_the_others)
{
    for (int64_t past = 42; past < INT64_C(1) << 40; past *= 8) { /* the first range's text grows */
        acks_begin(&acks, 40);
        add(41, past);
        for (int64_t at = past + 1; acks_add(&acks, at, at + 1, &error) == 0;)
            at += 2;
        size_t length = acks_metadata(&acks, text);
        ck_assert_uint_lt(length, ACKS_METADATA_BYTES);
        ck_assert_uint_gt(length, ACKS_METADATA_BYTES - 40);
        ck_assert_uint_eq(length, strlen(text));
    }
}
END_TEST

/* The metadata is full. */
static int64_t fill(void)
{
    int64_t offset = 42;
    while (acks_add(&acks, offset, offset + 1, &error) == 0)
        offset += 2;
    return offset;
}

START_TEST(what_was_settled_for_later_is_kept_until_it_has_entered_and_no_longer)
{
    int64_t past = fill();
    ck_assert_int_eq(acks_settle(&acks, past, past + 1, &error), 0);
    ck_assert_int_eq(acks_settle(&acks, past + 5, past + 6, &error), 0);
    ck_assert_uint_eq(acks.later.count, 2);
    add(40, past);
    is(past + 1, "");
    ck_assert_uint_eq(acks.later.count, 1);
    ck_assert_int_eq(acks.later.ranges[0].first, past + 5);
    add(past + 1, past + 5);
    is(past + 6, "");
    ck_assert_uint_eq(acks.later.count, 0);
}
END_TEST

START_TEST(random_acknowledgements_are_read_back_from_their_metadata)
{
    struct acks copy = {0};
    char again[ACKS_METADATA_BYTES];
    unsigned seed = 7;
    for (int round = 0; round < 5000; round++) {
        seed = seed * 1103515245U + 12345U;
        int64_t first = 40 + (seed >> 8) % 200;
        add(first, first + 1 + (seed >> 24) % 4);
        size_t length = acks_metadata(&acks, text);
        ck_assert(acks_load(&copy, acks.done.next, text, length));
        ck_assert_uint_eq(acks_metadata(&copy, again), length);
        ck_assert_str_eq(again, text);
        if (round % 100 == 99)
            acks_begin(&acks, 40);
    }
    acks_release(&copy);
}
END_TEST

CHECK_MAIN_WITH("consumer/acks", begin, end, in_order_the_prefix_moves_and_nothing_is_ahead,
                out_of_order_they_wait_ahead_until_the_gap_closes,
                what_overlaps_or_was_said_before_changes_nothing_twice, it_knows_who_is_acknowledged,
                the_metadata_says_the_same_again_when_it_is_read,
                metadata_of_somebody_else_is_not_ours_and_nothing_is_ahead,
                what_would_not_fit_in_the_metadata_is_refused_and_changes_nothing,
                the_metadata_is_used_to_its_end_by_ranges_too, whatever_stands_first_counts_with_the_others,
                what_was_settled_for_later_is_kept_until_it_has_entered_and_no_longer,
                random_acknowledgements_are_read_back_from_their_metadata)
