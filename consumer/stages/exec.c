/* exec: a program in any language decides. It gets a JSON line a record (item_json.h) on its stdin and
 * answers each with a line on its stdout, in order: `ok`, `retry [reason]` or `dead [reason]`. It is started
 * with the first batch and kept. It must flush its answers.
 *
 * What goes wrong with the program (it ends, it is silent for SILENCE_US, it says something else, it answers
 * what was not asked) is the batch's failure: it is ended, nothing of the batch counts, and with the batch it
 * starts again.
 *
 * Both pipes are served at once, so a program may write before it reads, or read ahead as far as it likes.
 */
#include "consumer/stages/stages.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "common/clock.h"
#include "common/log.h"
#include "consumer/child.h"
#include "consumer/item_json.h"

#define SILENCE_US (30 * US_PER_SECOND)
#define ENDING_US  (5 * US_PER_SECOND) /* so long for all batches when the consumer is to end */
#define GRACE_US   US_PER_SECOND
#define TICK_MS    100

enum { OUT_BYTES = 2 * ITEM_JSON_MAX, ANSWER_BYTES = 1024, REASONS_BYTES = 256 * 1024 };

struct exec {
    const struct pipeline *pipeline;
    char *command;
    struct child child;
    char *out; /* OUT_BYTES: lines on their way */
    size_t out_used, out_sent;
    char in[ANSWER_BYTES]; /* the answers that have come, the last one perhaps in part */
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

static void exec_close(void *state)
{
    struct exec *exec = state;
    child_end(&exec->child, GRACE_US, NULL, 0);
    free(exec->command);
    free(exec->reasons);
    free(exec->out);
    free(exec);
}

static int exec_open(void **state, const char *argument, const struct pipeline *pipeline, struct error *error)
{
    struct exec *exec = calloc(1, sizeof *exec);
    if (exec == NULL)
        return error_set(error, "out of memory");
    exec->pipeline = pipeline;
    exec->child = (struct child)CHILD_NONE;
    exec->command = strdup(argument);
    exec->out = malloc(OUT_BYTES);
    exec->reasons = malloc(REASONS_BYTES);
    if (exec->command == NULL || exec->out == NULL || exec->reasons == NULL) {
        exec_close(exec);
        return error_set(error, "out of memory");
    }
    *state = exec;
    return 0;
}

/* --- what goes wrong ----------------------------------------------------------------------------------- */

/* It has gone, or is to go: -1 with how it ended. */
static int gone(struct talk *t, const char *what, int64_t grace_us)
{
    char how[64];
    child_end(&t->exec->child, grace_us, how, sizeof how);
    return error_set(t->error, "'%.100s' %s after %zu of %zu answers%s%s", t->exec->command,
                     what == NULL ? how : what, t->answered, t->count, what == NULL ? "" : " and ",
                     what == NULL ? "" : how);
}

static int refuse_answer(struct talk *t, const char *line, size_t length)
{
    char shown[96] = "";
    size_t used = 0;
    text_escape(shown, sizeof shown, &used, line, length > 40 ? 40 : length);
    char what[200];
    snprintf(what, sizeof what, "said '%s%s' where ok, retry or dead is expected", shown,
             length > 40 ? "…" : "");
    return gone(t, what, 0);
}

/* --- questions ----------------------------------------------------------------------------------------- */

/* Once all that was written is on its way: as many lines as fit. */
static void write_lines(struct talk *t)
{
    struct exec *exec = t->exec;
    if (exec->out_sent < exec->out_used)
        return;
    exec->out_sent = exec->out_used = 0;
    for (; t->asked < t->count && OUT_BYTES - exec->out_used >= ITEM_JSON_MAX; t->asked++) {
        size_t length = item_json(&t->items[t->asked], exec->out + exec->out_used, ITEM_JSON_MAX);
        exec->out_used += length;
        if (length == 0)
            t->answers[t->asked] = (struct answer){VERDICT_DEAD, ITEM_JSON_WHY};
    }
}

static void send_lines(struct exec *exec)
{
    ssize_t length = write(exec->child.to, exec->out + exec->out_sent, exec->out_used - exec->out_sent);
    if (length > 0)
        exec->out_sent += (size_t)length;
    else if (length == -1 && errno == EPIPE) /* it reads no more: its last answers, or its end, come next */
        exec->out_sent = exec->out_used;
}

/* --- answers ------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum verdict verdict;
    const char *silent; /* the reason when it gives none */
} answers[] = {
    {"ok", VERDICT_PASS, NULL},
    {"retry", VERDICT_RETRY, "the program asks for another attempt"},
    {"dead", VERDICT_DEAD, "the program refuses it"},
};

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

