/* line.h: how a line looks: on the screen with its source in front, as JSON, in a log file. Pure functions,
 * of any thread; the buffer is the caller's and of LINE_BYTES, which do for the longest line of a worker. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_LINE_H
#define KSUPERVISE_SUPERVISOR_LOG_LINE_H

#include "supervisor/worker.h"

#define OUTPUT_LINE_BYTES 8192 /* of a worker: the longest that is not cut */
#define LINE_BYTES        (7 * 8192)

/* The source is `worker`, or with NULL the supervisor. Each returns the length; no newline. */

/* As it may meet a terminal: what the two below take. */
size_t line_escape(char *line, const char *text, size_t length);

/* `[client 🟣 BRAVO] …`, `[producer] …`, `[ksupervise] …` */
size_t line_screen(char *line, const struct worker *worker, bool colours, const char *escaped, size_t length);

/* {"time":"2026-02-26T09:52:20.102594+00:00","source":"worker","worker":"bravo","generation":2,"text":"…"},
 * and without worker and generation from "ksupervise". */
size_t line_json(char *line, const struct worker *worker, int64_t wall_us, const char *text, size_t length);

/* 2026-02-26T09:52:20.102594+00:00 … */
size_t line_file(char *line, int64_t wall_us, const char *escaped, size_t length);

#endif
