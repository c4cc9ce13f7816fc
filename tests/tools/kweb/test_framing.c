/* What could be read in two ways is refused. */
#include "tools/kweb/framing.h"

#include "tests/tools/kweb/exchange_case.h"

static void is_clear(void)
{
    ask("POST", "/produce");
    ck_assert_msg(framing_is_clear(&exchange), "%s", fake.body);
    ck_assert_ptr_null(exchange.response);
    fake.count = 0;
}

static void is_not(const char *detail)
{
    ask("POST", "/produce");
    ck_assert(!framing_is_clear(&exchange));
    is_refused(400, detail);
    ck_assert(exchange.closing);
    ck_assert_str_eq(MHD_get_response_header(exchange.response, "Connection"), "close");
    fake.count = 0;
}

START_TEST(one_length_or_one_coding_is_clear)
{
    is_clear();
    header("Host", "localhost");
    header("Content-Length", "17");
    header("X-a.b_c~1", "");
    is_clear();
    header("transfer-encoding", "Chunked");
    is_clear();
}
END_TEST

START_TEST(a_length_is_one_number)
{
    static const char *const wrong[] = {"", "+1", "-1", "0x1", "1, 1", "1 ", " 1", "x", NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        header("Content-Length", wrong[i]);
        is_not("Content-Length");
    }
    header("Content-Length", "1");
    header("content-length", "1");
    is_not("Content-Length");
}
END_TEST

START_TEST(the_only_coding_is_chunked)
{
    static const char *const wrong[] = {"",         "gzip", "gzip, chunked", "chunked, chunked", "xchunked",
                                        "identity", NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        header("Transfer-Encoding", wrong[i]);
        is_not("chunked");
    }
    header("Transfer-Encoding", "chunked");
    header("Transfer-Encoding", "chunked");
    is_not("chunked");
}
END_TEST

START_TEST(a_length_beside_a_coding_is_refused)
{
    header("Content-Length", "1");
    header("Transfer-Encoding", "chunked");
    is_not("both");
}
END_TEST

START_TEST(there_is_one_host)
{
    header("Host", "localhost");
    header("HOST", "localhost");
    is_not("Host");
}
END_TEST

START_TEST(a_name_has_no_blank)
{
    static const char *const wrong[] = {"", "Content-Length ", " X", "a b", "a:b", "\xc3\xa4", "a\x01"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        header(wrong[i], "1");
        is_not("name");
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/framing", NULL, clean_up_exchange, one_length_or_one_coding_is_clear,
                a_length_is_one_number, the_only_coding_is_chunked, a_length_beside_a_coding_is_refused,
                there_is_one_host, a_name_has_no_blank)
