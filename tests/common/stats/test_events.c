/* A ring of events: what is written is read, in order and whole, by whoever comes in time; who does not is
 * told what it has missed. */
#include "common/stats/events.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/stats/directory.h"
#include "tests/common/stats/events_support.h"

START_TEST(an_event_is_read_as_it_was_written)
{
    open_reader();
    reads_nothing(0);
    write_events(1, 3);
    reads(0, 1, 0);
    reads(1, 2, 0);
    reads(2, 3, 0);
    reads_nothing(3);
    ck_assert_uint_eq(events_newest(reader), 3);
}
END_TEST

START_TEST(an_event_without_a_time_happened_now)
{
    struct event one;
    int64_t before = clock_wall_us();
    event_init(&one, EVENT_KIND_HELD);
    events_add(writer, &one);
    open_reader();
    ck_assert_int_eq(events_read(reader, 0, &event, &missed, NULL), 1);
    ck_assert_int_ge(event.time_us, before);
    ck_assert_int_le(event.time_us, clock_wall_us());
    ck_assert_int_eq(event.count, STATS_UNKNOWN);
    ck_assert_str_eq(event.text, "");
}
END_TEST

START_TEST(the_last_ones_are_kept_and_what_was_missed_is_counted)
{
    open_reader();
    write_events(1, EVENTS_KEPT);
    reads(0, 1, 0);
    reads(1, 2, 0);
    write_events(EVENTS_KEPT + 1, EVENTS_KEPT + 10);
    reads(2, 11, 8);
    reads(9, 11, 1);
    reads(10, 11, 0);
    reads(0, 11, 0); /* from the oldest: nothing that was to come is missing */
    reads(EVENTS_KEPT + 9, EVENTS_KEPT + 10, 0);
    reads_nothing(EVENTS_KEPT + 10);
    write_events(EVENTS_KEPT + 11, 3 * EVENTS_KEPT);
    reads(20, 2 * EVENTS_KEPT + 1, 2 * EVENTS_KEPT - 20);
}
END_TEST

START_TEST(a_number_that_the_ring_has_not_reached_is_of_one_that_is_gone)
{
    open_reader();
    reads_nothing(700);
    write_events(1, 2);
    reads(700, 1, 0);
}
END_TEST

START_TEST(a_text_is_cut_to_fit_between_characters)
{
    struct event one;
    event_init(&one, EVENT_KIND_HELD);
    memset(one.text, 'x', sizeof one.text);
    memcpy(one.text + sizeof one.text - 3, "\xe2\x80\xa6", 3);
    events_add(writer, &one);
    snprintf(one.text, sizeof one.text, "a\x1b[31mb…");
    events_add(writer, &one);
    open_reader();
    ck_assert_int_eq(events_read(reader, 0, &event, &missed, NULL), 1);
    ck_assert_uint_eq(strlen(event.text), EVENT_TEXT_BYTES - 3);
    ck_assert_uint_eq(strspn(event.text, "x"), EVENT_TEXT_BYTES - 3);
    ck_assert_int_eq(events_read(reader, 1, &event, &missed, NULL), 1);
    ck_assert_str_eq(event.text, "a?[31mb…");
}
END_TEST

START_TEST(a_text_that_just_fits_is_whole)
{
    struct event one;
    event_init(&one, EVENT_KIND_HELD);
    memset(one.text, 'x', sizeof one.text - 1);
    events_add(writer, &one);
    open_reader();
    ck_assert_int_eq(events_read(reader, 0, &event, &missed, NULL), 1);
    ck_assert_str_eq(event.text, one.text);
}
END_TEST

