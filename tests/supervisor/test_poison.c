#include "supervisor/poison.h"
#include "tests/support/check_main.h"

#include <signal.h>

static struct poison poison;
static struct poison_range former;
static char text[POISON_TEXT_BYTES];

static void forget(void)
{
    poison_release(&poison);
}

static struct poison_flight flight(int32_t partition, int64_t first, int64_t end)
{
    struct poison_flight made = {.partition = partition, .first = first, .end = end};
    snprintf(made.topic, sizeof made.topic, "payments");
    return made;
}

static enum poison_verdict dies(uint64_t generation, int32_t partition, int64_t first, int64_t end)
{
    struct poison_flight one = flight(partition, first, end);
    return poison_judge(&poison, "g", generation, "SIGSEGV", &one, 1, &former);
}

static const char *candidates(const char *group)
{
    poison_text(&poison, group, "payments", false, text, sizeof text);
    return text;
}

static const char *quarantined(const char *group)
{
    poison_text(&poison, group, "payments", true, text, sizeof text);
    return text;
}

START_TEST(all_that_was_in_flight_at_the_first_death_is_candidate)
{
    struct poison_flight flights[] = {flight(0, 12, 40), flight(1, 7, 35)};
    ck_assert_int_eq(poison_judge(&poison, "g", 3, "SIGSEGV", flights, 2, &former), POISON_CANDIDATES);
    ck_assert_str_eq(candidates("g"), "0:12-40,1:7-35");
    ck_assert_str_eq(quarantined("g"), "");
}
END_TEST

START_TEST(the_candidate_that_is_alone_at_the_second_death_is_quarantined)
{
    dies(3, 0, 12, 40);
    ck_assert_int_eq(dies(4, 0, 23, 24), POISON_QUARANTINED);
    ck_assert_str_eq(quarantined("g"), "0:23");
    ck_assert_uint_eq(former.generation, 3);
    ck_assert_str_eq(candidates("g"), "0:12-40"); /* there may be another one */
    ck_assert_int_eq(dies(5, 0, 31, 32), POISON_QUARANTINED);
    ck_assert_str_eq(quarantined("g"), "0:23,0:31");
}
END_TEST

START_TEST(one_death_quarantines_nothing_even_of_a_record_that_was_alone)
{
    ck_assert_int_eq(dies(1, 0, 5, 6), POISON_CANDIDATES);
    ck_assert_str_eq(candidates("g"), "0:5-6");
    ck_assert_int_eq(dies(2, 0, 5, 6), POISON_QUARANTINED);
}
END_TEST

START_TEST(a_death_with_several_in_flight_quarantines_nothing)
{
    dies(1, 0, 10, 20);
    ck_assert_int_eq(dies(2, 0, 10, 20), POISON_CANDIDATES);
    ck_assert_str_eq(candidates("g"), "0:10-20"); /* and is not noted twice */
    ck_assert_str_eq(quarantined("g"), "");
}
END_TEST

START_TEST(another_group_topic_or_partition_is_another_matter)
{
    struct poison_flight other = flight(0, 12, 13);
    dies(1, 0, 12, 40);
    ck_assert_int_eq(dies(2, 1, 12, 13), POISON_CANDIDATES);
    ck_assert_int_eq(poison_judge(&poison, "other", 1, "SIGSEGV", &other, 1, &former), POISON_CANDIDATES);
    snprintf(other.topic, sizeof other.topic, "orders");
    ck_assert_int_eq(poison_judge(&poison, "g", 1, "SIGSEGV", &other, 1, &former), POISON_CANDIDATES);
    ck_assert_str_eq(candidates("other"), "0:12-13");
    ck_assert_str_eq(candidates("nobody"), "");
}
END_TEST

