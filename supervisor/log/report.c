#include "supervisor/log/report.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/secret.h"
#include "supervisor/log/line.h"
#include "supervisor/log/files.h"

enum { TEXT_BYTES = 8192 }; /* of what the supervisor says at once */

/* Where a line is made. Not on the stack: the compiler would clear it for every line. */
struct scratch {
    char escaped[LINE_BYTES];
    char line[LINE_BYTES];
    size_t escaped_length;
};

/* Reads nothing of the supervisor that changes while threads run: the log thread comes here too. */
static void to_screen(const struct supervisor *supervisor, const struct worker *worker,
                      struct scratch *scratch, int64_t now_us, const char *text, size_t length)
{
    size_t used = supervisor->log_format == LOG_FORMAT_JSON
                      ? line_json(scratch->line, worker, now_us, text, length)
                      : line_screen(scratch->line, worker, supervisor->colours, scratch->escaped,
                                    scratch->escaped_length);
    printer_line(supervisor->printer, scratch->line, used);
}

/* The file is made by its first line. */
static void to_file(struct supervisor *supervisor, struct log_file **file, const char *name,
                    struct scratch *scratch, int64_t now_us)
{
    if (supervisor->logs == NULL)
        return;
    if (*file == NULL)
        *file = log_files_file(supervisor->logs, name);
    log_file_line(*file, scratch->line,
                  line_file(scratch->line, now_us, scratch->escaped, scratch->escaped_length));
}

void report_line(struct supervisor *supervisor, const char *format, ...)
{
    static struct scratch scratch; /* one thread, and nothing stays in it */
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    secret_vprint(text, sizeof text, format, arguments);
    va_end(arguments);
    int64_t now_us = clock_wall_us();
    scratch.escaped_length = line_escape(scratch.escaped, text, strlen(text));
    to_screen(supervisor, NULL, &scratch, now_us, text, strlen(text));
    to_file(supervisor, &supervisor->log, "ksupervise", &scratch, now_us);
}

void report_worker_line(struct worker *worker, const char *text, size_t length)
{
    static struct scratch scratch; /* likewise */
    int64_t now_us = clock_wall_us();
    scratch.escaped_length = line_escape(scratch.escaped, text, length);
    tail_add(&worker->tail, ++worker->supervisor->lines_numbered, now_us, worker->generation, scratch.escaped,
             scratch.escaped_length);
    to_screen(worker->supervisor, worker, &scratch, now_us, text, length);
    to_file(worker->supervisor, &worker->log, worker->name, &scratch, now_us);
}

void report_log_trouble(void *context, const char *text)
{
    struct scratch scratch;
    scratch.escaped_length = line_escape(scratch.escaped, text, strlen(text));
    to_screen(context, NULL, &scratch, clock_wall_us(), text, strlen(text));
}

size_t report_json_notice(char *line, size_t bytes, uint64_t count)
{
    char text[80];
    char whole[LINE_BYTES];
    int length =
        snprintf(text, sizeof text, "%" PRIu64 " lines were dropped: the reader was too slow", count);
    size_t used = line_json(whole, NULL, clock_wall_us(), text, (size_t)length);
    snprintf(line, bytes, "%s", whole);
    return used < bytes ? used : bytes - 1;
}
