/* Captures on the command line: what is printed, and what is written. */
#include "tools/kstat/replay.h"

#include "tests/support/capture.h"
#include "tests/common/capture/capture_case.h"

static struct settings settings;
static char other_path[80];

static void prepare(void)
{
    capture_prepare();
    snprintf(other_path, sizeof other_path, "%s.2", path);
    unlink(other_path);
    settings = (struct settings){.file = path, .dump = path};
}

static void clean_up(void)
{
    unlink(other_path);
    capture_clean_up();
}

static const char *replayed(void)
{
    struct view_request request = {.lazy = settings.pattern_count > 0};
    error = (struct error)ERROR_INIT;
    capture_begin();
    int result = replay(&settings, &request, &error);
    const char *printed = capture_end();
    ck_assert_msg(result == 0, "%s", error.text);
    return printed;
}

static void replay_refuses(int exit_code, const char *text)
{
    struct view_request request = {0};
    error = (struct error)ERROR_INIT;
    capture_begin();
    int result = replay(&settings, &request, &error);
    capture_end();
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.exit_code, exit_code);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' is not in: %s", text, error.text);
}

static void prints(const char *text)
{
    const char *printed = replayed();
    ck_assert_msg(strstr(printed, text) != NULL, "'%s' is not in:\n%s", text, printed);
}

/* The first of all is of 09:52:02.102594. */
START_TEST(the_last_moment_is_shown_with_its_time)
{
    write_looks(3);
    prints("2026-02-26T09:52:04.102594+00:00 · moment 3 of 3\n");
    prints(" 2 ready\n");
    prints("1044");
    settings.worker = "bravo";
    prints("moment 3 of 3\n");
}
END_TEST

START_TEST(a_capture_says_why_too)
{
    write_looks(1);
    settings.why = true;
    prints("moment 1 of 1\nbravo: ");
    prints("\nproducer: ");
}
END_TEST

static void happens(struct events_writer *ring, const char *worker, const char *text)
{
    struct event event;
    event_init(&event, EVENT_KIND_TROUBLE);
    snprintf(event.worker, sizeof event.worker, "%s", worker);
    snprintf(event.text, sizeof event.text, "%s", text);
    fake_clock_advance(US_PER_SECOND);
    events_add(ring, &event);
}

static void lists(const char *const *texts)
{
    const char *printed = replayed();
    for (; *texts != NULL; texts++) {
        const char *found = strstr(printed, *texts);
        ck_assert_msg(found != NULL, "'%s' is not (there) in:\n%s", *texts, printed);
        printed = found + strlen(*texts);
        ck_assert_ptr_null(strstr(printed, *texts));
    }
}

START_TEST(events_are_listed_once_also_those_of_a_ring_that_begins_anew)
{
    struct events_writer *ring;
    ck_assert_int_eq(events_open(&ring, instance_name, NULL), 0);
    happens(ring, "bravo", "first");
    happens(ring, "bravo.2", "second");
    begin_writing();
    write_look(&source_live);
    write_look(&source_live);
    events_close(ring, true);
    ck_assert_int_eq(events_open(&ring, instance_name, NULL), 0);
    happens(ring, "zulu", "third");
    happens(ring, "bravo", "fourth");
    happens(ring, "zulu", "fifth");
    write_look(&source_live);
    end_writing();
    write_looks(1); /* goes on with the file: begins with what the ring kept */
    for (int i = 0; i < EVENTS_KEPT; i++)
        happens(ring, "other", "later");
    happens(ring, "zulu", "sixth");
    write_looks(1);
    events_close(ring, true);
    settings.events = true;
    settings.at = "4";
    lists((const char *const[]){"first", "second", "third", "fourth", "fifth", NULL});
    settings.at = NULL;
    settings.worker = "zulu";
    lists((const char *const[]){"third", "fifth", "… 1 event was missed\n", "sixth", NULL});
    settings.worker = "bravo";
    lists((const char *const[]){"first", "second", "fourth", NULL});
    ck_assert_ptr_null(strstr(replayed(), "third"));
}
END_TEST

