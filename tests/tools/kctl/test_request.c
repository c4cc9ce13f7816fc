/* A request to a supervisor that is a thread of the test: what is sent, and what each kind of answer becomes.
 */
#include "common/rpc/verb_call.h"
#include "tools/kctl/request.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/exit_codes.h"
#include "common/runtime.h"
#include "common/stats/directory.h"
#include "tests/support/check_main.h"

static char folder[64], instance[32];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct answer answer;
static struct error error;

/* What the supervisor does: answers in pieces, and closes. */
static struct {
    int listener;
    pthread_t thread;
    bool runs;
    const char *answer;
    size_t length, piece;
    bool hold; /* the connection stays open until the client has gone */
    char heard[1024];
    size_t heard_length;
} supervisor = {.listener = -1};

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/kctl-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
    snprintf(instance, sizeof instance, "check-%d", (int)getpid());
    ck_assert_int_eq(runtime_socket(address.sun_path, instance, &error), 0);
}

static void tear_down(void)
{
    char inner[128];
    if (supervisor.runs)
        pthread_join(supervisor.thread, NULL);
    if (supervisor.listener != -1)
        close(supervisor.listener);
    answer_release(&answer);
    ck_assert_ptr_null(answer.bytes);
    unlink(address.sun_path);
    snprintf(inner, sizeof inner, "%s/ksupervise", folder);
    rmdir(inner);
    rmdir(folder);
}

static void *serve(void *context)
{
    (void)context;
    int fd = accept4(supervisor.listener, NULL, NULL, SOCK_CLOEXEC);
    ssize_t heard = recv(fd, supervisor.heard, sizeof supervisor.heard, 0);
    supervisor.heard_length = heard > 0 ? (size_t)heard : 0;
    for (size_t at = 0; at < supervisor.length; at += supervisor.piece) {
        size_t left = supervisor.length - at;
        send(fd, supervisor.answer + at, left < supervisor.piece ? left : supervisor.piece, MSG_NOSIGNAL);
    }
    char byte;
    while (supervisor.hold && recv(fd, &byte, 1, 0) > 0)
        ;
    close(fd);
    return NULL;
}

static void answers(const char *bytes, size_t length, size_t piece)
{
    supervisor.answer = bytes;
    supervisor.length = length;
    supervisor.piece = piece;
    supervisor.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(supervisor.listener, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(supervisor.listener, 1), 0);
    ck_assert_int_eq(pthread_create(&supervisor.thread, NULL, serve, NULL), 0);
    supervisor.runs = true;
}

#define ANSWERS(text) answers(text, sizeof(text) - 1, sizeof(text))

static int sends(void)
{
    error = (struct error)ERROR_INIT;
    return request_send(instance, "stop", "bravo", "now", 1500, false, &answer, &error);
}

static void fails(const char *why)
{
    ck_assert_int_eq(sends(), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
}

/* --- answers ------------------------------------------------------------------------------------------- */

START_TEST(a_request_carries_its_verb_and_all_four_parameters)
{
    static const char wanted[] = "\x94\x00\x01\xa4stop\x94\xa5"
                                 "bravo\xa3now\xcd\x05\xdc\xc2";
    ANSWERS("\x94\x01\x01\xc0\x80");
    ck_assert_msg(sends() == 0, "%s", error.text);
    pthread_join(supervisor.thread, NULL);
    supervisor.runs = false;
    ck_assert_uint_eq(supervisor.heard_length, sizeof wanted - 1);
    ck_assert_mem_eq(supervisor.heard, wanted, sizeof wanted - 1);
    ck_assert_int_eq(mp_peek(&answer.result), MP_MAP);
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
    static const char bytes[] = "\x94\x01\x01\xc0\x81\xa5lines\x92\xa3one\xa3two";
    uint32_t pairs;
    answers(bytes, sizeof bytes - 1, 1);
    ck_assert_msg(sends() == 0, "%s", error.text);
    ck_assert(mp_read_map(&answer.result, &pairs) && pairs == 1);
    ck_assert_uint_eq(answer.length, sizeof bytes - 1);
}
END_TEST

START_TEST(a_reason_is_the_supervisor_s_own_word)
{
    ANSWERS("\x94\x01\x01\xa7no such\xc0");
    ck_assert_int_eq(sends(), -1);
    ck_assert_str_eq(error.text, "no such");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_FAILED);
}
END_TEST

START_TEST(an_answer_without_our_number_may_say_that_there_is_no_place)
{
    ANSWERS("\x94\x01\x00\xa4"
            "full\xc0");
    fails("full");
}
END_TEST

