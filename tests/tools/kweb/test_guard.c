/* Who may ask. */
#include "tools/kweb/guard.h"

#include "common/listen_address.h"
#include "tests/tools/kweb/exchange_case.h"

#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HOST  "127.0.0.1:8000"

static void listen_at(const char *text)
{
    ck_assert_int_eq(listen_address_parse(&kweb.address, text, NULL), 0);
}

static void prepare(void)
{
    listen_at("8000");
    snprintf(kweb.token, sizeof kweb.token, TOKEN);
}

/* A page of ours, that asks as a browser does. */
static void ask_from_here(const char *method, const char *path)
{
    ask(method, path);
    header("Host", HOST);
}

static void is_let_in(void)
{
    ck_assert_msg(guard(&exchange), "%s", fake.body);
    ck_assert_ptr_null(exchange.response);
}

static void is_kept_out(unsigned status, const char *detail)
{
    ck_assert(!guard(&exchange));
    is_refused(status, detail);
}

START_TEST(names_of_loopback_are_few)
{
    static const char *const ours[] = {"localhost", "LocalHost:8000", "127.0.0.1",
                                       HOST,        "[::1]",          "[::1]:8000"};
    static const char *const others[] = {
        "",           "localhost:",   "localhost:8001",      "localhost:08000x", "localhost:80000",
        "localhost.", "localhostx",   "127.0.0.1.x",         "127.0.0.2",        "::1",
        "[::1]8000",  "evil.example", "127.0.0.1:8000:8000", "localhost:-8000"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        ck_assert_msg(guard_host_is_loopback(ours[i], 8000), "%s", ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!guard_host_is_loopback(others[i], 8000), "%s", others[i]);
}
END_TEST

START_TEST(an_origin_is_that_of_the_host)
{
    ck_assert(guard_origin_is("http://" HOST, HOST));
    ck_assert(guard_origin_is("HTTP://LOCALHOST", "localhost"));
    static const char *const others[] = {
        "",  "null", "http://", "https://" HOST, "http://127.0.0.1", "http://" HOST "/", "http://" HOST ".x",
        HOST};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!guard_origin_is(others[i], HOST), "%s", others[i]);
}
END_TEST

START_TEST(this_users_process_needs_nothing)
{
    ask_from_here("POST", "/workers/A/restart");
    is_let_in();
}
END_TEST

START_TEST(without_a_host_or_with_a_foreign_one_nobody_is_answered)
{
    ask("GET", "/status");
    is_kept_out(421, "Host");
    ask("GET", "/status");
    header("Host", "evil.example");
    is_kept_out(421, "Host");
    ask("GET", "/nowhere");
    is_kept_out(421, "Host");
}
END_TEST

START_TEST(the_address_at_which_it_listens_is_its_name)
{
    static const char *const addresses[] = {"127.0.0.2:8000", "[::1]:8000", "localhost:8000"};
    static const char *const hosts[] = {"127.0.0.2:8000", "[::1]:8000", "127.0.0.1:8000"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        listen_at(addresses[i]);
        fake.count = 0;
        ask("GET", "/status");
        header("Host", hosts[i]);
        is_let_in();
    }
    fake.values[0].value = "127.0.0.2:8000";
    ask("GET", "/status");
    is_kept_out(421, "Host");
}
END_TEST

START_TEST(beyond_loopback_and_at_a_unix_socket_any_name_will_do)
{
    ask("GET", "/status");
    header("Host", "fleet.example");
    header("Authorization", "Bearer " TOKEN);
    listen_at("0.0.0.0:8000");
    is_let_in();
    listen_at("unix:/run/kweb");
    is_let_in();
}
END_TEST

START_TEST(another_sites_page_is_refused)
{
    ask_from_here("GET", "/status");
    header("Origin", "http://evil.example");
    is_kept_out(403, "origin");
}
END_TEST

START_TEST(a_browser_that_says_no_origin_says_whose_page_it_is)
{
    ask_from_here("POST", "/workers/A/restart");
    header("Sec-Fetch-Site", "cross-site");
    is_kept_out(403, "origin");
    ask("GET", "/workers/A/logs"); /* a verb, too */
    is_kept_out(403, "origin");
    ask("GET", "/"); /* a link */
    is_let_in();
    fake.values[1].value = "same-site";
    ask("POST", "/produce");
    is_kept_out(403, "origin");
    fake.values[1].value = "same-origin";
    ask("POST", "/produce");
    is_let_in();
}
END_TEST

START_TEST(another_user_needs_the_token)
{
    peer.ours = false;
    ask_from_here("GET", "/status");
    is_kept_out(401, "--print-token");
    ck_assert_str_eq(MHD_get_response_header(exchange.response, "WWW-Authenticate"), "Bearer");
    ask("GET", "/status");
    header("Authorization", "bearer " TOKEN);
    is_let_in();
}
END_TEST

