/* What a request asks of workers is its own; and which requests queue. */
#include <sys/socket.h>

#include "common/rpc/message.h"
#include "supervisor/process/channel.h"
#include "supervisor/control/request.h"
#include "supervisor/control/verb_status.h"
#include "supervisor/control/verbs.h"
#include "supervisor/notifications.h"
#include "tests/supervisor/support.h"

/* bravo and bravo.2 and yank are in one group, Zulu alone in another. */
enum { BRAVO, BRAVO_2, YANK, ZULU, PRODUCER, WORKERS };
static struct worker fleet[WORKERS];
static struct worker *workers[WORKERS];
static int theirs[WORKERS];

static const struct {
    const char *name, *client, *group;
    enum worker_kind kind;
} cast[WORKERS] = {
    {"bravo", "bravo", "one", KIND_CONSUMER},
    {"bravo.2", "bravo", "one", KIND_CONSUMER},
    {"yank", "yank", "one", KIND_CONSUMER},
    {"Zulu", "Zulu", "two", KIND_CONSUMER},
    {PRODUCER_WORKER, PRODUCER_WORKER, "", KIND_PRODUCER},
};

static void set_up(void)
{
    struct error error = ERROR_INIT;
    stage_open();
    stage.supervisor.listener = &notifications;
    for (size_t i = 0; i < WORKERS; i++) {
        fleet[i] = stage.worker;
        fleet[i].index = (unsigned)i;
        fleet[i].kind = cast[i].kind;
        fleet[i].state = WORKER_READY;
        fleet[i].process.pid = 1;
        snprintf(fleet[i].name, sizeof fleet[i].name, "%s", cast[i].name);
        snprintf(fleet[i].client, sizeof fleet[i].client, "%s", cast[i].client);
        snprintf(fleet[i].group, sizeof fleet[i].group, "%s", cast[i].group);
        workers[i] = &fleet[i];
        theirs[i] = channel_open(&fleet[i], &error);
        ck_assert_msg(theirs[i] != -1, "%s", error.text);
    }
    stage.supervisor.workers = workers;
    stage.supervisor.worker_count = WORKERS;
}

static void tear_down(void)
{
    for (size_t i = 0; i < WORKERS; i++) {
        reactor_close(&stage.supervisor.reactor, &fleet[i].channel_watch);
        close(theirs[i]);
    }
    ck_assert_ptr_null(stage.supervisor.requests);
    stage_close();
}

static struct request of(const char *verb, const char *target)
{
    struct request request = {.supervisor = &stage.supervisor, .verb = verb_find(verb, strlen(verb), NULL)};
    snprintf(request.target, sizeof request.target, "%s", target);
    return request;
}

/* --- who queues ---------------------------------------------------------------------------------------- */

