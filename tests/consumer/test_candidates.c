#include "consumer/candidates.h"
#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static struct candidates candidates;
static struct partitions partitions;
static struct error error;

static void open_table(void)
{
    partitions_init(&partitions, "payments", NULL);
}

static void close_table(void)
{
    candidates_close(&candidates);
    partitions_release(&partitions);
}

static void is_ours(int32_t partition, int64_t position)
{
    ck_assert_int_eq(partition_on_assigned(&partitions, partition), 0);
    partitions.rows[partition].state = STATE_READING;
    partitions.rows[partition].position = position;
}

static void opens(const char *candidate_text, const char *quarantine_text)
{
    ck_assert_msg(candidates_open(&candidates, candidate_text, quarantine_text, &error) == 0, "%s",
                  error.text);
}

static void refuses(const char *candidate_text, const char *quarantine_text, const char *why)
{
    ck_assert_int_eq(candidates_open(&candidates, candidate_text, quarantine_text, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, why) != NULL, "%s", error.text);
    candidates_close(&candidates);
}

START_TEST(without_either_nothing_is_ahead)
{
    opens(NULL, NULL);
    ck_assert(!candidates.ahead && candidates.ranges == NULL);
    opens("", "");
    ck_assert(!candidates.ahead);
}
END_TEST

START_TEST(a_range_is_ahead_until_its_end_is_behind)
{
    opens("0:12-40,1:7-9", NULL);
    ck_assert(candidates.ahead); /* before anything is known */
    is_ours(0, 10);
    ck_assert(!candidates_look(&candidates, &partitions) && candidates.ahead);
    is_ours(0, 39);
    ck_assert(!candidates_look(&candidates, &partitions) && candidates.ahead);
    is_ours(0, 40);
    ck_assert(candidates_look(&candidates, &partitions) && !candidates.ahead); /* partition 1 is not ours */
    is_ours(1, 7);
    ck_assert(candidates_look(&candidates, &partitions) && candidates.ahead); /* now it is */
}
END_TEST

START_TEST(a_start_that_is_not_known_may_be_before_the_candidates)
{
    opens("0:12-40", NULL);
    is_ours(0, STATS_UNKNOWN);
    candidates_look(&candidates, &partitions);
    ck_assert(candidates.ahead);
}
END_TEST

START_TEST(a_quarantined_record_is_ahead_until_it_is_behind_and_nothing_else_is_quarantined)
{
    opens("0:1-4", "0:12,1:9");
    ck_assert(candidates_quarantined(&candidates, 0, 12) && candidates_quarantined(&candidates, 1, 9));
    ck_assert(!candidates_quarantined(&candidates, 0, 9) && !candidates_quarantined(&candidates, 0, 1));
    is_ours(0, 12);
    candidates_look(&candidates, &partitions);
    ck_assert(candidates.ahead);
    is_ours(0, 13);
    candidates_look(&candidates, &partitions);
    ck_assert(!candidates.ahead);
}
END_TEST

START_TEST(the_last_offset_that_there_can_be_is_one)
{
    opens("0:9223372036854775806-9223372036854775807", "0:9223372036854775806");
    ck_assert(candidates_quarantined(&candidates, 0, INT64_MAX - 1));
    ck_assert_int_eq(candidates.ranges[0].end, INT64_MAX);
    candidates_close(&candidates);
    refuses(NULL, "0:9223372036854775807", "--quarantine: "); /* its end would be none */
}
END_TEST

START_TEST(texts_that_are_none_are_usage_errors)
{
    static const char *const bad[] = {"0",     "0:",           ":1",   "0:1,",  ",0:1",
                                      "0:1-2", "0:1,,",        "a:1",  "0:1 ",  "-1:1",
                                      "0:-1",  "2147483648:1", "0: 1", "0:1;1", "0:99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuses(NULL, bad[i], "--quarantine: '");
    refuses("0:1", NULL, "--candidates: '0:1' is not PARTITION:FIRST-END");
    refuses("0:1-", NULL, "--candidates: ");
    refuses("0:1-2,", NULL, "--candidates: ");
}
END_TEST

CHECK_MAIN_WITH("consumer/candidates", open_table, close_table, without_either_nothing_is_ahead,
                a_range_is_ahead_until_its_end_is_behind,
                a_start_that_is_not_known_may_be_before_the_candidates,
                a_quarantined_record_is_ahead_until_it_is_behind_and_nothing_else_is_quarantined,
                the_last_offset_that_there_can_be_is_one, texts_that_are_none_are_usage_errors)
