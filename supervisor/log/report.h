/* report.h: a line of the supervisor or of a worker, on its way to the screen and to the log files. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_REPORT_H
#define KSUPERVISE_SUPERVISOR_LOG_REPORT_H

#include "supervisor/supervisor.h"

/* `[ksupervise] …` */
void report_line(struct supervisor *supervisor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line of a worker: `[client 🟣 BRAVO] …`, `[producer] …`. Control characters come out as \xNN. */
void report_worker_line(struct worker *worker, const char *line, size_t length);

/* For log_files_settings.complain and printer_set_notice: they come from other threads. The context is the
 * supervisor. */
void report_log_trouble(void *context, const char *text);
size_t report_json_notice(char *line, size_t bytes, uint64_t count);

#endif
