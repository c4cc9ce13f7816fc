#undef _FORTIFY_SOURCE /* with it poll is an inline function, which a definition of our own would be too */
#include "consumer/sinks/postgres_link.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/exit_codes.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct pipeline pipeline;
static struct postgres_link server;
static struct error error;
static bool fresh;

/* Each wait takes four seconds of the clock's, and none of ours. */
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    (void)timeout;
    fake_clock_advance(4 * US_PER_SECOND);
    const struct timespec at_once = {0};
    return ppoll(fds, count, &at_once, NULL);
}

static void begin(void)
{
    error = (struct error)ERROR_INIT;
}

static void end(void)
{
    postgres_link_release(&server);
}

START_TEST(quotes_around_a_conninfo_are_taken_off)
{
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, "'host=a,b port=1,2'", &error), 0);
    ck_assert_str_eq(server.conninfo, "host=a,b port=1,2");
}
END_TEST

START_TEST(quotes_around_nothing_are_taken_off_too)
{
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, "''", &error), 0);
    ck_assert_str_eq(server.conninfo, "");
}
END_TEST

START_TEST(quotes_within_a_conninfo_are_libpqs)
{
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, "host=a password='x, y'", &error), 0);
    ck_assert_str_eq(server.conninfo, "host=a password='x, y'");
}
END_TEST

START_TEST(without_a_conninfo_the_environment_speaks)
{
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, NULL, &error), 0);
    ck_assert_str_eq(server.conninfo, "");
}
END_TEST

START_TEST(a_conninfo_that_libpq_cannot_read_is_a_usage_error)
{
    static const char *const wrong[] = {"hots=localhost", "host", "postgresql://[::1/x",
                                        "password='x",    "'",    "'host=a\""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(postgres_link_init(&server, &pipeline, wrong[i], &error), -1);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
        ck_assert_ptr_null(server.conninfo);
    }
}
END_TEST

/* A port whose connections nobody accepts: the kernel does, and then nothing comes. */
static int silent_port(char conninfo[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    snprintf(conninfo, 64, "hostaddr=127.0.0.1 port=%d user=u dbname=d", ntohs(address.sin_port));
    return listener;
}

START_TEST(a_server_that_says_nothing_is_given_up_and_left_alone_for_a_moment)
{
    char conninfo[64];
    int listener = silent_port(conninfo);
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, conninfo, &error), 0);
    ck_assert_int_eq(postgres_link_up(&server, &fresh, &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: connect: the server does not answer");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_ptr_null(server.handle);

    int64_t before_us = clock_monotonic_us();
    ck_assert_int_eq(postgres_link_up(&server, &fresh, &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: connect: the server did not answer a moment ago");
    ck_assert_int_eq(clock_monotonic_us(), before_us);

    fake_clock_advance(2 * US_PER_SECOND);
    ck_assert_int_eq(postgres_link_up(&server, &fresh, &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: connect: the server does not answer");
    close(listener);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_told_at_once)
{
    char conninfo[64];
    close(silent_port(conninfo));
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, conninfo, &error), 0);
    ck_assert_int_eq(postgres_link_up(&server, &fresh, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "Connection refused"));
}
END_TEST

START_TEST(without_a_connection_nothing_is_done)
{
    ck_assert_int_eq(postgres_link_init(&server, &pipeline, "", &error), 0);
    ck_assert_int_eq(postgres_link_do(&server, "commit", "COMMIT", &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: commit: not connected");
    postgres_link_roll_back(&server);
}
END_TEST

CHECK_MAIN_WITH("consumer/postgres_link", begin, end, quotes_around_a_conninfo_are_taken_off,
                quotes_around_nothing_are_taken_off_too, quotes_within_a_conninfo_are_libpqs,
                without_a_conninfo_the_environment_speaks, a_conninfo_that_libpq_cannot_read_is_a_usage_error,
                a_server_that_says_nothing_is_given_up_and_left_alone_for_a_moment,
                a_server_that_is_not_there_is_told_at_once, without_a_connection_nothing_is_done)
