#include "supervisor/config/preflight.h"

#include <errno.h>
#include <fcntl.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/signal_name.h"
#include "supervisor/fleet.h"
#include "supervisor/process/worker_config.h"
#include "supervisor/process/launch.h"

enum { SAID_BYTES = 2 * ERROR_TEXT_BYTES };

struct rehearsal {
    struct reactor *reactor;
    const struct config *config;
    struct supervisor fleet; /* as it would be, as far as a worker is told of it */
    struct worker worker;    /* the one that is asked */
    size_t next;             /* the client that is looked at next; behind the last comes the producer */
    uint64_t *asked;         /* hand_over_digest of the clients that were asked */
    size_t asked_count;
    int output_fd;       /* what the process says; -1: none runs */
    int64_t deadline_us; /* monotonic */
};

struct rehearsal *rehearsal_new(struct supervisor *supervisor, const struct config *config,
                                struct error *error)
{
    const struct settings *settings = config_settings(config);
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    uint64_t *asked = calloc(settings->clients.count + 1, sizeof *asked);
    if (rehearsal == NULL || asked == NULL) {
        free(rehearsal);
        free(asked);
        error_set(error, "out of memory");
        return NULL;
    }
    rehearsal->asked = asked;
    rehearsal->reactor = &supervisor->reactor;
    rehearsal->config = config;
    rehearsal->worker.exit_watch.fd = rehearsal->output_fd = -1;
    rehearsal->fleet.settings = settings;
    rehearsal->fleet.brokers = settings_embedded(settings) ? supervisor->brokers : settings->brokers;
    rehearsal->fleet.original_mask = supervisor->original_mask;
    snprintf(rehearsal->fleet.folder, sizeof rehearsal->fleet.folder, "%s", supervisor->folder);
    snprintf(rehearsal->fleet.host, sizeof rehearsal->fleet.host, "%s", supervisor->host);
    return rehearsal;
}

/* --- who is asked -------------------------------------------------------------------------------------- */

static void become(struct rehearsal *rehearsal, enum worker_kind kind, const char *name,
                   const struct settings *settings)
{
    struct worker *worker = &rehearsal->worker;
    *worker = (struct worker){.supervisor = &rehearsal->fleet,
                              .settings = settings,
                              .kind = kind,
                              .exit_watch.fd = -1,
                              .segment_fd = -1,
                              .count_base = STATS_UNKNOWN};
    snprintf(worker->name, sizeof worker->name, "%s", name);
    snprintf(worker->client, sizeof worker->client, "%s", name);
    fleet_set_settings(worker, settings);
}

/* Clients that are told the same, but for who they are, have one answer for all: those without a section of
 * their own, and those whose sections say the same. */
static bool is_asked(const struct rehearsal *rehearsal, uint64_t digest)
{
    for (size_t i = 0; digest != 0 && i < rehearsal->asked_count; i++)
        if (rehearsal->asked[i] == digest)
            return true;
    return false;
}

/* False: there is none that was not asked. */
static bool find_client(struct rehearsal *rehearsal)
{
    const struct settings *all = config_settings(rehearsal->config);
    while (rehearsal->next < all->clients.count) {
        size_t next = rehearsal->next++;
        become(rehearsal, KIND_CONSUMER, all->clients.items[next], config_client(rehearsal->config, next));
        uint64_t digest = hand_over_digest(&rehearsal->worker);
        if (is_asked(rehearsal, digest))
            continue;
        rehearsal->asked[rehearsal->asked_count++] = digest;
        return true;
    }
    return false;
}

/* False: all were asked. */
static bool find_next(struct rehearsal *rehearsal)
{
    const struct settings *all = config_settings(rehearsal->config);
    if (find_client(rehearsal))
        return true;
    if (rehearsal->next++ > all->clients.count || all->no_producer)
        return false;
    become(rehearsal, KIND_PRODUCER, PRODUCER_WORKER, config_producer(rehearsal->config));
    return true;
}

/* --- its process --------------------------------------------------------------------------------------- */

/* The round of events in which it ends is enough: rehearsal_check looks then. */
static void wake(void *context)
{
    (void)context;
}

static int spawn(struct rehearsal *rehearsal, int config_fd, int output_fd, struct error *error)
{
    const char *words[HAND_OVER_WORDS + 1];
    size_t count = 0;
    hand_over_arguments(&rehearsal->worker, words);
    while (words[count] != NULL)
        count++;
    words[count++] = "--check";
    words[count] = NULL;
    struct spawn_request request = {.argv = (char *const *)words,
                                    .output_fd = output_fd,
                                    .config_fd = config_fd,
                                    .channel_fd = -1,
                                    .segment_fd = -1};
    return launch(&rehearsal->worker, request, rehearsal->reactor, wake, NULL, error);
}

