#include "supervisor/process/channel.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/exit_codes.h"
#include "common/rpc/message.h"
#include "supervisor/log/report.h"
#include "supervisor/process/segment.h"
#include "supervisor/supervisor.h"

/* A worker that floods its channel must not starve the others. From a dead one all is read: a socket holds
 * some hundred messages; if more come, a child of it is sending them. */
enum { MESSAGES_A_ROUND = 64, MESSAGES_AT_CLOSE = 4096 };

/* --- what it says -------------------------------------------------------------------------------------- */

static void take(struct worker *worker, const char *bytes, size_t length)
{
    struct rpc_message message;
    if (rpc_parse(&message, bytes, length) == -1 || message.kind != RPC_NOTIFICATION) {
        report_line(worker->supervisor, "%s sent %zu bytes that are not a notification", worker->name,
                    length);
        return;
    }
    worker->supervisor->listener->notified(worker, &message);
}

static void hear(struct worker *worker, int messages)
{
    for (int i = 0; i < messages && worker->channel_watch.fd != -1; i++) {
        char bytes[RPC_MESSAGE_BYTES];
        ssize_t length = recv(worker->channel_watch.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (length > 0) {
            take(worker, bytes, (size_t)length);
            continue;
        }
        /* The end of the channel is the end of the process, which its pidfd tells. */
        if (length == 0 || (errno != EAGAIN && errno != EINTR))
            reactor_close(&worker->supervisor->reactor, &worker->channel_watch);
        return;
    }
}

static void channel_event(void *context)
{
    struct supervisor *supervisor = ((struct worker *)context)->supervisor;
    hear(context, MESSAGES_A_ROUND);
    segment_cool(supervisor);
}

/* --- what it is told ------------------------------------------------------------------------------------ */

int channel_open(struct worker *worker, struct error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_FAILED),
                              "cannot create a channel: %m");
    if (reactor_add(&worker->supervisor->reactor, &worker->channel_watch, ends[0], channel_event, worker,
                    error) == -1) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    return ends[1];
}

void channel_close(struct worker *worker)
{
    hear(worker, MESSAGES_AT_CLOSE);
    reactor_close(&worker->supervisor->reactor, &worker->channel_watch);
}

static int tell(struct worker *worker, const char *bytes, size_t length)
{
    if (worker->channel_watch.fd == -1)
        return -1;
    return send(worker->channel_watch.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 0;
}

int channel_drain(struct worker *worker, bool leave)
{
    char bytes[128];
    return tell(worker, bytes, rpc_pack_notification(bytes, sizeof bytes, "drain", "b", (int)leave));
}

int channel_pause(struct worker *worker, bool paused)
{
    char bytes[128];
    return tell(worker, bytes, rpc_pack_notification(bytes, sizeof bytes, "pause", "b", (int)paused));
}

int channel_ask(struct worker *worker, int64_t number, const char *method, const char *text)
{
    char bytes[RPC_TEXT_BYTES + 128];
    return tell(worker, bytes,
                rpc_pack_notification(bytes, sizeof bytes, "request", "iss", number, method, text));
}

int channel_rate(struct worker *worker)
{
    char bytes[128];
    return tell(worker, bytes,
                rpc_pack_notification(bytes, sizeof bytes, "rate", "iii", worker->rate.number,
                                      worker->rate.records, worker->rate.interval_us));
}
