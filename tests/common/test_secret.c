#include "common/secret.h"
#include "common/error.h"
#include "tests/support/check_main.h"

static const struct {
    const char *text, *masked;
} places[] = {
    {"", ""},
    {"nothing secret: a=b, c = d", "nothing secret: a=b, c = d"},
    {"sasl.password=hunter2", "sasl.password=***"},
    {"-X sasl.password=hunter2 and more", "-X sasl.password=*** and more"},
    {"password = hunter2", "password = ***"},
    {"password=a,b&c;d rest", "password=*** rest"},
    {"PASSWORD='it\\'s hunter2' host=h", "PASSWORD='***' host=h"},
    {"password=hun\\ ter2 host=h", "password=*** host=h"},
    {"sslpassword=\"a b\"", "sslpassword=\"***\""},
    {"ssl.key.pem=-----BEGIN", "ssl.key.pem=***"},
    {"sasl.jaas.config=x", "sasl.jaas.config=***"},
    {"sasl.oauthbearer.client.secret=hunter2", "sasl.oauthbearer.client.secret=***"},
    {"postgres:'host=h password=hunter2 user=u',stats", "postgres:'host=h password=*** user=u',stats"},
    {"postgres:\"host=h password='hun ter2'\",stats", "postgres:\"host=h password='***'\",stats"},
    {"postgres:postgresql://u:hunter2@h:5432/db,stats", "postgres:postgresql://u:***@h:5432/db,stats"},
    {"postgres://u:hun@ter2@h/db?sslpassword=hunter2", "postgres://u:***@h/db?sslpassword=***"},
    {"postgres://u@h:5432,i:5433/db?user=x", "postgres://u@h:5432,i:5433/db?user=x"},
    {"postgres://h:5432/db", "postgres://h:5432/db"},
    {"postgres://u:hunter2", "postgres://u:***"},
    {"invalid URI: \"postgres://u:hunter2@[\"", "invalid URI: \"postgres://u:***@[\""},
    {"http://localhost:8080 x:y", "http://localhost:8080 x:y"},
    {"password=", "password="},
    {"password='hunter2 and its line\n ^", "password='***"},
    {"password='***\n ^", "password='***\n ^"},
    {"password='**\n ^", "password='**\n ^"},
    {"password=***hunter2", "password=***"},
    {"password=**** rest", "password=*** rest"},
    {"the password is wrong: user=u", "the password is wrong: user=u"},
};

START_TEST(every_place_is_masked_and_nothing_else)
{
    char masked[256], again[256];
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bool found = secret_mask(masked, sizeof masked, places[i].text);
        ck_assert_str_eq(masked, places[i].masked);
        ck_assert_int_eq(found, strcmp(places[i].text, places[i].masked) != 0);
        secret_mask(again, sizeof again, masked);
        ck_assert_str_eq(again, places[i].masked);
    }
}
END_TEST

START_TEST(whatever_is_cut_shows_nothing_of_a_secret)
{
    static const char text[] = "p=1 password=hunter2 postgres://u:hunter2@h";
    char masked[sizeof text];
    for (size_t bytes = 1; bytes <= sizeof masked; bytes++) {
        secret_mask(masked, bytes, text);
        ck_assert_uint_lt(strlen(masked), bytes);
        ck_assert_ptr_null(strstr(masked, "hu"));
    }
}
END_TEST

START_TEST(no_error_text_holds_one_however_long_it_is)
{
    struct error error = ERROR_INIT;
    char text[ERROR_TEXT_BYTES * 2];
    for (size_t before = 0; before < sizeof text - 64; before++) {
        memset(text, ' ', before);
        snprintf(text + before, sizeof text - before, "postgres://u:hunter2@h password=hunter2");
        error_set(&error, "%s", text);
        ck_assert_ptr_null(strstr(error.text, "hu"));
        error_context(&error, "sasl.password=hunter2");
        ck_assert_ptr_null(strstr(error.text, "hu"));
    }
}
END_TEST

CHECK_MAIN("common/secret", every_place_is_masked_and_nothing_else, whatever_is_cut_shows_nothing_of_a_secret,
           no_error_text_holds_one_however_long_it_is)
