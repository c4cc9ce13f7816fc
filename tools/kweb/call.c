#include "tools/kweb/call.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/own_file.h"
#include "common/runtime.h"

#define GRACE_US                                                                                             \
    (5 * US_PER_SECOND) /* the supervisor answers a request whose time is up; this is for its way here */

struct call {
    struct call *next, **link;
    struct kweb *kweb;
    struct watch watch;
    call_done *done;
    void *context;
    int64_t deadline_us; /* monotonic */
    uint8_t *bytes;      /* what has come; owned */
    size_t used, room;
};

static void finish(struct call *call, enum call_end end, const struct mp_reader *result, const char *text)
{
    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
    reactor_close(&call->kweb->reactor, &call->watch);
    call->done(call->context, end, result, text);
    free(call->bytes);
    free(call);
}

static void take_answer(struct call *call)
{
    struct mp_reader result;
    struct error error = ERROR_INIT;
    if (verb_answer_take(call->bytes, call->used, &result, &error) == 0)
        finish(call, CALL_ANSWERED, &result, "");
    else
        finish(call, verb_answer_is_late(call->bytes, call->used) ? CALL_LATE : CALL_REFUSED, NULL,
               error.text);
}

static bool grow(struct call *call)
{
    size_t room = call->room == 0 ? 8192 : 2 * call->room;
    uint8_t *bytes = room > VERB_ANSWER_BYTES_MAX ? NULL : realloc(call->bytes, room);
    if (bytes == NULL)
        return false;
    call->bytes = bytes;
    call->room = room;
    return true;
}

static void readable(void *context)
{
    struct call *call = context;
    if (call->used == call->room && !grow(call)) {
        finish(call, CALL_BROKEN, NULL, "the supervisor's answer is too long");
        return;
    }
    ssize_t length = recv(call->watch.fd, call->bytes + call->used, call->room - call->used, MSG_DONTWAIT);
    if (length == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        finish(call, CALL_BROKEN, NULL, "the supervisor closed the connection before it answered");
        return;
    }
    call->used += (size_t)length;
    switch (verb_answer_look(call->bytes, call->used)) {
    case VERB_ANSWER_PART:
        return;
    case VERB_ANSWER_WHOLE:
        take_answer(call);
        return;
    case VERB_ANSWER_BAD:
        finish(call, CALL_BROKEN, NULL, "the supervisor's answer cannot be read");
    }
}

/* A connected socket, or -1 with how the call ends. A Unix socket connects at once or not at all. */
static int connect_to(const struct kweb *kweb, enum call_end *end, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *end = CALL_NOT_RUNNING;
    if (runtime_socket(address.sun_path, kweb->settings->instance, error) == -1 ||
        own_file_check(address.sun_path, S_IFSOCK, error) == -1)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    bool absent = errno == ENOENT || errno == ECONNREFUSED;
    *end = absent ? CALL_NOT_RUNNING : CALL_BUSY;
    error_set(error,
              absent ? "instance '%s' is not running"
                     : "the supervisor of '%s' does not answer: is it stopped?",
              kweb->settings->instance);
    if (fd != -1)
        close(fd);
    return -1;
}

static bool send_all(int fd, const struct verb_call *asked)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    verb_call_pack(&buffer, asked);
    bool sent = send(fd, buffer.data, buffer.size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)buffer.size;
    msgpack_sbuffer_destroy(&buffer);
    return sent;
}

static size_t count_calls(const struct kweb *kweb)
{
    size_t count = 0;
    for (const struct call *call = kweb->calls; call != NULL; call = call->next)
        count++;
    return count;
}

static void add(struct kweb *kweb, struct call *call)
{
    call->next = kweb->calls;
    call->link = &kweb->calls;
    if (call->next != NULL)
        call->next->link = &call->next;
    kweb->calls = call;
}

void call_begin(struct kweb *kweb, const struct verb_call *asked, call_done *done, void *context)
{
    struct error error = ERROR_INIT;
    enum call_end end;
    if (kweb->stopping) {
        done(context, CALL_BUSY, NULL, "this server is ending");
        return;
    }
    if (count_calls(kweb) == CALLS_MAX) {
        done(context, CALL_BUSY, NULL, "too many requests are under way: try again in a moment");
        return;
    }
    int fd = connect_to(kweb, &end, &error);
    if (fd == -1) {
        done(context, end, NULL, error.text);
        return;
    }
    struct call *call = calloc(1, sizeof *call);
    bool watched = call != NULL && reactor_add(&kweb->reactor, &call->watch, fd, readable, call, NULL) == 0;
    if (!watched || !send_all(fd, asked)) {
        watched ? reactor_close(&kweb->reactor, &call->watch) : (void)close(fd);
        free(call);
        done(context, CALL_BUSY, NULL, "the supervisor does not take the request");
        return;
    }
    call->kweb = kweb;
    call->done = done;
    call->context = context;
    call->deadline_us = clock_monotonic_us() + asked->timeout_ms * US_PER_MS + GRACE_US;
    add(kweb, call);
}

void calls_check(struct kweb *kweb, int64_t now_us)
{
    for (struct call *call = kweb->calls, *next; call != NULL; call = next) {
        next = call->next;
        if (call->deadline_us <= now_us)
            finish(call, CALL_SILENT, NULL, "the supervisor does not answer");
    }
}

int64_t calls_deadline_us(const struct kweb *kweb)
{
    int64_t nearest_us = INT64_MAX;
    for (const struct call *call = kweb->calls; call != NULL; call = call->next)
        if (call->deadline_us < nearest_us)
            nearest_us = call->deadline_us;
    return nearest_us;
}

void calls_close(struct kweb *kweb)
{
    for (struct call *call = kweb->calls, *next; call != NULL; call = next) {
        next = call->next;
        finish(call, CALL_BROKEN, NULL, "this server is ending");
    }
}
