#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

#include <errno.h>

#include "supervisor/service.h"

static struct service service;
static struct supervisor supervisor;
static struct worker bravo, zulu, provision;
static struct worker *workers[] = {&bravo, &zulu, &provision};
static struct error error;
static int manager = -1; /* the socket that systemd would read */

static void set_up(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    error = (struct error)ERROR_INIT;
    service = (struct service){.fd = -1};
    supervisor = (struct supervisor){.workers = workers, .worker_count = 3, .service = &service};
    bravo = (struct worker){.kind = KIND_CONSUMER, .state = WORKER_STARTING, .name = "bravo"};
    zulu = (struct worker){.kind = KIND_CONSUMER, .state = WORKER_READY, .name = "zulu"};
    provision = (struct worker){.kind = KIND_PROVISION, .state = WORKER_DONE, .name = "provision"};
    fake_clock_set(1000 * US_PER_SECOND, 0);
}

static void tear_down(void)
{
    service_close(supervisor.service);
    if (manager != -1)
        close(manager);
    manager = -1;
}

/* Listens at @NAME or a path, and names it in the environment. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(manager, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void listen_abstract(void)
{
    char name[64];
    snprintf(name, sizeof name, "@check-service-%d", (int)getpid());
    listen_at(name);
}

static void open_service(void)
{
    ck_assert_msg(service_open(supervisor.service, &error) == 0, "%s", error.text);
}

/* All that was told since the last time, a datagram a `|`. */
static const char *heard(void)
{
    static char text[4096];
    size_t used = 0;
    ssize_t n;
    text[0] = '\0';
    while ((n = recv(manager, text + used, sizeof text - used - 2, 0)) >= 0) {
        used += (size_t)n;
        text[used++] = '|';
        text[used] = '\0';
    }
    ck_assert_int_eq(errno, EAGAIN);
    return text;
}

static void check(void)
{
    service_check(&supervisor, clock_monotonic_us());
}

START_TEST(without_a_manager_nothing_is_told_and_nothing_is_due)
{
    setenv("WATCHDOG_USEC", "1000000", 1); /* of somebody who did not say where */
    open_service();
    ck_assert_int_eq(supervisor.service->fd, -1);
    ck_assert_int_eq(service_deadline_us(supervisor.service), INT64_MAX);
    check();
}
END_TEST

START_TEST(ready_is_told_once_when_the_fleet_is)
{
    listen_abstract();
    open_service();
    check();
    ck_assert_str_eq(heard(), "STATUS=1 of 2 workers ready; bravo: starting|");
    bravo.state = WORKER_READY_IDLE;
    supervisor.ready_told = true;
    check();
    check();
    ck_assert_str_eq(heard(), "READY=1|STATUS=2 of 2 workers ready|");
}
END_TEST

START_TEST(a_socket_with_a_path_is_as_good)
{
    char path[] = "/tmp/check-service-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    char name[64];
    snprintf(name, sizeof name, "%s/notify", path);
    listen_at(name);
    open_service();
    check();
    ck_assert_str_eq(heard(), "STATUS=1 of 2 workers ready; bravo: starting|");
    unlink(name);
    rmdir(path);
}
END_TEST

START_TEST(a_held_worker_stands_in_the_status_before_one_that_starts)
{
    listen_abstract();
    open_service();
    zulu.state = WORKER_HELD;
    snprintf(zulu.reason, sizeof zulu.reason, "10 deaths within 60 s");
    check();
    ck_assert_str_eq(heard(), "STATUS=0 of 2 workers ready; zulu: held, 10 deaths within 60 s|");
}
END_TEST

START_TEST(the_end_is_told_once)
{
    listen_abstract();
    open_service();
    supervisor.stopping = true;
    check();
    check();
    ck_assert_str_eq(heard(), "STOPPING=1|STATUS=stopping; 1 of 2 workers ready; bravo: starting|");
}
END_TEST

START_TEST(a_reload_is_framed_with_its_time)
{
    listen_abstract();
    open_service();
    service_reloading(supervisor.service, 123456789);
    service_reloaded(supervisor.service);
    ck_assert_str_eq(heard(), "RELOADING=1\nMONOTONIC_USEC=123456789|"); /* it never was ready */
    supervisor.ready_told = true;
    check();
    heard();
    service_reloading(supervisor.service, 5);
    service_reloaded(supervisor.service);
    ck_assert_str_eq(heard(), "RELOADING=1\nMONOTONIC_USEC=5|READY=1|");
}
END_TEST

START_TEST(the_watchdog_hears_of_us_at_half_its_time)
{
    listen_abstract();
    setenv("WATCHDOG_USEC", "10000000", 1);
    open_service();
    check();
    ck_assert_ptr_nonnull(strstr(heard(), "WATCHDOG=1|"));
    ck_assert_int_eq(service_deadline_us(supervisor.service), clock_monotonic_us() + 5 * US_PER_SECOND);
    fake_clock_advance(5 * US_PER_SECOND - 1);
    check();
    ck_assert_str_eq(heard(), "");
    fake_clock_advance(1);
    check();
    ck_assert_str_eq(heard(), "WATCHDOG=1|");
}
END_TEST

START_TEST(a_watchdog_of_another_process_is_not_ours)
{
    char pid[16];
    listen_abstract();
    setenv("WATCHDOG_USEC", "10000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    open_service();
    ck_assert_int_eq(service_deadline_us(supervisor.service), INT64_MAX);
    service_close(supervisor.service);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("NOTIFY_SOCKET", "@nobody", 1);
    setenv("WATCHDOG_USEC", "10000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    open_service();
    ck_assert_int_eq(service_deadline_us(supervisor.service), 0);
    check(); /* nobody is there: nothing happens */
}
END_TEST

START_TEST(the_environment_is_not_for_the_workers)
{
    listen_abstract();
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1);
    open_service();
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
    ck_assert_ptr_null(getenv("WATCHDOG_PID"));
}
END_TEST

START_TEST(an_address_that_is_none_is_refused_by_its_name)
{
    char longer[200] = "@";
    memset(longer + 1, 'x', sizeof longer - 2);
    const char *const wrong[] = {"relative", "vsock:2:1", longer};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        ck_assert_int_eq(service_open(supervisor.service, &error), -1);
        ck_assert_ptr_nonnull(strstr(error.text, "NOTIFY_SOCKET"));
    }
}
END_TEST

CHECK_MAIN_WITH("supervisor/service", set_up, tear_down, without_a_manager_nothing_is_told_and_nothing_is_due,
                ready_is_told_once_when_the_fleet_is, a_socket_with_a_path_is_as_good,
                a_held_worker_stands_in_the_status_before_one_that_starts, the_end_is_told_once,
                a_reload_is_framed_with_its_time, the_watchdog_hears_of_us_at_half_its_time,
                a_watchdog_of_another_process_is_not_ours, the_environment_is_not_for_the_workers,
                an_address_that_is_none_is_refused_by_its_name)
