#include "tools/kctl/request.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/own_file.h"
#include "common/rpc/verb_call.h"
#include "common/runtime.h"
#include "common/stats/directory.h"

#define GRACE_MS 5000 /* the supervisor answers a request whose time is up; this is for its way here */

struct call {
    const char *instance;
    int64_t timeout_ms;
    int64_t until_us; /* monotonic */
};

/* 0: no supervisor of that instance lives. */
static pid_t living_pid(const char *instance)
{
    struct directory *directory = NULL;
    pid_t pid = 0;
    if (directory_open(&directory, instance, NULL) == 0 && directory_alive(directory))
        pid = directory_pid(directory);
    directory_free(directory);
    return pid;
}

/* Its directory in shared memory knows better than the socket's absence: the runtime folder is a session's.
 */
static int explain_absence(const char *instance, const char *socket_path, struct error *error)
{
    pid_t pid = living_pid(instance);
    if (pid == 0)
        return error_set_code(
            error, EXIT_CODE_NOT_RUNNING,
            "instance '%s' is not running: start it with ksupervise, or name another with -i", instance);
    return error_set(error,
                     "instance '%s' runs (pid %d), but has no control socket in %.*s: set XDG_RUNTIME_DIR to "
                     "the value it was started with",
                     instance, (int)pid, (int)(strrchr(socket_path, '/') - socket_path), socket_path);
}

/* A supervisor that is stopped still listens: the kernel takes connections for it, until their queue is full.
 */
static bool is_stopped(const char *instance, pid_t *pid)
{
    struct directory *directory = NULL;
    bool stopped = directory_open(&directory, instance, NULL) == 0 && directory_stopped(directory);
    *pid = stopped ? directory_pid(directory) : 0;
    directory_free(directory);
    return stopped;
}

static int explain_silence(const struct call *call, struct error *error)
{
    pid_t pid;
    if (is_stopped(call->instance, &pid))
        return error_set(error, "instance '%s' is stopped: continue it with kill -CONT %d", call->instance,
                         (int)pid);
    return error_set(error, "the supervisor does not answer");
}

/* Connecting waits while the queue of connections is full, and so may sending: both until the time is up. */
static void bound(int fd, const struct call *call)
{
    int64_t left_us = call->until_us - clock_monotonic_us();
    if (left_us < 1)
        left_us = 1; /* 0 would be for ever */
    struct timeval left = {.tv_sec = left_us / US_PER_SECOND, .tv_usec = left_us % US_PER_SECOND};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left);
}

static int connect_to(const struct call *call, struct error *error)
{
    const char *instance = call->instance;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (runtime_socket(address.sun_path, instance, error) == -1)
        return -1;
    if (own_file_check(address.sun_path, S_IFSOCK, error) == -1)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd != -1)
        bound(fd, call);
    if (fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    bool absent = errno == ENOENT || errno == ECONNREFUSED;
    if (absent)
        explain_absence(instance, address.sun_path, error);
    else if (errno == EAGAIN)
        explain_silence(call, error);
    else
        error_set(error, "instance '%s' cannot be reached: %m", instance);
    if (fd != -1)
        close(fd);
    return -1;
}

static int send_request(int fd, const struct call *call, const struct verb_call *asked, struct error *error)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    verb_call_pack(&buffer, asked);
    bound(fd, call);
    /* A supervisor without a free connection says so and closes: that answer can still be read. */
    bool sent = send(fd, buffer.data, buffer.size, MSG_NOSIGNAL) == (ssize_t)buffer.size || errno == EPIPE ||
                errno == ECONNRESET;
    msgpack_sbuffer_destroy(&buffer);
    if (!sent && errno == EAGAIN)
        return explain_silence(call, error);
    return sent ? 0 : error_set(error, "the supervisor does not listen: %m");
}

static int explain_end(const char *instance, struct error *error)
{
    return living_pid(instance) == 0 ? error_set(error, "the supervisor is gone")
                                     : error_set(error, "the supervisor closed the connection before it "
                                                        "answered: it has too many connections; try again");
}

static bool readable_by(int fd, int64_t until_us)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    int64_t left_us = until_us - clock_monotonic_us();
    int left_ms = left_us > 0 ? (int)(left_us / US_PER_MS) + 1 : 0;
    return poll(&waiting, 1, left_ms) != 0;
}

/* A stopped supervisor gets no extra time: it would not use it. */
static bool wait_for_bytes(int fd, const struct call *call)
{
    pid_t pid;
    return readable_by(fd, call->until_us) ||
           (!is_stopped(call->instance, &pid) && readable_by(fd, call->until_us + GRACE_MS * US_PER_MS));
}

/* Reads until one whole message is there. */
static int receive(int fd, const struct call *call, struct answer *answer, struct error *error)
{
    enum verb_answer_state state;
    while ((state = verb_answer_look(answer->bytes, answer->length)) == VERB_ANSWER_PART) {
        if (!wait_for_bytes(fd, call))
            return explain_silence(call, error);
        ssize_t n =
            recv(fd, answer->bytes + answer->length, VERB_ANSWER_BYTES_MAX - answer->length, MSG_DONTWAIT);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return explain_end(call->instance, error);
        answer->length += (size_t)n;
    }
    return state == VERB_ANSWER_WHOLE ? 0 : error_set(error, "the supervisor's answer cannot be read");
}

int request_send(const char *instance, const char *verb, const char *target, const char *argument,
                 int64_t timeout_ms, bool wait, struct answer *answer, struct error *error)
{
    *answer = (struct answer){.bytes = malloc(VERB_ANSWER_BYTES_MAX)};
    if (answer->bytes == NULL)
        return error_set(error, "out of memory");
    struct call call = {instance, timeout_ms, clock_monotonic_us() + timeout_ms * US_PER_MS};
    struct verb_call asked = {verb, target, argument, timeout_ms, wait, NULL};
    int fd = connect_to(&call, error);
    int result = -1;
    if (fd != -1 && send_request(fd, &call, &asked, error) == 0 && receive(fd, &call, answer, error) == 0)
        result = verb_answer_take(answer->bytes, answer->length, &answer->result, error);
    if (fd != -1)
        close(fd);
    return result;
}

void answer_release(struct answer *answer)
{
    free(answer->bytes);
    *answer = (struct answer){0};
}
