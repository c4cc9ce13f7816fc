#include "supervisor/peek.h"

#include <errno.h>
#include <fcntl.h>

#include "supervisor/hand_over.h"
#include "supervisor/launch.h"

#define ERROR_PREFIX "ktopic peek: "

struct peek {
    struct supervisor *supervisor;
    struct worker worker; /* what hand_over.h and launch.h know a process by; no slot of the fleet */
    bool known;           /* a worker uses the topic, as this workload */
    struct watch output;
    char *text; /* PEEK_BYTES_MAX and a NUL */
    size_t used;
    bool full; /* there was more */
    struct peek *next;
};

/* --- what it says -------------------------------------------------------------------------------------- */

/* All that is there; closed at its end, and when there is too much. */
static void read_output(void *context)
{
    struct peek *peek = context;
    while (peek->output.fd != -1) {
        size_t room = PEEK_BYTES_MAX - peek->used;
        ssize_t length = room == 0 ? 0 : read(peek->output.fd, peek->text + peek->used, room);
        peek->full = room == 0;
        if (length == -1 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length <= 0)
            reactor_close(&peek->supervisor->reactor, &peek->output);
        else
            peek->used += (size_t)length;
    }
}

const char *peek_text(const struct peek *peek)
{
    peek->text[peek->used] = '\0';
    return peek->text;
}

/* Its error, behind what it may have printed before, and without the hint to --help. */
static int its_error(const struct peek *peek, struct error *error)
{
    const char *text = strstr(peek_text(peek), ERROR_PREFIX);
    if (text == NULL)
        return error_set(error, "ktopic peek has ended without a reason");
    text += sizeof ERROR_PREFIX - 1;
    return error_set(error, "%.*s", (int)strcspn(text, "\n"), text);
}

/* --- its process --------------------------------------------------------------------------------------- */

/* The round of events in which it ends is enough: peek_check looks then. */
static void wake(void *context)
{
    struct peek *peek = context;
    reactor_close(&peek->supervisor->reactor, &peek->worker.exit_watch);
}

static int spawn(struct peek *peek, const char *const operands[], int config_fd, int output_fd,
                 struct error *error)
{
    const char *words[HAND_OVER_WORDS + 8];
    size_t count = 0;
    hand_over_arguments(&peek->worker, words);
    while (words[count] != NULL)
        count++;
    if (peek->known) {
        words[count++] = "--workload";
        words[count++] = peek->worker.settings->workload;
    }
    words[count++] = "--";
    for (size_t i = 0; operands[i] != NULL; i++)
        words[count++] = operands[i];
    words[count] = NULL;
    struct spawn_request request = {.argv = (char *const *)words,
                                    .output_fd = output_fd,
                                    .config_fd = config_fd,
                                    .channel_fd = -1,
                                    .segment_fd = -1};
    return launch(&peek->worker, request, &peek->supervisor->reactor, wake, peek, error);
}

static int start(struct peek *peek, const char *const operands[], struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set(error, "cannot make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int config_fd = hand_over_config(&peek->worker, false, error);
    int result = config_fd == -1 ? -1 : spawn(peek, operands, config_fd, ends[1], error);
    close(ends[1]);
    if (config_fd != -1)
        close(config_fd);
    if (result == 0)
        result = reactor_add(&peek->supervisor->reactor, &peek->output, ends[0], read_output, peek, error);
    if (result == -1)
        close(ends[0]);
    return result;
}

static size_t count_peeks(const struct supervisor *supervisor)
{
    size_t count = 0;
    for (const struct peek *peek = supervisor->peeks; peek != NULL; peek = peek->next)
        count++;
    return count;
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

static struct peek *make(struct supervisor *supervisor, const char *topic)
{
    struct peek *peek = calloc(1, sizeof *peek);
    char *text = malloc(PEEK_BYTES_MAX + 1);
    if (peek == NULL || text == NULL) {
        free(peek);
        free(text);
        return NULL;
    }
    *peek = (struct peek){.supervisor = supervisor, .text = text, .output.fd = -1, .next = supervisor->peeks};
    peek->worker = (struct worker){.supervisor = supervisor, .kind = KIND_PEEK, .name = "peek"};
    peek->worker.settings = settings_for(supervisor, topic, &peek->known);
    peek->worker.exit_watch.fd = peek->worker.channel_watch.fd = peek->worker.segment_fd = -1;
    supervisor->peeks = peek;
    return peek;
}

struct peek *peek_start(struct supervisor *supervisor, const char *const operands[], struct error *error)
{
    if (count_peeks(supervisor) >= PEEKS_MAX) {
        error_set(error, "%d of them are under way: try again in a moment", PEEKS_MAX);
        return NULL;
    }
    struct peek *peek = make(supervisor, operands[0]);
    if (peek == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (start(peek, operands, error) == 0)
        return peek;
    peek_free(peek);
    return NULL;
}

enum progress peek_check(struct peek *peek, struct error *error)
{
    struct process_end end;
    read_output(peek);
    if (peek->full) {
        error_set(error,
                  "the records are longer than an answer may be (%d KiB): ask for fewer, or use 'ktopic "
                  "peek'",
                  PEEK_BYTES_MAX / 1024);
        return PROGRESS_FAILED;
    }
    if (!process_reap(&peek->worker.process, &end))
        return PROGRESS_WAITING;
    read_output(peek);
    if (end.exit_status == 0 && !peek->full)
        return PROGRESS_DONE;
    its_error(peek, error);
    return PROGRESS_FAILED;
}

static void unlist(const struct peek *peek)
{
    for (struct peek **at = &peek->supervisor->peeks; *at != NULL; at = &(*at)->next)
        if (*at == peek) {
            *at = peek->next;
            return;
        }
}

void peek_free(struct peek *peek)
{
    if (peek == NULL)
        return;
    unlist(peek);
    if (peek->worker.process.pid != 0)
        process_abandon(&peek->worker.process);
    reactor_close(&peek->supervisor->reactor, &peek->worker.exit_watch);
    reactor_close(&peek->supervisor->reactor, &peek->output);
    free(peek->text);
    free(peek);
}

bool peek_owns(const struct supervisor *supervisor, pid_t pid)
{
    for (const struct peek *peek = supervisor->peeks; peek != NULL; peek = peek->next)
        if (peek->worker.process.pid == pid)
            return true;
    return false;
}
