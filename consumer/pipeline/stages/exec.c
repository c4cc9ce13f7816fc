/* exec and exec-msgpack: a program in any language decides. It gets each record on its stdin, as a JSON line
 * (item_json.h) or as a MessagePack map (item_msgpack.h), and answers each on its stdout, in their order, in
 * the same language (reply.h). It is started with the first batch and kept. It must flush its answers.
 *
 * What goes wrong with the program (it ends, it is silent for SILENCE_US, it says something else, it answers
 * what was not asked) is the batch's failure: it is ended, nothing of the batch counts, and with the batch it
 * starts again.
 *
 * Both pipes are served at once, so a program may write before it reads, or read ahead as far as it likes.
 */
#include "consumer/pipeline/stages/stages.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "common/clock.h"
#include "common/log.h"
#include "consumer/pipeline/child.h"
#include "consumer/pipeline/guard.h"
#include "consumer/pipeline/item_json.h"
#include "consumer/pipeline/item_msgpack.h"
#include "consumer/pipeline/reply.h"

#define SILENCE_US (30 * US_PER_SECOND)
#define ENDING_US  (5 * US_PER_SECOND) /* for all batches together, when the consumer is stopping */
#define GRACE_US   US_PER_SECOND
#define TICK_MS    100

enum { REASONS_BYTES = 256 * 1024 };

/* What is spoken with the program. */
struct language {
    const char *stage;
    size_t question_max;
    /* The length of the question; 0: there is none for this record, *why says the reason, a constant. */
    size_t (*ask)(const struct item *item, char *buffer, size_t bytes, const char **why);
    enum reply_state (*hear)(const char *bytes, size_t length, struct reply *reply);
    void (*show)(const char *bytes, size_t length, char shown[REPLY_SHOWN_BYTES]);
};

struct exec {
    const struct language *language;
    const struct pipeline *pipeline;
    char *command;
    struct child child;
    struct guard guard;
    char *out; /* two of the longest questions: those on their way */
    size_t out_used, out_sent;
    char in[REPLY_BYTES_MAX]; /* the answers that have come, the last one perhaps in part */
    size_t in_used;
    char *reasons; /* REASONS_BYTES: of the current batch */
    size_t reasons_used;
    int64_t ending_us; /* monotonic: since when the consumer is to end; 0 while it is not */
};

/* A batch on its way. */
struct talk {
    struct exec *exec;
    const struct item *items;
    struct answer *answers;
    size_t count;
    size_t asked, answered;
    int64_t heard_us; /* monotonic: when the last answer came */
    struct error *error;
};

/* --- opening ------------------------------------------------------------------------------------------- */

/* With all that it has started. */
static void end_program(struct exec *exec, int64_t grace_us, char *how, size_t bytes)
{
    if (exec->child.pid == 0)
        return;
    child_end(&exec->child, grace_us, how, bytes);
    guard_watch(&exec->guard, 0);
    guard_sweep(&exec->guard);
}

static void exec_close(void *state)
{
    struct exec *exec = state;
    end_program(exec, GRACE_US, NULL, 0);
    guard_end(&exec->guard);
    free(exec->command);
    free(exec->reasons);
    free(exec->out);
    free(exec);
}

static int open_with(const struct language *language, void **state, const char *argument,
                     const struct pipeline *pipeline, struct error *error)
{
    struct exec *exec = calloc(1, sizeof *exec);
    if (exec == NULL)
        return error_set(error, "out of memory");
    exec->language = language;
    exec->pipeline = pipeline;
    exec->child = (struct child)CHILD_NONE;
    exec->guard = (struct guard)GUARD_NONE;
    exec->command = strdup(argument);
    exec->out = malloc(2 * language->question_max);
    exec->reasons = malloc(REASONS_BYTES);
    if (exec->command == NULL || exec->out == NULL || exec->reasons == NULL) {
        exec_close(exec);
        return error_set(error, "out of memory");
    }
    if (!pipeline_checking(pipeline) && guard_start(&exec->guard, error) == -1) {
        exec_close(exec);
        return -1;
    }
    *state = exec;
    return 0;
}

/* --- what goes wrong ----------------------------------------------------------------------------------- */

/* It has gone, or is to go: -1 with how it ended. */
static int gone(struct talk *t, const char *what, int64_t grace_us)
{
    char how[64];
    end_program(t->exec, grace_us, how, sizeof how);
    return error_set(t->error, "'%.100s' %s after %zu of %zu answers%s%s", t->exec->command,
                     what == NULL ? how : what, t->answered, t->count, what == NULL ? "" : " and ",
                     what == NULL ? "" : how);
}

