/* A record's body, as the supervisor is asked to send it. */
#include "tools/kweb/produce.h"

#include "tests/tools/kweb/exchange_case.h"
#include "tests/tools/kweb/supervisor_case.h"
#include "tools/kweb/call.h"

static char body[BODY_BYTES_MAX];

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

static void produce(const char *json)
{
    ask("POST", "/produce");
    snprintf(body, sizeof body, "%s", json);
    exchange.body = body;
    exchange.body_bytes = strlen(body);
    serve();
}

static void asks(const char *record)
{
    ck_assert_msg(exchange.response == NULL, "%s", fake.body);
    supervisor_takes();
    ck_assert_msg(was_asked(record), "%s", record);
    calls_close(&kweb);
}

START_TEST(a_number_goes_on_as_it_was_written)
{
    produce("{\"amount\": 249.99}");
    asks("{\"amount\":249.99}");
    produce("{\"amount\": 0.10, \"more\": [1e2, -1234567890123456.78, true, null]}");
    asks("{\"amount\":0.10,\"more\":[1e2,-1234567890123456.78,true,null]}");
}
END_TEST

START_TEST(a_text_goes_on_as_what_it_means)
{
    produce("{\"a b\" :\t\"c \\\" { d\\\\\",\r\n \"e\": \"\\u017c\\u00f3\\ud83d\\ude00 \\n\"}");
    asks("{\"a b\":\"c \\\" { d\\\\\",\"e\":\"\u017c\u00f3\U0001f600 \\n\"}");
}
END_TEST

START_TEST(what_is_no_object_is_refused)
{
    static const char *const wrong[] = {
        "", "{", "[]", "1", "\"{}\"", "{} {}", "{\"a\": 1, \"a\": 2}", "{]", "{'a'}", "{\"a\": \"\\u0000\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        produce(wrong[i]);
        is_refused(400, "the body ");
    }
}
END_TEST

START_TEST(one_that_one_request_cannot_carry_is_refused)
{
    char big[RPC_TEXT_BYTES + 64];
    snprintf(big, sizeof big, "{\"content\": \"%0*d\"}", RPC_TEXT_BYTES - 14, 0);
    produce(big);
    is_refused(413, "kproduce --stdin");
    snprintf(big, sizeof big, "{\"content\": \"%0*d\"}", RPC_TEXT_BYTES - 15, 0);
    produce(big);
    asks("{\"content\":\"0");
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/produce", prepare, clean_up, a_number_goes_on_as_it_was_written,
                a_text_goes_on_as_what_it_means, what_is_no_object_is_refused,
                one_that_one_request_cannot_carry_is_refused)