/* Written by hand: which groups a target is in, and whether it is the producer. */
enum { ONE = 1, TWO = 2, PACE = 4 };
static const struct {
    const char *target;
    int places;
} targets[] = {
    {"bravo", ONE},
    {"BRAVO", ONE},
    {"bravo.2", ONE},
    {"Bravo.2", ONE},
    {"yank", ONE},
    {"zulu", TWO},
    {"ZULU", TWO},
    {"producer", PACE},
    {"all", ONE | TWO | PACE},
    {"ALL", ONE | TWO | PACE},
    {"", ONE | TWO | PACE},
    {"nobody", 0},
    {"500/s", 0},
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

static const char *const beside[] = {"status",      "logs",     "kill", "reload",
                                     "reopen-logs", "shutdown", "peek", "dead-letters"};

static int places_of(const struct verb *verb, size_t target)
{
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
        if (strcmp(verb->name, beside[i]) == 0)
            return 0;
    bool paces = strcmp(verb->name, "rate") == 0 || strcmp(verb->name, "produce") == 0;
    return paces ? PACE : targets[target].places;
}

static void check_pair(const struct verb *verb, size_t target, const struct verb *other_verb,
                       size_t other_target)
{
    struct request one = of(verb->name, targets[target].target);
    struct request other = of(other_verb->name, targets[other_target].target);
    bool meet = (places_of(verb, target) & places_of(other_verb, other_target)) != 0;
    ck_assert_msg(requests_meet(&one, &other) == meet, "%s '%s' and %s '%s' %s", verb->name, one.target,
                  other_verb->name, other.target, meet ? "queue" : "run side by side");
}

START_TEST(requests_queue_that_touch_the_same_worker_or_group_for_all_pairs_of_verbs_and_targets)
{
    size_t pairs = 0;
    for (size_t v = 0; verb_at(v) != NULL; v++)
        for (size_t w = 0; verb_at(w) != NULL; w++)
            for (size_t t = 0; t < TARGETS; t++)
                for (size_t u = 0; u < TARGETS; u++, pairs++)
                    check_pair(verb_at(v), t, verb_at(w), u);
    ck_assert_uint_ge(pairs, 16 * 16 * TARGETS * TARGETS);
}
END_TEST

START_TEST(one_that_is_scaled_away_and_gone_is_touched_by_nobody)
{
    struct request one = of("stop", "bravo.2");
    struct request other = of("stop", "all");
    fleet[BRAVO_2].retired = true;
    ck_assert(requests_meet(&one, &other)); /* it still ends */
    fleet[BRAVO_2].process.pid = 0;
    ck_assert(!requests_meet(&one, &other));
}
END_TEST

/* --- whose answer it is -------------------------------------------------------------------------------- */

/* What the worker is asked now: its number; 0 when nothing came. */
static int64_t hears(size_t worker, const char *method, const char *text)
{
    static char bytes[RPC_MESSAGE_BYTES];
    struct rpc_message message;
    int64_t number = 0;
    struct mp_view view;
    ssize_t length = recv(theirs[worker], bytes, sizeof bytes, MSG_DONTWAIT);
    if (length <= 0)
        return 0;
    ck_assert_int_eq(rpc_parse(&message, bytes, (size_t)length), 0);
    ck_assert(rpc_method_is(&message, "request") && mp_read_int(&message.params, &number));
    ck_assert(mp_read_str(&message.params, &view) && strncmp(view.data, method, view.length) == 0);
    ck_assert(mp_read_str(&message.params, &view) && view.length == strlen(text) &&
              memcmp(view.data, text, view.length) == 0);
    return number;
}

static void sends(size_t worker, const char *bytes, size_t length)
{
    ck_assert_int_eq(send(theirs[worker], bytes, length, 0), (ssize_t)length);
    stage_round();
}

static void says_result(size_t worker, int64_t number, int64_t partition, int64_t from, int64_t to)
{
    char bytes[256];
    sends(
        worker, bytes,
        rpc_pack_notification(bytes, sizeof bytes, "result", "iiiis", number, partition, from, to, "a line"));
}

static void says_done(size_t worker, int64_t number)
{
    char bytes[256];
    sends(worker, bytes, rpc_pack_notification(bytes, sizeof bytes, "done", "i", number));
}

static void says_failed(size_t worker, int64_t number, const char *why)
{
    char bytes[256];
    sends(worker, bytes, rpc_pack_notification(bytes, sizeof bytes, "failed", "is", number, why));
}

static struct request begun(const char *verb, const char *target, const char *argument)
{
    struct request request = of(verb, target);
    snprintf(request.argument, sizeof request.argument, "%s", argument);
    return request;
}

static void begin(struct request *request)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(request_begin(request, &error) == PROGRESS_WAITING, "%s", error.text);
}

/* DONE, WAITING, or FAILED with that text. */
static void is(struct request *request, enum progress wanted, const char *text)
{
    struct error error = ERROR_INIT;
    enum progress progress = request_check(request, &error);
    ck_assert_msg(progress == wanted, "%d, not %d: %s", (int)progress, (int)wanted, error.text);
    if (text != NULL)
        ck_assert_str_eq(error.text, text);
}

START_TEST(each_request_is_answered_by_its_own_workers_with_its_own_number)
{
    struct request first = begun("ack", "yank", "0:1,2:9");
    struct request second = begun("ack", "zulu", "0:7");
    begin(&first);
    begin(&second);
    int64_t number = hears(BRAVO, "ack", "0:1,2:9");
    int64_t other = hears(ZULU, "ack", "0:7");
    ck_assert(number != 0 && other != 0 && number != other);
    ck_assert_int_eq(hears(BRAVO_2, "ack", "0:1,2:9"),
                     number); /* all of the group, which shares the partitions */
    ck_assert_int_eq(hears(YANK, "ack", "0:1,2:9"), number);
    says_result(ZULU, other, 0, 7, 8);
    says_done(ZULU, other);
    is(&second, PROGRESS_DONE, NULL);
    is(&first, PROGRESS_WAITING, NULL);
    says_done(BRAVO, other); /* not its number */
    says_done(ZULU, number); /* not its share */
    says_done(BRAVO, number);
    says_result(BRAVO_2, number, 2, STATS_UNKNOWN, 10);
    says_done(BRAVO_2, number);
    is(&first, PROGRESS_WAITING, NULL);
    ck_assert_ptr_eq(request_awaits(&first), &fleet[YANK]);
    says_result(YANK, number, 0, 0, 2);
    says_done(YANK, number);
    is(&first, PROGRESS_DONE, NULL);
    request_release(&first);
    request_release(&second);
}
END_TEST