static int refuse(struct talk *t, const char *bytes, size_t length)
{
    char shown[REPLY_SHOWN_BYTES];
    char what[REPLY_SHOWN_BYTES + 64];
    t->exec->language->show(bytes, length, shown);
    snprintf(what, sizeof what, "said %s where ok, retry or dead is expected", shown);
    return gone(t, what, 0);
}

/* --- questions ----------------------------------------------------------------------------------------- */

/* Once all that was written is on its way: as many as fit. */
static void write_questions(struct talk *t)
{
    struct exec *exec = t->exec;
    if (exec->out_sent < exec->out_used)
        return;
    exec->out_sent = exec->out_used = 0;
    size_t most = exec->language->question_max;
    for (; t->asked < t->count && exec->out_used <= most; t->asked++) {
        const char *why;
        size_t length = exec->language->ask(&t->items[t->asked], exec->out + exec->out_used, most, &why);
        exec->out_used += length;
        if (length == 0)
            t->answers[t->asked] = (struct answer){VERDICT_DEAD, why};
    }
}

static void send_questions(struct exec *exec)
{
    ssize_t length = write(exec->child.to, exec->out + exec->out_sent, exec->out_used - exec->out_sent);
    if (length > 0)
        exec->out_sent += (size_t)length;
    else if (length == -1 && errno == EPIPE) /* it reads no more: its last answers, or its end, come next */
        exec->out_sent = exec->out_used;
}

/* --- answers ------------------------------------------------------------------------------------------- */

/* A copy that is safe to show, in the stage's memory. */
static const char *keep_reason(struct exec *exec, const char *text, size_t length)
{
    char *reason = exec->reasons + exec->reasons_used;
    size_t room = REASONS_BYTES - exec->reasons_used;
    size_t used = 0;
    if (room < STAGE_WHY_BYTES)
        return "the program's reason is not kept: too many in one batch";
    reason[0] = '\0';
    text_escape(reason, STAGE_WHY_BYTES, &used, text, length);
    exec->reasons_used += used + 1;
    return reason;
}

/* What could not be asked has its answer already. */
static void pass_over_unasked(struct talk *t)
{
    while (t->answered < t->asked && t->answers[t->answered].verdict != VERDICT_PASS)
        t->answered++;
}

static int take_reply(struct talk *t, const struct reply *reply)
{
    pass_over_unasked(t);
    if (t->answered == t->asked)
        return gone(t, "said more than it was asked", 0);
    bool reasoned = reply->reason.data != NULL;
    t->answers[t->answered++] = (struct answer){
        reply->verdict,
        reasoned ? keep_reason(t->exec, reply->reason.data, reply->reason.length) : reply->unexplained};
    t->heard_us = clock_monotonic_us();
    return 0;
}

static int take_replies(struct talk *t)
{
    struct exec *exec = t->exec;
    const char *at = exec->in;
    struct reply reply;
    enum reply_state state;
    while ((state = exec->language->hear(at, exec->in_used, &reply)) == REPLY_WHOLE) {
        if (take_reply(t, &reply) == -1)
            return -1;
        at += reply.bytes;
        exec->in_used -= reply.bytes;
    }
    if (state == REPLY_BAD)
        return refuse(t, at, reply.bytes);
    if (exec->in_used == REPLY_BYTES_MAX)
        return refuse(t, at, exec->in_used);
    memmove(exec->in, at, exec->in_used);
    return 0;
}

static int receive(struct talk *t)
{
    struct exec *exec = t->exec;
    ssize_t length = read(exec->child.from, exec->in + exec->in_used, REPLY_BYTES_MAX - exec->in_used);
    if (length == -1 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length <= 0)
        return gone(t, NULL, GRACE_US);
    exec->in_used += (size_t)length;
    return take_replies(t);
}

/* --- a batch ------------------------------------------------------------------------------------------- */

static int start_program(struct exec *exec, struct error *error)
{
    if (child_start(&exec->child, exec->command, exec->guard.environment, error) == -1)
        return -1;
    guard_watch(&exec->guard, exec->child.pid);
    return 0;
}

/* The program stands ready. One that ended while nothing was asked is started again; one that spoke then
 * cannot be trusted to answer in order. */
