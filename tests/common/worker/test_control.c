/* The control thread ends its process, so every case has a worker in a process of its own, which tells each
 * request that wakes it over a pipe. */
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/rpc/message.h"
#include "common/worker/config.h"
#include "common/worker/control.h"

enum { DEADLINE_MS = 10000 };
#define STARTED 'S'

static struct {
    pid_t pid;
    int requests; /* a byte for each wake: '0' + the request; STARTED when it listens */
    int channel;  /* the supervisor's end; -1: not supervised */
} worker;

/* --- the worker ---------------------------------------------------------------------------------------- */

static struct worker_control *_Atomic control; /* its thread wakes us while it is set */
static int requests_fd;

static void tell(char what)
{
    if (write(requests_fd, &what, 1) != 1)
        _exit(99);
}

static struct worker_rate rate;

/* A letter comes as the rate, so that it can be told like a request. */
static bool rate_is_new(void)
{
    return worker_control_rate(control, &rate) && rate.interval_us == 7;
}

static struct worker_request request;

static bool request_is_new(void)
{
    return worker_control_request(control, &request);
}

/* '!': the request that the tests ask for; '?': another one. */
static char request_letter(void)
{
    return request.number == 5 && strcmp(request.method, "reset") == 0 &&
                   strcmp(request.text, "offset:7") == 0
               ? '!'
               : '?';
}

static void wake(void *context)
{
    if (context != &requests_fd)
        _exit(96);
    if (control != NULL && request_is_new())
        tell(request_letter());
    else if (control != NULL)
        tell(rate_is_new() ? (char)rate.records : (char)('0' + worker_control_wanted(control)));
}

static void live(bool supervised)
{
    struct error error = ERROR_INIT;
    struct worker_control *started = NULL;
    /* Either way to be woken. */
    if (worker_control_start(&started, supervised, supervised ? NULL : wake, supervised ? NULL : &requests_fd,
                             &error) == -1)
        _exit(98);
    control = started;
    if (supervised)
        worker_control_set_wake(control, wake, &requests_fd);
    tell(STARTED);
    worker_notify_count(control, "joining", 0);
    worker_notify_text(control, "address", "localhost:9092");
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    worker_notify_text(control, "trouble", text);
    worker_notify_gap(control, &(struct worker_gap){.partition = 2, .from = 10, .to = 30, .records = 20});
    poll(NULL, 0, DEADLINE_MS);
    _exit(97);
}

/* --- the supervisor ------------------------------------------------------------------------------------ */

static char next_request(void)
{
    struct pollfd readable = {.fd = worker.requests, .events = POLLIN};
    char byte;
    ck_assert_msg(poll(&readable, 1, DEADLINE_MS) == 1, "no byte within %d ms", DEADLINE_MS);
    ck_assert_int_eq(read(worker.requests, &byte, 1), 1);
    return byte;
}

static void start(bool supervised)
{
    int requests[2];
    int channel[2] = {-1, -1};
    ck_assert_int_eq(pipe(requests), 0);
    if (supervised)
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
    worker.pid = fork();
    if (worker.pid == 0) {
        requests_fd = fcntl(requests[1], F_DUPFD, WORKER_FD_END);
        if (supervised) {
            close(channel[0]);
            dup2(channel[1], WORKER_CHANNEL_FD);
            if (channel[1] != WORKER_CHANNEL_FD)
                close(channel[1]);
        }
        live(supervised);
    }
    close(requests[1]);
    if (supervised)
        close(channel[1]);
    worker.requests = requests[0];
    worker.channel = channel[0];
    ck_assert_int_eq(next_request(), STARTED);
}

static int end_of_worker(void)
{
    int status;
    ck_assert_int_eq(waitpid(worker.pid, &status, 0), worker.pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void ask_to_drain(const char *format, int leave)
{
    uint8_t bytes[64];
    size_t length = rpc_pack_notification(bytes, sizeof bytes, "drain", format, leave);
    ck_assert_int_eq(send(worker.channel, bytes, length, 0), (ssize_t)length);
}

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};

START_TEST(the_first_signal_drains_and_leaves_the_group)
{
    for (size_t i = 0; i < 3; i++) {
        start(false);
        kill(worker.pid, stop_signals[i]);
        ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_LEAVE);
        kill(worker.pid, SIGKILL);
        waitpid(worker.pid, NULL, 0);
    }
}
END_TEST

/* Within a moment of the first one it is the same: sent again until it is not. */
static int end_by(int number)
{
    int status = 0;
    for (int i = 0; i < DEADLINE_MS / 50 && waitpid(worker.pid, &status, WNOHANG) == 0; i++) {
        kill(worker.pid, number);
        poll(NULL, 0, 50);
    }
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(two_signals_within_a_moment_are_one)
{
    start(true);
    kill(worker.pid, SIGTERM);
    kill(worker.pid, SIGINT);
    kill(worker.pid, SIGHUP);
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_LEAVE);
    ask_to_drain("b", 0); /* signals are taken before it */
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_KEEP);
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

