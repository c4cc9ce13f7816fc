#include "supervisor/control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/rpc/message.h"
#include "common/runtime.h"
#include "supervisor/control/answer.h"
#include "supervisor/control/params.h"
#include "supervisor/control/queue.h"
#include "supervisor/log/report.h"
#include "supervisor/control/verbs.h"

#define CHECK_US (10 * US_PER_MS)
#define READ_US  (5 * US_PER_SECOND) /* a client that reads nothing of its answer for so long is dropped */

enum { UNSENT_BYTES_MAX = 4 * 1024 * 1024 };

struct connection {
    struct control *control;
    struct watch watch;
    size_t used;
    uint8_t bytes[RPC_MESSAGE_BYTES]; /* what has come of the next message */
    msgpack_sbuffer unsent;           /* answers that the socket had no room for; size 0: none */
    int64_t unsent_until_us;          /* monotonic: dropped then */
    int64_t heard_us;                 /* monotonic: when something came last */
};

struct control {
    struct supervisor *supervisor;
    struct watch listener;
    int spare_fd; /* given up for a moment when there is no other: see turn_away */
    char path[RUNTIME_SOCKET_BYTES];
    struct connection connections[CONTROL_CONNECTIONS_MAX];
    struct queue queue;
};

/* --- answers ------------------------------------------------------------------------------------------- */

static void drop(struct connection *connection)
{
    struct control *control = connection->control;
    queue_caller_gone(&control->queue, connection);
    reactor_close(&control->supervisor->reactor, &connection->watch);
    msgpack_sbuffer_destroy(&connection->unsent);
    msgpack_sbuffer_init(&connection->unsent);
}

