#include "tests/support/capture.h"
#include "tests/support/check_main.h"

#include "common/clock.h"
#include "consumer/lines.h"

static struct lines lines;

static void begin(void)
{
    lines = (struct lines){.noun = "payments"};
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

START_TEST(at_a_learners_pace_every_batch_has_its_line)
{
    capture_begin();
    lines_batch(&lines, 3, 1 * US_PER_SECOND);
    lines_batch(&lines, 1, 3 * US_PER_SECOND);
    lines_flush(&lines, 5 * US_PER_SECOND, false);
    lines_flush(&lines, 5 * US_PER_SECOND, true);
    ck_assert_str_eq(capture_end(), "Received batch of 3 payments\nReceived batch of 1 payment\n");
}
END_TEST

START_TEST(from_the_twenty_first_in_a_second_on_they_are_gathered)
{
    capture_begin();
    for (int i = 0; i < 1000; i++)
        lines_batch(&lines, 500, 10 * US_PER_SECOND + i);
    lines_flush(&lines, 10 * US_PER_SECOND + 2000, false);
    const char *text = capture_end();
    ck_assert_uint_eq(count_of(text, "Received batch of 500 payments\n"), 20);
    ck_assert_uint_eq(count_of(text, "Received"), 20);
}
END_TEST

START_TEST(what_is_gathered_is_said_when_its_second_is_over)
{
    capture_begin();
    for (int i = 0; i < 1000; i++)
        lines_batch(&lines, 500, 10 * US_PER_SECOND + i);
    lines_flush(&lines, 11 * US_PER_SECOND, false);
    lines_flush(&lines, 13 * US_PER_SECOND, false);
    ck_assert_uint_eq(count_of(capture_end(), "Received 490000 payments in 980 batches\n"), 1);
}
END_TEST

START_TEST(the_next_second_has_its_twenty_lines_again)
{
    capture_begin();
    for (int i = 0; i < 30; i++)
        lines_batch(&lines, 500, 10 * US_PER_SECOND);
    for (int i = 0; i < 30; i++)
        lines_batch(&lines, 500, 11 * US_PER_SECOND);
    ck_assert_uint_eq(count_of(capture_end(), "Received batch of 500 payments\n"), 40);
}
END_TEST

START_TEST(what_is_gathered_is_said_at_the_end)
{
    capture_begin();
    for (int i = 0; i < 21; i++)
        lines_batch(&lines, 2, 10 * US_PER_SECOND);
    lines_flush(&lines, 10 * US_PER_SECOND, true);
    ck_assert_uint_eq(count_of(capture_end(), "Received 2 payments in 1 batch"), 1);
}
END_TEST

START_TEST(no_record_is_missing_from_the_lines)
{
    uint64_t sent = 0, said = 0;
    int64_t now_us = US_PER_SECOND;
    capture_begin();
    for (int i = 0; i < 3000; i++, now_us += 700) {
        lines_batch(&lines, (uint64_t)(i % 7 + 1), now_us);
        sent += (uint64_t)(i % 7 + 1);
    }
    lines_flush(&lines, now_us, true);
    for (const char *at = strstr(capture_end(), "Received"); at != NULL; at = strstr(at + 1, "Received")) {
        unsigned long long records = 0;
        if (sscanf(at, "Received batch of %llu", &records) == 1 || sscanf(at, "Received %llu", &records) == 1)
            said += records;
    }
    ck_assert_uint_eq(said, sent);
}
END_TEST

CHECK_MAIN_WITH("consumer/lines", begin, NULL, at_a_learners_pace_every_batch_has_its_line,
                from_the_twenty_first_in_a_second_on_they_are_gathered,
                what_is_gathered_is_said_when_its_second_is_over, the_next_second_has_its_twenty_lines_again,
                what_is_gathered_is_said_at_the_end, no_record_is_missing_from_the_lines)
