#include "supervisor/control/ktopic.h"

#include <errno.h>
#include <fcntl.h>

#include "supervisor/process/launch.h"
#include "supervisor/process/worker_config.h"

struct ktopic {
    struct supervisor *supervisor;
    struct process process;
    struct watch exit_watch;
    char verb[16];                   /* of ktopic's */
    const struct settings *settings; /* of one that uses the topic */
    bool known;                      /* a worker uses the topic, as this workload */
    bool alone;                      /* as its command says */
    char topic[VERB_TEXT_BYTES];
    struct watch output;
    char *text; /* KTOPIC_BYTES_MAX and a NUL */
    size_t used;
    bool full; /* there was more */
    struct ktopic *next;
};

/* --- what it says -------------------------------------------------------------------------------------- */

/* All that is there; closed at its end, and when there is too much. */
static void read_output(void *context)
{
    struct ktopic *ktopic = context;
    while (ktopic->output.fd != -1) {
        size_t room = KTOPIC_BYTES_MAX - ktopic->used;
        ssize_t length = room == 0 ? 0 : read(ktopic->output.fd, ktopic->text + ktopic->used, room);
        ktopic->full = room == 0;
        if (length == -1 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length <= 0)
            reactor_close(&ktopic->supervisor->reactor, &ktopic->output);
        else
            ktopic->used += (size_t)length;
    }
}

const char *ktopic_text(const struct ktopic *ktopic)
{
    ktopic->text[ktopic->used] = '\0';
    return ktopic->text;
}

/* Its error, after other output and without the hint to --help. */
static int its_error(const struct ktopic *ktopic, struct error *error)
{
    char prefix[64];
    int length = snprintf(prefix, sizeof prefix, "ktopic %s: ", ktopic->verb);
    const char *text = strstr(ktopic_text(ktopic), prefix);
    if (text == NULL)
        return error_set(error, "ktopic %s ended without giving a reason", ktopic->verb);
    text += length;
    return error_set(error, "%.*s", (int)strcspn(text, "\n"), text);
}

/* --- its process --------------------------------------------------------------------------------------- */

/* No action is needed when it ends: ktopic_check looks then. */
static void wake(void *context)
{
    struct ktopic *ktopic = context;
    reactor_close(&ktopic->supervisor->reactor, &ktopic->exit_watch);
}

static size_t add_words(const char **words, size_t count, const char *const more[])
{
    for (size_t i = 0; more[i] != NULL; i++)
        words[count++] = more[i];
    return count;
}

/* Where this client's dead letters go, if not to the topic's own; NULL. */
static const char *letters_topic(const struct ktopic *ktopic)
{
    const char *name = ktopic->known ? ktopic->settings->dead_letters : NULL;
    return name != NULL && strcmp(name, "off") != 0 ? name : NULL;
}

#define WORDS_MAX (WORKER_CONFIG_WORDS + 16)

static void make_words(const struct ktopic *ktopic, const struct worker_spec *spec,
                       const struct ktopic_command *command, const char *words[WORDS_MAX])
{
    const char *letters = command->of_letters ? letters_topic(ktopic) : NULL;
    const char *file = ktopic->settings->schema_file;
    const char *const workload[] = {!ktopic->known ? NULL
                                    : file != NULL ? "--schema"
                                                   : "--workload",
                                    file != NULL ? file : ktopic->settings->workload, NULL};
    const char *const dlq_topic[] = {letters != NULL ? "--dlq-topic" : NULL, letters, NULL};
    size_t count = 0;
    worker_config_arguments(spec, words);
    while (words[count] != NULL)
        count++;
    count = add_words(words, count, command->options);
    count = add_words(words, count, workload);
    count = add_words(words, count, dlq_topic);
    words[count++] = "--";
    words[add_words(words, count, command->operands)] = NULL;
}

/* With the words, its output on that descriptor, and the configuration of its own. */
static int spawn(struct ktopic *ktopic, const struct worker_spec *spec, const char *words[WORDS_MAX],
                 int output_fd, struct error *error)
{
    struct launch how = {.folder = ktopic->supervisor->folder,
                         .program = kind_program(spec->kind),
                         .request = {.argv = (char *const *)words,
                                     .output_fd = output_fd,
                                     .config_fd = worker_config(spec, error),
                                     .channel_fd = -1,
                                     .segment_fd = -1,
                                     .mask = ktopic->supervisor->original_mask},
                         .reactor = &ktopic->supervisor->reactor,
                         .ended = wake,
                         .context = ktopic};
    if (how.request.config_fd == -1)
        return -1;
    int result = launch(&how, &ktopic->process, &ktopic->exit_watch, error);
    close(how.request.config_fd);
    return result;
}