START_TEST(the_second_signal_ends_it_with_128_and_its_number)
{
    for (size_t i = 0; i < 3; i++) {
        start(false);
        kill(worker.pid, SIGTERM);
        ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_LEAVE);
        ck_assert_int_eq(end_by(stop_signals[i]), 128 + stop_signals[i]);
    }
}
END_TEST

static void ask_for_rate(int64_t number, int64_t records, int64_t interval_us)
{
    uint8_t bytes[64];
    size_t length = rpc_pack_notification(bytes, sizeof bytes, "rate", "iii", number, records, interval_us);
    ck_assert_int_eq(send(worker.channel, bytes, length, 0), (ssize_t)length);
}

START_TEST(the_channel_brings_a_rate_and_none_that_is_negative)
{
    start(true);
    ask_for_rate(1, 'a', 7);
    ck_assert_int_eq(next_request(), 'a');
    ask_for_rate(2, -1, 7);
    ask_for_rate(3, 1, -7);
    ask_for_rate(4, 'b', 7);
    ck_assert_int_eq(next_request(), 'b');
    ask_to_drain("b", 0); /* what was taken is not new again */
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_KEEP);
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

START_TEST(a_rate_of_0_and_an_interval_of_0_are_requests_too)
{
    start(true);
    ask_for_rate(1, 0, 7);
    ck_assert_int_eq(next_request(), 0);
    ask_for_rate(2, 'a', 0); /* no letter of the tests': it comes as the request to run */
    ck_assert_int_eq(next_request(), '0' + WORKER_RUN);
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

static void ask(int64_t number, const char *method, const char *text)
{
    uint8_t bytes[RPC_MESSAGE_BYTES];
    size_t length = rpc_pack_notification(bytes, sizeof bytes, "request", "iss", number, method, text);
    ck_assert_int_eq(send(worker.channel, bytes, length, 0), (ssize_t)length);
}

START_TEST(the_channel_brings_an_request_and_none_whose_method_is_too_long)
{
    start(true);
    ask(4, "a-method-that-no-worker-knows", "offset:7");
    ask(5, "reset", "offset:7");
    ck_assert_int_eq(next_request(), '!');
    ask(6, "sixteen-letters", "");
    ck_assert_int_eq(next_request(), '?');
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

START_TEST(the_channel_drains_leaving_or_keeping_the_membership)
{
    start(true);
    ask_to_drain("b", 0);
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_KEEP);
    ask_to_drain("b", 1);
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_LEAVE);
    ask_to_drain("", 0);
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_LEAVE);
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