START_TEST(what_is_no_response_is_refused)
{
    static const char *const wrong[] = {"\x94\x00\x01\xc0\x80", "\x93\x01\x01\xc0", "\x94\x01\xc0\xc0\x80",
                                        "\x94\x01\x01\x07\x80"};
    static const size_t lengths[] = {5, 4, 5, 5};
    for (size_t i = 0; i < 4; i++) {
        answers(wrong[i], lengths[i], 8);
        fails("the supervisor's answer is not a valid response");
        pthread_join(supervisor.thread, NULL);
        supervisor.runs = false;
        close(supervisor.listener);
        unlink(address.sun_path);
        answer_release(&answer);
    }
}
END_TEST

START_TEST(bytes_that_are_no_message_or_behind_one_are_refused)
{
    ANSWERS("\xc1");
    fails("the supervisor's answer cannot be read");
}
END_TEST

START_TEST(a_byte_too_many_is_refused)
{
    ANSWERS("\x94\x01\x01\xc0\x80\x80");
    fails("the supervisor's answer cannot be read");
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_refused)
{
    static char bytes[VERB_ANSWER_BYTES_MAX + 16];
    memcpy(bytes, "\x94\x01\x01\xc0\xdb\x7f\xff\xff\xff", 9);
    answers(bytes, sizeof bytes, sizeof bytes);
    fails("the supervisor's answer cannot be read");
    ck_assert_uint_eq(answer.length, VERB_ANSWER_BYTES_MAX);
}
END_TEST

/* --- no answer ----------------------------------------------------------------------------------------- */

START_TEST(a_supervisor_that_ends_before_its_answer_is_gone)
{
    answers("\x94\x01", 2, 2);
    fails("the supervisor is gone");
}
END_TEST

START_TEST(one_that_lives_and_closes_has_too_many_connections)
{
    struct directory_writer *writer;
    ck_assert_int_eq(directory_create(&writer, instance, "birth", 1, &error), 0);
    answers("", 0, 1);
    fails("the supervisor closed the connection before it answered");
    directory_close(writer, true);
}
END_TEST

START_TEST(one_that_says_nothing_is_not_waited_for_longer_than_its_time)
{
    supervisor.hold = true;
    answers("", 0, 1);
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(request_send(instance, "stop", "", "", -4950, true, &answer, &error), -1);
    ck_assert_str_eq(error.text, "the supervisor does not answer");
}
END_TEST

START_TEST(where_nobody_listens_the_instance_is_not_running)
{
    fails("is not running: start it with ksupervise, or name another with -i");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    answer_release(&answer);
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* of one that died */
    ck_assert_int_eq(bind(left, (const struct sockaddr *)&address, sizeof address), 0);
    close(left);
    fails("is not running");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
}
END_TEST

START_TEST(one_that_lives_in_another_session_is_told_by_its_pid_and_the_folder)
{
    struct directory_writer *writer;
    char pid[32];
    ck_assert_int_eq(directory_create(&writer, instance, "birth", 1, &error), 0);
    snprintf(pid, sizeof pid, "runs (pid %d), but", (int)getpid());
    fails(pid);
    ck_assert_ptr_nonnull(strstr(error.text, folder));
    ck_assert_ptr_nonnull(strstr(error.text, "/ksupervise: set XDG_RUNTIME_DIR"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_FAILED);
    directory_close(writer, true);
}
END_TEST

START_TEST(a_name_that_is_too_long_for_a_socket_is_refused)
{
    char name[200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(request_send(name, "stop", "", "", 1, true, &answer, &error), -1);
    ck_assert_str_ne(error.text, "");
}
END_TEST

CHECK_MAIN_WITH("tools/kctl/request", set_up, tear_down, a_request_carries_its_verb_and_all_four_parameters,
                an_answer_may_come_byte_by_byte, a_reason_is_the_supervisor_s_own_word,
                an_answer_without_our_number_may_say_that_there_is_no_place, what_is_no_response_is_refused,
                bytes_that_are_no_message_or_behind_one_are_refused, a_byte_too_many_is_refused,
                an_answer_that_is_too_long_is_refused, a_supervisor_that_ends_before_its_answer_is_gone,
                one_that_lives_and_closes_has_too_many_connections,
                one_that_says_nothing_is_not_waited_for_longer_than_its_time,
                where_nobody_listens_the_instance_is_not_running,
                one_that_lives_in_another_session_is_told_by_its_pid_and_the_folder,
                a_name_that_is_too_long_for_a_socket_is_refused)
