#include "tests/consumer/pipeline/stages/batch_run.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tests/support/fake_clock.h"

static void open_program(const char *command)
{
    signal(SIGPIPE, SIG_IGN); /* as log_init does */
    run_open_with(&stage_exec, "messages", command);
}

/* Looks at the record, so an answer that went to another one would show. */
#define JUDGE                                                                                                \
    "while read -r line; do case $line in *good*) echo ok;; *later*) echo retry the database is away;; "     \
    "*bad*) echo 'dead no such account';; *mute*) echo dead;; *again*) echo retry;; esac; done"

START_TEST(each_record_has_its_answer_and_its_reason)
{
    open_program(JUDGE);
    batch_add("good 1");
    batch_add("later");
    batch_add("bad");
    batch_add("mute");
    batch_add("again");
    batch_add("good 2");
    batch_passes();
    batch_answer(0, VERDICT_PASS, NULL);
    batch_answer(1, VERDICT_RETRY, "the database is away");
    batch_answer(2, VERDICT_DEAD, "no such account");
    batch_answer(3, VERDICT_DEAD, "the program refuses it");
    batch_answer(4, VERDICT_RETRY, "the program asks for another attempt");
    batch_answer(5, VERDICT_PASS, NULL);
    run_close();
}
END_TEST

START_TEST(it_gets_the_record_with_its_coordinates)
{
    open_program("while read -r line; do echo \"dead $line\"; done");
    batch_add("hello");
    batch_passes();
    batch_answer(0, VERDICT_DEAD, "{\"partition\":0,\"offset\":0,\"content\":\"hello\"}");
    run_close();
}
END_TEST

START_TEST(it_is_started_once_and_kept)
{
    open_program("while read -r line; do echo \"dead $$\"; done");
    char first[64];
    batch_add("hello");
    batch_passes();
    snprintf(first, sizeof first, "%s", batch.answers[0].why);
    batch_passes();
    ck_assert_str_eq(batch.answers[0].why, first);
    run_close();
}
END_TEST

START_TEST(its_end_is_the_batchs_failure_and_the_next_one_starts_it_again)
{
    open_program("read -r line; echo ok; exit 3");
    batch_add("one");
    batch_add("two");
    batch_fails("ended with exit status 3 after 1 of 2 answers");
    batch.count = 1;
    batch_passes();
    siginfo_t info;
    ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    capture_begin();
    batch_passes(); /* it ended between the two: nothing was asked of it, so nothing failed, but it is told */
    ck_assert_str_eq(capture_end(),
                     "warning: exec: 'read -r line; echo ok; exit 3' ended with exit status 3 between "
                     "two batches; starting it again\n");
    run_close();
}
END_TEST

START_TEST(a_program_that_crashes_or_does_not_exist_is_told)
{
    open_program("kill -SEGV $$");
    batch_add("one");
    batch_fails("was killed by SIGSEGV after 0 of 1 answers");
    run_close();
    open_program("/nowhere/at/all 2>/dev/null");
    batch_fails("'/nowhere/at/all 2>/dev/null' ended with exit status 127");
    run_close();
}
END_TEST

