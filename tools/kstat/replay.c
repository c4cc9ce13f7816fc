#include "tools/kstat/replay.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/capture/capture.h"
#include "tools/kstat/choose.h"
#include "tools/kstat/diff.h"
#include "tools/kstat/events_list.h"
#include "tools/kstat/report.h"
#include "tools/kstat/screen/screen.h"
#include "tools/kstat/show.h"
#include "tools/kstat/watch.h"

/* --- writing ------------------------------------------------------------------------------------------- */

struct dumping {
    struct capture_writer *writer;
    const char *instance;
    size_t looks;
};

/* When the instance ends, the capture written until then is complete. */
static int dump_one(void *context, struct error *error)
{
    struct dumping *dumping = context;
    if (capture_write(dumping->writer, &source_live, dumping->instance, error) == 0) {
        dumping->looks++;
        return 0;
    }
    return error->exit_code == EXIT_CODE_NOT_RUNNING && dumping->looks > 0 ? 1 : -1;
}

int dump(const struct settings *settings, const char *instance, struct error *error)
{
    struct dumping dumping = {.instance = instance};
    if (capture_create(&dumping.writer, settings->dump, error) != 0)
        return -1;
    int result = settings->interval_us > 0 ? watch_every(settings, dump_one, &dumping, error)
                                           : dump_one(&dumping, error);
    int finished = capture_finish(dumping.writer, result == -1 ? NULL : error);
    return result == -1 ? -1 : finished;
}

/* --- showing ------------------------------------------------------------------------------------------- */

static int find_frame(const struct capture *capture, const char *at, size_t *frame, struct error *error)
{
    int64_t number, wall_us;
    *frame = capture_frames(capture) - 1;
    if (at == NULL)
        return 0;
    if (option_parse_integer(at, 1, (int64_t)capture_frames(capture), &number, NULL) == 0) {
        *frame = (size_t)number - 1;
        return 0;
    }
    if (clock_parse_iso8601(at, strlen(at), &wall_us) == 0) {
        *frame = capture_find(capture, wall_us);
        return 0;
    }
    return error_set_code(error, EXIT_CODE_USAGE,
                          "--at '%s': a number from 1 to %zu, or a time as in 2026-02-26T09:52:20Z", at,
                          capture_frames(capture));
}

static int show_frame(const struct settings *settings, struct capture *capture, size_t frame,
                      const struct view_request *request, struct error *error)
{
    char when[CLOCK_ISO8601_BYTES];
    struct screen screen = screen_of_stdout();
    struct view view;
    if (capture_seek(capture, frame, error) != 0 || view_collect(&view, request, error) != 0)
        return -1;
    if (settings->json == JSON_NONE && !settings->values && settings->pattern_count == 0)
        printf("%s · moment %zu of %zu\n", clock_format_iso8601(when, view.now_us), frame + 1,
               capture_frames(capture));
    int result = show_once(settings, &view, request, NULL, &screen, stdout, error);
    view_release(&view);
    return result;
}

static int show_frames(const struct settings *settings, struct capture *capture,
                       const struct view_request *request, struct error *error)
{
    size_t frame;
    if (find_frame(capture, settings->at, &frame, error) != 0)
        return -1;
    if (settings->events)
        return capture_list_events(capture, frame, settings->worker, settings->json != JSON_NONE, stdout,
                                   error) < 0
                   ? -1
                   : 0;
    if (screen_is_wanted(settings))
        return screen_run(settings, request, capture, frame, error);
    if (settings->interval_us == 0)
        return show_frame(settings, capture, frame, request, error);
    int64_t left = settings->count > 0 ? settings->count : INT64_MAX;
    for (frame = settings->at != NULL ? frame : 0; frame < capture_frames(capture) && left > 0;
         frame++, left--)
        if (show_frame(settings, capture, frame, request, error) != 0)
            return -1;
    return 0;
}

int replay(const struct settings *settings, struct view_request *request, struct error *error)
{
    struct capture *capture;
    if (capture_open(&capture, settings->file, error) != 0)
        return -1;
    if (capture_was_cut(capture))
        fprintf(stderr, "kstat: %s: its last moment is incomplete, and was left out\n", settings->file);
    request->source = capture_source(capture);
    request->instance = capture_instance(capture);
    int result = settings->report != NULL ? report(settings, request, capture, error)
                                          : show_frames(settings, capture, request, error);
    capture_close(capture);
    return result;
}

/* --- comparing ----------------------------------------------------------------------------------------- */

struct moment {
    struct capture *capture; /* NULL: now */
    struct view view;
};

static int take(struct moment *moment, const char *path, const char *instance, struct error *error)
{
    if (path != NULL && capture_open(&moment->capture, path, error) != 0)
        return -1;
    const struct view_request request = {
        .source = path != NULL ? capture_source(moment->capture) : &source_live,
        .instance = path != NULL ? capture_instance(moment->capture) : instance};
    return view_collect(&moment->view, &request, error);
}

static void let_go(struct moment *moment)
{
    view_release(&moment->view);
    capture_close(moment->capture);
}

static int check_order(const struct settings *settings, const struct moment *before,
                       const struct moment *after, struct error *error)
{
    if (before->view.now_us <= after->view.now_us)
        return 0;
    return error_set_code(error, EXIT_CODE_USAGE, "%s is later than %s: the earlier one is named first",
                          settings->before, settings->after != NULL ? settings->after : "now");
}

int diff(const struct settings *settings, struct error *error)
{
    struct screen screen = screen_of_stdout();
    struct moment before = {0}, after = {0};
    int result = take(&before, settings->before, NULL, error);
    if (result == 0)
        result = take(&after, settings->after,
                      settings->instance != NULL ? settings->instance : before.view.instance, error);
    if (result == 0)
        result = check_order(settings, &before, &after, error);
    if (result == 0)
        show_diff(&before.view, &after.view, &screen, stdout);
    let_go(&before);
    let_go(&after);
    return result;
}
