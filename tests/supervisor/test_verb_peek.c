/* The verb peek: what it takes for a record of a topic, and what is its answer. */
#include "supervisor/peek.h"
#include "tests/supervisor/verb_stage.h"

START_TEST(nothing_but_numbers_reaches_its_command_line)
{
    static const char *const wrong[] = {
        "", "0", "0 -1", "0 1 2 3", "0 x", "0 1 -h", "0 99999999999999999999", "--help 0"};
    size_t before = fake_process_count;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_refused("peek", "payments", wrong[i], "peek: which record?");
    is_refused("peek", "", "0 0", "peek: which record?");
    ck_assert_uint_eq(fake_process_count, before);
}
END_TEST

START_TEST(two_or_three_numbers_are_a_record_and_how_many)
{
    static const char *const right[] = {"0 41", " 0  41 ", "0 9223372036854775807 2"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        begins("peek", "payments", right[i]);
        ck_assert_ptr_nonnull(request.peek);
        ck_assert(request.wait); /* without its process there is nothing to say */
        fake_ends_as(fake_newest(), 0, 0);
        fleet_turn();
        ck_assert_int_eq(is(), PROGRESS_DONE);
        ck_assert_str_eq(lines(), "");
    }
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_peek", set_up, tear_down, nothing_but_numbers_reaches_its_command_line,
                two_or_three_numbers_are_a_record_and_how_many)
