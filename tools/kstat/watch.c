#include "tools/kstat/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/view/format.h"
#include "common/view/json_v2.h"
#include "tools/kstat/select.h"
#include "tools/kstat/show.h"
#include "common/view/why.h"

#define HOME         "\033[H"
#define CLEAR        "\033[2J"
#define ERASE_TO_END "\033[K"
#define ERASE_BELOW  "\033[J"
#define WRAP_OFF     "\033[?7l"
#define WRAP_ON      "\033[?7h"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* Without SA_RESTART, so that a write to a terminal that was stopped with Ctrl-S ends too. */
static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void block_signals(sigset_t *former)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, former);
}

struct screen screen_of_stdout(void)
{
    struct screen screen = {.colours = log_colours(stdout)};
    struct winsize size;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        screen.columns = size.ws_col;
        screen.rows = size.ws_row;
    }
    return screen;
}

static int show_json_v1(const struct view *view, const struct rates *rates, bool compact, FILE *stream,
                        struct error *error)
{
    json_t *root = json_view(view, rates);
    int result = root == NULL ? -1 : json_dumpf(root, stream, compact ? JSON_COMPACT : JSON_INDENT(2));
    json_decref(root);
    fputc('\n', stream);
    return result == 0 ? 0 : error_set(error, "cannot write JSON: %m");
}

static int show_selection(const struct settings *settings, struct view *view,
                          const struct view_request *request, struct rates *rates, FILE *stream,
                          struct error *error)
{
    const struct selection selection = {settings->patterns, settings->pattern_count,
                                        settings->json != JSON_NONE};
    if (select_values(view, request, rates, &selection, stream) > 0)
        return 0;
    return error_set_code(error, EXIT_CODE_NOT_RUNNING,
                          "no value of %s has such a name; kstat -p shows all of them", view->instance);
}

int show_once(const struct settings *settings, struct view *view, const struct view_request *request,
              struct rates *rates, const struct screen *screen, FILE *stream, struct error *error)
{
    if (settings->why) {
        show_why(view, stream);
        return 0;
    }
    if (settings->values || settings->pattern_count > 0)
        return show_selection(settings, view, request, rates, stream, error);
    if (settings->json == JSON_VERSION_1)
        return show_json_v1(view, rates, settings->interval_us > 0, stream, error);
    if (settings->json != JSON_NONE) {
        json_v2(view, request, rates, stream);
        return 0;
    }
    if (settings->worker != NULL)
        show_detail(view, rates, screen, stream);
    else
        show_overview(view, rates, screen, stream);
    return 0;
}

static void look(struct rates *rates, const struct view *view, int64_t now_us)
{
    for (size_t i = 0; i < view->count; i++)
        rates_look(rates, &view->workers[i], now_us);
}

/* Over the former frame, line by line, and not below the screen: what would scroll could not be drawn over.
 */
static void draw_in_place(const char *frame, size_t rows, bool first)
{
    fputs(first ? WRAP_OFF CLEAR HOME : WRAP_OFF HOME, stdout);
    for (size_t row = 1; *frame != '\0' && (rows == 0 || row < rows); row++) {
        size_t length = strcspn(frame, "\n");
        printf("%.*s" ERASE_TO_END "\n", (int)length, frame);
        frame += length + (frame[length] == '\n');
    }
    fputs(ERASE_BELOW WRAP_ON, stdout);
}

struct frame {
    char *text;
    size_t bytes;
};

/* One look, as text. -1 only when the look at the instance itself failed. */
static int render(const struct settings *settings, const struct view_request *request, struct rates *rates,
                  const struct screen *screen, struct frame *frame, struct error *error)
{
    FILE *stream = open_memstream(&frame->text, &frame->bytes);
    if (stream == NULL)
        return error_set(error, "out of memory");
    struct view view;
    int result = view_collect(&view, request, error);
    if (result == 0) {
        look(rates, &view, clock_monotonic_us());
        result = show_once(settings, &view, request, rates, screen, stream, error);
        view_release(&view);
    } else {
        fprintf(stream, "%s\n", error->text);
    }
    return fclose(stream) == 0 ? result : error_set(error, "out of memory");
}

static void put_frame(const struct settings *settings, const struct screen *screen, const char *text,
                      bool first)
{
    char when[CLOCK_ISO8601_BYTES];
    if (settings->json)
        fputs(text, stdout);
    else if (isatty(STDOUT_FILENO))
        draw_in_place(text, screen->rows, first);
    else
        printf("%s%s\n%s", first ? "" : "\n", clock_format_iso8601(when, clock_wall_us()), text);
    fflush(stdout);
}

/* Until the moment, or until a signal: blocked between the look at `stopped` and the wait, so that none is
 * missed. */
