/* support.h: a supervisor without a fleet of its own, for the tests of its parts: what it prints goes to a
 * file in memory, its instance is named after the test's process, and waiting has a deadline. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_SUPPORT_H
#define KSUPERVISE_TESTS_SUPERVISOR_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "supervisor/supervisor.h"
#include "tests/support/check_main.h"

#define DEADLINE_MS 10000

struct stage {
    struct settings settings;
    struct supervisor supervisor;
    struct worker worker;
    int screen; /* what is printed */
    char name[NAME_BYTES];
    char printed[256 * 1024];
};

static struct stage stage;

static inline void stage_open(void)
{
    struct error error = ERROR_INIT;
    snprintf(stage.name, sizeof stage.name, "check-%d", (int)getpid());
    stage.settings = (struct settings){.instance = stage.name, .partitions = 3};
    stage.supervisor = (struct supervisor){.settings = &stage.settings};
    stage.worker = (struct worker){.supervisor = &stage.supervisor,
                                   .settings = &stage.settings,
                                   .count_base = STATS_UNKNOWN,
                                   .kind = KIND_CONSUMER,
                                   .name = "bravo",
                                   .client = "bravo",
                                   .group = "test_group_bravo",
                                   .deadline_us = INT64_MAX,
                                   .process = {0, -1, 0},
                                   .exit_watch.fd = -1,
                                   .channel_watch.fd = -1,
                                   .output.watch.fd = -1,
                                   .segment_fd = -1};
    stage.screen = memfd_create("screen", MFD_CLOEXEC);
    ck_assert_int_ge(stage.screen, 0);
    ck_assert_msg(reactor_init(&stage.supervisor.reactor, &error) == 0, "%s", error.text);
    ck_assert_msg(printer_open(&stage.supervisor.printer, stage.screen, &error) == 0, "%s", error.text);
}

/* Ends the printer: everything that was printed is in stage.printed now, as much as fits. */
static inline const char *stage_read(void)
{
    printer_close(stage.supervisor.printer, US_PER_SECOND);
    stage.supervisor.printer = NULL;
    ssize_t length = pread(stage.screen, stage.printed, sizeof stage.printed - 1, 0);
    stage.printed[length > 0 ? length : 0] = '\0';
    return stage.printed;
}

static inline void stage_close(void)
{
    if (stage.supervisor.printer != NULL)
        printer_close(stage.supervisor.printer, US_PER_SECOND);
    reactor_close(&stage.supervisor.reactor, &stage.worker.exit_watch);
    reactor_close(&stage.supervisor.reactor, &stage.worker.channel_watch);
    reactor_close(&stage.supervisor.reactor, &stage.worker.output.watch);
    reactor_release(&stage.supervisor.reactor);
    free(stage.worker.output.partial);
    tail_release(&stage.worker.tail);
    close(stage.screen);
}

/* One round of the reactor; a test that hangs here would hang for ever. */
static inline void stage_round(void)
{
    reactor_wait(&stage.supervisor.reactor, clock_monotonic_us() + DEADLINE_MS * US_PER_MS);
}

/* Waits until `fd` is readable or hung up. */
static inline void await(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    ck_assert_msg(poll(&waiting, 1, DEADLINE_MS) == 1, "nothing came within %d ms", DEADLINE_MS);
}

#endif
