#include "supervisor/config/preflight.h"

#include <errno.h>
#include <fcntl.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/signal_name.h"
#include "supervisor/process/kinds.h"
#include "supervisor/process/launch.h"
#include "supervisor/process/worker_config.h"

enum { SAID_BYTES = 2 * ERROR_TEXT_BYTES };

struct preflight {
    struct supervisor *supervisor; /* the reactor, and where the programs are */
    const struct config *config;
    struct worker_spec spec; /* of the one that is asked */
    char group[STATS_GROUP_BYTES];
    struct process process;
    struct watch exit_watch;
    size_t next;     /* the client that is looked at next; behind the last comes the producer */
    uint64_t *asked; /* worker_config_digest of the clients that were asked */
    size_t asked_count;
    int output_fd;       /* what the process says; -1: none runs */
    int64_t deadline_us; /* monotonic */
};

struct preflight *preflight_new(struct supervisor *supervisor, const struct config *config,
                                struct error *error)
{
    const struct settings *settings = config_settings(config);
    struct preflight *preflight = calloc(1, sizeof *preflight);
    uint64_t *asked = calloc(settings->clients.count + 1, sizeof *asked);
    if (preflight == NULL || asked == NULL) {
        free(preflight);
        free(asked);
        error_set(error, "out of memory");
        return NULL;
    }
    preflight->asked = asked;
    preflight->supervisor = supervisor;
    preflight->config = config;
    preflight->exit_watch.fd = preflight->output_fd = -1;
    return preflight;
}

/* --- who is asked -------------------------------------------------------------------------------------- */

/* The specification of a worker that is not running yet. */
static void become(struct preflight *preflight, enum worker_kind kind, const char *name,
                   const struct settings *settings)
{
    const struct settings *all = config_settings(preflight->config);
    const struct brokers *brokers = settings_embedded(all) ? &preflight->supervisor->brokers : &all->brokers;
    settings_group(settings, name, preflight->group, sizeof preflight->group);
    preflight->spec = (struct worker_spec){.kind = kind,
                                           .name = name,
                                           .client = name,
                                           .group = preflight->group,
                                           .settings = settings,
                                           .instance = all,
                                           .bootstrap = brokers->bootstrap,
                                           .host = preflight->supervisor->host,
                                           .remaining = settings->count};
}

/* Clients with the same configuration, apart from their names, are validated once: those without a section of
 * their own, and those with equal sections. */
static bool is_asked(const struct preflight *preflight, uint64_t digest)
{
    for (size_t i = 0; digest != 0 && i < preflight->asked_count; i++)
        if (preflight->asked[i] == digest)
            return true;
    return false;
}

/* False: there is none that was not asked. */
static bool find_client(struct preflight *preflight)
{
    const struct settings *all = config_settings(preflight->config);
    while (preflight->next < all->clients.count) {
        size_t next = preflight->next++;
        become(preflight, KIND_CONSUMER, all->clients.items[next], config_client(preflight->config, next));
        uint64_t digest = worker_config_digest(&preflight->spec);
        if (is_asked(preflight, digest))
            continue;
        preflight->asked[preflight->asked_count++] = digest;
        return true;
    }
    return false;
}

/* False: all were asked. */
static bool find_next(struct preflight *preflight)
{
    const struct settings *all = config_settings(preflight->config);
    if (find_client(preflight))
        return true;
    if (preflight->next++ > all->clients.count || all->no_producer)
        return false;
    become(preflight, KIND_PRODUCER, PRODUCER_WORKER, config_producer(preflight->config));
    return true;
}

/* --- its process --------------------------------------------------------------------------------------- */

/* No action is needed when it ends: preflight_check looks then. */
static void wake(void *context)
{
    (void)context;
}

static int spawn(struct preflight *preflight, int config_fd, int output_fd, struct error *error)
{
    const char *words[WORKER_CONFIG_WORDS + 1];
    size_t count = 0;
    worker_config_arguments(&preflight->spec, words);
    while (words[count] != NULL)
        count++;
    words[count++] = "--check";
    words[count] = NULL;
    struct launch how = {.folder = preflight->supervisor->folder,
                         .program = kind_program(preflight->spec.kind),
                         .request = {.argv = (char *const *)words,
                                     .output_fd = output_fd,
                                     .config_fd = config_fd,
                                     .channel_fd = -1,
                                     .segment_fd = -1,
                                     .mask = preflight->supervisor->original_mask},
                         .reactor = &preflight->supervisor->reactor,
                         .ended = wake};
    return launch(&how, &preflight->process, &preflight->exit_watch, error);
}

