/* What a worker says of itself while it works, and what becomes of it. */
#include <msgpack.h>
#include <sys/socket.h>

#include "common/rpc/message.h"
#include "supervisor/actions.h"
#include "supervisor/process/channel.h"
#include "supervisor/process/segment.h"
#include "supervisor/control/request.h"
#include "supervisor/control/verb_status.h"
#include "supervisor/control/verbs.h"
#include "supervisor/notifications.h"
#include "tests/supervisor/packed.h"
#include "tests/supervisor/worker_end.h"

static struct worker *worker = &stage.worker;
static struct worker *workers[] = {&stage.worker};

static void set_up(void)
{
    struct error error = ERROR_INIT;
    stage_open();
    stage.supervisor.listener = &notifications;
    stage.supervisor.workers = workers;
    stage.supervisor.worker_count = 1;
    worker->state = WORKER_READY;
    worker->generation = 3;
    theirs = channel_open(worker, &error);
    ck_assert_msg(theirs != -1, "%s", error.text);
}

static void tear_down(void)
{
    segment_unlink_all(stage.name);
    close(theirs);
    stage_close();
}

/* What `kctl status` gets of it, as bytes; good until the next call. */
static const char *answer(void (*pack)(struct request *request, msgpack_packer *packer), size_t *length)
{
    struct request request = {.supervisor = &stage.supervisor, .verb = verb_find("status", 6, NULL)};
    return packed_by(pack, &request, length);
}

static bool shows(void (*pack)(struct request *request, msgpack_packer *packer), const char *text)
{
    size_t length;
    const char *bytes = answer(pack, &length);
    return memmem(bytes, length, text, strlen(text)) != NULL;
}

#define lines verb_lines
#define json  verb_find("status", 6, NULL)->result

START_TEST(a_trouble_is_shown_until_it_is_over)
{
    ck_assert(!shows(lines, "trouble"));
    ck_assert(shows(json, "\xa7"
                          "trouble\xa0")); /* a string of 7 bytes, and an empty one */
    says("trouble", "payments.dlq refuses a letter: too large");
    ck_assert(shows(lines, "bravo: ready, trouble: payments.dlq refuses a letter: too large"));
    ck_assert(shows(json, "payments.dlq refuses a letter: too large"));
    says("trouble", "another one");
    ck_assert(!shows(lines, "payments.dlq"));
    ck_assert(shows(lines, "another one"));
    says("trouble", "");
    ck_assert(!shows(lines, "trouble"));
    ck_assert_int_eq(worker->state, WORKER_READY); /* it works on all the while */
}
END_TEST

START_TEST(foreign_text_in_a_trouble_is_escaped_and_cut)
{
    char text[RPC_MESSAGE_BYTES - 64];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text, "a\x1b[31m\n", 7);
    says("trouble", text);
    ck_assert_ptr_null(strchr(worker->trouble, '\x1b'));
    ck_assert_ptr_null(strchr(worker->trouble, '\n'));
    ck_assert_uint_lt(strlen(worker->trouble), sizeof worker->trouble);
    ck_assert_uint_gt(strlen(worker->trouble), sizeof worker->trouble - 16);
    ck_assert(shows(lines, "xxxx"));
}
END_TEST

START_TEST(a_line_holds_the_longest_reason_and_the_longest_trouble)
{
    memset(worker->reason, 'r', sizeof worker->reason - 1);
    memset(worker->trouble, 't', sizeof worker->trouble - 1);
    memset(worker->name, 'n', sizeof worker->name - 1);
    worker->paused = true;
    worker->process.pid = INT32_MAX;
    worker->generation = UINT64_MAX;
    worker->state = WORKER_READY_IDLE;
    ck_assert(shows(lines, "trouble: t"));
    ck_assert(shows(lines, worker->trouble));
    worker->process.pid = 0;
}
END_TEST

START_TEST(a_trouble_without_a_text_is_passed_over)
{
    char bytes[64];
    says("trouble", "one");
    size_t length = rpc_pack_notification(bytes, sizeof bytes, "trouble", "i", (int64_t)7);
    ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
    length = rpc_pack_notification(bytes, sizeof bytes, "trouble", "");
    ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
    stage_round();
    ck_assert_str_eq(worker->trouble, "one");
}
END_TEST

START_TEST(the_next_process_begins_without_the_last_one_s_trouble)
{
    says("trouble", "one");
    channel_close(worker);
    ck_assert_str_eq(worker->trouble, "one"); /* the dead one's, while nobody has taken its place */
    worker->state = WORKER_STARTING;
    action_spawn(worker); /* there is no program beside a test: it cannot be started */
    ck_assert_str_eq(worker->trouble, "");
    ck_assert_uint_gt(worker->generation, 3);
}
END_TEST

static void is_after(const char *method, enum worker_kind kind, int64_t number, enum worker_state wanted)
{
    char bytes[64];
    size_t length = rpc_pack_notification(bytes, sizeof bytes, method, "i", number);
    worker->kind = kind;
    worker->state = WORKER_STARTING;
    ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
    stage_round();
    ck_assert_int_eq(worker->state, wanted);
}

START_TEST(a_consumer_without_partitions_is_idle_and_nobody_else_is)
{
    is_after("ready", KIND_CONSUMER, 3, WORKER_READY);
    is_after("ready", KIND_CONSUMER, 0, WORKER_READY_IDLE);
    is_after("ready", KIND_PRODUCER, 0, WORKER_READY);
    is_after("joining", KIND_CONSUMER, 0, WORKER_JOINING);
    is_after("quarantining", KIND_CONSUMER, 0, WORKER_QUARANTINING);
    worker->kind = KIND_CONSUMER;
    worker->state = WORKER_STARTING;
    char bytes[64];
    size_t length = rpc_pack_notification(bytes, sizeof bytes, "ready", "");
    ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
    stage_round();
    ck_assert_int_eq(worker->state, WORKER_READY_IDLE); /* it does not say how many */
}
END_TEST

START_TEST(answers_and_numbers_that_are_cut_short_are_passed_over)
{
    static const char *const methods[] = {"rate", "done", "failed", "result"};
    worker->rate.taken = 4;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char bytes[64];
        says(methods[i], "no number");
        size_t length = rpc_pack_notification(bytes, sizeof bytes, methods[i], "");
        ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
        length =
            rpc_pack_notification(bytes, sizeof bytes, methods[i], "iii", (int64_t)1, (int64_t)2, (int64_t)3);
        if (i > 1)
            ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
        stage_round();
    }
    ck_assert_int_eq(worker->rate.taken, 4);
    ck_assert_int_eq(worker->state, WORKER_READY);
}
END_TEST

CHECK_MAIN_WITH("supervisor/notifications", set_up, tear_down, a_trouble_is_shown_until_it_is_over,
                foreign_text_in_a_trouble_is_escaped_and_cut,
                a_line_holds_the_longest_reason_and_the_longest_trouble,
                a_trouble_without_a_text_is_passed_over,
                the_next_process_begins_without_the_last_one_s_trouble,
                a_consumer_without_partitions_is_idle_and_nobody_else_is,
                answers_and_numbers_that_are_cut_short_are_passed_over)
