/* What comes from a worker's process reaches the listener as it is, and what is no notification does not. */
#include "supervisor/process/channel.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/rpc/message.h"
#include "tests/supervisor/worker_end.h"

static struct worker *worker = &stage.worker;
static char heard[64]; /* the text of the last notification "number" */

static void note(struct worker *of, struct rpc_message *message)
{
    struct mp_view text;
    ck_assert_ptr_eq(of, worker);
    ck_assert(rpc_method_is(message, "number") && mp_read_str(&message->params, &text));
    snprintf(heard, sizeof heard, "%.*s", (int)text.length, text.data);
}

static const struct worker_listener listener = {.notified = note};

static void set_up(void)
{
    struct error error = ERROR_INIT;
    stage_open();
    stage.supervisor.listener = &listener;
    theirs = channel_open(worker, &error);
    ck_assert_msg(theirs != -1, "%s", error.text);
}

static void tear_down(void)
{
    close(theirs);
    stage_close();
}

/* As many as its socket holds. In a turn of a living worker only some are taken. */
START_TEST(what_a_worker_said_last_is_heard_after_its_death)
{
    char bytes[128];
    char last[32];
    int said = 0;
    for (ssize_t sent = 0; sent != -1 && said < 10000; said++) {
        snprintf(last, sizeof last, "number %d", said + 1);
        size_t length = rpc_pack_notification(bytes, sizeof bytes, "number", "s", last);
        sent = send(theirs, bytes, length, MSG_DONTWAIT);
    }
    ck_assert_int_gt(said, 100);
    channel_close(worker);
    snprintf(last, sizeof last, "number %d", said - 1); /* one found no room */
    ck_assert_str_eq(heard, last);
}
END_TEST

/* A worker's death does not close what a child of it may have got. */
START_TEST(who_speaks_without_end_is_left_in_the_end)
{
    pid_t pid = fork();
    if (pid == 0)
        close(worker->channel_watch.fd);
    while (pid == 0)
        if (send(theirs, "?", 1, MSG_NOSIGNAL) == -1)
            _exit(0);
    channel_close(worker);
    ck_assert_int_eq(worker->channel_watch.fd, -1);
    waitpid(pid, NULL, 0);
}
END_TEST

/* The epoll descriptor stays readable for ever where a hung-up channel is watched on. */
START_TEST(a_channel_that_has_ended_is_watched_no_more)
{
    says("number", "the last words");
    close(theirs);
    stage_round();
    ck_assert_int_eq(worker->channel_watch.fd, -1);
    ck_assert_str_eq(heard, "the last words");
    ck_assert_int_eq(channel_drain(worker, true), -1);
    ck_assert_int_eq(channel_pause(worker, true), -1);
    ck_assert_int_eq(channel_rate(worker), -1);
    ck_assert_int_eq(channel_ask(worker, 1, "ack", "all"), -1);
    theirs = memfd_create("closed", MFD_CLOEXEC);
}
END_TEST

START_TEST(without_descriptors_there_is_no_channel_and_the_cause_is_told)
{
    struct rlimit before;
    struct worker other = stage.worker;
    struct error error = ERROR_INIT;
    other.channel_watch.fd = -1;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = (rlim_t)theirs + 1, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int fd = channel_open(&other, &error);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(fd, -1);
    ck_assert_str_eq(error.text, "cannot create a channel: Too many open files");
    ck_assert_int_eq(other.channel_watch.fd, -1);
}
END_TEST

START_TEST(what_is_no_notification_is_told_and_passed_over)
{
    static const char request[] = "\x94\x00\x01\xa5ready\x90";
    ck_assert_int_eq(send(theirs, "\xc1", 1, 0), 1);
    ck_assert_int_eq(send(theirs, request, sizeof request - 1, 0), (ssize_t)sizeof request - 1);
    stage_round();
    ck_assert_str_eq(heard, "");
    const char *said = stage_read();
    ck_assert_ptr_nonnull(strstr(said, "bravo sent 1 bytes that are not a notification"));
    ck_assert_ptr_nonnull(strstr(said, "bravo sent 10 bytes that are not a notification"));
}
END_TEST

CHECK_MAIN_WITH("supervisor/process/channel", set_up, tear_down,
                what_a_worker_said_last_is_heard_after_its_death, who_speaks_without_end_is_left_in_the_end,
                a_channel_that_has_ended_is_watched_no_more,
                without_descriptors_there_is_no_channel_and_the_cause_is_told,
                what_is_no_notification_is_told_and_passed_over)