static int be_ready(struct talk *t)
{
    struct exec *exec = t->exec;
    exec->in_used = exec->out_used = exec->out_sent = exec->reasons_used = 0;
    if (exec->child.pid != 0) {
        ssize_t length = read(exec->child.from, exec->in, sizeof exec->in);
        if (length > 0)
            return gone(t, "spoke without being asked", 0);
        if (length == 0 || child_has_ended(&exec->child)) {
            char how[64];
            end_program(exec, GRACE_US, how, sizeof how);
            log_warning("%s: '%.100s' %s between two batches; starting it again", exec->language->stage,
                        exec->command, how);
        }
    }
    return exec->child.pid != 0 ? 0 : start_program(exec, t->error);
}

/* A slow program does not hold up the end until the supervisor kills: the batch comes again elsewhere. What
 * is left of the time counts for all batches: others may be taken before the end. */
static int check_time(struct talk *t)
{
    int64_t now_us = clock_monotonic_us();
    if (t->exec->ending_us == 0 && pipeline_ending(t->exec->pipeline))
        t->exec->ending_us = now_us;
    if (t->exec->ending_us != 0 && now_us - t->exec->ending_us > ENDING_US)
        return gone(t, "is too slow for a consumer that is stopping,", 0);
    return now_us - t->heard_us > SILENCE_US ? gone(t, "has been silent for too long", 0) : 0;
}

static int turn(struct talk *t)
{
    struct exec *exec = t->exec;
    write_questions(t);
    pass_over_unasked(t);
    if (t->answered == t->count)
        return 0;
    struct pollfd ends[] = {
        {.fd = exec->child.from, .events = POLLIN},
        {.fd = exec->out_sent < exec->out_used ? exec->child.to : -1, .events = POLLOUT},
        {.fd = exec->child.pidfd, .events = POLLIN},
    };
    int ready = poll(ends, 3, TICK_MS);
    pipeline_tick(exec->pipeline);
    if (ready > 0 && ends[1].revents != 0)
        send_questions(exec);
    if (ready > 0 && ends[0].revents != 0 && receive(t) == -1)
        return -1;
    /* Its stdout does not end while what it has started holds it. */
    if (ready > 0 && ends[0].revents == 0 && ends[2].revents != 0)
        return gone(t, NULL, GRACE_US);
    return t->answered == t->count ? 0 : check_time(t);
}

static int exec_batch(void *state, const struct item *items, size_t count, struct answer *given,
                      struct error *error)
{
    struct talk t = {.exec = state, .items = items, .answers = given, .count = count, .error = error};
    if (be_ready(&t) == -1)
        return -1;
    t.heard_us = clock_monotonic_us();
    while (t.answered < count)
        if (turn(&t) == -1)
            return -1;
    if (t.exec->in_used > 0)
        return gone(&t, "said more than it was asked", 0);
    return t.exec->out_sent == t.exec->out_used ? 0 : gone(&t, "answered what it had not read", 0);
}

/* --- the two languages --------------------------------------------------------------------------------- */

static size_t ask_json(const struct item *item, char *buffer, size_t bytes, const char **why)
{
    *why = ITEM_JSON_WHY;
    return item_json(item, buffer, bytes);
}

static const struct language json = {"exec", ITEM_JSON_MAX, ask_json, reply_from_line, reply_show_line};
static const struct language msgpack = {"exec-msgpack", ITEM_MSGPACK_MAX, item_msgpack, reply_from_msgpack,
                                        reply_show_msgpack};

static int exec_open(void **state, const char *argument, const struct pipeline *pipeline, struct error *error)
{
    return open_with(&json, state, argument, pipeline, error);
}

static int exec_msgpack_open(void **state, const char *argument, const struct pipeline *pipeline,
                             struct error *error)
{
    return open_with(&msgpack, state, argument, pipeline, error);
}

const struct stage_class stage_exec = {
    .name = "exec",
    .argument = "COMMAND",
    .help =
        "one JSON line per record to the program, which answers each: ok, retry [reason] or dead [reason]",
    .open = exec_open,
    .batch = exec_batch,
    .close = exec_close,
};

const struct stage_class stage_exec_msgpack = {
    .name = "exec-msgpack",
    .argument = "COMMAND",
    .help =
        "the same in MessagePack: one map per record, answered by \"ok\" or [\"dead\", \"no such account\"]",
    .open = exec_msgpack_open,
    .batch = exec_batch,
    .close = exec_close,
};