START_TEST(beyond_loopback_this_user_needs_the_token_too)
{
    listen_at("0.0.0.0:8000");
    ask_from_here("GET", "/status");
    is_kept_out(401, "token");
}
END_TEST

START_TEST(a_token_that_is_not_it_is_none)
{
    static const char *const wrong[] = {
        "", "Bearer", "Bearer ", "Basic " TOKEN, "Bearer  " TOKEN, "Bearer " TOKEN "0", TOKEN};
    peer.ours = false;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fake.count = 0;
        ask_from_here("GET", "/status");
        header("Authorization", wrong[i]);
        is_kept_out(401, "token");
    }
}
END_TEST

START_TEST(a_cookie_brings_it_and_the_pages_address_alone)
{
    peer.ours = false;
    ask_from_here("GET", "/");
    give(MHD_GET_ARGUMENT_KIND, "token", TOKEN);
    is_let_in();
    ask("GET", "/status");
    is_kept_out(401, "token");
    ask("GET", "/status");
    give(MHD_COOKIE_KIND, GUARD_COOKIE "_8000", TOKEN);
    is_let_in();
}
END_TEST

START_TEST(two_instances_of_a_host_have_a_cookie_each)
{
    peer.ours = false;
    ask_from_here("GET", "/status");
    give(MHD_COOKIE_KIND, GUARD_COOKIE "_8001", TOKEN);
    is_kept_out(401, "token");
    ask("GET", "/status");
    fake.values[0].value = "localhost"; /* a port that no address names */
    fake.values[1].name = GUARD_COOKIE;
    is_let_in();
}
END_TEST

START_TEST(the_cookie_is_for_no_script_and_no_other_site)
{
    char text[256];
    ask_from_here("GET", "/");
    guard_cookie(&exchange, text, sizeof text);
    ck_assert_str_eq(text, GUARD_COOKIE "_8000=" TOKEN "; Path=/; HttpOnly; SameSite=Strict");
}
END_TEST

static void stands_behind(const char *origins)
{
    ck_assert_int_eq(origins_parse(&kweb.behind, origins, NULL), 0);
}

START_TEST(behind_a_proxy_its_origin_and_its_name_are_ours)
{
    stands_behind("https://fleet.example");
    ask("POST", "/produce");
    header("Host", "fleet.example");
    header("Origin", "https://fleet.example");
    header("Authorization", "Bearer " TOKEN);
    is_let_in();
    fake.values[0].value = HOST; /* a proxy may put its own name there */
    ask("POST", "/produce");
    is_let_in();
    static const char *const others[] = {"http://fleet.example", "https://evil.example", "null",
                                         "https://fleet.example:8443"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fake.values[0].value = "fleet.example";
        fake.values[1].value = others[i];
        ask("POST", "/produce");
        is_kept_out(403, "origin");
    }
    fake.values[0].value = "evil.example";
    ask("GET", "/status");
    is_kept_out(421, "Host");
}
END_TEST

START_TEST(behind_a_proxy_everyone_needs_the_token)
{
    stands_behind("https://fleet.example");
    ask_from_here("GET", "/status");
    is_kept_out(401, "token");
    give(MHD_COOKIE_KIND, GUARD_COOKIE "_8000", TOKEN);
    ask("GET", "/status");
    is_let_in();
}
END_TEST

START_TEST(a_cookie_over_https_stays_there)
{
    char text[256];
    stands_behind("https://fleet.example,http://plain.example");
    ask("GET", "/");
    header("Host", "fleet.example");
    guard_cookie(&exchange, text, sizeof text);
    ck_assert_str_eq(text, GUARD_COOKIE "=" TOKEN "; Path=/; HttpOnly; SameSite=Strict; Secure");
    fake.values[0].value = "plain.example";
    guard_cookie(&exchange, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Secure"));
}
END_TEST

START_TEST(who_only_shows_refuses_what_changes)
{
    settings.read_only = true;
    ask_from_here("POST", "/produce");
    is_kept_out(403, "--http-read-only");
    ask("GET", "/status");
    is_let_in();
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/guard", prepare, clean_up_exchange, names_of_loopback_are_few,
                an_origin_is_that_of_the_host, this_users_process_needs_nothing,
                without_a_host_or_with_a_foreign_one_nobody_is_answered,
                the_address_at_which_it_listens_is_its_name,
                beyond_loopback_and_at_a_unix_socket_any_name_will_do, another_sites_page_is_refused,
                a_browser_that_says_no_origin_says_whose_page_it_is, another_user_needs_the_token,
                beyond_loopback_this_user_needs_the_token_too, a_token_that_is_not_it_is_none,
                a_cookie_brings_it_and_the_pages_address_alone, two_instances_of_a_host_have_a_cookie_each,
                the_cookie_is_for_no_script_and_no_other_site,
                behind_a_proxy_its_origin_and_its_name_are_ours, behind_a_proxy_everyone_needs_the_token,
                a_cookie_over_https_stays_there, who_only_shows_refuses_what_changes)
