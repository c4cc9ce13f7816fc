/* The last lines of who is meant, and what came after them. */
#include "supervisor/log/report.h"
#include "tests/supervisor/verb_stage.h"

static void prints(struct worker *worker, const char *text)
{
    report_worker_line(worker, text, strlen(text));
}

static uint64_t last(void)
{
    struct mp_reader reader;
    int64_t number = -1;
    const char *bytes = packed(request.verb->result);
    mp_init(&reader, bytes, packed_length);
    ck_assert(mp_read_int(&reader, &number));
    return (uint64_t)number;
}

START_TEST(logs_are_the_last_lines_of_who_is_meant)
{
    for (int i = 0; i < 25; i++) {
        char text[16];
        snprintf(text, sizeof text, "line %d", i);
        prints(bravo, text);
    }
    prints(zulu, "zulu's");
    ck_assert_int_eq(begins("logs", "bravo", "2"), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "bravo: line 23\nbravo: line 24\n");
    ck_assert_int_eq(begins("logs", "bravo", ""), PROGRESS_DONE);
    ck_assert_ptr_eq(strstr(lines(), "bravo: line 5\n"), lines());
    ck_assert_int_eq(begins("logs", "all", "2"), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "bravo: line 24\nzulu: zulu's\n");
    ck_assert_int_eq(begins("logs", "zulu", "2"), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "zulu: zulu's\n");
    ck_assert_int_eq(begins("logs", "zulu", "0"), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "");
    is_refused("logs", "yank", "", "there is no client or worker 'yank'");
    is_refused("logs", "bravo", "some", "some");
}
END_TEST

START_TEST(who_follows_gets_all_that_came_after_the_last_that_he_had)
{
    prints(bravo, "one");
    begins("logs", "bravo", "");
    uint64_t had = last();
    ck_assert_uint_eq(had, bravo->tail.last);
    char after[32];
    snprintf(after, sizeof after, "+%d", (int)had);
    ck_assert_int_eq(begins("logs", "bravo", after), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "");
    prints(bravo, "two");
    prints(bravo, "three");
    ck_assert_str_eq(lines(), "bravo: two\nbravo: three\n");
    ck_assert_uint_gt(last(), had);
    begins("logs", "zulu", "");
    ck_assert_uint_eq(last(), 0);
}
END_TEST

/* The lines of all workers are numbered together. */
START_TEST(who_follows_several_misses_none_of_the_quieter_one)
{
    for (int i = 0; i < 9; i++)
        prints(bravo, "bravo's");
    prints(zulu, "one");
    char after[32];
    begins("logs", "all", "");
    snprintf(after, sizeof after, "+%d", (int)last());
    prints(zulu, "two");
    prints(bravo, "ten");
    begins("logs", "all", after);
    ck_assert_str_eq(lines(), "bravo: ten\nzulu: two\n");
}
END_TEST

START_TEST(who_follows_is_told_that_lines_were_not_kept_for_him)
{
    prints(bravo, "first");
    char after[32];
    begins("logs", "bravo", "");
    snprintf(after, sizeof after, "+%d", (int)last());
    for (int i = 0; i < TAIL_LINES; i++)
        prints(bravo, "x");
    begins("logs", "bravo", after);
    ck_assert_ptr_eq(strstr(lines(), "bravo: x\n"), lines()); /* what made room had been shown */
    prints(bravo, "x");
    ck_assert_ptr_eq(strstr(lines(),
                            "bravo: … lines are missing here: they came faster than they were fetched; "
                            "--log-dir keeps them\nbravo: x\n"),
                     lines());
    begins("logs", "bravo", "+0"); /* nothing was shown before */
    ck_assert_ptr_eq(strstr(lines(), "bravo: x\n"), lines());
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_logs", set_up, tear_down, logs_are_the_last_lines_of_who_is_meant,
                who_follows_gets_all_that_came_after_the_last_that_he_had,
                who_follows_several_misses_none_of_the_quieter_one,
                who_follows_is_told_that_lines_were_not_kept_for_him)
