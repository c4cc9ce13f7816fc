/* kstat: what the workers are doing. Reads shared memory, and nothing else. */
#include "common/exit_codes.h"
#include "common/streams.h"
#include "tools/kstat/choose.h"
#include "tools/kstat/events.h"
#include "tools/kstat/replay.h"
#include "tools/kstat/report.h"
#include "tools/kstat/screen/screen.h"
#include "tools/kstat/show.h"
#include "tools/kstat/watch.h"
#include "common/view/why.h"

#define OUTPUT_BYTES (64 * 1024)

static int list_definitions(const struct settings *settings)
{
    struct screen screen = screen_of_stdout();
    if (!settings->json) {
        show_definitions(&screen, stdout);
        return 0;
    }
    json_t *definitions = json_definitions();
    json_dumpf(definitions, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(definitions);
    return 0;
}

/* For scripts: the pids of what runs, nothing else. */
static int show_pids(const struct view *view, const char *name, struct error *error)
{
    size_t shown = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct view_worker *worker = &view->workers[i];
        if (!view_alive(worker))
            continue;
        if (worker->liveness.elsewhere) /* here the number is somebody else, or nobody */
            return error_set(error, "%s runs in another pid namespace: ask kstat in there", name);
        printf("%d\n", (int)worker->liveness.pid);
        shown++;
    }
    return shown > 0 ? 0 : error_set_code(error, EXIT_CODE_NOT_RUNNING, "%s has no process now", name);
}

static int show_view(const struct settings *settings, const struct view_request *request, struct error *error)
{
    struct view view;
    struct screen screen = screen_of_stdout();
    if (view_collect(&view, request, error) != 0)
        return -1;
    int result = settings->pid ? show_pids(&view, settings->worker, error)
                               : show_once(settings, &view, request, NULL, &screen, stdout, error);
    view_release(&view);
    return result;
}

/* Looks that take one worker after the other need not have all of them in memory. */
static bool is_lazy(const struct settings *settings)
{
    bool present = !settings->postmortem && settings->generation == 0;
    return present && (settings->json >= JSON_VERSION_2 || settings->values || settings->pattern_count > 0 ||
                       settings->until.count > 0);
}

static int run(const struct settings *settings, struct error *error)
{
    char chosen[NAME_BYTES];
    struct view_request request = {.instance = settings->instance,
                                   .worker = settings->worker,
                                   .generation = (uint64_t)settings->generation,
                                   .postmortem = settings->postmortem,
                                   .lazy = is_lazy(settings)};
    if (settings->list)
        return list_definitions(settings);
    if (settings->diff)
        return diff(settings, error);
    if (settings->file != NULL)
        return replay(settings, &request, error);
    if (request.instance == NULL) {
        if (choose_instance(chosen, error) != 0)
            return -1;
        request.instance = chosen;
    }
    if (settings->events)
        return kstat_events(settings, request.instance, error);
    if (settings->report != NULL)
        return report(settings, &request, NULL, error);
    if (settings->dump != NULL)
        return dump(settings, request.instance, error);
    if (settings->until.count > 0)
        return watch_until(settings, &request, error);
    if (screen_is_wanted(settings))
        return screen_run(settings, &request, NULL, 0, error);
    return settings->interval_us > 0 ? watch(settings, &request, error)
                                     : show_view(settings, &request, error);
}

int main(int argc, char **argv)
{
    struct settings settings = {.instance = NULL};
    struct error error = ERROR_INIT;
    streams_init();
    if (!isatty(STDOUT_FILENO)) /* a thousand workers are megabytes */
        setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
    int result = settings_parse(&settings, argc, argv, &error);
    if (result == 0)
        result = run(&settings, &error);
    if (result == 0 && fflush(stdout) != 0)
        result = error_set(&error, "cannot write to stdout: %m");
    int code = result == 0 ? EXIT_CODE_OK : program_fail(kstat_program.name, &error);
    options_release(&kstat_program, &settings);
    return code;
}
