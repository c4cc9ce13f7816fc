/* The two formats: names and types in the comment lines, samples, seconds, the end mark. */
#include "tools/kweb/exposition.h"

#include "tests/support/check_main.h"

static const struct exposition_family counter = {"ksupervise_bytes", "how many", "bytes", EXPOSITION_COUNTER,
                                                 false};
static const struct exposition_family info = {"ksupervise_build", "what", "", EXPOSITION_INFO, false};
static const struct exposition_family states = {"ksupervise_state", "which", "", EXPOSITION_STATES, false};
static const struct exposition_family seconds = {"ksupervise_lag_seconds", "how long", "seconds",
                                                 EXPOSITION_GAUGE, true};
static const struct exposition_family histogram = {"ksupervise_batch_seconds", "how long", "seconds",
                                                   EXPOSITION_HISTOGRAM, true};
static const struct span bravo = {"worker=\"bravo\"", 14};
static const struct span none = {"", 0};

static struct exposition exposition;

static void begin(enum exposition_format format)
{
    exposition_begin(&exposition, format);
}

static const char *end(void)
{
    static char shown[sizeof exposition.bytes + 1];
    exposition_end(&exposition);
    memcpy(shown, exposition.bytes, exposition.used);
    shown[exposition.used] = '\0';
    return shown;
}

START_TEST(a_counter_is_called_total_in_the_text_format)
{
    begin(EXPOSITION_TEXT);
    exposition_family(&exposition, &counter);
    exposition_sample(&exposition, bravo, 42);
    ck_assert_str_eq(end(), "# HELP ksupervise_bytes_total how many\n# TYPE ksupervise_bytes_total counter\n"
                            "ksupervise_bytes_total{worker=\"bravo\"} 42\n");
}
END_TEST

START_TEST(in_openmetrics_only_its_samples_are_and_the_unit_and_the_end_are_told)
{
    begin(EXPOSITION_OPENMETRICS);
    exposition_family(&exposition, &counter);
    exposition_sample(&exposition, bravo, 42);
    ck_assert_str_eq(end(), "# HELP ksupervise_bytes how many\n# TYPE ksupervise_bytes counter\n"
                            "# UNIT ksupervise_bytes bytes\n"
                            "ksupervise_bytes_total{worker=\"bravo\"} 42\n# EOF\n");
}
END_TEST

START_TEST(an_info_is_a_gauge_to_the_text_format)
{
    begin(EXPOSITION_TEXT);
    exposition_family(&exposition, &info);
    exposition_sample(&exposition, none, 1);
    ck_assert_str_eq(end(), "# HELP ksupervise_build_info what\n# TYPE ksupervise_build_info gauge\n"
                            "ksupervise_build_info 1\n");
    begin(EXPOSITION_OPENMETRICS);
    exposition_family(&exposition, &info);
    exposition_sample(&exposition, none, 1);
    ck_assert_str_eq(end(), "# HELP ksupervise_build what\n# TYPE ksupervise_build info\n"
                            "ksupervise_build_info 1\n# EOF\n");
}
END_TEST

START_TEST(a_further_label_follows_the_others_or_stands_alone)
{
    begin(EXPOSITION_TEXT);
    exposition_family(&exposition, &states);
    exposition_part(&exposition, bravo, (struct exposition_extra){"", "state", "held"}, 1);
    exposition_part(&exposition, none, (struct exposition_extra){"", "state", "held"}, 0);
    ck_assert_ptr_nonnull(strstr(end(), "ksupervise_state{worker=\"bravo\",state=\"held\"} 1\n"
                                        "ksupervise_state{state=\"held\"} 0\n"));
}
END_TEST

START_TEST(what_is_unknown_is_left_out)
{
    begin(EXPOSITION_TEXT);
    exposition_family(&exposition, &seconds);
    exposition_sample(&exposition, bravo, STATS_UNKNOWN);
    ck_assert_ptr_null(strstr(end(), "bravo"));
}
END_TEST

START_TEST(a_histogram_counts_in_numbers_and_adds_up_in_seconds)
{
    begin(EXPOSITION_TEXT);
    exposition_family(&exposition, &histogram);
    exposition_part(&exposition, none, (struct exposition_extra){"_bucket", "le", "+Inf"}, 3);
    exposition_part(&exposition, none, (struct exposition_extra){"_sum", NULL, NULL}, 1500000);
    exposition_part(&exposition, none, (struct exposition_extra){"_count", NULL, NULL}, 3);
    ck_assert_ptr_nonnull(strstr(end(), "_bucket{le=\"+Inf\"} 3\nksupervise_batch_seconds_sum 1.5\n"
                                        "ksupervise_batch_seconds_count 3\n"));
}
END_TEST

START_TEST(microseconds_are_exact_as_seconds)
{
    static const struct {
        int64_t microseconds;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.000001"},
        {1023, "0.001023"},
        {100000, "0.1"},
        {1000000, "1"},
        {67108863, "67.108863"},
        {-1500000, "-1.5"},
        {-1, "-0.000001"},
        {INT64_MAX, "9223372036854.775807"},
        {INT64_MIN + 1, "-9223372036854.775807"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[EXPOSITION_SECONDS_BYTES + 1];
        text[exposition_seconds(cases[i].microseconds, text)] = '\0';
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(a_full_one_has_room_for_the_largest_row)
{
    static char many[LABELS_BYTES];
    memset(many, 'x', sizeof many);
    const struct span labels = {many, sizeof many};
    begin(EXPOSITION_TEXT);
    while (!exposition_is_full(&exposition)) {
        exposition_family(&exposition, &histogram);
        for (size_t i = 0; i < EXPOSITION_ROW_SAMPLES; i++)
            exposition_part(&exposition, labels, (struct exposition_extra){"_bucket", "le", "67.108863"},
                            INT64_MAX);
    }
    ck_assert_uint_le(exposition.used, sizeof exposition.bytes);
}
END_TEST

CHECK_MAIN("tools/kweb/exposition", a_counter_is_called_total_in_the_text_format,
           in_openmetrics_only_its_samples_are_and_the_unit_and_the_end_are_told,
           an_info_is_a_gauge_to_the_text_format, a_further_label_follows_the_others_or_stands_alone,
           what_is_unknown_is_left_out, a_histogram_counts_in_numbers_and_adds_up_in_seconds,
           microseconds_are_exact_as_seconds, a_full_one_has_room_for_the_largest_row)
