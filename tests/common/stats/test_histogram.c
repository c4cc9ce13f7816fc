#include "common/stats/histogram.h"

#include "tests/support/check_main.h"

START_TEST(every_value_lies_between_the_bounds_of_its_bucket)
{
    for (unsigned bit = 0; bit < HISTOGRAM_VALUE_BITS; bit++)
        for (int64_t delta = -1; delta <= 1; delta++) {
            uint64_t value = (UINT64_C(1) << bit) + (uint64_t)delta;
            size_t bucket = histogram_bucket(value);
            ck_assert_uint_le(histogram_lower(bucket), value);
            ck_assert_uint_ge(histogram_upper(bucket), value);
        }
}
END_TEST

START_TEST(buckets_follow_each_other_without_gap_or_overlap)
{
    ck_assert_uint_eq(histogram_lower(0), 0);
    for (size_t bucket = 0; bucket + 1 < HISTOGRAM_BUCKETS; bucket++)
        ck_assert_uint_eq(histogram_upper(bucket) + 1, histogram_lower(bucket + 1));
    ck_assert_uint_eq(histogram_upper(HISTOGRAM_BUCKETS - 1), (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1);
}
END_TEST

START_TEST(a_bucket_is_at_most_a_sixteenth_wide)
{
    for (size_t bucket = HISTOGRAM_STEPS; bucket < HISTOGRAM_BUCKETS; bucket++)
        ck_assert_uint_le((histogram_upper(bucket) - histogram_lower(bucket) + 1) * HISTOGRAM_STEPS,
                          histogram_lower(bucket));
}
END_TEST

START_TEST(values_beyond_the_range_fall_into_the_last_bucket)
{
    ck_assert_uint_eq(histogram_bucket(UINT64_C(1) << HISTOGRAM_VALUE_BITS), HISTOGRAM_BUCKETS - 1);
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(a_quantile_is_the_value_at_the_rank_rounded_up)
{
    uint64_t counts[HISTOGRAM_BUCKETS] = {0};
    counts[3] = 1;
    counts[5] = 1;
    counts[9] = 1;
    ck_assert_uint_eq(histogram_quantile(counts, 3, 0.50), 5);
    ck_assert_uint_eq(histogram_quantile(counts, 3, 0.01), 3);
    ck_assert_uint_eq(histogram_quantile(counts, 3, 0.99), 9);
    ck_assert_uint_eq(histogram_quantile(counts, 3, 1.00), 9);
}
END_TEST

CHECK_MAIN("common/stats/histogram", every_value_lies_between_the_bounds_of_its_bucket,
           buckets_follow_each_other_without_gap_or_overlap, a_bucket_is_at_most_a_sixteenth_wide,
           values_beyond_the_range_fall_into_the_last_bucket, a_quantile_is_the_value_at_the_rank_rounded_up)