START_TEST(a_late_answer_is_nobodys)
{
    struct request first = begun("reset", "zulu", "earliest");
    begin(&first);
    int64_t number = hears(ZULU, "reset", "earliest");
    request_release(&first);
    struct request second = begun("reset", "ZULU", "latest");
    begin(&second);
    int64_t next = hears(ZULU, "reset", "latest");
    ck_assert_int_ne(next, number);
    says_result(ZULU, number, 0, 5, 0);
    says_done(ZULU, number);
    says_failed(ZULU, number, "late");
    is(&second, PROGRESS_WAITING, NULL);
    says_result(ZULU, next, 0, 5, 9);
    says_done(ZULU, next);
    is(&second, PROGRESS_DONE, NULL);
    ck_assert_uint_eq(second.shares[0].count, 1);
    ck_assert_int_eq(second.shares[0].results[0].to, 9);
    request_release(&second);
}
END_TEST

START_TEST(what_failed_is_told_beside_what_is_done)
{
    struct request request = begun("reset", "all", "earliest");
    fleet[YANK].process.pid = 0;
    begin(&request);
    int64_t number = hears(BRAVO, "reset", "earliest");
    ck_assert_int_eq(hears(YANK, "reset", "earliest"), 0); /* its group's members do it */
    ck_assert_int_eq(hears(ZULU, "reset", "earliest"), number);
    ck_assert_int_eq(hears(PRODUCER, "reset", "earliest"), 0);
    says_failed(BRAVO, number, "no broker");
    says_result(BRAVO_2, number, 1, 3, 0);
    says_done(BRAVO_2, number);
    is(&request, PROGRESS_WAITING, NULL); /* one that failed is not waited for, the others are */
    says_result(ZULU, number, 0, STATS_UNKNOWN, 0);
    says_done(ZULU, number);
    is(&request, PROGRESS_FAILED, "bravo: no broker; done: bravo.2 [1] 3 → 0, Zulu [0] nothing → 0");
    request_release(&request);
}
END_TEST

START_TEST(a_partition_that_nobody_answers_for_is_named)
{
    struct request request = begun("ack", "zulu", "0:1,7:1-3");
    begin(&request);
    int64_t number = hears(ZULU, "ack", "0:1,7:1-3");
    says_result(ZULU, number, 0, 1, 2);
    says_done(ZULU, number);
    is(&request, PROGRESS_FAILED, "no worker of Zulu owns partition 7 now; done: Zulu [0] 1 → 2");
    request_release(&request);
}
END_TEST

START_TEST(a_process_that_ends_has_not_done_it)
{
    struct request request = begun("ack", "zulu", "all");
    begin(&request);
    request_worker_ended(&fleet[ZULU], true);
    is(&request, PROGRESS_FAILED, "Zulu: its process ended before it was done");
    request_release(&request);
}
END_TEST

START_TEST(a_worker_that_is_not_ready_keeps_its_group_as_it_is_and_no_other)
{
    struct request request = begun("reset", "all", "earliest");
    fleet[BRAVO_2].state = WORKER_JOINING;
    begin(&request);
    ck_assert_int_eq(hears(BRAVO, "reset", "earliest"), 0);
    int64_t number = hears(ZULU, "reset", "earliest");
    says_result(ZULU, number, 0, 1, 0);
    says_done(ZULU, number);
    is(&request, PROGRESS_FAILED,
       "bravo: bravo.2 is joining: try again when it is ready, or down; done: Zulu [0] 1 → 0");
    request_release(&request);
}
END_TEST

START_TEST(more_results_than_an_error_holds_end_with_an_ellipsis)
{
    struct request request = begun("reset", "zulu", "earliest");
    struct error error = ERROR_INIT;
    begin(&request);
    int64_t number = hears(ZULU, "reset", "earliest");
    for (int64_t p = 0; p < 100; p++)
        says_result(ZULU, number, p, 1000000, 0);
    says_failed(ZULU, number, "no commit");
    ck_assert_int_eq(request_check(&request, &error), PROGRESS_FAILED);
    ck_assert_ptr_eq(strstr(error.text, "Zulu: no commit; done: Zulu [0] 1000000 → 0, Zulu [1]"), error.text);
    ck_assert_str_eq(error.text + strlen(error.text) - strlen("→ 0 …"), "→ 0 …");
    request_release(&request);
}
END_TEST

CHECK_MAIN_WITH("supervisor/request", set_up, tear_down,
                requests_queue_that_touch_the_same_worker_or_group_for_all_pairs_of_verbs_and_targets,
                one_that_is_scaled_away_and_gone_is_touched_by_nobody,
                each_request_is_answered_by_its_own_workers_with_its_own_number, a_late_answer_is_nobodys,
                what_failed_is_told_beside_what_is_done, a_partition_that_nobody_answers_for_is_named,
                a_process_that_ends_has_not_done_it,
                a_worker_that_is_not_ready_keeps_its_group_as_it_is_and_no_other,
                more_results_than_an_error_holds_end_with_an_ellipsis)