START_TEST(what_is_no_answer_is_shown_and_fails_the_batch)
{
    static const struct {
        const char *command, *why;
    } cases[] = {
        {"read -r line; echo yes; cat", "said 'yes' where ok, retry or dead is expected"},
        {"read -r line; echo okay; cat", "said 'okay' where"},
        {"read -r line; echo; cat", "said '' where"},
        {"read -r line; printf '\\033[2Jok\\n'; cat", "said '\\x1b[2Jok' where"},
        {"read -r line; head -c 3000 /dev/zero | tr '\\0' a; cat",
         "said 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' where"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_program(cases[i].command);
        batch.count = 0;
        batch_add("one");
        batch_fails(cases[i].why);
        run_close();
    }
}
END_TEST

/* Runs a batch whose program inherits a pipe as its stderr, and returns once the program has closed that. */
static void batch_passes_and_stderr_closes(void)
{
    int stderr_pipe[2];
    char byte;
    int ours = dup(2);
    ck_assert_int_eq(pipe(stderr_pipe), 0);
    dup2(stderr_pipe[1], 2);
    close(stderr_pipe[1]);
    int result = batch_run();
    dup2(ours, 2);
    close(ours);
    ck_assert_msg(result == 0, "%s", batch.error.text);
    ck_assert_int_eq(read(stderr_pipe[0], &byte, 1), 0);
    close(stderr_pipe[0]);
}

START_TEST(answers_that_nobody_asked_for_fail_a_batch)
{
    open_program("yes ok");
    batch_add("one");
    batch_fails("said more than it was asked");
    run_close();
    open_program("read -r line; printf 'ok\\nok'; cat");
    batch_fails("said more than it was asked");
    run_close();
    open_program("read -r line; echo ok; sleep 0.05; echo ok; exec 2>&-; cat");
    batch_passes_and_stderr_closes();
    batch_fails("spoke without being asked");
    batch_passes();
    run_close();
}
END_TEST

START_TEST(a_program_that_answers_before_it_was_asked_is_told_and_blocks_nobody)
{
    static char content[20001];
    memset(content, 'x', sizeof content - 1);
    open_program("yes ok | head -n 128; cat >/dev/null");
    for (int i = 0; i < 128; i++)
        batch_add(content); /* 2.5 MB: many times a pipe */
    batch_fails("said more than it was asked");
    run_close();
}
END_TEST

START_TEST(a_program_may_read_everything_before_it_answers)
{
    static char content[20001];
    memset(content, 'x', sizeof content - 1);
    open_program(
        "n=0; while read -r line; do n=$((n+1)); [ $n -lt 128 ] || yes 'dead late' | head -n 128; done");
    for (int i = 0; i < 128; i++)
        batch_add(content);
    batch_passes();
    batch_answer(0, VERDICT_DEAD, "late");
    batch_answer(127, VERDICT_DEAD, "late");
    run_close();
}
END_TEST

/* Each side has more to say than a pipe holds, while the other one speaks. */
START_TEST(long_answers_to_long_records_block_nobody)
{
    static char content[2001];
    memset(content, 'x', sizeof content - 1);
    open_program("R=$(printf '%1000s' x); exec sed -u \"s/.*/dead $R/\"");
    for (int i = 0; i < BATCH_MAX; i++)
        batch_add(content); /* 1 MB there, 0.5 MB back */
    batch_passes();
    ck_assert_int_eq(batch.answers[BATCH_MAX - 1].verdict, VERDICT_DEAD);
    run_close();
}
END_TEST

START_TEST(what_is_too_long_to_ask_is_dead_and_the_others_get_their_own_answers)
{
    open_program(JUDGE);
    batch_add_too_long();
    batch_add("bad");
    batch_add_too_long();
    batch_add("good");
    batch_add("later");
    batch_add_too_long();
    batch_passes();
    for (size_t i = 0; i < 6; i++)
        if (i == 0 || i == 2 || i == 5)
            batch_answer(i, VERDICT_DEAD, "its JSON is longer than 448 KiB");
    batch_answer(1, VERDICT_DEAD, "no such account");
    batch_answer(3, VERDICT_PASS, NULL);
    batch_answer(4, VERDICT_RETRY, "the database is away");
    batch.count = 1;
    batch_passes();
    batch_answer(0, VERDICT_DEAD, "its JSON is longer than 448 KiB");
    run_close();
}
END_TEST

START_TEST(reasons_are_safe_to_show_and_bounded)
{
    open_program("while read -r line; do printf 'dead \\033[2J%600s\\n' x; done");
    for (int i = 0; i < BATCH_MAX - 1; i++)
        batch_add("x");
    batch.count = 400;
    batch_passes();
    for (size_t i = 0; i < batch.count; i++)
        ck_assert_uint_lt(strlen(batch.answers[i].why), STAGE_WHY_BYTES);
    ck_assert_msg(strncmp(batch.answers[0].why, "\\x1b[2J ", 8) == 0, "%s", batch.answers[0].why);
    run_close();
}
END_TEST

/* --- MessagePack --------------------------------------------------------------------------------------- */

static void open_msgpack(const char *command)
{
    signal(SIGPIPE, SIG_IGN);
    run_open_with(&stage_exec_msgpack, "messages", command);
}

START_TEST(in_message_pack_each_record_has_its_answer_and_its_reason)
{
    open_msgpack("printf '\\242ok\\225'; cat >/dev/null"); /* the start of a next answer: too much said */
    batch_add("1");
    batch_fails("said more than it was asked");
    run_close();
    open_msgpack(
        "printf '\\242ok\\245retry\\222\\244dea'; sleep 0.02; printf 'd\\257no such acc'; sleep 0.02; "
        "printf 'ount\\221\\244dead\\222\\242ok\\300'; cat >/dev/null");
    for (int i = 0; i < 4; i++)
        batch_add("x");
    batch_passes();
    batch_answer(0, VERDICT_PASS, NULL);
    batch_answer(1, VERDICT_RETRY, "the program asks for another attempt");
    batch_answer(2, VERDICT_DEAD, "no such account");
    batch_answer(3, VERDICT_DEAD, "the program refuses it");
    batch_answer(4, VERDICT_PASS, NULL);
    run_close();
}
END_TEST

START_TEST(in_message_pack_it_gets_the_record_with_its_coordinates)
{
    open_msgpack("printf '\\332\\000\\056dead '; head -c 41 | tr '\\200-\\377' '~'");
    batch_add("hello, hello");
    batch_passes();
    ck_assert_int_eq(batch.answers[0].verdict, VERDICT_DEAD);
    ck_assert_str_eq(batch.answers[0].why, "~~partition\\x00~offset\\x00~content~hello, hello");
    run_close();
}
END_TEST

START_TEST(in_message_pack_what_is_no_answer_fails_the_batch)
{
    static const struct {
        const char *command, *why;
    } cases[] = {
        {"printf '\\243yes'; cat", "said 'yes' where ok, retry or dead is expected"},
        {"printf '\\001'; cat", "said an integer where"},
        {"printf '\\301'; cat", "said byte 0xc1 where"},
        {"printf '\\201\\242ok\\300'; cat", "said a map where"},
        {"printf '\\332\\020\\000dead '; head -c 3000 /dev/zero | tr '\\0' a; cat", "said a string where"},
        {"printf '\\335\\377\\377\\377\\377'; head -c 3000 /dev/zero; cat", "said an array where"},
        {"cat", "said a map where"},
        {"echo ok; cat >/dev/null", "said an integer where"},
        {"printf '\\242o'; exit 3", "ended with exit status 3 after 0 of 1 answers"},
        {"printf '\\222\\244dead'; kill -SEGV $$", "was killed by SIGSEGV after 0 of 1 answers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_msgpack(cases[i].command);
        batch.count = 0;
        batch_add("one");
        batch_fails(cases[i].why);
        run_close();
    }
}
END_TEST

START_TEST(in_message_pack_a_text_that_is_not_utf_8_is_dead_and_the_others_get_their_own_answers)
{
    open_msgpack("printf '\\242ok\\245retry'; cat >/dev/null");
    for (int i = 0; i < 3; i++)
        batch_add("x");
    int content = schema_field_index(run.settings.schema, "content", strlen("content"));
    batch.records[1].values[content].text = (struct mp_view){"\xff", 1};
    batch_passes();
    batch_answer(0, VERDICT_PASS, NULL);
    batch_answer(1, VERDICT_DEAD, "a text that is not UTF-8, which a string of MessagePack has to be");
    batch_answer(2, VERDICT_RETRY, "the program asks for another attempt");
    run_close();
}
END_TEST

/* --- time ---------------------------------------------------------------------------------------------- */

static void half_a_minute_later(int number)
{
    (void)number;
    fake_clock_advance(31 * US_PER_SECOND);
}

START_TEST(a_silent_program_is_killed_after_half_a_minute)
{
    struct itimerval soon = {.it_value = {.tv_usec = 200000}};
    open_program("read -r line; echo ok; sleep 60");
    batch_add("one");
    batch_add("two");
    signal(SIGALRM, half_a_minute_later);
    setitimer(ITIMER_REAL, &soon, NULL);
    batch_fails("has been silent for too long after 1 of 2 answers and had to be killed");
    run_close();
}
END_TEST

static void six_seconds_later(int number)
{
    (void)number;
    fake_clock_advance(6 * US_PER_SECOND);
}

START_TEST(a_slow_program_does_not_hold_up_a_consumer_that_is_to_end)
{
    struct itimerval soon = {.it_value = {.tv_usec = 200000}};
    struct worker_control *control;
    struct error error = ERROR_INIT;
    ck_assert_msg(worker_control_start(&control, false, NULL, NULL, &error) == 0, "%s", error.text);
    run.pipeline.control = control;
    open_program("while read -r line; do echo ok; sleep 0.1; done");
    for (int i = 0; i < BATCH_MAX; i++)
        batch_add("one"); /* fifty seconds, each answer in time */
    signal(SIGALRM, six_seconds_later);
    setitimer(ITIMER_REAL, &soon, NULL);
    kill(getpid(), SIGTERM);
    batch_fails("is too slow for a consumer that is stopping, after");
    batch_fails(
        "is too slow for a consumer that is stopping, after"); /* the next batch has no time of its own */
    run_close();
    worker_control_stop(control);
}
END_TEST

/* --- what it leaves behind ----------------------------------------------------------------------------- */

/* Some in its process group, one without its environment; one in a session of its own; one whose parent has
 * ended, too. They hold our stderr. */
#define LEAVE "env -i sleep 60 & sleep 60 & setsid sleep 60 & setsid sh -c 'sleep 60 & sleep 60 &' & "

/* From here on our stderr is a pipe, whose end is read when all that hold it are gone. */
static int hold_stderr(int ends[2])
{
    int ours = dup(2);
    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], 2);
    close(ends[1]);
    return ours;
}