static int start_process(struct ktopic *ktopic, const struct ktopic_command *command, int output_fd,
                         struct error *error)
{
    const struct supervisor *supervisor = ktopic->supervisor;
    const struct worker_spec spec = {.kind = KIND_KTOPIC,
                                     .name = ktopic->verb,
                                     .settings = ktopic->settings,
                                     .instance = supervisor->settings,
                                     .bootstrap = supervisor->brokers.bootstrap,
                                     .host = supervisor->host};
    const char *words[WORDS_MAX];
    make_words(ktopic, &spec, command, words);
    return spawn(ktopic, &spec, words, output_fd, error);
}

static int start(struct ktopic *ktopic, const struct ktopic_command *command, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set(error, "cannot create a pipe: %m");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int result = start_process(ktopic, command, ends[1], error);
    close(ends[1]);
    if (result == 0)
        result =
            reactor_add(&ktopic->supervisor->reactor, &ktopic->output, ends[0], read_output, ktopic, error);
    if (result == -1)
        close(ends[0]);
    return result;
}

static int check_room(const struct supervisor *supervisor, const struct ktopic_command *command,
                      struct error *error)
{
    size_t count = 0;
    for (const struct ktopic *other = supervisor->ktopics; other != NULL; other = other->next) {
        if (command->alone && other->alone && strcmp(other->topic, command->topic) == 0)
            return error_set(error, "another replay of %s is under way", command->topic);
        count++;
    }
    return count < KTOPICS_MAX
               ? 0
               : error_set(error, "%d of them are under way: try again in a moment", KTOPICS_MAX);
}

/* The settings of one that uses the topic: its workload is what records without a header are read as. */
static const struct settings *settings_for(const struct supervisor *supervisor, const char *topic,
                                           bool *known)
{
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        *known = (worker->kind == KIND_CONSUMER || worker->kind == KIND_PRODUCER) &&
                 strcmp(worker->settings->topic, topic) == 0;
        if (*known)
            return worker->settings;
    }
    return supervisor->settings;
}

static struct ktopic *make(struct supervisor *supervisor, const struct ktopic_command *command)
{
    struct ktopic *ktopic = calloc(1, sizeof *ktopic);
    char *text = malloc(KTOPIC_BYTES_MAX + 1);
    if (ktopic == NULL || text == NULL) {
        free(ktopic);
        free(text);
        return NULL;
    }
    *ktopic = (struct ktopic){.supervisor = supervisor,
                              .alone = command->alone,
                              .text = text,
                              .process = {0, -1, 0},
                              .exit_watch.fd = -1,
                              .output.fd = -1,
                              .next = supervisor->ktopics};
    snprintf(ktopic->topic, sizeof ktopic->topic, "%s", command->topic);
    snprintf(ktopic->verb, sizeof ktopic->verb, "%s", command->verb);
    ktopic->settings = settings_for(supervisor, command->topic, &ktopic->known);
    supervisor->ktopics = ktopic;
    return ktopic;
}

struct ktopic *ktopic_start(struct supervisor *supervisor, const struct ktopic_command *command,
                            struct error *error)
{
    if (check_room(supervisor, command, error) == -1)
        return NULL;
    struct ktopic *ktopic = make(supervisor, command);
    if (ktopic == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (start(ktopic, command, error) == 0)
        return ktopic;
    ktopic_free(ktopic);
    return NULL;
}

enum progress ktopic_check(struct ktopic *ktopic, struct error *error)
{
    struct process_end end;
    read_output(ktopic);
    if (ktopic->full) {
        error_set(error,
                  "the records are longer than an answer may be (%d KiB): ask for fewer, or use 'ktopic %s'",
                  KTOPIC_BYTES_MAX / 1024, ktopic->verb);
        return PROGRESS_FAILED;
    }
    if (!process_reap(&ktopic->process, &end))
        return PROGRESS_WAITING;
    read_output(ktopic);
    if (end.exit_status == 0 && !ktopic->full)
        return PROGRESS_DONE;
    its_error(ktopic, error);
    return PROGRESS_FAILED;
}

static void unlist(const struct ktopic *ktopic)
{
    for (struct ktopic **at = &ktopic->supervisor->ktopics; *at != NULL; at = &(*at)->next)
        if (*at == ktopic) {
            *at = ktopic->next;
            return;
        }
}

void ktopic_free(struct ktopic *ktopic)
{
    if (ktopic == NULL)
        return;
    unlist(ktopic);
    if (ktopic->process.pid != 0)
        process_abandon(&ktopic->process);
    reactor_close(&ktopic->supervisor->reactor, &ktopic->exit_watch);
    reactor_close(&ktopic->supervisor->reactor, &ktopic->output);
    free(ktopic->text);
    free(ktopic);
}

bool ktopic_owns(const struct supervisor *supervisor, pid_t pid)
{
    for (const struct ktopic *ktopic = supervisor->ktopics; ktopic != NULL; ktopic = ktopic->next)
        if (ktopic->process.pid == pid)
            return true;
    return false;
}
