/* report.h: what the supervisor says, and the prefix of every line. All text for people is made here. */
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

/* `bravo (pid 4711) was killed by SIGKILL while polling; …; restarting at once` */
void report_death(struct worker *worker, const struct process_end *end, enum restart_verdict verdict,
                  int64_t delay_us);

/* A process that could not be started: why, and what comes of it. */
void report_spawn_failed(struct worker *worker, enum restart_verdict verdict, int64_t delay_us);

/* `bravo resumed at 1042 (committed 1042), redelivering at most 7`, with a line a partition when verbose. */
void report_resume(struct worker *worker);

/* `ready: bravo (3 partitions), zulu (3 partitions)` */
void report_ready(struct supervisor *supervisor);

/* The table at the end. */
void report_summary(struct supervisor *supervisor);

#endif
