/* fleet_stage.h: a whole supervisor whose processes are none (fake_process.h) and whose time is moved by hand
 * (fake_clock.h). All the rest is real: the reactor, the channels, the segments and the directory, the
 * control socket in a folder of the test's own. A test's one source file may include it.
 */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_FLEET_STAGE_H
#define KSUPERVISE_TESTS_SUPERVISOR_FLEET_STAGE_H

#include <stdlib.h>
#include <sys/mman.h>

#include "common/stats/writer.h"
#include "supervisor/control/control.h"
#include "supervisor/fleet.h"
#include "supervisor/control/reload.h"
#include "supervisor/control/rollout.h"
#include "supervisor/notifications.h"
#include "supervisor/process/segment.h"
#include "supervisor/service.h"
#include "supervisor/states.h"
#include "supervisor/control/request.h"
#include "supervisor/control/verb_status.h"
#include "supervisor/control/verbs.h"
#include "tests/supervisor/fake_process.h"
#include "tests/support/fake_clock.h"

enum { FLEET_WORDS_MAX = 24 };

static struct supervisor fleet;
static struct reload fleet_reload;
static struct rollout fleet_rollout;
static struct service fleet_service;
static struct config *fleet_config;
static int fleet_screen;
static char fleet_folder[64], fleet_instance[32];
static char fleet_text[256 * 1024];

/* With these flags beside --instance; ends with NULL. Nothing is started. */
static inline void fleet_open(const char *const flags[])
{
    static char *words[FLEET_WORDS_MAX] = {(char *)"ksupervise", (char *)"--instance", fleet_instance};
    static const char *const named[] = {"KAFKA_BOOTSTRAP", "KAFKA_HOST_IP", "KSUPERVISE_INSTANCE",
                                        "KSUPERVISE_CONFIG"};
    struct error error = ERROR_INIT;
    int count = 3;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        unsetenv(named[i]);
    ck_assert_int_eq(chdir("/"), 0); /* no .env there */
    snprintf(fleet_instance, sizeof fleet_instance, "check-%d", (int)getpid());
    snprintf(fleet_folder, sizeof fleet_folder, "/tmp/fleet-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fleet_folder));
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", fleet_folder, 1), 0);
    for (; *flags != NULL; flags++)
        words[count++] = (char *)(uintptr_t)*flags;
    words[count] = NULL;
    ck_assert_msg(config_load(&fleet_config, count, words, &error) == 0, "%s", error.text);
    fleet_screen = memfd_create("screen", MFD_CLOEXEC);
    fleet_reload = (struct reload){0};
    fleet_rollout = (struct rollout){0};
    fleet_service = (struct service){.fd = -1};
    fleet = (struct supervisor){.argc = count,
                                .argv = words,
                                .config = fleet_config,
                                .first_config = fleet_config,
                                .settings = config_settings(fleet_config),
                                .listener = &notifications,
                                .reload = &fleet_reload,
                                .rollout = &fleet_rollout,
                                .service = &fleet_service,
                                .folder = "/nowhere",
                                .done_check_us = INT64_MAX};
    ck_assert_msg(printer_open(&fleet.printer, fleet_screen, &error) == 0, "%s", error.text);
    ck_assert_msg(reactor_init(&fleet.reactor, &error) == 0, "%s", error.text);
    ck_assert_msg(fleet_init(&fleet, &error) == 0, "%s", error.text);
    ck_assert_msg(control_open(&fleet.control, &fleet, &error) == 0, "%s", error.text);
}

#define FLEET_OPEN(...) fleet_open((const char *const[]){__VA_ARGS__, NULL})

/* One turn of the supervisor's loop, as main.c's: what is there is taken, nothing is waited for. */
static inline void fleet_turn(void)
{
    fleet_advance(&fleet);
    rollout_check(&fleet);
    reload_check(&fleet);
    control_check(fleet.control);
    reactor_wait(&fleet.reactor, clock_monotonic_us());
    fleet_timers(&fleet, clock_monotonic_us());
}

static inline struct worker *fleet_worker(const char *name)
{
    for (size_t i = 0; i < fleet.worker_count; i++)
        if (strcmp(fleet.workers[i]->name, name) == 0)
            return fleet.workers[i];
    ck_abort_msg("there is no worker %s", name);
    return NULL;
}

/* The topics are made, and all processes started. */
static inline void fleet_begin(void)
{
    fleet_start(&fleet);
    fleet_turn();
    struct worker *provision = supervisor_find(&fleet, KIND_PROVISION);
    if (provision != NULL)
        fake_ends(&provision->process, 0, 0);
    fleet_turn();
    fleet_turn();
    ck_assert_int_eq(fleet.step, STEP_WORK);
}

static inline void fleet_becomes_ready(struct worker *worker)
{
    FAKE_SAYS(worker, "ready", "i", (int64_t)3);
    fleet_turn();
    ck_assert_int_eq(worker->state, WORKER_READY);
}

/* All that runs becomes ready; what they were told until then is heard. */
static inline void fleet_all_ready(void)
{
    struct rpc_message message;
    for (size_t i = 0; i < fleet.worker_count; i++)
        if (fleet.workers[i]->process.pid != 0) {
            fleet_becomes_ready(fleet.workers[i]);
            while (fake_hears(fleet.workers[i], &message)[0] != '\0')
                ;
        }
}

/* The process of a worker as it writes its segment. The caller closes it, before the process ends. */
static inline struct stats_writer *fleet_writer(const struct worker *worker)
{
    struct error error = ERROR_INIT;
    struct stats_writer *writer;
    ck_assert_msg(stats_writer_open(&writer, fake_process(&worker->process)->segment_fd, &error) == 0, "%s",
                  error.text);
    return writer;
}

/* All that was printed; nothing more may happen then but fleet_close. */
static inline const char *fleet_printed(void)
{
    int64_t now_us = fake_monotonic_us;
    fake_monotonic_us = INT64_MAX / 2; /* the printer's thread has the system's clock: it has all the time */
    if (fleet.printer != NULL)
        printer_close(fleet.printer, 0);
    fleet.printer = NULL;
    fake_monotonic_us = now_us;
    ssize_t length = pread(fleet_screen, fleet_text, sizeof fleet_text - 1, 0);
    fleet_text[length > 0 ? length : 0] = '\0';
    return fleet_text;
}

static inline bool fleet_has_said(const char *text)
{
    return strstr(fleet_printed(), text) != NULL;
}

static inline int fleet_open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static inline void fleet_close(void)
{
    char inner[128];
    control_close(fleet.control);
    reload_release(&fleet);
    rollout_release(&fleet);
    for (size_t i = 0; i < fleet.worker_count; i++) {
        struct worker *worker = fleet.workers[i];
        reactor_close(&fleet.reactor, &worker->exit_watch);
        reactor_close(&fleet.reactor, &worker->channel_watch);
        reactor_close(&fleet.reactor, &worker->output.watch);
        process_abandon(&worker->process);
    }
    fleet_release(&fleet);
    reactor_release(&fleet.reactor);
    fleet_printed();
    close(fleet_screen);
    if (fleet.config != fleet_config)
        config_free(fleet.config);
    config_free(fleet_config);
    snprintf(inner, sizeof inner, "%s/ksupervise", fleet_folder);
    rmdir(inner);
    rmdir(fleet_folder);
}

#endif