static void wait_until(int64_t due_us)
{
    sigset_t former;
    int64_t left_us = due_us - clock_monotonic_us();
    if (left_us <= 0)
        return;
    struct timespec timeout = {.tv_sec = left_us / US_PER_SECOND, .tv_nsec = left_us % US_PER_SECOND * 1000};
    block_signals(&former);
    if (!stopped)
        ppoll(NULL, 0, &timeout, &former);
    sigprocmask(SIG_SETMASK, &former, NULL);
}

/* The instance ended meanwhile: that is news, not a failure. Off a terminal and for JSON it goes to stderr.
 */
static int note_absence(const struct settings *settings, const struct error *error)
{
    if (settings->json || !isatty(STDOUT_FILENO))
        fprintf(stderr, "kstat: %s\n", error->text);
    return error->exit_code == EXIT_CODE_NOT_RUNNING ? 0 : -1;
}

int watch_every(const struct settings *settings, int (*each)(void *context, struct error *error),
                void *context, struct error *error)
{
    int64_t due_us = clock_monotonic_us();
    catch_signals();
    for (int64_t i = 0; !stopped && (settings->count == 0 || i < settings->count); i++) {
        int result = each(context, error);
        if (result != 0)
            return result == -1 ? -1 : 0;
        due_us += settings->interval_us;
        if (settings->count == 0 || i + 1 < settings->count)
            wait_until(due_us);
    }
    return 0;
}

struct watching {
    const struct settings *settings;
    const struct view_request *request;
    struct rates *rates;
    bool begun; /* the first look was shown */
};

static int watch_once(void *context, struct error *error)
{
    struct watching *watching = context;
    const struct settings *settings = watching->settings;
    struct screen screen = screen_of_stdout();
    struct frame frame = {NULL, 0};
    bool first = !watching->begun;
    int result = render(settings, watching->request, watching->rates, &screen, &frame, error);
    bool shown = result == 0 || (!first && isatty(STDOUT_FILENO) && !settings->json);
    if (shown && frame.text != NULL)
        put_frame(settings, &screen, frame.text, first);
    free(frame.text);
    watching->begun = true;
    if (result != 0 && (first || note_absence(settings, error) != 0))
        return -1;
    return ferror(stdout) && !stopped ? error_set(error, "cannot write to stdout: %m") : 0;
}

/* --- until --------------------------------------------------------------------------------------------- */

/* Cheap, and soon enough for a script. */
#define UNTIL_EVERY_US (100 * US_PER_MS)

/* What is not there yet may come; what was there and is gone ended. */
static enum until_verdict look_until(const struct settings *settings, const struct view_request *request,
                                     bool *seen, char why[UNTIL_WHY_BYTES], struct error *error)
{
    struct view view;
    if (view_collect(&view, request, error) != 0) {
        snprintf(why, UNTIL_WHY_BYTES, "%s", error->text);
        return *seen && error->exit_code == EXIT_CODE_NOT_RUNNING ? UNTIL_NEVER : UNTIL_NOT_YET;
    }
    *seen = true;
    enum until_verdict verdict = until_look(settings->conditions, settings->until.count, &view, request, why);
    view_release(&view);
    return verdict;
}

int watch_until(const struct settings *settings, const struct view_request *request, struct error *error)
{
    char why[UNTIL_WHY_BYTES];
    bool seen = false;
    int64_t end_us = settings->timeout_us > 0 ? clock_monotonic_us() + settings->timeout_us : INT64_MAX;
    int64_t every_us = settings->interval_us > 0 ? settings->interval_us : UNTIL_EVERY_US;
    catch_signals();
    while (!stopped) {
        struct error look_error = ERROR_INIT;
        enum until_verdict verdict = look_until(settings, request, &seen, why, &look_error);
        if (verdict == UNTIL_TRUE)
            return 0;
        if (verdict == UNTIL_NEVER)
            return error_set_code(error, EXIT_CODE_NEVER, "it cannot become true any more: %s", why);
        int64_t now_us = clock_monotonic_us();
        if (now_us >= end_us)
            return error_set_code(error, EXIT_CODE_TIMED_OUT, "not true within %s (--timeout): %s",
                                  format_span(settings->timeout_us).text, why);
        wait_until(now_us + every_us < end_us ? now_us + every_us : end_us);
    }
    return error_set(error, "interrupted: %s", why);
}

int watch(const struct settings *settings, const struct view_request *request, struct error *error)
{
    struct watching watching = {.settings = settings, .request = request, .rates = rates_new()};
    if (watching.rates == NULL)
        return error_set(error, "out of memory");
    int result = watch_every(settings, watch_once, &watching, error);
    rates_free(watching.rates);
    return result;
}
