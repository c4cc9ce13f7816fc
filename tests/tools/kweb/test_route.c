/* What a method and a path lead to, and what is a value of a parameter. */
#include "tools/kweb/route.h"

#include "tests/support/check_main.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *values[ROUTE_PARAMS_MAX];
static char allowed[64];
static struct error error;

static void clean_up(void)
{
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++) {
        free(values[i]);
        values[i] = NULL;
    }
}

static const struct route *find(const char *method, const char *path)
{
    clean_up();
    return route_find(method, path, values, allowed);
}

static void leads_to(const char *method, const char *path, const char *pattern)
{
    const struct route *route = find(method, path);
    ck_assert_msg(route != NULL, "%s %s: none", method, path);
    ck_assert_str_eq(route->path, pattern);
}

static void leads_nowhere(const char *method, const char *path, const char *methods)
{
    ck_assert_msg(find(method, path) == NULL, "%s %s: there is one", method, path);
    ck_assert_str_eq(allowed, methods);
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        ck_assert_ptr_null(values[i]);
}

START_TEST(a_path_leads_to_its_route)
{
    leads_to("GET", "/", "/");
    leads_to("GET", "/consumers/status", "/consumers/status");
    leads_to("POST", "/consumers/reset", "/consumers/reset");
    leads_to("POST", "/workers/all/restart", "/workers/{name}/restart");
}
END_TEST

START_TEST(parts_in_braces_are_taken_in_their_order)
{
    leads_to("GET", "/topics/a.b-c/7/41", "/topics/{topic}/{partition}/{offset}");
    ck_assert_str_eq(values[0], "a.b-c");
    ck_assert_str_eq(values[1], "7");
    ck_assert_str_eq(values[2], "41");
    ck_assert_ptr_null(values[3]);
}
END_TEST

START_TEST(a_word_of_a_route_may_be_a_name_too)
{
    leads_to("POST", "/consumers/status/reset", "/consumers/{name}/reset");
    ck_assert_str_eq(values[0], "status");
}
END_TEST

START_TEST(what_is_no_path_leads_nowhere)
{
    static const char *const paths[] = {"",
                                        "x",
                                        "//",
                                        "/status/",
                                        "//status",
                                        "/Status",
                                        "/workers//restart",
                                        "/workers/A/restart/",
                                        "/workers/A",
                                        "/consumers/A/B/reset",
                                        "/topics/a/b",
                                        "/page/",
                                        "/page/a/b"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        leads_nowhere("GET", paths[i], "");
}
END_TEST

START_TEST(a_method_that_a_path_does_not_have_is_told_which_it_has)
{
    leads_nowhere("POST", "/status", "GET, HEAD");
    leads_nowhere("GET", "/workers/A/restart", "POST");
    leads_nowhere("get", "/status", "GET, HEAD");
    leads_nowhere("", "/status", "GET, HEAD");
}
END_TEST

START_TEST(a_head_is_a_get)
{
    leads_to("HEAD", "/status", "/status");
    leads_nowhere("HEAD", "/produce", "POST");
}
END_TEST

/* "/workers/x/restart" */
static void example_of(const char *pattern, char path[128])
{
    size_t used = 0;
    for (bool inside = false; *pattern != '\0'; pattern++) {
        if (!inside)
            path[used++] = *pattern == '{' ? 'x' : *pattern;
        inside = (inside || *pattern == '{') && *pattern != '}';
    }
    path[used] = '\0';
}

START_TEST(every_route_leads_to_itself)
{
    for (size_t i = 0; route_at(i) != NULL; i++) {
        char path[128];
        example_of(route_at(i)->path, path);
        ck_assert_ptr_eq(find(route_at(i)->method, path), route_at(i));
    }
}
END_TEST

/* --- values --------------------------------------------------------------------------------------------- */

static bool takes(const struct param *param, const char *text, int64_t wanted)
{
    int64_t number = -1;
    error = (struct error)ERROR_INIT;
    return param_check(param, text, &number, &error) == 0 && number == wanted;
}

static void refuses(const struct param *param, const char *text)
{
    int64_t number;
    error = (struct error)ERROR_INIT;
    ck_assert_msg(param_check(param, text, &number, &error) == -1, "'%s' was taken", text);
    ck_assert_msg(strstr(error.text, param->name) != NULL, "%s", error.text);
}

START_TEST(a_number_has_bounds)
{
    const struct param any = {.name = "n", .type = PARAM_INTEGER};
    const struct param few = {.name = "n", .type = PARAM_INTEGER, .minimum = 1, .maximum = 256};
    ck_assert(takes(&any, "0", 0));
    ck_assert(takes(&any, "9223372036854775807", INT64_MAX));
    ck_assert(takes(&few, "256", 256));
    static const char *const texts[] = {"", "-1", "x", "1x", " 1", "1 ", "9223372036854775808", "0x1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refuses(&any, texts[i]);
    refuses(&few, "0");
    refuses(&few, "257");
}
END_TEST

START_TEST(a_boolean_is_one_of_two_words)
{
    const struct param param = {.name = "dry_run", .type = PARAM_BOOLEAN};
    ck_assert(takes(&param, "true", 1));
    ck_assert(takes(&param, "false", 0));
    refuses(&param, "TRUE");
    refuses(&param, "1");
    refuses(&param, "");
}
END_TEST

START_TEST(a_text_may_have_choices)
{
    const struct param free_text = {.name = "t"}, chosen = {.name = "t", .choices = NAMES("one", "two")};
    ck_assert(takes(&free_text, "", 0));
    ck_assert(takes(&chosen, "TWO", 0));
    refuses(&chosen, "three");
    ck_assert_str_eq(error.text, "t must be one of one, two");
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/route", NULL, clean_up, a_path_leads_to_its_route,
                parts_in_braces_are_taken_in_their_order, a_word_of_a_route_may_be_a_name_too,
                what_is_no_path_leads_nowhere, a_method_that_a_path_does_not_have_is_told_which_it_has,
                a_head_is_a_get, every_route_leads_to_itself, a_number_has_bounds,
                a_boolean_is_one_of_two_words, a_text_may_have_choices)
