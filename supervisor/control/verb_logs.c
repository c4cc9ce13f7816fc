#include "supervisor/control/verb_logs.h"

#include "common/options.h"
#include "common/rpc/pack.h"
#include "supervisor/control/request.h"
#include "supervisor/log/files.h"

enum { LOG_LINES = 20 };

struct log_lines {
    struct request *request;
    msgpack_packer *packer; /* NULL: only counted */
    const struct worker *worker;
    size_t count, skip;
};

static void take_text(struct log_lines *lines, const char *line)
{
    if (lines->count++ < lines->skip || lines->packer == NULL)
        return;
    char text[TAIL_LINE_BYTES + 64];
    snprintf(text, sizeof text, "%s: %s", lines->worker->name, line);
    rpc_pack_text(lines->packer, text);
}

static void take_log_line(const struct tail_line *line, void *context)
{
    take_text(context, line->text);
}

static void take_lines_of(struct log_lines *lines, const struct tail *tail)
{
    uint64_t after = (uint64_t)lines->request->value;
    if (after > 0 && tail->forgotten > after)
        take_text(lines,
                  "… lines are missing here: they came faster than they were fetched; --log-dir keeps them");
    tail_each(tail, after, take_log_line, lines);
}

static void each_log_line(struct log_lines *lines)
{
    struct supervisor *supervisor = lines->request->supervisor;
    lines->count = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        lines->worker = supervisor->workers[i];
        if (request_means(lines->request, lines->worker))
            take_lines_of(lines, &lines->worker->tail);
    }
}

/* The argument is how many lines (20), or `+N`: all that came after the line with that number. */
enum progress verb_logs_begin(struct request *request, struct error *error)
{
    bool after = request->argument[0] == '+';
    int64_t number = LOG_LINES;
    if (request->argument[0] != '\0' &&
        option_parse_integer(request->argument + after, 0, INT64_MAX, &number, error) == -1)
        return PROGRESS_FAILED;
    if (request_check_target(request, error) == PROGRESS_FAILED)
        return PROGRESS_FAILED;
    request->value = after ? number : 0;
    request->at = after ? SIZE_MAX : (size_t)number;
    return PROGRESS_DONE;
}

void verb_logs_lines(struct request *request, msgpack_packer *packer)
{
    struct log_lines lines = {.request = request};
    each_log_line(&lines);
    lines.skip = lines.count > request->at ? lines.count - request->at : 0;
    msgpack_pack_array(packer, lines.count - lines.skip);
    lines.packer = packer;
    each_log_line(&lines);
}

void verb_logs_last(struct request *request, msgpack_packer *packer)
{
    uint64_t last = 0;
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (request_means(request, request->supervisor->workers[i]) &&
            request->supervisor->workers[i]->tail.last > last)
            last = request->supervisor->workers[i]->tail.last;
    msgpack_pack_uint64(packer, last);
}

/* --- reopen-logs --------------------------------------------------------------------------------------- */

enum progress verb_reopen_begin(struct request *request, struct error *error)
{
    if (request->supervisor->logs == NULL) {
        error_set(error, "there are no log files: --log-dir was not given");
        return PROGRESS_FAILED;
    }
    request->value = (int64_t)log_files_reopen(request->supervisor->logs);
    return PROGRESS_WAITING;
}

enum progress verb_reopen_check(struct request *request, struct error *error)
{
    switch (log_files_reopened(request->supervisor->logs, (uint64_t)request->value, error)) {
    case 0:
        return PROGRESS_WAITING;
    case 1:
        return PROGRESS_DONE;
    default:
        return PROGRESS_FAILED;
    }
}

void verb_reopen_lines(struct request *request, msgpack_packer *packer)
{
    static const char line[] = "the log files were reopened";
    (void)request;
    msgpack_pack_array(packer, 1);
    msgpack_pack_str_with_body(packer, line, sizeof line - 1);
}