START_TEST(a_moment_is_chosen_by_its_number_or_by_time)
{
    static const struct {
        const char *at, *moment;
    } cases[] = {
        {"1", "moment 1 of 3"},
        {"2", "moment 2 of 3"},
        {"3", "moment 3 of 3"},
        {"2026-02-26T09:52:02Z", "moment 1 of 3"}, /* before the first */
        {"2026-02-26T09:52:03.5Z", "moment 2 of 3"},
        {"2026-02-26T10:52:03.102594+01:00", "moment 2 of 3"},
        {"2027-01-01T00:00:00Z", "moment 3 of 3"},
    };
    write_looks(3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        settings.at = cases[i].at;
        prints(cases[i].moment);
    }
}
END_TEST

START_TEST(a_moment_that_is_none_is_told_with_what_there_is)
{
    static const char *const none[] = {"0", "4", "-1", "", "noon", "2026-02-26", "1.5"};
    write_looks(3);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        settings.at = none[i];
        replay_refuses(EXIT_CODE_USAGE, "a number from 1 to 3, or a time");
    }
}
END_TEST

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        count++;
    return count;
}

START_TEST(with_an_interval_all_are_shown_from_the_chosen_one_on)
{
    write_looks(4);
    settings.interval_us = US_PER_SECOND;
    ck_assert_uint_eq(count_of(replayed(), " · moment "), 4);
    settings.at = "3";
    ck_assert_uint_eq(count_of(replayed(), " · moment "), 2);
    prints("moment 3 of 4");
    settings.count = 1;
    ck_assert_uint_eq(count_of(replayed(), " · moment "), 1);
    prints("moment 3 of 4");
    settings.at = NULL;
    settings.count = 2;
    ck_assert_uint_eq(count_of(replayed(), " · moment "), 2);
    prints("moment 2 of 4");
    settings.count = 100;
    ck_assert_uint_eq(count_of(replayed(), " · moment "), 4);
}
END_TEST

START_TEST(for_scripts_there_is_no_heading)
{
    write_looks(2);
    settings.interval_us = US_PER_SECOND;
    settings.patterns[0] = "bravo.processed";
    settings.pattern_count = 1;
    ck_assert_str_eq(replayed(), "bravo.processed 1042\nbravo.processed 1043\n");
    settings.json = JSON_NEWEST;
    ck_assert_str_eq(replayed(), "{\"bravo.processed\":1042}\n{\"bravo.processed\":1043}\n");
    settings.pattern_count = 0;
    ck_assert_ptr_null(strstr(replayed(), "moment"));
    settings.json = JSON_NONE;
    settings.values = true;
    ck_assert_ptr_null(strstr(replayed(), "moment"));
}
END_TEST

START_TEST(what_is_not_in_it_is_told_as_for_a_living_instance)
{
    write_looks(1);
    settings.patterns[0] = "zulu.*";
    settings.pattern_count = 1;
    replay_refuses(EXIT_CODE_NOT_RUNNING, "no value of check-");
    settings.file = "/no/such/file";
    replay_refuses(EXIT_CODE_FAILED, "cannot open /no/such/file");
}
END_TEST

START_TEST(a_moment_that_was_cut_is_told_and_left_out)
{
    write_looks(2);
    ck_assert_int_eq(truncate(path, (off_t)file_bytes() - 1), 0);
    prints("its last moment is incomplete, and was left out");
    prints("moment 1 of 1");
}
END_TEST

START_TEST(a_damaged_moment_among_others_is_an_error)
{
    write_looks(2);
    char zero = 0;
    change_file(sizeof(struct capture_file_header) + sizeof(struct capture_frame), &zero, 1);
    prints("moment 2 of 2");
    settings.at = "1";
    replay_refuses(EXIT_CODE_FAILED, "is damaged");
    settings.at = NULL;
    settings.interval_us = US_PER_SECOND;
    replay_refuses(EXIT_CODE_FAILED, "is damaged");
}
END_TEST

/* --- writing -------------------------------------------------------------------------------------------- */

START_TEST(a_dump_writes_one_look_or_as_many_as_were_asked_for)
{
    ck_assert_msg(dump(&settings, instance_name, &error) == 0, "%s", error.text);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 1);
    settings.interval_us = 1; /* the clock stands: it waits that long */
    settings.count = 3;
    ck_assert_msg(dump(&settings, instance_name, &error) == 0, "%s", error.text);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 4);
}
END_TEST

