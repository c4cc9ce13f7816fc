/* Where an HTTP server listens, as a text says it. */
#include "common/listen_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/check_main.h"

static struct listen_address address;
static struct error error;
static char folder[64], text[LISTEN_TEXT_BYTES];

static void prepare(void)
{
    snprintf(folder, sizeof folder, "/tmp/check-listen-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void clean_up(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/socket", folder);
    unlink(path);
    rmdir(folder);
}

static void parse(const char *given)
{
    error = (struct error)ERROR_INIT;
    ck_assert_msg(listen_address_parse(&address, given, &error) == 0, "%s: %s", given, error.text);
}

static void means(const char *given, const char *shown, bool loopback)
{
    parse(given);
    listen_address_text(&address, text);
    ck_assert_str_eq(text, shown);
    ck_assert_int_eq(address.loopback, loopback);
}

START_TEST(a_port_alone_is_at_loopback)
{
    means("8000", "http://127.0.0.1:8000/", true);
    means("0", "http://127.0.0.1:0/", true);
    means("65535", "http://127.0.0.1:65535/", true);
}
END_TEST

START_TEST(an_address_is_a_number_or_localhost)
{
    means("localhost:8000", "http://127.0.0.1:8000/", true);
    means("127.8.0.1:1", "http://127.8.0.1:1/", true);
    means("0.0.0.0:8000", "http://0.0.0.0:8000/", false);
    means("192.168.1.7:80", "http://192.168.1.7:80/", false);
    means("[::1]:8000", "http://[::1]:8000/", true);
    means("[::]:8000", "http://[::]:8000/", false);
    means("[::ffff:127.0.0.1]:8000", "http://[::ffff:127.0.0.1]:8000/", false);
}
END_TEST

START_TEST(a_unix_socket_is_a_path)
{
    means("unix:/run/kweb", "unix:/run/kweb", true);
    ck_assert_uint_eq(listen_address_port(&address), 0);
}
END_TEST

START_TEST(what_is_no_address_is_refused_with_the_forms_that_there_are)
{
    static const char *const texts[] = {"",
                                        ":",
                                        ":8000",
                                        "x",
                                        "65536",
                                        "-1",
                                        "8000x",
                                        " 8000",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "::1:8000",
                                        "[::1]",
                                        "[::1]8000",
                                        "[::1",
                                        "[]:8000",
                                        "]:8000",
                                        "http://localhost:8000",
                                        "localhost:8000/",
                                        "99999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(listen_address_parse(&address, texts[i], &error) == -1, "'%s' was taken", texts[i]);
}
END_TEST

START_TEST(no_name_is_looked_up)
{
    ck_assert_int_eq(listen_address_parse(&address, "example.com:8000", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "names are not looked up"));
    ck_assert_int_eq(listen_address_parse(&address, "256.0.0.1:8000", &error), -1);
}
END_TEST

START_TEST(a_path_that_is_too_long_or_empty_is_refused)
{
    char path[200] = "unix:/";
    memset(path + 6, 'x', sizeof path - 7);
    ck_assert_int_eq(listen_address_parse(&address, path, &error), -1);
    ck_assert_int_eq(listen_address_parse(&address, "unix:", &error), -1);
}
END_TEST

static int open_it(void)
{
    error = (struct error)ERROR_INIT;
    return listen_address_open(&address, &error);
}

START_TEST(port_zero_becomes_a_port_that_was_free)
{
    parse("0");
    int first = open_it();
    ck_assert_int_ge(first, 0);
    uint16_t port = listen_address_port(&address);
    ck_assert_uint_gt(port, 0);
    int second = open_it(); /* the address has the port now */
    ck_assert_int_eq(second, -1);
    ck_assert_int_eq(errno, EADDRINUSE);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot listen at http://127.0.0.1:"));
    close(first);
    second = open_it();
    ck_assert_int_ge(second, 0);
    close(second);
}
END_TEST

static void parse_socket(void)
{
    char given[96];
    snprintf(given, sizeof given, "unix:%s/socket", folder);
    parse(given);
}

START_TEST(a_unix_socket_is_this_users_alone)
{
    struct stat info;
    parse_socket();
    int fd = open_it();
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(stat(((struct sockaddr_un *)&address.socket)->sun_path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    close(fd);
    listen_address_remove(&address);
    ck_assert_int_eq(access(((struct sockaddr_un *)&address.socket)->sun_path, F_OK), -1);
}
END_TEST

START_TEST(a_dead_servers_socket_is_replaced_and_a_living_ones_is_not)
{
    parse_socket();
    int first = open_it();
    ck_assert_int_ge(first, 0);
    ck_assert_int_eq(open_it(), -1);
    ck_assert_int_eq(errno, EADDRINUSE);
    close(first);
    int second = open_it();
    ck_assert_msg(second >= 0, "%s", error.text);
    close(second);
}
END_TEST

START_TEST(a_unix_socket_is_removed_at_the_end)
{
    parse_socket();
    close(open_it());
    listen_address_remove(&address);
    ck_assert_int_eq(access(((struct sockaddr_un *)&address.socket)->sun_path, F_OK), -1);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
    parse_socket();
    const char *path = ((struct sockaddr_un *)&address.socket)->sun_path;
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    ck_assert_int_eq(open_it(), -1);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

CHECK_MAIN_WITH("common/listen_address", prepare, clean_up, a_port_alone_is_at_loopback,
                an_address_is_a_number_or_localhost, a_unix_socket_is_a_path,
                what_is_no_address_is_refused_with_the_forms_that_there_are, no_name_is_looked_up,
                a_path_that_is_too_long_or_empty_is_refused, port_zero_becomes_a_port_that_was_free,
                a_unix_socket_is_this_users_alone, a_dead_servers_socket_is_replaced_and_a_living_ones_is_not,
                a_unix_socket_is_removed_at_the_end, a_file_that_is_no_socket_is_left_alone)
