#include "common/worker/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/rpc/message.h"
#include "common/worker/config.h"

enum { ANSWER_MS = 1000 };

struct worker_control {
    pthread_t thread;
    int signals;          /* signalfd */
    int channel;          /* -1: not supervised */
    int farewell;         /* eventfd: the thread is to end */
    int64_t signalled_us; /* monotonic: when the first signal was taken; 0: none was. The thread's own */
    atomic_int wanted;
    atomic_bool paused;
    _Atomic int64_t rate_number;
    _Atomic int64_t request_number;
    pthread_mutex_t request_lock; /* of the two below */
    struct worker_rate rate;
    struct worker_request request;
    pthread_mutex_t wake_lock;
    void (*wake)(void *context);
    void *wake_context;
};

static void wake_loop(struct worker_control *control)
{
    pthread_mutex_lock(&control->wake_lock);
    if (control->wake != NULL)
        control->wake(control->wake_context);
    pthread_mutex_unlock(&control->wake_lock);
}

static void want(struct worker_control *control, enum worker_stop stop)
{
    atomic_store(&control->wanted, (int)stop);
    wake_loop(control);
}

static void take_signal(struct worker_control *control)
{
    struct signalfd_siginfo info;
    if (read(control->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    int64_t now_us = clock_monotonic_us();
    if (control->signalled_us != 0 && now_us - control->signalled_us < SIGNALS_MOMENT_US)
        return;
    if (atomic_load(&control->wanted) != WORKER_RUN)
        _exit(128 + (int)info.ssi_signo);
    control->signalled_us = now_us;
    want(control, WORKER_DRAIN_LEAVE);
}

static void drain_verb(struct worker_control *control, struct rpc_message *message)
{
    bool leave = true;
    if (message->param_count > 0)
        mp_read_bool(&message->params, &leave);
    want(control, leave ? WORKER_DRAIN_LEAVE : WORKER_DRAIN_KEEP);
}

static void pause_verb(struct worker_control *control, struct rpc_message *message)
{
    bool paused = true;
    if (message->param_count > 0)
        mp_read_bool(&message->params, &paused);
    atomic_store(&control->paused, paused);
    wake_loop(control);
}

static void rate_verb(struct worker_control *control, struct rpc_message *message)
{
    struct worker_rate rate;
    if (message->param_count < 3 || !mp_read_int(&message->params, &rate.number) ||
        !mp_read_int(&message->params, &rate.records) || !mp_read_int(&message->params, &rate.interval_us) ||
        rate.records < 0 || rate.interval_us < 0)
        return;
    pthread_mutex_lock(&control->request_lock);
    control->rate = rate;
    pthread_mutex_unlock(&control->request_lock);
    atomic_store(&control->rate_number, rate.number);
    wake_loop(control);
}

static bool read_text(struct rpc_message *message, char *text, size_t bytes)
{
    struct mp_view view;
    if (!mp_read_str(&message->params, &view) || view.length >= bytes)
        return false;
    snprintf(text, bytes, "%.*s", (int)view.length, view.data);
    return true;
}

static void request_verb(struct worker_control *control, struct rpc_message *message)
{
    struct worker_request request;
    if (message->param_count < 3 || !mp_read_int(&message->params, &request.number) ||
        !read_text(message, request.method, sizeof request.method) ||
        !read_text(message, request.text, sizeof request.text))
        return;
    pthread_mutex_lock(&control->request_lock);
    control->request = request;
    pthread_mutex_unlock(&control->request_lock);
    atomic_store(&control->request_number, request.number);
    wake_loop(control);
}

struct verb {
    const char *method;
    void (*act)(struct worker_control *control, struct rpc_message *message);
};

static const struct verb verbs[] = {
    {"drain", drain_verb},
    {"pause", pause_verb},
    {"rate", rate_verb},
    {"request", request_verb},
};

static void take_message(struct worker_control *control)
{
    char bytes[RPC_MESSAGE_BYTES];
    ssize_t length = recv(control->channel, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length == 0)
        _exit(EXIT_CODE_ORPHAN); /* PDEATHSIG is on its way as well; whichever comes first */
    struct rpc_message message;
    if (length < 0 || rpc_parse(&message, bytes, (size_t)length) == -1)
        return;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (rpc_method_is(&message, verbs[i].method))
            verbs[i].act(control, &message);
}

static void *control_thread(void *argument)
{
    struct worker_control *control = argument;
    struct pollfd waiting[] = {{.fd = control->farewell, .events = POLLIN},
                               {.fd = control->signals, .events = POLLIN},
                               {.fd = control->channel, .events = POLLIN}}; /* poll passes over -1 */
    for (;;) {
        if (poll(waiting, sizeof waiting / sizeof waiting[0], -1) == -1)
            continue;
        if (waiting[0].revents != 0)
            return NULL;
        if (waiting[1].revents != 0)
            take_signal(control);
        if (waiting[2].revents != 0)
            take_message(control);
    }
}

static void control_free(struct worker_control *control)
{
    if (control->signals != -1)
        close(control->signals);
    if (control->farewell != -1)
        close(control->farewell);
    pthread_mutex_destroy(&control->wake_lock);
    pthread_mutex_destroy(&control->request_lock);
    free(control);
}

int worker_control_start(struct worker_control **out, bool supervised, void (*wake)(void *), void *context,
                         struct error *error)
{
    struct worker_control *control = calloc(1, sizeof *control);
    if (control == NULL)
        return error_set(error, "out of memory");
    pthread_mutex_init(&control->wake_lock, NULL);
    pthread_mutex_init(&control->request_lock, NULL);
    control->wake = wake;
    control->wake_context = context;
    control->channel = supervised ? WORKER_CHANNEL_FD : -1;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    control->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    control->farewell = eventfd(0, EFD_CLOEXEC);
    if (control->signals == -1 || control->farewell == -1) {
        error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_FAILED), "cannot watch signals: %m");
        goto failed;
    }
    int failure = pthread_create(&control->thread, NULL, control_thread, control);
    if (failure != 0) {
        error_set_code(error, exit_code_of_errno(failure, EXIT_CODE_FAILED),
                       "cannot start the control thread: %s", strerror(failure));
        goto failed;
    }
    worker_notify_text(control, "version", KSUPERVISE_VERSION); /* an upgrade may be under way: kctl status */
    *out = control;
    return 0;
failed:
    control_free(control);
    return -1;
}