START_TEST(a_dump_of_nothing_fails)
{
    ck_assert_int_eq(dump(&settings, "no-such-instance", &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    settings.interval_us = 1;
    settings.count = 2;
    ck_assert_int_eq(dump(&settings, "no-such-instance", &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    settings.dump = "/dev/full";
    ck_assert_int_eq(dump(&settings, instance_name, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
}
END_TEST

static struct source_class ending;
static int looks;

/* The instance is there for two looks. */
static int ends_supervisor(const struct source *source, const char *instance,
                           struct source_supervisor *supervisor, struct error *why)
{
    (void)source;
    (void)why;
    *supervisor = (struct source_supervisor){0};
    if (looks++ < 2)
        return directory_open(&supervisor->directory, instance, why);
    return 0;
}

static int ends_segments(const struct source *source, const char *instance, struct segment_list *list,
                         struct error *why)
{
    (void)source;
    (void)instance;
    (void)list;
    (void)why;
    return 0;
}

START_TEST(an_instance_that_ends_ends_its_dump_which_is_no_failure)
{
    ending = *source_live.class;
    ending.supervisor = ends_supervisor;
    ending.segments = ends_segments;
    source_live.class = &ending;
    settings.interval_us = 1;
    settings.count = 100;
    ck_assert_msg(dump(&settings, instance_name, &error) == 0, "%s", error.text);
    ck_assert_int_eq(looks, 3);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 2);
}
END_TEST

/* --- comparing ------------------------------------------------------------------------------------------ */

static const char *compared(void)
{
    error = (struct error)ERROR_INIT;
    capture_begin();
    int result = diff(&settings, &error);
    const char *printed = capture_end();
    ck_assert_msg(result == 0, "%s", error.text);
    return printed;
}

START_TEST(two_captures_are_compared_by_their_last_moments)
{
    write_looks(2); /* 1043 */
    ck_assert_int_eq(rename(path, other_path), 0);
    stats_add(bravo, CONSUMER_PROCESSED, 100);
    write_looks(1);
    settings.before = other_path;
    settings.after = path;
    const char *printed = compared();
    ck_assert_ptr_nonnull(strstr(printed, " · 1 s between the two\n"));
    ck_assert_ptr_nonnull(strstr(printed, "101"));
    ck_assert_ptr_nonnull(strstr(printed, "moved"));
}
END_TEST

START_TEST(two_captures_the_wrong_way_round_are_refused)
{
    write_looks(1);
    ck_assert_int_eq(rename(path, other_path), 0);
    write_looks(1);
    settings.before = path;
    settings.after = other_path;
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(diff(&settings, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, " is later than "));
}
END_TEST

START_TEST(one_capture_is_compared_with_its_instance_as_it_is_now)
{
    write_looks(1);
    fake_clock_advance(9 * US_PER_SECOND);
    stats_add(bravo, CONSUMER_PROCESSED, 99);
    settings.before = path;
    const char *printed = compared();
    ck_assert_ptr_nonnull(strstr(printed, " · 10 s between the two\n"));
    ck_assert_ptr_nonnull(strstr(printed, "100"));
    settings.instance = "no-such-instance";
    ck_assert_int_eq(diff(&settings, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "nothing is running as 'no-such-instance'"));
    settings.before = "/no/such/file";
    ck_assert_int_eq(diff(&settings, &error), -1);
    settings.before = path;
    settings.after = "/no/such/file";
    ck_assert_int_eq(diff(&settings, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot open /no/such/file"));
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/replay", prepare, clean_up, the_last_moment_is_shown_with_its_time,
                a_capture_says_why_too, events_are_listed_once_also_those_of_a_ring_that_begins_anew,
                a_moment_is_chosen_by_its_number_or_by_time, a_moment_that_is_none_is_told_with_what_there_is,
                with_an_interval_all_are_shown_from_the_chosen_one_on, for_scripts_there_is_no_heading,
                what_is_not_in_it_is_told_as_for_a_living_instance,
                a_moment_that_was_cut_is_told_and_left_out, a_damaged_moment_among_others_is_an_error,
                a_dump_writes_one_look_or_as_many_as_were_asked_for, a_dump_of_nothing_fails,
                an_instance_that_ends_ends_its_dump_which_is_no_failure,
                two_captures_are_compared_by_their_last_moments, two_captures_the_wrong_way_round_are_refused,
                one_capture_is_compared_with_its_instance_as_it_is_now)
