/* Origins of a proxy. */
#include "common/origins.h"

#include "tests/support/check_main.h"

static struct origins origins;
static struct error error;

static void parses(const char *text, size_t count)
{
    ck_assert_msg(origins_parse(&origins, text, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(origins.count, count);
}

START_TEST(without_a_scheme_it_is_https_and_the_schemes_own_port_is_left_out)
{
    parses("fleet.example,https://a.example:443,http://b.example:8080,http://c.example:80", 4);
    static const char *const ours[] = {"https://fleet.example", "HTTPS://A.example", "http://b.example:8080",
                                       "http://c.example"};
    static const char *const others[] = {"http://fleet.example",
                                         "https://fleet.example:8443",
                                         "https://fleet.example/",
                                         "https://fleet.example.evil",
                                         "https://b.example:8080",
                                         "null",
                                         "",
                                         "fleet.example",
                                         "https://https://a.example",
                                         "https://"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        ck_assert_msg(origins_have(&origins, ours[i]), "%s", ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!origins_have(&origins, others[i]), "%s", others[i]);
}
END_TEST

START_TEST(a_host_is_found_with_its_scheme)
{
    parses("fleet.example,http://b.example:8080", 2);
    ck_assert(origins_find(&origins, "Fleet.Example")->tls);
    ck_assert(!origins_find(&origins, "b.example:8080")->tls);
    ck_assert_ptr_null(origins_find(&origins, "b.example"));
    parses(NULL, 0);
    ck_assert_ptr_null(origins_find(&origins, ""));
}
END_TEST

/* nginx: proxy_set_header Host $host:$server_port. */
START_TEST(a_host_may_have_its_schemes_own_port)
{
    parses("fleet.example,http://b.example,c.example:8443,[::1]", 4);
    ck_assert(origins_find(&origins, "FLEET.example:443")->tls);
    ck_assert(!origins_find(&origins, "b.example:80")->tls);
    ck_assert(origins_find(&origins, "[::1]:443")->tls);
    static const char *const others[] = {"fleet.example:80",   "b.example:443",      "fleet.example:4433",
                                         "fleet.example:",     "fleet.example.evil", "c.example",
                                         "c.example:8443:443", "fleet.example:443x", "fleet.exampl"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(origins_find(&origins, others[i]) == NULL, "%s", others[i]);
}
END_TEST

START_TEST(what_is_none_is_refused)
{
    static const char *const wrong[] = {"",   "https://", "https://a/", "a b",        "a,",
                                        ",a", "ftp://a",  "a\n",        "https://u@a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(origins_parse(&origins, wrong[i], &error) == -1, "%s", wrong[i]);
    ck_assert_int_eq(origins_parse(&origins, "a,b,c,d,e,f,g,h,i", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "at most 8"));
}
END_TEST

CHECK_MAIN("common/origins", without_a_scheme_it_is_https_and_the_schemes_own_port_is_left_out,
           a_host_is_found_with_its_scheme, a_host_may_have_its_schemes_own_port, what_is_none_is_refused)