START_TEST(every_kind_has_a_name_of_its_own_and_says_what_it_is)
{
    open_reader();
    for (int64_t kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        struct event_about own = event_about(kind), theirs = events_about(reader, kind);
        ck_assert_str_eq(own.name, theirs.name);
        ck_assert_str_eq(own.help, theirs.help);
        ck_assert_str_eq(own.from, theirs.from);
        ck_assert_str_eq(own.to, theirs.to);
        ck_assert_str_eq(own.count, theirs.count);
        ck_assert_ptr_nonnull(own.help);
        for (int64_t other = 1; other < kind; other++)
            ck_assert_str_ne(own.name, event_kind_name(other));
    }
    ck_assert_str_eq(event_kind_name(0), "?");
    ck_assert_str_eq(event_kind_name(EVENT_KIND_COUNT), "?");
    ck_assert_str_eq(event_kind_name(INT64_MIN), "?");
    ck_assert_str_eq(events_about(reader, 0).name, "?");
    ck_assert_str_eq(events_about(reader, INT64_MAX).name, "?");
}
END_TEST

/* --- who writes it ------------------------------------------------------------------------------------- */

START_TEST(a_successor_goes_on_with_the_numbers)
{
    open_reader();
    write_events(1, 5);
    events_close(writer, false);
    open_writer_of_events();
    write_events(6, 7);
    reads(5, 6, 0);
    reads(6, 7, 0);
}
END_TEST

START_TEST(a_clean_end_leaves_no_object_and_a_reader_its_last_events)
{
    struct error error = ERROR_INIT;
    struct events_reader *late;
    open_reader();
    write_events(1, 2);
    events_close(writer, true);
    writer = NULL;
    ck_assert_int_eq(events_reader_open(&late, instance_name, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    reads(1, 2, 0);
    reads_nothing(2);
}
END_TEST

START_TEST(a_reader_goes_over_to_the_next_ring_when_it_has_read_the_former_one)
{
    open_reader();
    write_events(1, 3);
    events_close(writer, true);
    open_writer_of_events();
    write_events(1, 2);
    reads(1, 2, 0);
    reads(2, 3, 0);
    reads(3, 1, 0); /* the next one's first */
    reads(1, 2, 0);
}
END_TEST

static int any_object(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)instance;
    (void)worker;
    (void)generation;
    *(bool *)context = true;
    return 0;
}

static int own_directory(void *context, const char *instance)
{
    *(bool *)context |= strcmp(instance, instance_name) == 0;
    return 0;
}

START_TEST(nobody_takes_it_for_a_worker_or_an_instance)
{
    bool taken = false;
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(stats_segment_scan(instance_name, any_object, &taken), 0);
    ck_assert_int_eq(directory_scan(own_directory, &taken), 0);
    ck_assert(!taken);
}
END_TEST

START_TEST(without_a_writer_nothing_happens)
{
    struct event one = numbered(1);
    events_add(NULL, &one);
    events_close(NULL, true);
    events_reader_close(NULL);
}
END_TEST

START_TEST(a_writer_without_standard_input_is_one)
{
    int kept = dup(STDIN_FILENO);
    events_close(writer, true);
    close(STDIN_FILENO); /* the first descriptor is 0 then */
    open_writer_of_events();
    dup2(kept, STDIN_FILENO);
    close(kept);
    write_events(1, 2);
    open_reader();
    reads(1, 2, 0);
}
END_TEST

CHECK_MAIN_WITH("common/stats/events", begin_events, end_events, an_event_is_read_as_it_was_written,
                an_event_without_a_time_happened_now, the_last_ones_are_kept_and_what_was_missed_is_counted,
                a_number_that_the_ring_has_not_reached_is_of_one_that_is_gone,
                a_text_is_cut_to_fit_between_characters, every_kind_has_a_name_of_its_own_and_says_what_it_is,
                a_successor_goes_on_with_the_numbers,
                a_clean_end_leaves_no_object_and_a_reader_its_last_events,
                a_reader_goes_over_to_the_next_ring_when_it_has_read_the_former_one,
                nobody_takes_it_for_a_worker_or_an_instance, without_a_writer_nothing_happens,
                a_text_that_just_fits_is_whole, a_writer_without_standard_input_is_one)
