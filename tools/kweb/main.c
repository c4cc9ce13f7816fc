/* kweb: an instance in a browser. */
#include <errno.h>
#include <sys/eventfd.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/names.h"
#include "common/streams.h"
#include "common/worker/config.h"
#include "tools/kweb/call.h"
#include "tools/kweb/captures.h"
#include "tools/kweb/metrics.h"
#include "tools/kweb/samples.h"
#include "tools/kweb/server.h"
#include "tools/kweb/stream.h"

/* --- what wakes the loop -------------------------------------------------------------------------------- */

/* From worker_control's thread. */
static void wake(void *context)
{
    const struct kweb *kweb = context;
    const uint64_t one = 1;
    ssize_t written = write(kweb->wake.fd, &one, sizeof one);
    (void)written;
}

static void woken(void *context)
{
    struct kweb *kweb = context;
    uint64_t count;
    ssize_t length = read(kweb->wake.fd, &count, sizeof count);
    (void)length;
    kweb->stopping = kweb->control != NULL && worker_control_wanted(kweb->control) != WORKER_RUN;
}

static int watch_requests(struct kweb *kweb, struct error *error)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd == -1)
        return error_set(error, "cannot make an eventfd: %m");
    return reactor_add(&kweb->reactor, &kweb->wake, fd, woken, kweb, error) == -1
               ? -1
               : worker_control_start(&kweb->control, kweb->settings->supervised, wake, kweb, error);
}

/* --- the loop ------------------------------------------------------------------------------------------ */

static int64_t deadline_us(const struct kweb *kweb)
{
    const int64_t all_us[] = {server_deadline_us(kweb), calls_deadline_us(kweb), captures_deadline_us(kweb),
                              samples_deadline_us(kweb->samples), streams_deadline_us(kweb)};
    int64_t nearest_us = INT64_MAX;
    for (size_t i = 0; i < sizeof all_us / sizeof all_us[0]; i++)
        if (all_us[i] < nearest_us)
            nearest_us = all_us[i];
    return nearest_us;
}

static void run(struct kweb *kweb)
{
    while (!kweb->stopping) {
        reactor_wait(&kweb->reactor, deadline_us(kweb));
        int64_t now_us = clock_monotonic_us();
        calls_check(kweb, now_us);
        captures_check(kweb, now_us);
        samples_check(kweb->samples, now_us);
        streams_check(kweb, now_us);
        server_run(kweb, now_us);
        kweb->stopping |= worker_control_wanted(kweb->control) != WORKER_RUN;
    }
}

/* --- set-up -------------------------------------------------------------------------------------------- */

/* Somebody else's port may be free again later: the supervisor tries again, with growing waits. */
static int listen_at(struct kweb *kweb, struct error *error)
{
    int fd = listen_address_open(&kweb->address, error);
    if (fd == -1)
        error->exit_code = errno == EADDRINUSE ? EXIT_CODE_RESOURCES : EXIT_CODE_CONFIG;
    return fd;
}

static void greet(const struct kweb *kweb)
{
    char text[LISTEN_TEXT_BYTES];
    listen_address_text(&kweb->address, text);
    log_line("open %s%s%s", text, kweb->settings->read_only ? " (read-only)" : "",
             kweb->behind.count > 0   ? "; everyone with the token: kweb --print-token"
             : kweb->address.loopback ? ""
                                      : "; from another machine with the token: kweb --print-token");
    log_flush();
}

static int serve(struct kweb *kweb, struct error *error)
{
    bool made;
    int listener = listen_at(kweb, error); /* first: where it cannot, it leaves nothing behind */
    if (listener == -1 || token_load(kweb->token, kweb->settings->instance, &made, error) == -1 ||
        reactor_init(&kweb->reactor, error) == -1 || watch_requests(kweb, error) == -1 ||
        samples_open(&kweb->samples, kweb->settings, error) == -1 || server_open(kweb, listener, error) == -1)
        return -1;
    greet(kweb);
    worker_notify_count(kweb->control, "ready", 0);
    run(kweb);
    streams_close(kweb);
    server_close(kweb);
    listen_address_remove(&kweb->address);
    samples_close(kweb->samples);
    if (made || kweb->settings->supervised) /* that of one that was started again is its predecessor's */
        token_remove(kweb->settings->instance);
    worker_control_stop(kweb->control);
    reactor_close(&kweb->reactor, &kweb->wake);
    reactor_release(&kweb->reactor);
    return 0;
}

static int print_token(const struct settings *settings, struct error *error)
{
    char token[TOKEN_BYTES];
    if (token_read(token, settings->instance, error) == -1)
        return -1;
    log_line("%s", token);
    return log_flush();
}

static int print_reference(void)
{
    metrics_reference(stdout);
    return log_flush();
}

static int start(struct kweb *kweb, const struct settings *settings, struct error *error)
{
    if (name_check(settings->instance, "instance", error) == -1)
        return -1;
    if (settings->print_token)
        return print_token(settings, error);
    if (settings->metrics_reference)
        return print_reference();
    if (listen_address_parse(&kweb->address, settings->http, error) == -1) {
        error->exit_code = EXIT_CODE_USAGE;
        return error_context(error, "--http");
    }
    if (origins_parse(&kweb->behind, settings->behind, error) == -1)
        return error_context(error, "--http-behind");
    return serve(kweb, error);
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct kweb kweb = {.settings = &settings, .started_us = clock_wall_us()};
    struct operands operands;
    struct error error = ERROR_INIT;
    log_init();
    if (options_parse(&kweb_program, &settings, argc, argv, &operands, &error) == -1 ||
        (settings.supervised &&
         worker_config_read(WORKER_CONFIG_FD, &kweb_program, &settings, &error) == -1) ||
        start(&kweb, &settings, &error) == -1)
        return program_fail(kweb_program.name, &error);
    options_release(&kweb_program, &settings);
    return EXIT_CODE_OK;
}