void worker_control_stop(struct worker_control *control)
{
    if (control == NULL)
        return;
    uint64_t one = 1;
    ssize_t written = write(control->farewell, &one, sizeof one);
    (void)written; /* an eventfd at 0 takes a 1 */
    pthread_join(control->thread, NULL);
    control_free(control);
}

void worker_control_set_wake(struct worker_control *control, void (*wake)(void *), void *context)
{
    pthread_mutex_lock(&control->wake_lock);
    control->wake = wake;
    control->wake_context = context;
    pthread_mutex_unlock(&control->wake_lock);
}

enum worker_stop worker_control_wanted(const struct worker_control *control)
{
    return (enum worker_stop)atomic_load(&control->wanted);
}

bool worker_control_paused(const struct worker_control *control)
{
    return atomic_load(&control->paused);
}

bool worker_control_rate(struct worker_control *control, struct worker_rate *rate)
{
    if (atomic_load_explicit(&control->rate_number, memory_order_relaxed) == rate->number)
        return false;
    pthread_mutex_lock(&control->request_lock);
    *rate = control->rate;
    pthread_mutex_unlock(&control->request_lock);
    return true;
}

bool worker_control_request(struct worker_control *control, struct worker_request *request)
{
    if (atomic_load_explicit(&control->request_number, memory_order_relaxed) == request->number)
        return false;
    pthread_mutex_lock(&control->request_lock);
    *request = control->request;
    pthread_mutex_unlock(&control->request_lock);
    return true;
}

static void notify(struct worker_control *control, const char *bytes, size_t length)
{
    if (control->channel != -1 && length > 0)
        (void)send(control->channel, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void worker_notify_count(struct worker_control *control, const char *method, int64_t count)
{
    char bytes[128];
    notify(control, bytes, rpc_pack_notification(bytes, sizeof bytes, method, "i", count));
}

void worker_notify_text(struct worker_control *control, const char *method, const char *text)
{
    char bytes[1024];
    char cut[960];
    snprintf(cut, sizeof cut, "%s", text);
    notify(control, bytes, rpc_pack_notification(bytes, sizeof bytes, method, "s", cut));
}

void worker_notify_gap(struct worker_control *control, const struct worker_gap *gap)
{
    char bytes[128];
    notify(control, bytes,
           rpc_pack_notification(bytes, sizeof bytes, "committed-gap", "iiii", (int64_t)gap->partition,
                                 gap->from, gap->to, gap->records));
}

/* --- answers ------------------------------------------------------------------------------------------- */

static void answer(struct worker_control *control, const char *bytes, size_t length)
{
    struct pollfd room = {.fd = control->channel, .events = POLLOUT};
    if (control->channel == -1 || length == 0)
        return;
    while (send(control->channel, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
        if (errno != EINTR && (errno != EAGAIN || poll(&room, 1, ANSWER_MS) != 1))
            return;
}

void worker_answer_result(struct worker_control *control, int64_t number, const struct worker_result *result)
{
    char bytes[1024];
    char cut[900];
    snprintf(cut, sizeof cut, "%s", result->text);
    answer(control, bytes,
           rpc_pack_notification(bytes, sizeof bytes, "result", "iiiis", number, (int64_t)result->partition,
                                 result->from, result->to, cut));
}

void worker_answer_end(struct worker_control *control, int64_t number, const char *failure)
{
    char bytes[1024];
    char cut[900];
    snprintf(cut, sizeof cut, "%s", failure != NULL ? failure : "");
    answer(control, bytes,
           failure == NULL ? rpc_pack_notification(bytes, sizeof bytes, "done", "i", number)
                           : rpc_pack_notification(bytes, sizeof bytes, "failed", "is", number, cut));
}
