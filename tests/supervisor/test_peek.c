/* Records of a topic, by a process of its own: what it is told, what it has printed, how it ends. */
#include "supervisor/peek.h"
#include "tests/supervisor/verb_stage.h"

static void prints(const char *text)
{
    ck_assert_int_eq(write(fake_newest()->output_fd, text, strlen(text)), (ssize_t)strlen(text));
}

static enum progress ends_as(int exit_status)
{
    fake_ends_as(fake_newest(), exit_status, 0);
    fleet_turn();
    return is();
}

START_TEST(its_lines_are_the_answer)
{
    ck_assert_int_eq(begins("peek", "payments", " 0 41  2 "), PROGRESS_WAITING);
    ck_assert_str_eq(fake_newest()->program, "ktopic");
    ck_assert_int_ne(fake_newest()->config_fd, -1);
    ck_assert(peek_owns(&fleet, FAKE_PIDS_FROM + (pid_t)fake_process_count - 1));
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    prints("{\"a\":1}\n{\"b\"");
    fleet_turn();
    prints(":2}\n");
    ck_assert_int_eq(ends_as(0), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "{\"a\":1}\n{\"b\":2}\n");
    request_release(&request);
    ck_assert_ptr_null(fleet.peeks);
}
END_TEST

START_TEST(its_own_error_is_told_without_its_name_and_hints)
{
    begins("peek", "nowhere", "0 0");
    prints("ktopic peek: there is no topic 'nowhere'\nTry 'ktopic peek --help'.\n");
    ck_assert_int_eq(ends_as(1), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "there is no topic 'nowhere'");
    begins("peek", "nowhere", "0 0");
    ck_assert_int_eq(ends_as(1), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "ktopic peek has ended without a reason");
}
END_TEST

START_TEST(more_than_an_answer_carries_ends_it)
{
    static char much[4097];
    memset(much, 'x', sizeof much - 1);
    begins("peek", "payments", "0 0");
    for (int i = 0; i < PEEK_BYTES_MAX / 4096; i++) {
        ck_assert_int_eq(is(), PROGRESS_WAITING);
        prints(much);
    }
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "longer than an answer may be (768 KiB)"));
    struct fake_process *fake = fake_newest();
    request_release(&request);
    ck_assert_uint_eq(fake->group_kills, 1);
}
END_TEST

START_TEST(only_some_run_at_once_and_who_is_not_waited_for_is_ended)
{
    static struct request requests[PEEKS_MAX];
    int descriptors = fleet_open_descriptors();
    for (size_t i = 0; i < PEEKS_MAX; i++) {
        begins("peek", "payments", "0 0");
        requests[i] = request;
        request = (struct request){0};
    }
    is_refused("peek", "payments", "0 0", "4 of them are under way");
    for (size_t i = 0; i < PEEKS_MAX; i++)
        request_release(&requests[i]);
    ck_assert_ptr_null(fleet.peeks);
    ck_assert_int_eq(fleet_open_descriptors(), descriptors);
}
END_TEST

START_TEST(one_that_cannot_be_started_leaves_nothing)
{
    int descriptors = fleet_open_descriptors();
    fake_spawn_errno = ENOENT;
    is_refused("peek", "payments", "0 0", "cannot start ");
    fake_spawn_unwatchable = true;
    is_refused("peek", "payments", "0 0", "cannot watch ");
    ck_assert_ptr_null(fleet.peeks);
    ck_assert_int_eq(fleet_open_descriptors(), descriptors);
}
END_TEST

START_TEST(its_command_line_is_the_record_and_how_records_of_its_topic_are_read)
{
    static struct settings other;
    const struct settings *own = zulu->settings;
    other = *own;
    other.topic = (char *)"shop";
    other.workload = (char *)"orders";
    zulu->settings = &other;
    begins("peek", "payments", "0 41 2");
    ck_assert(request.wait);
    ck_assert_str_eq(fake_newest()->words,
                     " ktopic peek --supervised --workload payments -- payments 0 41 2");
    begins("peek", "shop", "3 7");
    ck_assert_str_eq(fake_newest()->words, " ktopic peek --supervised --workload orders -- shop 3 7");
    begins("peek", "nobody's", "3 7");
    ck_assert_str_eq(fake_newest()->words, " ktopic peek --supervised -- nobody's 3 7");
    zulu->settings = own;
}
END_TEST

CHECK_MAIN_WITH("supervisor/peek", set_up, tear_down, its_lines_are_the_answer,
                its_own_error_is_told_without_its_name_and_hints, more_than_an_answer_carries_ends_it,
                only_some_run_at_once_and_who_is_not_waited_for_is_ended,
                one_that_cannot_be_started_leaves_nothing,
                its_command_line_is_the_record_and_how_records_of_its_topic_are_read)