static int take_answer(struct talk *t, const char *line, size_t length)
{
    if (length > 0 && line[length - 1] == '\r')
        length--;
    pass_over_unasked(t);
    if (t->answered == t->asked)
        return gone(t, "said more than it was asked", 0);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        size_t word = strlen(answers[i].word);
        if (length < word || memcmp(line, answers[i].word, word) != 0 || (length > word && line[word] != ' '))
            continue;
        bool reasoned = length > word + 1;
        t->answers[t->answered++] = (struct answer){
            answers[i].verdict,
            reasoned ? keep_reason(t->exec, line + word + 1, length - word - 1) : answers[i].silent};
        t->heard_us = clock_monotonic_us();
        return 0;
    }
    return refuse_answer(t, line, length);
}

static int take_lines(struct talk *t)
{
    struct exec *exec = t->exec;
    char *line = exec->in;
    char *end = exec->in + exec->in_used;
    char *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        if (take_answer(t, line, (size_t)(newline - line)) == -1)
            return -1;
        line = newline + 1;
    }
    exec->in_used = (size_t)(end - line);
    if (exec->in_used == ANSWER_BYTES)
        return refuse_answer(t, line, exec->in_used);
    memmove(exec->in, line, exec->in_used);
    return 0;
}

static int receive(struct talk *t)
{
    struct exec *exec = t->exec;
    ssize_t length = read(exec->child.from, exec->in + exec->in_used, ANSWER_BYTES - exec->in_used);
    if (length == -1 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length <= 0)
        return gone(t, NULL, GRACE_US);
    exec->in_used += (size_t)length;
    return take_lines(t);
}

/* --- a batch ------------------------------------------------------------------------------------------- */

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
        if (length == 0) {
            char how[64];
            child_end(&exec->child, GRACE_US, how, sizeof how);
            log_warning("exec: '%.100s' %s between two batches; starting it again", exec->command, how);
        }
    }
    return exec->child.pid != 0 ? 0 : child_start(&exec->child, exec->command, t->error);
}

/* A slow program does not hold up the end until the supervisor kills: the batch comes again elsewhere. What
 * is left of the time counts for all batches: others may be taken before the end. */
static int check_time(struct talk *t)
{
    int64_t now_us = clock_monotonic_us();
    if (t->exec->ending_us == 0 && pipeline_ending(t->exec->pipeline))
        t->exec->ending_us = now_us;
    if (t->exec->ending_us != 0 && now_us - t->exec->ending_us > ENDING_US)
        return gone(t, "is too slow for a consumer that is to end,", 0);
    return now_us - t->heard_us > SILENCE_US ? gone(t, "has been silent for too long", 0) : 0;
}

static int turn(struct talk *t)
{
    struct exec *exec = t->exec;
    write_lines(t);
    pass_over_unasked(t);
    if (t->answered == t->count)
        return 0;
    struct pollfd ends[] = {
        {.fd = exec->child.from, .events = POLLIN},
        {.fd = exec->out_sent < exec->out_used ? exec->child.to : -1, .events = POLLOUT},
    };
    int ready = poll(ends, 2, TICK_MS);
    stats_tick(exec->pipeline->stats);
    if (ready > 0 && ends[1].revents != 0)
        send_lines(exec);
    if (ready > 0 && ends[0].revents != 0 && receive(t) == -1)
        return -1;
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

const struct stage_class stage_exec = {
    .name = "exec",
    .argument = "COMMAND",
    .help = "a JSON line a record to the program, which answers each: ok, retry [reason] or dead [reason]",
    .open = exec_open,
    .batch = exec_batch,
    .close = exec_close,
};
