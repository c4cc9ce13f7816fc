#include "tools/kstat/screen/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "tools/kstat/screen/paint.h"
#include "tools/kstat/screen/state.h"

/* Moments before the selected one, for its rates. */
#define HISTORY_MOMENTS 30

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

bool screen_is_wanted(const struct settings *settings)
{
    const char *terminal = getenv("TERM");
    return settings->interval_us > 0 && settings->json == JSON_NONE && !settings->values &&
           settings->pattern_count == 0 && !settings->why && !settings->postmortem &&
           settings->generation == 0 && settings->count == 0 && isatty(STDIN_FILENO) &&
           isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

struct view_request state_request(const struct state *state)
{
    struct view_request request = state->request;
    if (state->frozen != NULL)
        request.source = capture_source(state->frozen);
    return request;
}

/* --- looking ------------------------------------------------------------------------------------------- */

/* Into `rows`, and the history. -1: the instance is not there. */
static int look(struct state *state, struct rows *rows, int64_t us, struct error *error)
{
    struct view view;
    struct view_request request = state->request;
    request.lazy = true;
    if (view_collect(&view, &request, error) != 0)
        return -1;
    int result = rows_take(rows, &view, &request, state->history, us, state->utf8) == 0
                     ? 0
                     : error_set(error, "out of memory");
    view_release(&view);
    return result;
}

/* What stands is not changed by it, but the history goes on. An instance that is gone leaves what it last
 * was. */
static void look_again(struct state *state)
{
    struct error error = ERROR_INIT;
    if (state->file != NULL)
        return;
    if (look(state, state->frozen != NULL ? &state->recorded : &state->rows, clock_monotonic_us(), &error) !=
        0)
        snprintf(state->message, sizeof state->message, "%.250s", error.text);
}

/* --- moments that stand -------------------------------------------------------------------------------- */

static void let_go(struct state *state)
{
    capture_close(state->frozen);
    state->frozen = NULL;
    if (state->frozen_fd >= 0)
        close(state->frozen_fd);
    state->frozen_fd = -1;
}

static int write_capture(struct source *source, const char *instance, const char *path, struct error *error)
{
    struct capture_writer *writer;
    if (capture_create(&writer, path, error) != 0)
        return -1;
    int result = capture_write(writer, source, instance, error);
    return capture_finish(writer, result == 0 ? error : NULL) == 0 ? result : -1;
}

/* A capture in memory, so that every page shows that moment. */
static int freeze(struct state *state, struct error *error)
{
    char path[64];
    state->frozen_fd = memfd_create("kstat-frozen", MFD_CLOEXEC);
    if (state->frozen_fd < 0)
        return error_set(error, "cannot stop here: %m");
    snprintf(path, sizeof path, "/proc/self/fd/%d", state->frozen_fd);
    if (write_capture(&source_live, state->request.instance, path, error) != 0)
        return -1;
    return capture_open(&state->frozen, path, error);
}

void state_freeze(struct state *state)
{
    struct error error = ERROR_INIT;
    if (state->file != NULL)
        return;
    if (state->frozen != NULL) {
        let_go(state);
        look_again(state);
    } else if (freeze(state, &error) != 0) {
        let_go(state);
        snprintf(state->message, sizeof state->message, "%.250s", error.text);
    }
}

/* 20260226T095220Z: some file systems refuse a colon in a name. */
static void compact_time(int64_t wall_us, char text[CLOCK_ISO8601_BYTES])
{
    time_t seconds = (time_t)(wall_us / US_PER_SECOND);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, CLOCK_ISO8601_BYTES, "%Y%m%dT%H%M%SZ", &utc);
}

void state_write(struct state *state)
{
    char path[NAME_BYTES + 48], when[CLOCK_ISO8601_BYTES];
    struct error error = ERROR_INIT;
    struct view_request request = state_request(state);
    compact_time(state->rows.time_us, when);
    snprintf(path, sizeof path, "kstat-%s-%s.cap", state->request.instance, when);
    struct source *source = request.source != NULL ? request.source : &source_live;
    if (write_capture(source, state->request.instance, path, &error) == 0)
        snprintf(state->message, sizeof state->message, "written: %s (kstat -f shows it)", path);
    else
        snprintf(state->message, sizeof state->message, "%.250s", error.text);
}

