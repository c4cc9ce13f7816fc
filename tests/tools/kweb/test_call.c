/* A verb that is asked of the supervisor ends once, however it ends. */
#include "tests/support/fake_clock.h"

#include "tools/kweb/call.h"

#include <sys/resource.h>

#include "tools/kweb/settings.h"

static const struct settings settings = {.instance = "check"};
static struct kweb kweb = {.settings = &settings};

#include "tests/tools/kweb/supervisor_case.h"

static const struct verb_call restart = {"restart", "bravo", "", 30000, true, "HTTP, 127.0.0.1"};

static struct {
    int count;
    enum call_end end;
    char text[256];
    bool has_result;
} done;

static void note(void *context, enum call_end end, const struct mp_reader *result, const char *text)
{
    ck_assert_ptr_eq(context, &done);
    done.count++;
    done.end = end;
    done.has_result = result != NULL;
    snprintf(done.text, sizeof done.text, "%s", text);
}

static void begin(void)
{
    call_begin(&kweb, &restart, note, &done);
}

static void ended(enum call_end end, const char *text)
{
    ck_assert_int_eq(done.count, 1);
    ck_assert_int_eq(done.end, end);
    ck_assert_int_eq(done.has_result, end == CALL_ANSWERED);
    ck_assert_msg(strstr(done.text, text) != NULL, "%s", done.text);
    done.count = 0;
}

static void is_under_way(void)
{
    reactor_wait(&kweb.reactor, clock_monotonic_us());
    ck_assert_int_eq(done.count, 0);
    ck_assert_ptr_nonnull(kweb.calls);
}

static void begin_and_take(void)
{
    supervisor_listens(64);
    begin();
    supervisor_takes();
}

static void clean_up(void)
{
    calls_close(&kweb);
    ck_assert_int_eq(calls_deadline_us(&kweb), INT64_MAX);
    supervisor_clean_up();
}

START_TEST(the_answer_ends_it)
{
    begin_and_take();
    ck_assert(was_asked("restart") && was_asked("bravo") && was_asked("HTTP, 127.0.0.1"));
    is_under_way();
    supervisor_answers(NULL, "bravo: ready");
    ended(CALL_ANSWERED, "");
    ck_assert_ptr_null(kweb.calls);
}
END_TEST

START_TEST(a_refusal_brings_its_reason)
{
    begin_and_take();
    supervisor_answers("bravo is held", NULL);
    ended(CALL_REFUSED, "bravo is held");
}
END_TEST

START_TEST(a_verb_whose_time_was_up_is_told_as_that)
{
    static const char answer[] = "\x94\x01\x01\xa4late\xc3";
    begin_and_take();
    supervisor_says(answer, sizeof answer - 1);
    ended(CALL_LATE, "late");
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
    static const char answer[] = "\x94\x01\x01\xc0\x81\xa5lines\x91\xa2ok";
    begin_and_take();
    for (size_t i = 0; i + 2 < sizeof answer; i++) {
        supervisor_says(answer + i, 1);
        is_under_way();
    }
    supervisor_says(answer + sizeof answer - 2, 1);
    ended(CALL_ANSWERED, "");
}
END_TEST

START_TEST(what_is_no_answer_breaks_it)
{
    begin_and_take();
    supervisor_says("\xc1", 1);
    ended(CALL_BROKEN, "cannot be read");
    begin();
    supervisor_takes();
    supervisor_says("\x93\x01\x01\xc0", 4);
    ended(CALL_REFUSED, "not a valid response");
}
END_TEST