/* How much the socket took; -1 when the client is gone. */
static ssize_t send_some(const struct connection *connection, const char *bytes, size_t length)
{
    ssize_t sent = send(connection->watch.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == -1 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

/* Most answers fit into the socket's buffer. That of a thousand workers may not: the rest goes when the
 * client has read. */
static void send_answer(struct connection *connection, const msgpack_sbuffer *buffer)
{
    if (connection->watch.fd == -1)
        return;
    ssize_t sent = 0;
    if (connection->unsent.size == 0) {
        sent = send_some(connection, buffer->data, buffer->size);
        connection->unsent_until_us = clock_monotonic_us() + READ_US;
    }
    if (sent == -1 || connection->unsent.size + buffer->size > UNSENT_BYTES_MAX ||
        (sent < (ssize_t)buffer->size &&
         msgpack_sbuffer_write(&connection->unsent, buffer->data + sent, buffer->size - (size_t)sent) != 0))
        drop(connection);
}

static void send_rest(struct connection *connection)
{
    msgpack_sbuffer *unsent = &connection->unsent;
    int64_t now_us = clock_monotonic_us();
    if (unsent->size == 0)
        return;
    ssize_t sent = send_some(connection, unsent->data, unsent->size);
    if (sent > 0) {
        memmove(unsent->data, unsent->data + sent, unsent->size - (size_t)sent);
        unsent->size -= (size_t)sent;
        connection->unsent_until_us = now_us + READ_US;
    }
    if (sent == -1 || now_us >= connection->unsent_until_us)
        drop(connection);
}

static void answer_failure(struct connection *connection, uint32_t id, const char *text, bool late)
{
    msgpack_sbuffer buffer;
    answer_pack_error(&buffer, id, text, late);
    send_answer(connection, &buffer);
    msgpack_sbuffer_destroy(&buffer);
}

static void answer_error(struct connection *connection, uint32_t id, const char *text)
{
    answer_failure(connection, id, text, false);
}

static void answer_result(struct connection *connection, uint32_t id, struct request *request)
{
    msgpack_sbuffer buffer;
    answer_pack_result(&buffer, id, request);
    send_answer(connection, &buffer);
    msgpack_sbuffer_destroy(&buffer);
}

/* --- requests ------------------------------------------------------------------------------------------ */

/* Sending may drop the connection, if the client is gone: do not use it after this. */
static void finish(struct pending *pending, enum progress progress, const struct error *error)
{
    struct connection *connection = pending->caller;
    pending->caller = NULL;
    if (connection != NULL && progress == PROGRESS_FAILED)
        answer_failure(connection, pending->id, error->text, pending->request.late);
    else if (connection != NULL)
        answer_result(connection, pending->id, &pending->request);
    queue_answered(pending);
}

static void step(const struct control *control, struct pending *pending)
{
    struct error error = ERROR_INIT;
    enum progress progress = queue_step(&control->queue, pending, &error);
    if (progress != PROGRESS_WAITING)
        finish(pending, progress, &error);
}

static void take_request(struct connection *connection, struct rpc_message *message)
{
    struct control *control = connection->control;
    struct pending *pending = queue_free_slot(&control->queue);
    const char *nearest = NULL;
    const struct verb *verb = verb_find(message->method.data, message->method.length, &nearest);
    struct error error = ERROR_INIT;
    char text[256];
    if (pending == NULL) {
        answer_error(connection, message->id, "too many requests are open");
        return;
    }
    pending->request = (struct request){.supervisor = control->supervisor, .verb = verb};
    if (verb == NULL) {
        snprintf(text, sizeof text, "there is no verb '%.*s'%s%s%s",
                 (int)(message->method.length < 40 ? message->method.length : 40), message->method.data,
                 nearest ? "; is '" : "", nearest ? nearest : "", nearest ? "' meant?" : "");
        answer_error(connection, message->id, text);
        return;
    }
    if (params_read(message, &pending->request, &error) == -1) {
        answer_error(connection, message->id, error.text);
        return;
    }
    queue_enter(&control->queue, pending, connection, message->id);
    step(control, pending);
}

/* --- bytes --------------------------------------------------------------------------------------------- */

/* Takes the whole messages out of the buffer; false when what is there can never become one. */
static bool take_messages(struct connection *connection)
{
    size_t done = 0;
    while (connection->watch.fd != -1 && done < connection->used) {
        struct mp_reader reader;
        mp_init(&reader, connection->bytes + done, connection->used - done);
        enum mp_fault fault = mp_step(&reader, MP_DEPTH_MAX);
        if (fault == MP_TRUNCATED)
            break;
        struct rpc_message message;
        size_t length = mp_offset(&reader);
        if (fault != MP_OK || rpc_parse(&message, connection->bytes + done, length) == -1 ||
            message.kind != RPC_REQUEST)
            return false;
        take_request(connection, &message);
        done += length;
    }
    memmove(connection->bytes, connection->bytes + done, connection->used - done);
    connection->used -= done;
    return connection->used < sizeof connection->bytes; /* a message that does not fit is too long */
}

static void connection_readable(void *context)
{
    struct connection *connection = context;
    ssize_t length = recv(connection->watch.fd, connection->bytes + connection->used,
                          sizeof connection->bytes - connection->used, MSG_DONTWAIT);
    if (length == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        drop(connection);
        return;
    }
    connection->used += (size_t)length;
    connection->heard_us = clock_monotonic_us();
    if (!take_messages(connection))
        drop(connection);
}

/* A request of its may be in the socket, unread. */
static bool has_asked(const struct connection *connection)
{
    int unread = 0;
    return ioctl(connection->watch.fd, FIONREAD, &unread) == 0 && unread > 0;
}

/* Nothing of it is open: no request, no answer that it has to read. */
static bool is_idle(const struct control *control, const struct connection *connection)
{
    return connection->unsent.size == 0 && !queue_waits_for(&control->queue, connection) &&
           !has_asked(connection);
}

/* The connection that has been idle for longest; NULL: all wait for an answer. */
static struct connection *oldest_idle(struct control *control)
{
    struct connection *oldest = NULL;
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        struct connection *connection = &control->connections[i];
        if (is_idle(control, connection) && (oldest == NULL || connection->heard_us < oldest->heard_us))
            oldest = connection;
    }
    return oldest;
}

/* A slot for a new connection: a free one, or that of the oldest idle connection, which is closed. */
static struct connection *find_place(struct control *control)
{
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        if (control->connections[i].watch.fd == -1)
            return &control->connections[i];
    struct connection *oldest = oldest_idle(control);
    if (oldest != NULL)
        drop(oldest);
    return oldest;
}

/* Its request has not been read, so the response has no number to match. The client may be gone already. */
static void say_full(int fd)
{
    msgpack_sbuffer buffer;
    answer_pack_error(&buffer, 0, "the supervisor has too many requests open: try again in a moment", false);
    ssize_t sent = send(fd, buffer.data, buffer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    msgpack_sbuffer_destroy(&buffer);
}

/* A connection that cannot be accepted stays readable, and we would spin on it: without a descriptor left, it
 * gets the spare one, and is closed. */
static void turn_away(struct control *control)
{
    if (control->spare_fd != -1)
        close(control->spare_fd);
    int fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd != -1)
        close(fd);
    control->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void take_connection(void *context)
{
    struct control *control = context;
    int fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd == -1) {
        if (errno == EMFILE || errno == ENFILE)
            turn_away(control);
        return;
    }
    struct ucred peer;
    socklen_t length = sizeof peer;
    /* The modes of folder and socket keep others out already; this also holds on file systems that ignore
     * them. */
    bool ours = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
                (peer.uid == getuid() || peer.uid == 0);
    struct connection *connection = ours ? find_place(control) : NULL;
    if (connection == NULL) {
        if (ours)
            say_full(fd);
        close(fd);
        return;
    }
    connection->used = 0;
    connection->heard_us = clock_monotonic_us();
    if (reactor_add(&control->supervisor->reactor, &connection->watch, fd, connection_readable, connection,
                    NULL) == -1)
        close(fd);
}

/* --- opening and closing ------------------------------------------------------------------------------- */

static int listen_at(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path);
    /* Between bind and chmod nobody else gets in: the folder is 0700. */
    if (fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0600) == 0 &&
        listen(fd, CONTROL_CONNECTIONS_MAX) == 0)
        return fd;
    error_set(error, "cannot listen at %s: %m", path);
    if (fd != -1)
        close(fd);
    return -1;
}

