/* log.h: the lines of a worker. Results go to stdout, what went wrong to stderr; stdout is buffered and
 * flushed once a batch, and before anything goes to stderr, so that the two stay in order on a terminal and
 * in the supervisor's pipe.
 *
 * A line is made whole and written whole. Thread-safe (stdio's lock). Not for signal handlers.
 */
#ifndef KSUPERVISE_COMMON_LOG_H
#define KSUPERVISE_COMMON_LOG_H

#include "common/banned.h"

#include <stdbool.h>

/* streams_init, and full buffering for stdout. Call once, first thing in main. Ignores SIGPIPE: a reader that
 * went away is an error of log_flush, not a death. */
void log_init(void);

/* One line to stdout. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* `warning: …` and `error: …` to stderr. */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line to stderr only when log_set_verbose(true). */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_set_verbose(bool verbose);

/* Every line of this thread is also given to `listener`, cut to LOG_LISTENER_BYTES; NULL: to nobody. It must
 * not log. */
#define LOG_LISTENER_BYTES 160
void log_set_listener(void (*listener)(void *context, const char *line), void *context);

/* 0, or -1 when stdout cannot be written (a closed pipe, a full disk); says so on stderr the first time. */
int log_flush(void);

/* True when `stream` is a terminal that wants colours: NO_COLOR is not set and TERM is not "dumb". */
bool log_colours(FILE *stream);

#endif
