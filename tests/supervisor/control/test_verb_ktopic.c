/* Records and dead letters of a topic, by a process of its own: what it is told, what it has printed, how it
 * ends. */
#include "supervisor/control/ktopic.h"
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
    ck_assert(ktopic_owns(&fleet, FAKE_PIDS_FROM + (pid_t)fake_process_count - 1));
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    prints("{\"a\":1}\n{\"b\"");
    fleet_turn();
    prints(":2}\n");
    ck_assert_int_eq(ends_as(0), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "{\"a\":1}\n{\"b\":2}\n");
    request_release(&request);
    ck_assert_ptr_null(fleet.ktopics);
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
    ck_assert_str_eq(error.text, "ktopic peek ended without giving a reason");
}
END_TEST

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
        ck_assert_ptr_nonnull(request.ktopic);
        ck_assert(request.wait); /* without its process there is nothing to say */
        fake_ends_as(fake_newest(), 0, 0);
        fleet_turn();
        ck_assert_int_eq(is(), PROGRESS_DONE);
        ck_assert_str_eq(lines(), "");
    }
}
END_TEST

START_TEST(more_than_an_answer_carries_ends_it)
{
    static char much[4097];
    memset(much, 'x', sizeof much - 1);
    begins("peek", "payments", "0 0");
    for (int i = 0; i < KTOPIC_BYTES_MAX / 4096; i++) {
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
    static struct request requests[KTOPICS_MAX];
    int descriptors = fleet_open_descriptors();
    for (size_t i = 0; i < KTOPICS_MAX; i++) {
        begins("peek", "payments", "0 0");
        requests[i] = request;
        request = (struct request){0};
    }
    is_refused("peek", "payments", "0 0", "4 of them are under way");
    for (size_t i = 0; i < KTOPICS_MAX; i++)
        request_release(&requests[i]);
    ck_assert_ptr_null(fleet.ktopics);
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
    ck_assert_ptr_null(fleet.ktopics);
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

/* --- dead letters -------------------------------------------------------------------------------------- */

static const char *told(const char *argument)
{
    ck_assert_int_eq(begins("dead-letters", "payments", argument), PROGRESS_WAITING);
    ck_assert(request.wait);
    return fake_newest()->words;
}

START_TEST(what_is_done_with_dead_letters_is_what_its_command_line_says)
{
    ck_assert_str_eq(told("list"), " ktopic dlq --supervised --json --workload payments -- list payments");
    ck_assert_str_eq(told("show"),
                     " ktopic dlq --supervised --json --limit 50 --workload payments -- show payments");
    ck_assert_str_eq(told(" show  500 "),
                     " ktopic dlq --supervised --json --limit 500 --workload payments -- show payments");
    ck_assert_str_eq(told("replay"),
                     " ktopic dlq --supervised --json --workload payments -- replay payments");
    ck_assert_str_eq(told("replay dry-run"),
                     " ktopic dlq --supervised --json --dry-run --workload payments -- replay payments");
}
END_TEST

START_TEST(dead_letters_are_looked_for_where_the_client_sends_them)
{
    static struct settings other;
    const struct settings *own = bravo->settings;
    static const struct {
        const char *dead_letters, *words;
    } cases[] = {
        {"graveyard",
         " ktopic dlq --supervised --json --workload payments --dlq-topic graveyard -- list payments"},
        {"off", " ktopic dlq --supervised --json --workload payments -- list payments"},
    };
    other = *own;
    bravo->settings = &other;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        other.dead_letters = cases[i].dead_letters;
        ck_assert_str_eq(told("list"), cases[i].words);
    }
    bravo->settings = own;
}
END_TEST

START_TEST(what_is_no_form_of_dead_letters_starts_nothing)
{
    static const char *const wrong[] = {"",         "lists",     "list 5",           "show 0",
                                        "show 501", "show -1",   "show dry-run",     "show 5 6",
                                        "replay 5", "replay -h", "replay dry-run x", "--help"};
    size_t before = fake_process_count;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_refused("dead-letters", "payments", wrong[i], "list | show [N] | replay [dry-run]");
    is_refused("dead-letters", "", "list", "what is to be done?");
    ck_assert_uint_eq(fake_process_count, before);
}
END_TEST

START_TEST(its_error_is_told_without_the_name_of_dlq)
{
    told("list");
    prints("ktopic dlq: there is no topic 'payments'\n");
    ck_assert_int_eq(ends_as(1), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "there is no topic 'payments'");
}
END_TEST

START_TEST(of_a_topic_one_replay_runs_at_a_time)
{
    static struct request first;
    told("replay");
    first = request;
    request = (struct request){0};
    is_refused("dead-letters", "payments", "replay", "another replay of payments is under way");
    told("replay dry-run");
    ck_assert_int_eq(begins("dead-letters", "orders", "replay"), PROGRESS_WAITING);
    request_release(&first);
    told("replay");
}
END_TEST

START_TEST(what_a_replay_has_sent_is_an_event)
{
    struct events_reader *reader;
    struct event event;
    uint64_t missed, after;
    ck_assert_int_eq(events_reader_open(&reader, fleet_instance, NULL), 0);
    after = events_newest(reader);
    told("replay dry-run");
    prints("{\"sent\":9}\n");
    ck_assert_int_eq(ends_as(0), PROGRESS_DONE);
    told("replay");
    prints("{\"sent\":0}\n");
    ck_assert_int_eq(ends_as(0), PROGRESS_DONE);
    ck_assert_uint_eq(events_newest(reader), after);
    told("replay");
    prints("{\"topic\":\"payments\",\"sent\":12,\"sent_before\":3}\n");
    ck_assert_int_eq(ends_as(0), PROGRESS_DONE);
    ck_assert_int_eq(events_read(reader, after, &event, &missed, NULL), 1);
    ck_assert_int_eq(event.kind, EVENT_KIND_REPLAYED);
    ck_assert_int_eq(event.count, 12);
    ck_assert_str_eq(event.text, "payments; an operator's dead-letters");
    events_reader_close(reader);
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_ktopic", set_up, tear_down, its_lines_are_the_answer,
                its_own_error_is_told_without_its_name_and_hints,
                nothing_but_numbers_reaches_its_command_line, two_or_three_numbers_are_a_record_and_how_many,
                more_than_an_answer_carries_ends_it, only_some_run_at_once_and_who_is_not_waited_for_is_ended,
                one_that_cannot_be_started_leaves_nothing,
                its_command_line_is_the_record_and_how_records_of_its_topic_are_read,
                what_is_done_with_dead_letters_is_what_its_command_line_says,
                dead_letters_are_looked_for_where_the_client_sends_them,
                what_is_no_form_of_dead_letters_starts_nothing, its_error_is_told_without_the_name_of_dlq,
                of_a_topic_one_replay_runs_at_a_time, what_a_replay_has_sent_is_an_event)
