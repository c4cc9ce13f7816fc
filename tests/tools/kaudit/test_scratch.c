/* Offsets that come in any order are read in theirs. */
#include "tools/kaudit/scratch.h"

#include "tests/support/check_main.h"
#include "tests/tools/kaudit/failing_sqlite.h"

static struct scratch *scratch;
static struct source source;
static struct source_item item;
static struct error error;

static void tear_down(void)
{
    scratch_free(scratch);
    source_close(&source);
}

static void opens(bool once)
{
    scratch = scratch_open(once, &error);
    ck_assert_msg(scratch != NULL, "%s", error.text);
}

static int add(int32_t partition, int64_t offset, int64_t tag, int64_t timestamp_ms)
{
    const struct source_item added = {.offset = offset, .tag = tag, .timestamp_ms = timestamp_ms};
    return scratch_add(scratch, partition, added, &error);
}

static int becomes_source(void)
{
    int result = scratch_source(scratch, &source, &error);
    scratch = NULL;
    return result;
}

static bool next(int32_t partition)
{
    int answer = source.next(source.state, partition, &item, &error);
    ck_assert_msg(answer != -1, "%s", error.text);
    return answer == 1;
}

static void next_is(int32_t partition, int64_t offset, int64_t tag, int64_t timestamp_ms)
{
    ck_assert(next(partition));
    ck_assert_int_eq(item.offset, offset);
    ck_assert_int_eq(item.tag, tag);
    ck_assert_int_eq(item.timestamp_ms, timestamp_ms);
}

START_TEST(they_come_by_partition_in_the_order_of_their_offsets)
{
    opens(false);
    ck_assert_int_eq(add(1, 9, 90, 900), 1);
    ck_assert_int_eq(add(0, 7, 70, 700), 1);
    ck_assert_int_eq(add(1, 3, 30, -1), 1); /* no timestamp */
    ck_assert_int_eq(add(1, 9, 91, 900), 1);
    ck_assert_int_eq(becomes_source(), 0);
    next_is(1, 3, 30, 0);
    next_is(0, 7, 70, 700);
    next_is(1, 9, 90, 900);
    next_is(1, 9, 91, 900);
    ck_assert(!next(1));
    ck_assert(!next(0));
    ck_assert(!next(5));
}
END_TEST

START_TEST(one_that_is_kept_once_is_the_first_of_its_offset_and_timestamp)
{
    opens(true);
    ck_assert_int_eq(add(0, 7, 70, 700), 1);
    ck_assert_int_eq(add(0, 7, 71, 700), 0);
    ck_assert_int_eq(add(0, 7, 72, 701), 1);
    ck_assert_int_eq(add(1, 7, 73, 700), 1);
    ck_assert_int_eq(becomes_source(), 0);
    next_is(0, 7, 70, 700);
    next_is(0, 7, 72, 701);
    ck_assert(!next(0));
    next_is(1, 7, 73, 700);
}
END_TEST

START_TEST(what_is_known_of_one_is_its_own_and_not_the_next_one_s)
{
    struct source_item with = {.offset = 1};
    content_set(&with.content, 3, "x", 1);
    opens(false);
    ck_assert_int_eq(scratch_add(scratch, 0, with, &error), 1);
    ck_assert_int_eq(add(0, 2, 0, 0), 1);
    with.offset = 3;
    ck_assert_int_eq(scratch_add(scratch, 0, with, &error), 1);
    ck_assert_int_eq(becomes_source(), 0);
    ck_assert(next(0));
    ck_assert_mem_eq(&item.content, &with.content, sizeof with.content);
    ck_assert(next(0));
    ck_assert_uint_eq(item.content.known, 0);
    ck_assert(next(0));
    ck_assert_mem_eq(&item.content, &with.content, sizeof with.content);
}
END_TEST

static void cannot_open(const char *what)
{
    error = (struct error)ERROR_INIT;
    sqlite_fails = what;
    ck_assert_ptr_null(scratch_open(true, &error));
    ck_assert_ptr_eq(strstr(error.text, "cannot create a temporary table: "), error.text);
    sqlite_fails = NULL;
}

START_TEST(one_that_cannot_be_made_or_filled_or_sorted_is_an_error)
{
    static const char *const steps[] = {"", "PRAGMA", "CREATE UNIQUE", "BEGIN"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        cannot_open(steps[i]);
    opens(false);
    sqlite_fails = "INSERT";
    ck_assert_int_eq(add(0, 1, 0, 0), -1);
    ck_assert_ptr_eq(strstr(error.text, "cannot write a temporary table: "), error.text);
    sqlite_fails = NULL;
    ck_assert_int_eq(add(0, 1, 0, 0), 1);
    sqlite_fails = "COMMIT";
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(becomes_source(), -1);
    ck_assert_ptr_eq(strstr(error.text, "cannot sort a temporary table: "), error.text);
    ck_assert(source.next == NULL);
    scratch_free(NULL);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/scratch", NULL, tear_down, they_come_by_partition_in_the_order_of_their_offsets,
                one_that_is_kept_once_is_the_first_of_its_offset_and_timestamp,
                what_is_known_of_one_is_its_own_and_not_the_next_one_s,
                one_that_cannot_be_made_or_filled_or_sorted_is_an_error)