START_TEST(bytes_that_are_no_message_are_passed_over)
{
    start(true);
    static const char *const garbage[] = {"\xc1", "hello", "\x93\x02\xa5"};
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_gt(send(worker.channel, garbage[i], strlen(garbage[i]), 0), 0);
    static char long_one[2 * RPC_MESSAGE_BYTES];
    ck_assert_int_gt(send(worker.channel, long_one, sizeof long_one, 0), 0);
    uint8_t unknown[64];
    size_t length = rpc_pack_notification(unknown, sizeof unknown, "dance", "b", 1);
    ck_assert_int_gt(send(worker.channel, unknown, length, 0), 0);
    ask_to_drain("b", 0);
    ck_assert_int_eq(next_request(), '0' + WORKER_DRAIN_KEEP);
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

START_TEST(a_supervisor_that_is_gone_ends_it_as_an_orphan)
{
    start(true);
    close(worker.channel);
    ck_assert_int_eq(end_of_worker(), EXIT_CODE_ORPHAN);
}
END_TEST

START_TEST(what_it_notifies_arrives_as_messages)
{
    start(true);
    uint8_t bytes[RPC_MESSAGE_BYTES];
    struct rpc_message message;
    struct mp_view text;
    ssize_t length = recv(worker.channel, bytes, sizeof bytes, 0);
    ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
    ck_assert(rpc_method_is(&message, "version"));
    ck_assert(mp_read_str(&message.params, &text));
    ck_assert_uint_eq(text.length, strlen(KSUPERVISE_VERSION));
    length = recv(worker.channel, bytes, sizeof bytes, 0);
    ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
    ck_assert(rpc_method_is(&message, "joining"));
    length = recv(worker.channel, bytes, sizeof bytes, 0);
    ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
    ck_assert(rpc_method_is(&message, "address"));
    ck_assert(mp_read_str(&message.params, &text));
    ck_assert_int_eq(strncmp(text.data, "localhost:9092", text.length), 0);
    length = recv(worker.channel, bytes, sizeof bytes, 0);
    ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
    ck_assert(rpc_method_is(&message, "trouble"));
    ck_assert(mp_read_str(&message.params, &text));
    ck_assert_uint_eq(text.length, 959); /* a long one is cut, not lost */
    length = recv(worker.channel, bytes, sizeof bytes, 0);
    ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
    ck_assert(rpc_method_is(&message, "committed-gap"));
    ck_assert_uint_eq(message.param_count, 4);
    static const int64_t wanted[] = {2, 10, 30, 20};
    for (size_t i = 0; i < 4; i++) {
        int64_t number;
        ck_assert(mp_read_int(&message.params, &number));
        ck_assert_int_eq(number, wanted[i]);
    }
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
}
END_TEST

/* A worker's own notifications never block it, even when nobody reads them. */
static void flood(void)
{
    struct error error = ERROR_INIT;
    struct worker_control *started = NULL;
    if (worker_control_start(&started, true, NULL, NULL, &error) == -1)
        _exit(98);
    for (int64_t i = 0; i < 100000; i++)
        worker_notify_count(started, "ready", i);
    worker_control_stop(started);
    _exit(0);
}

START_TEST(a_full_channel_does_not_block_the_worker)
{
    int channel[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
    worker.pid = fork();
    if (worker.pid == 0) {
        int own = fcntl(channel[1], F_DUPFD, WORKER_FD_END);
        close(channel[0]);
        close(channel[1]);
        dup2(own, WORKER_CHANNEL_FD);
        flood();
    }
    ck_assert_int_eq(end_of_worker(), 0);
    close(channel[0]);
    close(channel[1]);
}
END_TEST

enum { RESULTS = 3000 }; /* ten times what a channel holds */

static void answer_all(void)
{
    struct error error = ERROR_INIT;
    struct worker_control *started = NULL;
    if (worker_control_start(&started, true, NULL, NULL, &error) == -1)
        _exit(98);
    for (int32_t i = 0; i < RESULTS; i++)
        worker_answer_result(started, 7, &(struct worker_result){i, i, i + 1, "a line"});
    worker_answer_end(started, 7, NULL);
    worker_control_stop(started);
    _exit(0);
}

START_TEST(answers_wait_for_room_because_somebody_waits_for_them)
{
    int channel[2];
    int64_t number = 0;
    int64_t partition = 0;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
    worker.pid = fork();
    if (worker.pid == 0) {
        int own = fcntl(channel[1], F_DUPFD, WORKER_FD_END);
        close(channel[0]);
        close(channel[1]);
        dup2(own, WORKER_CHANNEL_FD);
        answer_all();
    }
    close(channel[1]);
    for (int32_t i = -1; i <= RESULTS; i++) {
        uint8_t bytes[RPC_MESSAGE_BYTES];
        struct rpc_message message;
        ssize_t length = recv(channel[0], bytes, sizeof bytes, 0);
        ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
        if (i == -1) { /* its version comes first */
            ck_assert(rpc_method_is(&message, "version"));
            continue;
        }
        ck_assert(rpc_method_is(&message, i < RESULTS ? "result" : "done"));
        ck_assert(mp_read_int(&message.params, &number) && number == 7);
        ck_assert(i == RESULTS || (mp_read_int(&message.params, &partition) && partition == i));
    }
    ck_assert_int_eq(end_of_worker(), 0);
    close(channel[0]);
}
END_TEST

START_TEST(it_can_be_stopped_and_started_again)
{
    pid_t pid = fork(); /* signals stay blocked in the thread that started it */
    if (pid == 0) {
        for (int i = 0; i < 3; i++) {
            struct worker_control *one;
            struct error error = ERROR_INIT;
            if (worker_control_start(&one, false, NULL, NULL, &error) == -1 ||
                worker_control_wanted(one) != WORKER_RUN)
                _exit(1);
            worker_notify_count(one, "ready", 1); /* nobody to tell: nothing happens */
            worker_control_stop(one);
        }
        worker_control_stop(NULL);
        _exit(0);
    }
    worker.pid = pid;
    ck_assert_int_eq(end_of_worker(), 0);
}
END_TEST

CHECK_MAIN("common/worker/control", the_first_signal_drains_and_leaves_the_group,
           two_signals_within_a_moment_are_one, the_second_signal_ends_it_with_128_and_its_number,
           the_channel_brings_a_rate_and_none_that_is_negative,
           a_rate_of_0_and_an_interval_of_0_are_requests_too,
           the_channel_brings_an_request_and_none_whose_method_is_too_long,
           the_channel_drains_leaving_or_keeping_the_membership, bytes_that_are_no_message_are_passed_over,
           a_supervisor_that_is_gone_ends_it_as_an_orphan, what_it_notifies_arrives_as_messages,
           a_full_channel_does_not_block_the_worker, answers_wait_for_room_because_somebody_waits_for_them,
           it_can_be_stopped_and_started_again)