static void nobody_holds(int ends[2], int ours)
{
    char byte;
    dup2(ours, 2);
    close(ours);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

START_TEST(nothing_of_it_is_left)
{
    int ends[2];
    int ours = hold_stderr(ends);
    open_program(LEAVE "while read -r line; do echo ok; done");
    batch_add("one");
    batch_passes();
    run_close();
    nobody_holds(ends, ours);
}
END_TEST

START_TEST(nothing_is_left_of_one_that_ended_while_the_consumer_goes_on)
{
    int ends[2];
    int ours = hold_stderr(ends);
    open_program(LEAVE "read -r line; exit 3");
    batch_add("one");
    batch_fails("ended with exit status 3");
    nobody_holds(ends, ours);
    run_close();
}
END_TEST

START_TEST(another_program_is_left_alone)
{
    open_program("while read -r line; do echo ok; done");
    batch_add("one");
    batch_passes();
    void *other = run.state;
    open_program(LEAVE "read -r line; exit 3");
    batch_fails("ended with exit status 3");
    run_close();
    run.state = other;
    batch_passes();
    run_close();
}
END_TEST

START_TEST(it_dies_with_the_consumer)
{
    int alive[2];
    char byte;
    ck_assert_int_eq(pipe(alive), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(alive[1], 2);
        setpgid(0, 0); /* as the supervisor gives it */
        open_program(LEAVE "trap '' TERM HUP; echo ok; exec sleep 60");
        batch_add("one");
        batch_run();
        kill(0, SIGKILL);
    }
    close(alive[1]);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(read(alive[0], &byte, 1), 0);
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/exec", each_record_has_its_answer_and_its_reason,
           it_gets_the_record_with_its_coordinates, it_is_started_once_and_kept,
           its_end_is_the_batchs_failure_and_the_next_one_starts_it_again,
           a_program_that_crashes_or_does_not_exist_is_told, what_is_no_answer_is_shown_and_fails_the_batch,
           answers_that_nobody_asked_for_fail_a_batch,
           a_program_that_answers_before_it_was_asked_is_told_and_blocks_nobody,
           a_program_may_read_everything_before_it_answers, long_answers_to_long_records_block_nobody,
           what_is_too_long_to_ask_is_dead_and_the_others_get_their_own_answers,
           reasons_are_safe_to_show_and_bounded, in_message_pack_each_record_has_its_answer_and_its_reason,
           in_message_pack_it_gets_the_record_with_its_coordinates,
           in_message_pack_what_is_no_answer_fails_the_batch,
           in_message_pack_a_text_that_is_not_utf_8_is_dead_and_the_others_get_their_own_answers,
           a_silent_program_is_killed_after_half_a_minute,
           a_slow_program_does_not_hold_up_a_consumer_that_is_to_end, nothing_of_it_is_left,
           nothing_is_left_of_one_that_ended_while_the_consumer_goes_on, another_program_is_left_alone,
           it_dies_with_the_consumer)
