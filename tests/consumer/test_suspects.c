#include "consumer/suspects.h"
#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static struct suspects suspects;
static struct partitions partitions;
static struct error error;

static void open_table(void)
{
    partitions_init(&partitions, "payments", NULL);
}

static void close_table(void)
{
    suspects_close(&suspects);
    partitions_release(&partitions);
}

static void is_ours(int32_t partition, int64_t position)
{
    ck_assert_int_eq(partition_given(&partitions, partition), 0);
    partitions.rows[partition].state = STATE_READING;
    partitions.rows[partition].position = position;
}

static void opens(const char *suspect_text, const char *convict_text)
{
    ck_assert_msg(suspects_open(&suspects, suspect_text, convict_text, &error) == 0, "%s", error.text);
}

static void refuses(const char *suspect_text, const char *convict_text, const char *why)
{
    ck_assert_int_eq(suspects_open(&suspects, suspect_text, convict_text, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, why) != NULL, "%s", error.text);
    suspects_close(&suspects);
}

START_TEST(without_either_nothing_is_ahead)
{
    opens(NULL, NULL);
    ck_assert(!suspects.ahead && suspects.ranges == NULL);
    opens("", "");
    ck_assert(!suspects.ahead);
}
END_TEST

START_TEST(a_range_is_ahead_until_its_end_is_behind)
{
    opens("0:12-40,1:7-9", NULL);
    ck_assert(suspects.ahead); /* before anything is known */
    is_ours(0, 10);
    ck_assert(!suspects_look(&suspects, &partitions) && suspects.ahead);
    is_ours(0, 39);
    ck_assert(!suspects_look(&suspects, &partitions) && suspects.ahead);
    is_ours(0, 40);
    ck_assert(suspects_look(&suspects, &partitions) && !suspects.ahead); /* partition 1 is not ours */
    is_ours(1, 7);
    ck_assert(suspects_look(&suspects, &partitions) && suspects.ahead); /* now it is */
}
END_TEST

START_TEST(a_start_that_is_not_known_may_be_before_the_suspects)
{
    opens("0:12-40", NULL);
    is_ours(0, STATS_UNKNOWN);
    suspects_look(&suspects, &partitions);
    ck_assert(suspects.ahead);
}
END_TEST

START_TEST(a_convict_is_ahead_until_it_is_behind_and_nothing_else_is_convicted)
{
    opens("0:1-4", "0:12,1:9");
    ck_assert(suspects_convicted(&suspects, 0, 12) && suspects_convicted(&suspects, 1, 9));
    ck_assert(!suspects_convicted(&suspects, 0, 9) && !suspects_convicted(&suspects, 0, 1));
    is_ours(0, 12);
    suspects_look(&suspects, &partitions);
    ck_assert(suspects.ahead);
    is_ours(0, 13);
    suspects_look(&suspects, &partitions);
    ck_assert(!suspects.ahead);
}
END_TEST

START_TEST(the_last_offset_that_there_can_be_is_one)
{
    opens("0:9223372036854775806-9223372036854775807", "0:9223372036854775806");
    ck_assert(suspects_convicted(&suspects, 0, INT64_MAX - 1));
    ck_assert_int_eq(suspects.ranges[0].end, INT64_MAX);
    suspects_close(&suspects);
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
    refuses("0:1", NULL, "--suspects: '0:1' is not PARTITION:FIRST-END");
    refuses("0:1-", NULL, "--suspects: ");
    refuses("0:1-2,", NULL, "--suspects: ");
}
END_TEST

CHECK_MAIN_WITH("consumer/suspects", open_table, close_table, without_either_nothing_is_ahead,
                a_range_is_ahead_until_its_end_is_behind,
                a_start_that_is_not_known_may_be_before_the_suspects,
                a_convict_is_ahead_until_it_is_behind_and_nothing_else_is_convicted,
                the_last_offset_that_there_can_be_is_one, texts_that_are_none_are_usage_errors)