static int start(struct rehearsal *rehearsal, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set(error, "cannot make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK); /* ours only: a process that says too much may wait, and is killed */
    int config_fd = hand_over_config(&rehearsal->worker, false, error);
    int result = config_fd == -1 ? -1 : spawn(rehearsal, config_fd, ends[1], error);
    close(ends[1]);
    if (config_fd != -1)
        close(config_fd);
    if (result == -1) {
        close(ends[0]);
        return -1;
    }
    rehearsal->output_fd = ends[0];
    rehearsal->deadline_us = clock_monotonic_us() + REHEARSAL_US;
    return 0;
}

static void lay_down(struct rehearsal *rehearsal)
{
    reactor_close(rehearsal->reactor, &rehearsal->worker.exit_watch);
    if (rehearsal->output_fd != -1)
        close(rehearsal->output_fd);
    rehearsal->output_fd = -1;
}

/* --- what it says -------------------------------------------------------------------------------------- */

/* Its error alone, as program_fail (options.h) prints it: `kconsume: TEXT`, and perhaps a hint to --help. */
static const char *read_error(const struct rehearsal *rehearsal, char said[SAID_BYTES])
{
    const char *program = hand_over_program(rehearsal->worker.kind);
    size_t used = 0;
    ssize_t length;
    while (used < SAID_BYTES - 1 &&
           (length = read(rehearsal->output_fd, said + used, SAID_BYTES - 1 - used)) > 0)
        used += (size_t)length;
    said[used] = '\0';
    char *hint = strstr(said, "\nTry '");
    if (hint != NULL)
        *hint = '\0';
    used = strlen(said);
    while (used > 0 && said[used - 1] == '\n')
        said[--used] = '\0';
    size_t prefix = strlen(program);
    return strncmp(said, program, prefix) == 0 && strncmp(said + prefix, ": ", 2) == 0 ? said + prefix + 2
                                                                                       : said;
}

/* The name that an error begins with, as a configuration file has it: `--pipeline: …`, `-X fetch.min.bytes:
 * …`. Returns what stands behind it, or NULL. */
static const char *take_name(const char *text, char name[128])
{
    bool property = strncmp(text, "-X ", 3) == 0;
    if (!property && strncmp(text, "--", 2) != 0)
        return NULL;
    text += property ? 3 : 2;
    size_t length = strcspn(text, ": ");
    if (length == 0 || length > 64 || strncmp(text + length, ": ", 2) != 0)
        return NULL;
    snprintf(name, 128, "%s%.*s", property ? CONFIG_PROPERTY : "", (int)length, text);
    return property || options_find(&supervisor_program, name) != NULL ? text + length + 2 : NULL;
}

static int wrong(const struct rehearsal *rehearsal, int exit_code, const char *text, struct error *error)
{
    const struct worker *worker = &rehearsal->worker;
    char name[128];
    const char *rest = take_name(text, name);
    error_set_code(error, exit_code, "%s", rest != NULL ? rest : text);
    if (rest == NULL)
        return error_context(error, "%s", worker->name);
    return config_blame(rehearsal->config, worker->kind == KIND_CONSUMER ? worker->client : NULL, name,
                        error);
}

/* 0: the process had nothing against it. */
static int judge(const struct rehearsal *rehearsal, const struct process_end *end, struct error *error)
{
    char said[SAID_BYTES];
    char how[64];
    char name[SIGNAL_NAME_BYTES];
    if (end->exit_status == 0)
        return 0;
    const char *text = read_error(rehearsal, said);
    if (end->exit_status > 0 && text[0] != '\0')
        return wrong(rehearsal, end->exit_status, text, error);
    if (end->signal != 0)
        snprintf(how, sizeof how, "was killed by %s", signal_name(end->signal, name));
    else
        snprintf(how, sizeof how, "ended with exit code %d", end->exit_status);
    return error_set(error, "%s: %s --check %s", rehearsal->worker.name,
                     hand_over_program(rehearsal->worker.kind), how);
}

static int too_slow(struct rehearsal *rehearsal, struct error *error)
{
    process_abandon(&rehearsal->worker.process);
    lay_down(rehearsal);
    return error_set(error, "%s: %s --check has not ended within %d s", rehearsal->worker.name,
                     hand_over_program(rehearsal->worker.kind), (int)(REHEARSAL_US / US_PER_SECOND));
}

/* --- one after the other ------------------------------------------------------------------------------- */

enum rehearsal_result rehearsal_check(struct rehearsal *rehearsal, struct error *error)
{
    struct process *process = &rehearsal->worker.process;
    struct process_end end = {0};
    for (;;) {
        if (process->pid != 0 && !process_reap(process, &end)) {
            if (clock_monotonic_us() < rehearsal->deadline_us)
                return REHEARSAL_GOES_ON;
            too_slow(rehearsal, error);
            return REHEARSAL_WRONG;
        }
        int result = rehearsal->output_fd != -1 ? judge(rehearsal, &end, error) : 0;
        lay_down(rehearsal);
        if (result == -1)
            return REHEARSAL_WRONG;
        if (!find_next(rehearsal))
            return REHEARSAL_RIGHT;
        if (start(rehearsal, error) == -1)
            return REHEARSAL_WRONG;
    }
}

int64_t rehearsal_deadline_us(const struct rehearsal *rehearsal)
{
    return rehearsal->deadline_us;
}

pid_t rehearsal_pid(const struct rehearsal *rehearsal)
{
    return rehearsal->worker.process.pid;
}

void rehearsal_free(struct rehearsal *rehearsal)
{
    if (rehearsal == NULL)
        return;
    if (rehearsal->worker.process.pid != 0)
        process_abandon(&rehearsal->worker.process);
    lay_down(rehearsal);
    free(rehearsal->asked);
    free(rehearsal);
}

int rehearse(struct supervisor *supervisor, const struct config *config, struct error *error)
{
    struct rehearsal *rehearsal = rehearsal_new(supervisor, config, error);
    enum rehearsal_result result = rehearsal == NULL ? REHEARSAL_WRONG : REHEARSAL_GOES_ON;
    while (result == REHEARSAL_GOES_ON && (result = rehearsal_check(rehearsal, error)) == REHEARSAL_GOES_ON)
        reactor_wait(&supervisor->reactor, rehearsal_deadline_us(rehearsal));
    rehearsal_free(rehearsal);
    return result == REHEARSAL_RIGHT ? 0 : -1;
}
