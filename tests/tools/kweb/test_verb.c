/* Routes that are verbs: what is asked of the supervisor, and how its answer is said over HTTP. */
#include "tests/support/fake_clock.h"

#include "tools/kweb/verb.h"

#include "tests/tools/kweb/exchange_case.h"
#include "tests/tools/kweb/supervisor_case.h"

static void prepare(void)
{
    supervisor_prepare();
    supervisor_listens(64);
}

static void clean_up(void)
{
    calls_close(&kweb);
    clean_up_exchange();
    supervisor_clean_up();
}

static void serve_and_take(void)
{
    serve();
    ck_assert_ptr_null(exchange.response);
    exchange.waiting = true; /* as server.c has it */
    supervisor_takes();
}

static void asks(const char *verb, const char *target, const char *argument)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "%c%s\x95%c%s%c%s", (char)(0xa0 + strlen(verb)), verb,
             (char)(0xa0 + strlen(target)), target, (char)(0xa0 + strlen(argument)), argument);
    ck_assert_msg(was_asked(wanted), "%s %s %s was not asked", verb, target, argument);
}

START_TEST(the_answer_is_what_the_supervisor_says)
{
    ask("POST", "/workers/bravo/restart");
    serve_and_take();
    asks("restart", "bravo", "");
    ck_assert(was_asked("HTTP, 127.0.0.1"));
    supervisor_answers(NULL, "bravo: ready");
    json_t *answer = answered(200);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(answer, "lines"), 0)), "bravo: ready");
    json_decref(answer);
    ck_assert_int_eq(fake.resumed, 1);
}
END_TEST

START_TEST(parameters_become_the_verbs_argument)
{
    ask("GET", "/topics/payments/3/41");
    serve_and_take();
    asks("peek", "payments", "3 41");
    supervisor_answers(NULL, "x");
    ask("POST", "/workers/A/kill");
    serve_and_take();
    asks("kill", "A", "TERM");
    supervisor_answers(NULL, "x");
    ask("POST", "/workers/A/rolling-restart");
    serve_and_take();
    asks("rolling-restart", "A", "");
    supervisor_answers(NULL, "x");
}
END_TEST

START_TEST(who_ends_the_instance_is_not_kept_waiting)
{
    ask("POST", "/shutdown");
    serve_and_take();
    ck_assert(was_asked("\xcd\x75\x30\xc2")); /* 30000, false */
    supervisor_answers(NULL, "it ends");
    ask("POST", "/reload");
    serve_and_take();
    ck_assert(was_asked("\xcd\x75\x30\xc3"));
    supervisor_answers(NULL, "x");
}
END_TEST

START_TEST(each_end_of_a_call_has_its_status)
{
    ck_assert_uint_eq(status_of_call_end(CALL_ANSWERED), 200);
    ck_assert_uint_eq(status_of_call_end(CALL_REFUSED), 409);
    ck_assert_uint_eq(status_of_call_end(CALL_NOT_RUNNING), 503);
    ck_assert_uint_eq(status_of_call_end(CALL_BUSY), 503);
    ck_assert_uint_eq(status_of_call_end(CALL_SILENT), 504);
    ck_assert_uint_eq(status_of_call_end(CALL_LATE), 504);
    ck_assert_uint_eq(status_of_call_end(CALL_BROKEN), 502);
}
END_TEST

START_TEST(a_refusal_is_a_problem_with_its_reason)
{
    ask("POST", "/workers/bravo/restart");
    serve_and_take();
    supervisor_answers("bravo is held", NULL);
    is_refused(409, "bravo is held");
}
END_TEST

START_TEST(a_reason_that_is_no_text_is_shown_as_far_as_it_is)
{
    ask("POST", "/workers/bravo/restart");
    serve_and_take();
    supervisor_answers("bravo \xff is held", NULL);
    is_refused(409, "bravo ? is held");
}
END_TEST

START_TEST(parameters_that_are_too_long_are_refused)
{
    static char topic[RPC_TEXT_BYTES + 64] = "/workers/A/kill";
    static char signal[RPC_TEXT_BYTES + 1];
    memset(signal, 'x', sizeof signal - 1);
    ask("POST", topic);
    query("signal", signal);
    serve();
    is_refused(400, "too long");
}
END_TEST

START_TEST(a_record_is_one_object_in_json)
{
    static const char *const wrong[] = {
        "", "{", "[]", "1", "\"x\"", "null", "{} x", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask("POST", "/produce");
        exchange.body = (char *)(uintptr_t)wrong[i];
        exchange.body_bytes = strlen(wrong[i]);
        serve();
        is_refused(400, "the body ");
    }
}
END_TEST

START_TEST(a_record_is_sent_on_one_line)
{
    static char body[] = "{\n  \"content\": \"a b\",\n  \"key\": \"k\"\n}";
    ask("POST", "/produce");
    exchange.body = body;
    exchange.body_bytes = strlen(body);
    serve_and_take();
    ck_assert(was_asked("{\"content\":\"a b\",\"key\":\"k\"}"));
    supervisor_answers(NULL, "payments [0] @ 7");
    json_decref(answered(200));
}
END_TEST

START_TEST(a_record_that_is_too_long_for_one_request_is_refused)
{
    static char body[RPC_TEXT_BYTES + 32];
    int length = snprintf(body, sizeof body, "{\"content\":\"%0*d\"}", RPC_TEXT_BYTES, 0);
    ask("POST", "/produce");
    exchange.body = body;
    exchange.body_bytes = (size_t)length;
    serve();
    is_refused(413, "kproduce --stdin");
}
END_TEST

START_TEST(a_reset_says_one_place)
{
    ask("POST", "/consumers/A/reset");
    query("to", "offset:7");
    query("partition", "2");
    query("dry_run", "true");
    serve_and_take();
    asks("reset", "A", "offset:7,partition=2,dry-run");
    supervisor_answers(NULL, "x");
    static const char *const wrong[] = {
        "", "nonsense", "offset:", "offset:x", "earliest,dry-run", "latest,delete-rows", "timestamp:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ask("POST", "/consumers/A/reset");
        query("to", wrong[i]);
        serve();
        is_refused(400, "");
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/verb", prepare, clean_up, the_answer_is_what_the_supervisor_says,
                parameters_become_the_verbs_argument, who_ends_the_instance_is_not_kept_waiting,
                each_end_of_a_call_has_its_status, a_refusal_is_a_problem_with_its_reason,
                a_reason_that_is_no_text_is_shown_as_far_as_it_is, parameters_that_are_too_long_are_refused,
                a_record_is_one_object_in_json, a_record_is_sent_on_one_line,
                a_record_that_is_too_long_for_one_request_is_refused, a_reset_says_one_place)
