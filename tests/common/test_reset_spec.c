#include "common/reset_spec.h"
#include "common/exit_codes.h"
#include "common/stats/definitions.h"
#include "tests/support/check_main.h"

static struct reset_spec spec;
static struct error error;

static void parses(const char *text, enum reset_to to, int64_t value)
{
    ck_assert_msg(reset_spec_parse(&spec, text, &error) == 0, "%s: %s", text, error.text);
    ck_assert_int_eq(spec.to, to);
    ck_assert_int_eq(spec.value, value);
}

START_TEST(every_place_is_understood)
{
    parses("earliest", RESET_EARLIEST, 0);
    parses("latest", RESET_LATEST, 0);
    parses("offset:41", RESET_OFFSET, 41);
    parses("shift:-3", RESET_SHIFT, -3);
    parses("shift:+3", RESET_SHIFT, 3);
    parses("shift:3", RESET_SHIFT, 3);
    parses("timestamp:2026-02-26T09:52:20.5Z", RESET_TIMESTAMP, INT64_C(1772099540500000));
    parses("timestamp:1772099540500000us", RESET_TIMESTAMP, INT64_C(1772099540500000));
    parses("timestamp:1772099540500ms", RESET_TIMESTAMP, INT64_C(1772099540500000));
    parses("timestamp:1772099540s", RESET_TIMESTAMP, INT64_C(1772099540000000));
    ck_assert_int_eq(spec.partition, -1);
    ck_assert(!spec.dry_run);
}
END_TEST

/* The left ones are what kafka-consumer-groups 4.3 --to-datetime takes, with the instant that it reads. */
START_TEST(a_time_is_what_kafkas_tools_take_and_with_or_without_a_fraction)
{
    parses("timestamp:2026-02-26T09:52:20.000", RESET_TIMESTAMP, INT64_C(1772099540000000));
    parses("timestamp:2026-02-26T09:52:20.500+0100", RESET_TIMESTAMP, INT64_C(1772095940500000));
    parses("timestamp:2026-02-26T09:52:20.500+01:00", RESET_TIMESTAMP, INT64_C(1772095940500000));
    parses("timestamp:2026-02-26T09:52:20.500+01", RESET_TIMESTAMP, INT64_C(1772095940500000));
    parses("timestamp:2026-02-26T09:52:20", RESET_TIMESTAMP, INT64_C(1772099540000000));
    parses("timestamp:2026-02-26T09:52:20-01", RESET_TIMESTAMP, INT64_C(1772103140000000));
}
END_TEST

START_TEST(a_number_without_a_unit_is_refused)
{
    static const char *const bare[] = {"timestamp:1772099540500", "timestamp:1772099540500000",
                                       "timestamp:1772099540", "timestamp:0"};
    for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
        ck_assert_int_eq(reset_spec_parse(&spec, bare[i], &error), -1);
        ck_assert_ptr_nonnull(strstr(error.text, "has no unit"));
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    }
    ck_assert_int_eq(reset_spec_parse(&spec, "timestamp:9223372036854775807s", &error), -1);
    ck_assert_int_eq(reset_spec_parse(&spec, "timestamp:12h", &error), -1);
    ck_assert_int_eq(reset_spec_parse(&spec, "timestamp:2026-02-26", &error), -1);
}
END_TEST

START_TEST(a_partition_and_a_dry_run_follow_in_any_order)
{
    parses("latest,partition=2,dry-run", RESET_LATEST, 0);
    ck_assert_int_eq(spec.partition, 2);
    ck_assert(spec.dry_run && !spec.delete_rows);
    parses("earliest,delete-rows", RESET_EARLIEST, 0);
    ck_assert(spec.delete_rows);
    parses("offset:0,dry-run,partition=0", RESET_OFFSET, 0);
    ck_assert_int_eq(spec.partition, 0);
}
END_TEST

START_TEST(what_is_no_place_says_what_one_is)
{
    static const char *const bad[] = {"",
                                      "first",
                                      "earliest:1",
                                      "offset",
                                      "offset:",
                                      "offset:-1",
                                      "offset:x",
                                      "shift:",
                                      "shift:++1",
                                      "latest ",
                                      "timestamp:x",
                                      "latest,",
                                      "latest,x",
                                      "latest,partition=-1",
                                      "latest,partition=",
                                      "latest,partition=2147483648"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(reset_spec_parse(&spec, bad[i], &error) == -1, "'%s' was taken", bad[i]);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    }
    reset_spec_parse(&spec, "first", &error);
    ck_assert_ptr_nonnull(strstr(error.text, "earliest, latest, offset N"));
}
END_TEST

/* In a partition that holds 100 to before 200, at 150. */
static int64_t place(const char *text, int64_t found)
{
    ck_assert_int_eq(reset_spec_parse(&spec, text, &error), 0);
    return reset_spec_offset(&spec, 100, 200, 150, found);
}

START_TEST(the_place_is_within_what_the_partition_holds)
{
    ck_assert_int_eq(place("earliest", 0), 100);
    ck_assert_int_eq(place("latest", 0), 200);
    ck_assert_int_eq(place("offset:130", 0), 130);
    ck_assert_int_eq(place("offset:13", 0), 100);
    ck_assert_int_eq(place("offset:9223372036854775806", 0), 200);
    ck_assert_int_eq(place("shift:-20", 0), 130);
    ck_assert_int_eq(place("shift:-9223372036854775807", 0), 100);
    ck_assert_int_eq(place("shift:9223372036854775806", 0), 200);
    ck_assert_int_eq(place("timestamp:5us", 170), 170);
    ck_assert_int_eq(place("timestamp:5us", -1), 200); /* nothing is that young */
}
END_TEST

START_TEST(a_shift_from_nothing_committed_begins_at_the_first_record)
{
    ck_assert_int_eq(reset_spec_parse(&spec, "shift:10", &error), 0);
    ck_assert_int_eq(reset_spec_offset(&spec, 100, 200, STATS_UNKNOWN, -1), 110);
}
END_TEST

CHECK_MAIN("common/reset_spec", every_place_is_understood,
           a_time_is_what_kafkas_tools_take_and_with_or_without_a_fraction,
           a_number_without_a_unit_is_refused, a_partition_and_a_dry_run_follow_in_any_order,
           what_is_no_place_says_what_one_is, the_place_is_within_what_the_partition_holds,
           a_shift_from_nothing_committed_begins_at_the_first_record)