static int start(struct preflight *preflight, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set(error, "cannot create a pipe: %m");
    fcntl(ends[0], F_SETFL, O_NONBLOCK); /* ours only: a process that says too much may wait, and is killed */
    int config_fd = worker_config(&preflight->spec, error);
    int result = config_fd == -1 ? -1 : spawn(preflight, config_fd, ends[1], error);
    close(ends[1]);
    if (config_fd != -1)
        close(config_fd);
    if (result == -1) {
        close(ends[0]);
        return -1;
    }
    preflight->output_fd = ends[0];
    preflight->deadline_us = clock_monotonic_us() + PREFLIGHT_US;
    return 0;
}

static void lay_down(struct preflight *preflight)
{
    reactor_close(&preflight->supervisor->reactor, &preflight->exit_watch);
    if (preflight->output_fd != -1)
        close(preflight->output_fd);
    preflight->output_fd = -1;
}

/* --- what it says -------------------------------------------------------------------------------------- */

/* Its error alone, as program_fail (options.h) prints it: `kconsume: TEXT`, and perhaps a hint to --help. */
static const char *read_error(const struct preflight *preflight, char said[SAID_BYTES])
{
    const char *program = kind_program(preflight->spec.kind);
    size_t used = 0;
    ssize_t length;
    while (used < SAID_BYTES - 1 &&
           (length = read(preflight->output_fd, said + used, SAID_BYTES - 1 - used)) > 0)
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

static int wrong(const struct preflight *preflight, int exit_code, const char *text, struct error *error)
{
    const struct worker_spec *spec = &preflight->spec;
    char name[128];
    const char *rest = take_name(text, name);
    error_set_code(error, exit_code, "%s", rest != NULL ? rest : text);
    if (rest == NULL)
        return error_context(error, "%s", spec->name);
    return config_blame(preflight->config, spec->kind == KIND_CONSUMER ? spec->client : NULL, name, error);
}

/* 0: the process had nothing against it. */
static int judge(const struct preflight *preflight, const struct process_end *end, struct error *error)
{
    char said[SAID_BYTES];
    char how[64];
    char name[SIGNAL_NAME_BYTES];
    if (end->exit_status == 0)
        return 0;
    const char *text = read_error(preflight, said);
    if (end->exit_status > 0 && text[0] != '\0')
        return wrong(preflight, end->exit_status, text, error);
    if (end->signal != 0)
        snprintf(how, sizeof how, "was killed by %s", signal_name(end->signal, name));
    else
        snprintf(how, sizeof how, "ended with exit code %d", end->exit_status);
    return error_set(error, "%s: %s --check %s", preflight->spec.name, kind_program(preflight->spec.kind),
                     how);
}

static int too_slow(struct preflight *preflight, struct error *error)
{
    process_abandon(&preflight->process);
    lay_down(preflight);
    return error_set(error, "%s: %s --check has not ended within %d s", preflight->spec.name,
                     kind_program(preflight->spec.kind), (int)(PREFLIGHT_US / US_PER_SECOND));
}

/* --- one after the other ------------------------------------------------------------------------------- */

enum preflight_result preflight_check(struct preflight *preflight, struct error *error)
{
    struct process *process = &preflight->process;
    struct process_end end = {0};
    for (;;) {
        if (process->pid != 0 && !process_reap(process, &end)) {
            if (clock_monotonic_us() < preflight->deadline_us)
                return PREFLIGHT_GOES_ON;
            too_slow(preflight, error);
            return PREFLIGHT_WRONG;
        }
        int result = preflight->output_fd != -1 ? judge(preflight, &end, error) : 0;
        lay_down(preflight);
        if (result == -1)
            return PREFLIGHT_WRONG;
        if (!find_next(preflight))
            return PREFLIGHT_RIGHT;
        if (start(preflight, error) == -1)
            return PREFLIGHT_WRONG;
    }
}

int64_t preflight_deadline_us(const struct preflight *preflight)
{
    return preflight->deadline_us;
}

pid_t preflight_pid(const struct preflight *preflight)
{
    return preflight->process.pid;
}

void preflight_free(struct preflight *preflight)
{
    if (preflight == NULL)
        return;
    if (preflight->process.pid != 0)
        process_abandon(&preflight->process);
    lay_down(preflight);
    free(preflight->asked);
    free(preflight);
}

int preflight(struct supervisor *supervisor, const struct config *config, struct error *error)
{
    struct preflight *preflight = preflight_new(supervisor, config, error);
    enum preflight_result result = preflight == NULL ? PREFLIGHT_WRONG : PREFLIGHT_GOES_ON;
    while (result == PREFLIGHT_GOES_ON && (result = preflight_check(preflight, error)) == PREFLIGHT_GOES_ON)
        reactor_wait(&supervisor->reactor, preflight_deadline_us(preflight));
    preflight_free(preflight);
    return result == PREFLIGHT_RIGHT ? 0 : -1;
}
