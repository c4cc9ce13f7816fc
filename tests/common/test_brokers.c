/* Each case runs in a folder of its own with a clean environment. The broker of `make kafka` is looked for
 * beside the program's folder, which for a test is not where one is written. */
#include "tests/support/check_main.h"

#include "common/brokers.h"
#include "common/exit_codes.h"

static char folder[64];
static struct brokers brokers;
static struct error error;

static void enter_a_clean_folder(void)
{
    unsetenv("KAFKA_BOOTSTRAP");
    unsetenv("KAFKA_HOST_IP");
    snprintf(folder, sizeof folder, "/tmp/check-brokers-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    error = (struct error)ERROR_INIT;
}

static void remove_the_folder(void)
{
    unlink(".env");
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(folder);
}

static void write_dotenv(const char *text)
{
    FILE *file = fopen(".env", "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void found(const char *flag, const char *bootstrap, const char *source)
{
    ck_assert_msg(brokers_find(&brokers, flag, &error) == 0, "%s", error.text);
    ck_assert_str_eq(brokers.bootstrap, bootstrap);
    ck_assert_str_eq(brokers.source, source);
}

static void refused(const char *flag, const char *text)
{
    ck_assert_int_eq(brokers_find(&brokers, flag, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

START_TEST(nothing_configured_is_no_error)
{
    found(NULL, "", "");
}
END_TEST

START_TEST(an_ipv6_address_may_have_an_interface_and_gets_brackets_with_its_port)
{
    found("[fe80::1%eth0]:9092,h:1", "[fe80::1%eth0]:9092,h:1", "--bootstrap");
    setenv("KAFKA_HOST_IP", "fe80::1%eth0", 1);
    found(NULL, "[fe80::1%eth0]:9092", "KAFKA_HOST_IP");
    setenv("KAFKA_HOST_IP", "[::1]", 1);
    found(NULL, "[::1]:9092", "KAFKA_HOST_IP");
    setenv("KAFKA_HOST_IP", "[::1]:9093", 1);
    found(NULL, "[::1]:9093", "KAFKA_HOST_IP");
    setenv("KAFKA_HOST_IP", "h:9093", 1);
    found(NULL, "h:9093", "KAFKA_HOST_IP");
}
END_TEST

START_TEST(each_source_beats_those_after_it)
{
    write_dotenv("KAFKA_HOST_IP=10.0.0.4\n");
    found(NULL, "10.0.0.4:9092", "KAFKA_HOST_IP in .env");
    write_dotenv("KAFKA_HOST_IP=10.0.0.4\nKAFKA_BOOTSTRAP=c:3\n");
    found(NULL, "c:3", "KAFKA_BOOTSTRAP in .env");
    setenv("KAFKA_HOST_IP", "10.0.0.2", 1);
    found(NULL, "10.0.0.2:9092", "KAFKA_HOST_IP");
    setenv("KAFKA_BOOTSTRAP", "b:2,b2:2", 1);
    found(NULL, "b:2,b2:2", "KAFKA_BOOTSTRAP");
    found("a:1", "a:1", "--bootstrap");
}
END_TEST

START_TEST(a_host_with_a_port_keeps_it)
{
    setenv("KAFKA_HOST_IP", "10.0.0.2:19092", 1);
    found(NULL, "10.0.0.2:19092", "KAFKA_HOST_IP");
}
END_TEST

START_TEST(an_empty_value_is_refused_where_it_stands)
{
    write_dotenv("KAFKA_BOOTSTRAP=\n");
    refused(NULL, "KAFKA_BOOTSTRAP in .env is set but empty");
    setenv("KAFKA_HOST_IP", "", 1);
    refused(NULL, "KAFKA_HOST_IP is set but empty");
    refused("", "--bootstrap is set but empty");
}
END_TEST

/* Never the embedded broker because of a slip in the file. */
START_TEST(a_dotenv_that_is_not_understood_is_an_error)
{
    write_dotenv("KAFKA_BOOTSTRAP = ${ELSEWHERE}\n");
    ck_assert_int_eq(brokers_find(&brokers, NULL, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_msg(strncmp(error.text, ".env:1: ", 8) == 0, "%s", error.text);
}
END_TEST

START_TEST(what_cannot_be_a_list_of_addresses_is_refused_with_its_source)
{
    refused("http://h:1?x", "--bootstrap: 'http://h:1?x' is not a list of HOST:PORT");
    refused("h:1;rm", "--bootstrap");
    refused(", ,", "--bootstrap: ', ,' is not a list of HOST:PORT");
    refused("h\n:1", "--bootstrap");
    setenv("KAFKA_BOOTSTRAP", "h:1|h:2", 1);
    refused(NULL, "KAFKA_BOOTSTRAP: 'h:1|h:2'");
    unsetenv("KAFKA_BOOTSTRAP");
    write_dotenv("KAFKA_HOST_IP=h|i\n");
    refused(NULL, "KAFKA_HOST_IP in .env");
}
END_TEST

START_TEST(a_list_that_does_not_fit_is_refused_not_cut)
{
    char list[BROKERS_BYTES + 1];
    memset(list, 'a', sizeof list - 1);
    list[BROKERS_BYTES - 1] = '\0';
    ck_assert_int_eq(brokers_find(&brokers, list, &error), 0);
    ck_assert_str_eq(brokers.bootstrap, list);
    list[BROKERS_BYTES - 1] = 'a';
    list[BROKERS_BYTES] = '\0';
    refused(list, "longer than");

    char line[BROKERS_BYTES + sizeof "KAFKA_BOOTSTRAP="];
    snprintf(line, sizeof line, "KAFKA_BOOTSTRAP=%s", list);
    write_dotenv(line);
    refused(NULL, "longer than");
}
END_TEST

START_TEST(advice_names_the_address_and_where_it_came_from)
{
    char advice[ERROR_TEXT_BYTES];
    setenv("KAFKA_BOOTSTRAP", "h:1", 1);
    found(NULL, "h:1", "KAFKA_BOOTSTRAP");
    brokers_advice(&brokers, advice, sizeof advice);
    ck_assert_str_eq(
        advice, "no broker answers at h:1 (from KAFKA_BOOTSTRAP): is it running, and is the address right?");
    brokers_advice(&(struct brokers){"", ""}, advice, sizeof advice);
    ck_assert_ptr_nonnull(strstr(advice, "--bootstrap HOST:PORT"));
    ck_assert_ptr_nonnull(strstr(advice, "make kafka"));
}
END_TEST

CHECK_MAIN_WITH("common/brokers", enter_a_clean_folder, remove_the_folder, nothing_configured_is_no_error,
                an_ipv6_address_may_have_an_interface_and_gets_brackets_with_its_port,
                each_source_beats_those_after_it, a_host_with_a_port_keeps_it,
                a_dotenv_that_is_not_understood_is_an_error, an_empty_value_is_refused_where_it_stands,
                what_cannot_be_a_list_of_addresses_is_refused_with_its_source,
                a_list_that_does_not_fit_is_refused_not_cut, advice_names_the_address_and_where_it_came_from)