int control_open(struct control **out, struct supervisor *supervisor, struct error *error)
{
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL)
        return error_set(error, "out of memory");
    control->supervisor = supervisor;
    control->listener.fd = -1;
    control->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        control->connections[i].control = control;
        control->connections[i].watch.fd = -1;
    }
    int fd = -1;
    if (runtime_socket(control->path, supervisor->settings->instance, error) == -1 ||
        (fd = listen_at(control->path, error)) == -1 ||
        reactor_add(&supervisor->reactor, &control->listener, fd, take_connection, control, error) == -1) {
        if (fd != -1)
            close(fd);
        if (control->spare_fd != -1)
            close(control->spare_fd);
        free(control);
        return -1;
    }
    *out = control;
    return 0;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    control_check(control);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        if (control->connections[i].watch.fd != -1)
            drop(&control->connections[i]);
    queue_release(&control->queue);
    reactor_close(&control->supervisor->reactor, &control->listener);
    unlink(control->path);
    if (control->spare_fd != -1)
        close(control->spare_fd);
    free(control);
}

/* In the order of arrival: a later request must not be refused for an earlier one that is just done. */
void control_check(struct control *control)
{
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        send_rest(&control->connections[i]);
    uint64_t sequence = 0;
    for (struct pending *pending; (pending = queue_after(&control->queue, sequence)) != NULL;) {
        sequence = pending->sequence;
        step(control, pending);
    }
}

/* While somebody waits, the conditions are checked often: some depend on shared memory, which raises no
 * event. */
int64_t control_deadline_us(const struct control *control)
{
    if (!queue_is_empty(&control->queue))
        return clock_monotonic_us() + CHECK_US;
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        if (control->connections[i].unsent.size > 0)
            return clock_monotonic_us() + CHECK_US;
    return INT64_MAX;
}
