#include "common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "common/secret.h"
#include "common/streams.h"

static atomic_bool verbose_wanted;
static atomic_bool unwritable_said;
static _Thread_local void (*listens)(void *context, const char *line);
static _Thread_local void *listener_context;

void log_init(void)
{
    streams_init();
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOFBF, 64 * 1024);
}

void log_set_verbose(bool verbose)
{
    atomic_store(&verbose_wanted, verbose);
}

void log_set_listener(void (*listener)(void *context, const char *line), void *context)
{
    listens = listener;
    listener_context = context;
}

__attribute__((format(printf, 2, 0))) static void to_listener(const char *level, const char *format,
                                                              va_list arguments)
{
    if (listens == NULL)
        return;
    char line[LOG_LISTENER_BYTES]; /* behind that: it is zeroed where it begins, and a record may be a line */
    va_list again;
    int used = snprintf(line, sizeof line, "%s", level);
    va_copy(again, arguments);
    secret_vprint(line + used, sizeof line - (size_t)used, format, again);
    va_end(again);
    listens(listener_context, line);
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    to_listener("", format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    flockfile(stdout);
    vfprintf(stdout, format, arguments);
    putc_unlocked('\n', stdout);
    funlockfile(stdout);
    va_end(arguments);
}

__attribute__((format(printf, 2, 0))) static void to_stderr(const char *level, const char *format,
                                                            va_list arguments)
{
    to_listener(level, format, arguments);
    fflush(stdout);
    char line[2048]; /* one write, whatever stdio's buffering of stderr: lines of several processes do not mix
                      */
    int used = snprintf(line, sizeof line, "%s", level);
    secret_vprint(line + used, sizeof line - (size_t)used - 1, format, arguments);
    size_t length = strlen(line);
    line[length++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written; /* there is nowhere left to complain */
}

void log_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    to_stderr("warning: ", format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    to_stderr("error: ", format, arguments);
    va_end(arguments);
}

void log_verbose(const char *format, ...)
{
    if (!atomic_load(&verbose_wanted))
        return;
    va_list arguments;
    va_start(arguments, format);
    to_stderr("", format, arguments);
    va_end(arguments);
}

int log_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    if (!atomic_exchange(&unwritable_said, true))
        log_error("cannot write to standard output: %s", strerror(errno));
    return -1;
}

bool log_colours(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}