START_TEST(a_record_of_another_topic_at_the_same_place_is_none)
{
    dies(1, 0, 12, 40);
    dies(2, 0, 23, 24);
    ck_assert_uint_eq(poison_text(&poison, "g", "orders", true, text, sizeof text), 0);
    ck_assert_uint_eq(poison_text(&poison, "g", "orders", false, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
    ck_assert_str_eq(quarantined("g"), "0:23");
}
END_TEST

/* Packs, forgets, and reads the first `length` bytes again. */
static size_t again(const char *kafka, size_t cut)
{
    size_t length;
    char *bytes = poison_pack(&poison, "here:9092", &length);
    ck_assert_ptr_nonnull(bytes);
    poison_release(&poison);
    poison_unpack(&poison, kafka, bytes, length - cut);
    free(bytes);
    return poison.count;
}

START_TEST(what_is_known_outlives_the_supervisor_where_the_kafka_is_the_same)
{
    dies(1, 0, 12, 40);
    dies(2, 0, 23, 24);
    ck_assert_uint_eq(again("here:9092", 0), 2);
    ck_assert_str_eq(candidates("g"), "0:12-40");
    ck_assert_str_eq(quarantined("g"), "0:23");
    ck_assert_int_eq(dies(3, 0, 31, 32), POISON_QUARANTINED);
    ck_assert_uint_eq(former.generation, 1);
    ck_assert_uint_eq(again("there:9092", 0), 0);
    dies(1, 0, 12, 40);
    ck_assert_uint_eq(again("here:9092", 1), 0);
}
END_TEST

START_TEST(bytes_that_are_damaged_quarantine_nothing)
{
    size_t length;
    dies(1, 0, 12, 40);
    dies(2, 0, 23, 24);
    for (size_t at = 0;; at++) {
        char *bytes = poison_pack(&poison, "here:9092", &length);
        struct poison other = {0};
        if (at >= length) {
            free(bytes);
            return;
        }
        bytes[at] = (char)~bytes[at];
        poison_unpack(&other, "here:9092", bytes, length);
        for (size_t i = 0; i < other.count; i++)
            ck_assert(other.ranges[i].first >= 0 && other.ranges[i].end > other.ranges[i].first);
        poison_release(&other);
        free(bytes);
    }
}
END_TEST

START_TEST(a_full_table_of_the_longest_ranges_fits_into_one_value)
{
    for (int64_t i = 0; i < POISON_MAX; i++)
        dies(1, INT32_MAX, INT64_MAX - 2000 + 2 * i, INT64_MAX - 1998 + 2 * i);
    ck_assert_uint_eq(poison.count, POISON_MAX);
    size_t length = strlen(candidates("g"));
    ck_assert_uint_gt(length, 8192);
    ck_assert_uint_lt(length, WORKER_VALUE_BYTES);
    size_t commas = 0;
    for (const char *at = text; (at = strchr(at, ',')) != NULL; at++)
        commas++;
    ck_assert_uint_eq(commas, POISON_MAX - 1);
}
END_TEST

START_TEST(a_death_without_anything_in_flight_says_nothing)
{
    ck_assert_int_eq(poison_judge(&poison, "g", 1, "SIGSEGV", NULL, 0, &former), POISON_NOTHING);
    ck_assert_str_eq(candidates("g"), "");
}
END_TEST

START_TEST(who_came_through_is_cleared_but_a_quarantined_one_stays)
{
    dies(1, 0, 12, 40);
    dies(2, 0, 23, 24);
    dies(3, 1, 7, 9);
    poison_clear(&poison, "g", "payments", 0);
    ck_assert_str_eq(candidates("g"), "1:7-9");
    ck_assert_str_eq(quarantined("g"), "0:23");
    ck_assert_int_eq(dies(4, 0, 30, 31), POISON_CANDIDATES); /* a first death again */
}
END_TEST

START_TEST(when_the_table_is_full_the_oldest_candidates_go_first)
{
    dies(1, 0, 0, 2);
    dies(2, 0, 1, 2);
    ck_assert_str_eq(quarantined("g"), "0:1");
    for (int64_t i = 1; i < POISON_MAX * 2; i++)
        dies(3, 1, i * 10, i * 10 + 2);
    ck_assert_uint_eq(poison.count, POISON_MAX);
    ck_assert_str_eq(quarantined("g"), "0:1");
    ck_assert_ptr_null(strstr(candidates("g"), "0:0-2"));
}
END_TEST

START_TEST(what_does_not_fit_in_the_text_is_left_out_whole)
{
    char small[15];
    dies(1, 0, 12, 40);
    dies(1, 1, 12, 40);
    dies(1, 2, 12, 40);
    ck_assert_uint_eq(poison_text(&poison, "g", "payments", false, small, sizeof small), 7);
    ck_assert_str_eq(small, "0:12-40");
}
END_TEST

START_TEST(only_what_a_process_did_by_itself_is_a_crash)
{
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    static const int others[] = {0, SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXCPU, SIGUSR1};
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        ck_assert(poison_is_crash(crashes[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert(!poison_is_crash(others[i]));
}
END_TEST

CHECK_MAIN_WITH("supervisor/poison", NULL, forget, all_that_was_in_flight_at_the_first_death_is_candidate,
                the_candidate_that_is_alone_at_the_second_death_is_quarantined,
                one_death_quarantines_nothing_even_of_a_record_that_was_alone,
                a_death_with_several_in_flight_quarantines_nothing,
                another_group_topic_or_partition_is_another_matter,
                a_record_of_another_topic_at_the_same_place_is_none,
                what_is_known_outlives_the_supervisor_where_the_kafka_is_the_same,
                bytes_that_are_damaged_quarantine_nothing,
                a_full_table_of_the_longest_ranges_fits_into_one_value,
                a_death_without_anything_in_flight_says_nothing,
                who_came_through_is_cleared_but_a_quarantined_one_stays,
                when_the_table_is_full_the_oldest_candidates_go_first,
                what_does_not_fit_in_the_text_is_left_out_whole, only_what_a_process_did_by_itself_is_a_crash)