START_TEST(an_answer_without_end_breaks_it)
{
    static char bytes[65536];
    begin_and_take();
    supervisor_says("\xdb\x7f\xff\xff\xff", 5); /* a text of 2 GiB */
    for (size_t sent = 0; sent < 2 * VERB_ANSWER_BYTES_MAX && done.count == 0; sent += sizeof bytes) {
        send(supervisor.caller, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        for (int i = 0; i < 16 && done.count == 0; i++)
            reactor_wait(&kweb.reactor, clock_monotonic_us());
    }
    ended(CALL_BROKEN, "");
}
END_TEST

START_TEST(a_supervisor_that_goes_breaks_it)
{
    begin_and_take();
    close(supervisor.caller);
    supervisor.caller = -1;
    reactor_wait(&kweb.reactor, clock_monotonic_us());
    ended(CALL_BROKEN, "closed the connection");
}
END_TEST

START_TEST(one_that_says_nothing_is_waited_for_so_long)
{
    begin_and_take();
    ck_assert_int_eq(calls_deadline_us(&kweb), clock_monotonic_us() + 35 * US_PER_SECOND);
    fake_clock_advance(35 * US_PER_SECOND - 1);
    calls_check(&kweb, clock_monotonic_us());
    is_under_way();
    fake_clock_advance(1);
    calls_check(&kweb, clock_monotonic_us());
    ended(CALL_SILENT, "does not answer");
}
END_TEST

START_TEST(where_nobody_listens_no_instance_runs)
{
    begin();
    ended(CALL_NOT_RUNNING, "");
    supervisor_listens(64);
    close(supervisor.listener);
    supervisor.listener = -1;
    begin();
    ended(CALL_NOT_RUNNING, "'check' is not running");
}
END_TEST

START_TEST(a_foreign_file_in_its_place_is_not_asked)
{
    supervisor_listens(64);
    unlink(supervisor.address.sun_path);
    fclose(fopen(supervisor.address.sun_path, "w"));
    begin();
    ended(CALL_NOT_RUNNING, "");
}
END_TEST

START_TEST(one_that_takes_no_connections_is_not_waited_for)
{
    supervisor_listens(0);
    begin();
    begin(); /* the queue is full */
    ended(CALL_BUSY, "is it stopped?");
}
END_TEST

START_TEST(there_are_so_many_at_a_time)
{
    supervisor_listens(64);
    for (int i = 0; i < CALLS_MAX; i++)
        begin();
    ck_assert_int_eq(done.count, 0);
    begin();
    ended(CALL_BUSY, "too many");
    supervisor_takes();
    supervisor_answers(NULL, "ok");
    ended(CALL_ANSWERED, "");
    begin();
    ck_assert_int_eq(done.count, 0);
    calls_close(&kweb);
    ck_assert_int_eq(done.count, CALLS_MAX);
    ck_assert_int_eq(done.end, CALL_BROKEN);
}
END_TEST

START_TEST(at_the_end_no_other_begins)
{
    begin_and_take();
    kweb.stopping = true;
    begin();
    ended(CALL_BUSY, "this server is ending");
    calls_close(&kweb);
    ended(CALL_BROKEN, "this server is ending");
}
END_TEST

START_TEST(without_descriptors_it_is_busy)
{
    struct rlimit limit;
    supervisor_listens(64);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t former = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)dup(0);
    close((int)limit.rlim_cur);
    setrlimit(RLIMIT_NOFILE, &limit);
    begin();
    limit.rlim_cur = former;
    setrlimit(RLIMIT_NOFILE, &limit);
    ck_assert_int_eq(done.count, 1);
    ck_assert(done.end == CALL_BUSY || done.end == CALL_NOT_RUNNING);
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/call", supervisor_prepare, clean_up, the_answer_ends_it,
                a_refusal_brings_its_reason, a_verb_whose_time_was_up_is_told_as_that,
                an_answer_may_come_byte_by_byte, what_is_no_answer_breaks_it, an_answer_without_end_breaks_it,
                a_supervisor_that_goes_breaks_it, one_that_says_nothing_is_waited_for_so_long,
                where_nobody_listens_no_instance_runs, a_foreign_file_in_its_place_is_not_asked,
                one_that_takes_no_connections_is_not_waited_for, there_are_so_many_at_a_time,
                at_the_end_no_other_begins, without_descriptors_it_is_busy)