/* Its rates need the moments before it. */
static void go_to_frame(struct state *state, size_t frame)
{
    struct error error = ERROR_INIT;
    size_t first = frame > HISTORY_MOMENTS ? frame - HISTORY_MOMENTS : 0;
    if (frame == state->frame + 1 && state->rows.count > 0)
        first = frame;
    else {
        history_free(state->history);
        state->history = history_new();
    }
    for (size_t i = first; i <= frame && state->history != NULL; i++)
        if (capture_seek(state->file, i, &error) != 0 ||
            look(state, &state->rows, capture_time_us(state->file, i), &error) != 0)
            snprintf(state->message, sizeof state->message, "%.250s", error.text);
    state->frame = frame;
}

void state_seek(struct state *state, int64_t by)
{
    if (state->file == NULL) {
        snprintf(state->message, sizeof state->message,
                 "paging through moments needs a capture: kstat -f FILE 1");
        return;
    }
    int64_t wanted = (int64_t)state->frame + by;
    if (wanted >= 0 && (size_t)wanted < capture_frames(state->file))
        go_to_frame(state, (size_t)wanted);
}

void state_seek_event(struct state *state, int by)
{
    struct error error = ERROR_INIT;
    struct event event;
    for (int64_t i = (int64_t)state->frame + by;
         state->file != NULL && i >= 0 && (size_t)i < capture_frames(state->file); i += by)
        if (capture_seek(state->file, (size_t)i, &error) == 0 && capture_event(state->file, 0, &event)) {
            go_to_frame(state, (size_t)i);
            return;
        }
    if (state->file != NULL)
        go_to_frame(state, state->frame);
    snprintf(state->message, sizeof state->message, "nothing happened %s", by > 0 ? "later" : "before");
}

/* --- the loop ------------------------------------------------------------------------------------------ */

static int wait_for_key(int64_t due_us)
{
    int64_t left_us = due_us - clock_monotonic_us();
    timeout(left_us > 0 ? (int)(left_us / US_PER_MS) + 1 : 0);
    return getch();
}

/* Its window was closed and SIGHUP is ignored (nohup): every read now ends at once, forever. */
static bool terminal_is_gone(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int bytes = 0;
    return poll(&input, 1, 0) == 1 && (ioctl(STDIN_FILENO, FIONREAD, &bytes) != 0 || bytes == 0);
}

static void run(struct state *state)
{
    int64_t due_us = clock_monotonic_us() + state->settings->interval_us;
    while (!stopped && !state->leave) {
        pages_draw(state);
        int key = wait_for_key(due_us);
        if (key != ERR)
            keys_press(state, key);
        else if (terminal_is_gone())
            return;
        if (clock_monotonic_us() < due_us)
            continue;
        look_again(state);
        due_us = clock_monotonic_us() + state->settings->interval_us;
    }
}

static int begin(struct state *state, struct error *error)
{
    const struct sigaction action = {.sa_handler = stop};
    setlocale(LC_CTYPE, "");
    state->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    state->history = history_new();
    if (state->history == NULL)
        return error_set(error, "out of memory");
    if (state->file != NULL)
        go_to_frame(state, state->frame);
    else if (look(state, &state->rows, clock_monotonic_us(), error) != 0)
        return -1;
    if (paint_begin(log_colours(stdout)) != 0)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "this terminal (TERM=%s) is not known; kstat | cat shows lines",
                              getenv("TERM"));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return 0;
}

int screen_run(const struct settings *settings, const struct view_request *request, struct capture *capture,
               size_t frame, struct error *error)
{
    struct state state = {.settings = settings,
                          .request = *request,
                          .file = capture,
                          .frame = frame,
                          .frozen_fd = -1,
                          .page = request->worker != NULL ? PAGE_WORKER : PAGE_WORKERS};
    snprintf(state.chosen, sizeof state.chosen, "%s", request->worker != NULL ? request->worker : "");
    state.request.worker = NULL;
    int result = begin(&state, error);
    if (result == 0) {
        run(&state);
        paint_end();
    }
    let_go(&state);
    history_free(state.history);
    rows_release(&state.rows);
    rows_release(&state.recorded);
    return result;
}
